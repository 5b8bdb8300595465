// The spans of a trace as a tree, in the order in which it is shown.
import type { WireSpan } from "../../api/traces";
import { visibleRows } from "./rows";

export interface Span {
  /** 16 hexadecimal digits. */
  id: string;
  name: string;
  /** Such as "TOOL"; empty if it is not known. */
  type: string;
  status: "OK" | "ERROR" | "UNSET";
  /** Unix nanoseconds; the end is undefined while the span is open. */
  startNS: number;
  endNS: number | undefined;
  depth: number;
  /** The index of the parent in the list, or -1. */
  parent: number;
  /** The index after the last descendant. */
  end: number;
  wire: WireSpan;
}

/** The hexadecimal digits of bytes in base64; other texts stay as they are. */
export function hexOf(base64: string): string {
  try {
    return [...atob(base64)].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  } catch {
    return base64;
  }
}

/** The value of an attribute, which is a text that holds JSON. */
export function attributeValue(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The spans in the order of the tree: each one before its children, which are in the order of their starts. Spans whose
 * parent is missing are roots, and so is one span of a ring.
 */
export function spanTree(list: readonly WireSpan[]): Span[] {
  const sorted = [...list].sort((a, b) => a.start_time_unix_nano - b.start_time_unix_nano);
  const known = new Set(sorted.map((s) => s.span_id));
  const children = new Map<string, WireSpan[]>();
  for (const span of sorted) {
    const parent = span.parent_span_id && known.has(span.parent_span_id) ? span.parent_span_id : "";
    const siblings = children.get(parent);
    if (siblings) siblings.push(span);
    else children.set(parent, [span]);
  }
  const out: Span[] = [];
  const placed = new Set<WireSpan>();
  for (const root of [...(children.get("") ?? []), ...sorted]) {
    if (!placed.has(root)) place(root, children, placed, out);
  }
  return out;
}

interface Entry {
  span: WireSpan;
  depth: number;
  parent: number;
}

/** Adds a root and what is below it, without recursion: chains of spans may be long. */
function place(root: WireSpan, children: Map<string, WireSpan[]>, placed: Set<WireSpan>, out: Span[]) {
  const begin = out.length;
  const stack: Entry[] = [{ span: root, depth: 0, parent: -1 }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { span, depth, parent } = next;
    if (placed.has(span)) continue;
    placed.add(span);
    const at = out.length;
    out.push(toSpan(span, depth, parent));
    const below = children.get(span.span_id) ?? [];
    for (let i = below.length - 1; i >= 0; i--) {
      if (below[i] !== span) stack.push({ span: below[i]!, depth: depth + 1, parent: at });
    }
  }
  for (let i = out.length - 1; i >= begin; i--) {
    const span = out[i]!;
    span.end = Math.max(span.end, i + 1);
    const parent = out[span.parent];
    if (parent) parent.end = Math.max(parent.end, span.end);
  }
}

function toSpan(wire: WireSpan, depth: number, parent: number): Span {
  const code = wire.status?.code ?? "";
  const type = attributeValue(wire.attributes?.["mlflow.spanType"]);
  return {
    id: hexOf(wire.span_id),
    name: wire.name,
    type: typeof type === "string" && type !== "UNKNOWN" ? type : "",
    status: code.endsWith("ERROR") ? "ERROR" : code.endsWith("OK") ? "OK" : "UNSET",
    startNS: wire.start_time_unix_nano,
    endNS: wire.end_time_unix_nano || undefined,
    depth,
    parent,
    end: 0,
    wire,
  };
}

export interface SpanChoice {
  /** Ids of spans whose descendants are hidden. */
  folded: ReadonlySet<string>;
  text: string;
  errorsOnly: boolean;
}

/**
 * The indexes of the rows on screen. A search shows the spans that match, with their ancestors, whether these are folded
 * or not.
 */
export function visibleSpans(spans: readonly Span[], { folded, text, errorsOnly }: SpanChoice): number[] {
  const all = text.trim() === "" && !errorsOnly;
  return visibleRows(spans, folded, all ? undefined : (span) => matches(span, text, errorsOnly));
}

/** Whether a span has a text in its name, its type or an attribute, in any case. */
export function matches(span: Span, text: string, errorsOnly = false): boolean {
  if (errorsOnly && span.status !== "ERROR") return false;
  const needle = text.trim().toLowerCase();
  if (needle === "") return true;
  const has = (value: unknown) => typeof value === "string" && value.toLowerCase().includes(needle);
  if (has(span.name) || has(span.type) || has(span.wire.status?.message)) return true;
  return Object.entries(span.wire.attributes ?? {}).some(([key, value]) => has(key) || has(value));
}

/** The time that all spans take, in nanoseconds. */
export function extent(spans: readonly Span[]): { startNS: number; endNS: number } {
  let startNS = Number.POSITIVE_INFINITY;
  let endNS = 0;
  for (const s of spans) {
    startNS = Math.min(startNS, s.startNS);
    endNS = Math.max(endNS, s.endNS ?? s.startNS);
  }
  return spans.length === 0 ? { startNS: 0, endNS: 0 } : { startNS, endNS };
}

/** Nanoseconds in words: "12 µs", "3.4 ms", "1.2 s". */
export function formatNanos(ns: number): string {
  if (ns < 999_500) return `${Math.round(ns / 1e3)} µs`;
  if (ns < 999_500_000) return `${Number((ns / 1e6).toPrecision(3))} ms`;
  const s = ns / 1e9;
  return s < 60 ? `${Number(s.toPrecision(3))} s` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}

/** The class of a type, which has a colour. */
export function typeClass(type: string): string {
  const kinds: Record<string, string> = {
    AGENT: "agent",
    CHAIN: "chain",
    CHAT_MODEL: "model",
    LLM: "model",
    EMBEDDING: "model",
    TOOL: "tool",
    RETRIEVER: "retriever",
    RERANKER: "retriever",
  };
  return kinds[type] ?? "other";
}
