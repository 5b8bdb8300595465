// What two traces took and what was said about them, beside each other.
import type { Assessment } from "../../api/assessments";
import type { Trace } from "../../api/traces";
import { formatDuration, formatNumber } from "../text/format";
import { formatValue } from "./assessments";
import { formatCost, formatTook } from "./list";

export interface Figure {
  label: string;
  /** The texts of the left and of the right trace; empty where it has none. */
  texts: readonly [string, string];
  /** The difference in words; empty if there is none to tell. */
  change: string;
  /** Whether more is worse; undefined for what is neither. */
  verdict: "better" | "worse" | undefined;
  same: boolean;
}

const sign = (value: number, text: (size: number) => string) =>
  value === 0 ? "±0" : `${value > 0 ? "+" : "−"}${text(Math.abs(value))}`;

/** A change with its share of the first value: "+1.2 s (+40 %)". */
export function changeText(before: number, after: number, text: (size: number) => string): string {
  const by = after - before;
  const share = before > 0 && by !== 0 ? ` (${sign((by / before) * 100, percent)})` : "";
  return sign(by, text) + share;
}

const percent = (share: number) => `${share >= 1000 ? ">999" : Number(share.toPrecision(2))} %`;

type Value = number | undefined;

function numeric(
  label: string,
  [a, b]: readonly [Value, Value],
  text: (n: number) => string,
  change = text,
): Figure[] {
  if (a === undefined && b === undefined) return [];
  const both = a !== undefined && b !== undefined;
  return [
    {
      label,
      texts: [a === undefined ? "" : text(a), b === undefined ? "" : text(b)],
      change: both ? changeText(a, b, change) : "",
      // All of these figures are costs.
      verdict: !both || a === b ? undefined : b < a ? "better" : "worse",
      same: a === b,
    },
  ];
}

const count = (n: number) => n.toLocaleString("en-US");

/** The figures of two traces. spans and errors are counts of both, undefined until the spans have come. */
export function figuresOf(
  [a, b]: readonly [Trace, Trace],
  spans: readonly [Value, Value],
  errors: readonly [Value, Value],
): Figure[] {
  const of = <T>(value: (t: Trace) => T) => [value(a), value(b)] as const;
  return [
    ...numeric(
      "Duration",
      of((t) => t.durationMS),
      formatTook,
      formatDuration,
    ),
    ...numeric(
      "Tokens",
      of((t) => t.tokens?.total),
      count,
    ),
    ...numeric(
      "Tokens in",
      of((t) => t.tokens?.input),
      count,
    ),
    ...numeric(
      "Tokens out",
      of((t) => t.tokens?.output),
      count,
    ),
    ...numeric(
      "Cost",
      of((t) => t.cost),
      formatCost,
    ),
    ...numeric("Spans", spans, count).map(neutral),
    ...numeric("Failed spans", errors, count),
    ...assessed(a, b),
  ];
}

const neutral = (figure: Figure): Figure => ({ ...figure, verdict: undefined });

/** The newest valid assessment of each name. */
function valid(trace: Trace): Map<string, Assessment> {
  const found = new Map<string, Assessment>();
  for (const a of trace.assessments) {
    const known = found.get(a.name);
    if (a.valid && (!known || (a.updatedMS ?? 0) >= (known.updatedMS ?? 0))) found.set(a.name, a);
  }
  return found;
}

function assessed(a: Trace, b: Trace): Figure[] {
  const [left, right] = [valid(a), valid(b)];
  return [...new Set([...left.keys(), ...right.keys()])].sort().map((name): Figure => {
    const [x, y] = [left.get(name), right.get(name)];
    const texts = [said(x), said(y)] as const;
    const numbers = typeof x?.value === "number" && typeof y?.value === "number";
    return {
      label: name,
      texts,
      change: numbers ? sign((y.value as number) - (x.value as number), formatNumber) : "",
      verdict: undefined,
      same: texts[0] === texts[1],
    };
  });
}

const said = (a: Assessment | undefined) => (!a ? "" : a.error ? "error" : formatValue(a.value));
