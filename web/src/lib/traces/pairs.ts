// The spans of two traces beside each other.
import { align } from "../compare/diff";
import type { Span } from "./spans";

/** A span of one trace beside its counterpart in the other, or alone. */
export interface Pair {
  /** The id of the left span, or of the right one if it is alone. */
  id: string;
  left: Span | undefined;
  right: Span | undefined;
  depth: number;
  /** The index of the parent in the list, or -1. */
  parent: number;
  /** The index after the last descendant. */
  end: number;
  /** Whether one is missing, or they differ in their status, inputs or outputs. Times always differ. */
  differs: boolean;
}

type Index = number | undefined;

/**
 * Both trees in one. Spans are counterparts if their parents are, and if they have the same name and type at the same
 * place among their siblings; the fewest siblings stay alone.
 */
export function pairSpans(left: readonly Span[], right: readonly Span[]): Pair[] {
  const out: Pair[] = [];
  const stack: { l: Index; r: Index; depth: number; parent: number }[] = [];
  const push = (ls: readonly number[], rs: readonly number[], depth: number, parent: number) => {
    const edits = align(
      ls.map((i) => keyOf(left[i]!)),
      rs.map((i) => keyOf(right[i]!)),
    );
    for (const [i, j] of edits.reverse()) {
      stack.push({ l: i === undefined ? i : ls[i], r: j === undefined ? j : rs[j], depth, parent });
    }
  };
  push(children(left, -1), children(right, -1), 0, -1);
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { l, r, depth, parent } = next;
    const at = out.length;
    out.push(pairOf(left[l ?? -1], right[r ?? -1], depth, parent));
    push(l === undefined ? [] : children(left, l), r === undefined ? [] : children(right, r), depth + 1, at);
  }
  for (let i = out.length - 1; i >= 0; i--) {
    const pair = out[i]!;
    pair.end = Math.max(pair.end, i + 1);
    const parent = out[pair.parent];
    if (parent) parent.end = Math.max(parent.end, pair.end);
  }
  return out;
}

const keyOf = (span: Span) => `${span.type}\n${span.name}`;

/** The indexes of the children of a span, or of the roots for -1. */
function children(spans: readonly Span[], of: number): number[] {
  const out: number[] = [];
  const end = of < 0 ? spans.length : spans[of]!.end;
  for (let i = of + 1; i < end; i = spans[i]!.end) out.push(i);
  return out;
}

const compared = ["mlflow.spanInputs", "mlflow.spanOutputs"];

function pairOf(left: Span | undefined, right: Span | undefined, depth: number, parent: number): Pair {
  const differs =
    !left ||
    !right ||
    left.status !== right.status ||
    compared.some((key) => left.wire.attributes?.[key] !== right.wire.attributes?.[key]);
  return { id: (left ?? right)!.id, left, right, depth, parent, end: 0, differs };
}

/** How many pairs differ, and how many spans have no counterpart. */
export function countPairs(pairs: readonly Pair[]) {
  let [onlyLeft, onlyRight, changed] = [0, 0, 0];
  for (const { left, right, differs } of pairs) {
    if (!right) onlyLeft++;
    else if (!left) onlyRight++;
    else if (differs) changed++;
  }
  return { onlyLeft, onlyRight, changed };
}

export const lengthOf = (span: Span | undefined): number | undefined =>
  span?.endNS === undefined ? undefined : span.endNS - span.startNS;

/** How much longer the right span took, in nanoseconds; undefined unless both have ended. */
export function slowdown({ left, right }: Pair): number | undefined {
  const [a, b] = [lengthOf(left), lengthOf(right)];
  if (a === undefined || b === undefined) return undefined;
  // Times of this century in nanoseconds are rounded to 256 of them in a number of JavaScript.
  return Math.abs(b - a) < leastNS ? 0 : b - a;
}

const leastNS = 1000;
