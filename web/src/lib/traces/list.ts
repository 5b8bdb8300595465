// The rows of the list of traces, as they are read page by page and kept up to date.
import type { Trace } from "../../api/traces";
import { isUserTag } from "../runs/columns";
import { formatDuration } from "../text/format";
import type { TraceKeys } from "./filter";

/**
 * Joins the loaded pages with a newer first page. Its rows come first; rows of the pages that it holds again are left
 * out, and so are those that it should hold but that are gone. Undefined if there is a gap between them.
 */
export function joinHead(
  head: readonly Trace[],
  pages: readonly (readonly Trace[])[],
  headIsAll: boolean,
): Trace[] | undefined {
  if (headIsAll) return [...head];
  const known = new Set(head.map((t) => t.id));
  const rows = pages.flat();
  // Rows of the pages after the last one that the head has, too, are those that follow the head.
  const last = rows.findLastIndex((t) => known.has(t.id));
  if (last < 0) return undefined;
  return unique([...head, ...rows.slice(last + 1)]);
}

/** Rows move between pages while they are read. */
export function unique(rows: readonly Trace[]): Trace[] {
  return [...new Map(rows.map((t) => [t.id, t])).values()];
}

/** The keys of traces, for completion. */
export function keysOfTraces(traces: readonly Trace[]): TraceKeys {
  const sorted = (list: Iterable<string>) => [...new Set(list)].sort();
  const assessed = traces.flatMap((t) => t.assessments);
  return {
    tags: sorted(traces.flatMap((t) => Object.keys(t.tags).filter(isUserTag))),
    metadata: sorted(traces.flatMap((t) => Object.keys(t.metadata))),
    feedback: sorted(assessed.filter((a) => a.kind === "feedback").map((a) => a.name)),
    expectations: sorted(assessed.filter((a) => a.kind === "expectation").map((a) => a.name)),
    names: sorted(traces.map((t) => t.name).filter(Boolean)),
  };
}

const dayMS = 86_400_000;

/** How long the intervals of a strip are: 24 to 60 of them, of whole minutes, hours or days. */
export function intervalFor(spanMS: number): number {
  const steps = [60_000, 300_000, 900_000, 3_600_000, 6 * 3_600_000, dayMS, 7 * dayMS, 30 * dayMS];
  return steps.find((step) => spanMS / step <= 60) ?? steps.at(-1)!;
}

/** How long a trace took. It is stored in whole milliseconds, so 0 stands for less than one. */
export const formatTook = (ms: number): string => (ms < 1 ? "< 1 ms" : formatDuration(ms));

/** A cost in US dollars with as many digits as it takes. */
export function formatCost(dollars: number): string {
  if (dollars === 0) return "$0";
  return `$${dollars >= 1 ? dollars.toFixed(2) : Number(dollars.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: 10 })}`;
}

/** A number of tokens: 950, 12.3k, 4.5M. */
export function formatTokens(count: number): string {
  if (count < 10_000) return count.toLocaleString("en-US");
  return count < 1_000_000
    ? `${Number((count / 1000).toPrecision(3))}k`
    : `${Number((count / 1e6).toPrecision(3))}M`;
}
