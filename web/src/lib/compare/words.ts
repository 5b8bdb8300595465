// Differences within lines: which words of a changed line are new.
import { align, type DiffLine } from "./diff";

/** A part of a line; changed parts are those that the other line lacks. */
export interface Segment {
  text: string;
  changed: boolean;
}

/** A line with the parts in which it differs from its counterpart; undefined for a line without one. */
export interface MarkedLine extends DiffLine {
  segments: readonly Segment[] | undefined;
}

/** Lines of more characters are not compared by words. */
const longest = 5000;

/** Words, white space and signs, which add up to the text. */
export const tokensOf = (text: string): string[] => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

/** The parts of two lines that differ; undefined if they have too little in common for this to help. */
export function diffWords(left: string, right: string): [Segment[], Segment[]] | undefined {
  if (left.length > longest || right.length > longest) return undefined;
  const [a, b] = [tokensOf(left), tokensOf(right)];
  const sides: [Segment[], Segment[]] = [[], []];
  let common = 0;
  for (const [i, j] of align(a, b)) {
    const both = i !== undefined && j !== undefined;
    if (both) common += a[i]!.trim().length;
    if (i !== undefined) extend(sides[0], a[i]!, !both);
    if (j !== undefined) extend(sides[1], b[j]!, !both);
  }
  const most = Math.max(left.trim().length, right.trim().length);
  return common * 4 >= most ? sides : undefined;
}

function extend(segments: Segment[], text: string, changed: boolean) {
  const last = segments.at(-1);
  if (last?.changed === changed) last.text += text;
  else segments.push({ text, changed });
}

/** Compares the n-th of adjacent removed lines with the n-th of the lines that were added in their place. */
export function markWords(lines: readonly DiffLine[]): MarkedLine[] {
  const marked = lines.map((line): MarkedLine => ({ ...line, segments: undefined }));
  for (let at = 0; at < lines.length; ) {
    const added = endOf(lines, at, "removed");
    const end = endOf(lines, added, "added");
    for (let i = 0; at + i < added && added + i < end; i++) {
      const words = diffWords(lines[at + i]!.text, lines[added + i]!.text);
      if (!words) continue;
      marked[at + i]!.segments = words[0];
      marked[added + i]!.segments = words[1];
    }
    at = Math.max(end, at + 1);
  }
  return marked;
}

function endOf(lines: readonly DiffLine[], from: number, kind: DiffLine["kind"]): number {
  let at = from;
  while (lines[at]?.kind === kind) at++;
  return at;
}

/** A row of two columns: equal lines, a changed line beside its counterpart, or a line beside nothing. */
export interface SideRow<T> {
  left: T | undefined;
  right: T | undefined;
}

export function sideRows<T extends DiffLine>(lines: readonly T[]): SideRow<T>[] {
  const rows: SideRow<T>[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.kind === "same") {
      rows.push({ left: lines[at], right: lines[at] });
      at++;
      continue;
    }
    const added = endOf(lines, at, "removed");
    const end = endOf(lines, added, "added");
    for (let i = 0; at + i < added || added + i < end; i++) {
      rows.push({
        left: at + i < added ? lines[at + i] : undefined,
        right: added + i < end ? lines[added + i] : undefined,
      });
    }
    at = end;
  }
  return rows;
}
