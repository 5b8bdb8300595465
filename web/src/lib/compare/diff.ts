// The differences of two texts: the shortest list of removed and added lines, by Myers' algorithm.

export interface DiffLine {
  kind: "same" | "removed" | "added";
  text: string;
  /** Line numbers from 1, in the first and in the second text. */
  left: number | undefined;
  right: number | undefined;
}

/** More differences than these are not looked for: the texts then count as replaced between their common ends. */
const mostEdits = 2000;

export function diffLines(left: readonly string[], right: readonly string[]): DiffLine[] {
  return align(left, right).map(([i, j]): DiffLine => {
    if (i === undefined) return { kind: "added", text: right[j!]!, left: undefined, right: j! + 1 };
    if (j === undefined) return { kind: "removed", text: left[i]!, left: i + 1, right: undefined };
    return { kind: "same", text: left[i]!, left: i + 1, right: j + 1 };
  });
}

/** Indexes of equal texts in both lists, or of one that only its list has. */
export type Edit = readonly [left: number | undefined, right: number | undefined];

/** Both lists in their order, with the fewest texts that only one of them has. */
export function align(left: readonly string[], right: readonly string[]): Edit[] {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let [leftEnd, rightEnd] = [left.length, right.length];
  while (leftEnd > start && rightEnd > start && left[leftEnd - 1] === right[rightEnd - 1]) {
    leftEnd--;
    rightEnd--;
  }
  const edits: Edit[] = [];
  for (let i = 0; i < start; i++) edits.push([i, i]);
  for (const [i, j] of editsOf(left.slice(start, leftEnd), right.slice(start, rightEnd))) {
    edits.push([i === undefined ? i : start + i, j === undefined ? j : start + j]);
  }
  for (let i = leftEnd; i < left.length; i++) edits.push([i, rightEnd + i - leftEnd]);
  return edits;
}

function editsOf(left: readonly string[], right: readonly string[]): Edit[] {
  const replaced = (): Edit[] => [
    ...left.map((_, i): Edit => [i, undefined]),
    ...right.map((_, j): Edit => [undefined, j]),
  ];
  if (left.length === 0 || right.length === 0) return replaced();
  const trace = search(left, right);
  return trace ? walkBack(trace, left.length, right.length) : replaced();
}

/** For each number of edits, how far along the left text each diagonal gets. */
function search(left: readonly string[], right: readonly string[]): Int32Array[] | undefined {
  const most = Math.min(mostEdits, left.length + right.length);
  const trace: Int32Array[] = [];
  const reached = new Int32Array(2 * most + 3);
  for (let edits = 0; edits <= most; edits++) {
    // Only the diagonals that this many edits can reach are kept, or the traces would fill the memory.
    trace.push(reached.slice(most - edits, most + edits + 3));
    for (let k = -edits; k <= edits; k += 2) {
      const at = k + most + 1;
      let i = isDown(reached, at, k, edits) ? reached[at + 1]! : reached[at - 1]! + 1;
      let j = i - k;
      while (i < left.length && j < right.length && left[i] === right[j]) {
        i++;
        j++;
      }
      reached[at] = i;
      if (i >= left.length && j >= right.length) return trace;
    }
  }
  return undefined;
}

/** Whether a diagonal is best reached by an added line; otherwise it is by a removed one. */
function isDown(reached: Int32Array, at: number, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && reached[at - 1]! < reached[at + 1]!);
}

function walkBack(trace: readonly Int32Array[], leftLength: number, rightLength: number): Edit[] {
  const edits: Edit[] = [];
  let [i, j] = [leftLength, rightLength];
  for (let count = trace.length - 1; count > 0; count--) {
    const reached = trace[count]!;
    const k = i - j;
    const at = k + count + 1;
    const down = isDown(reached, at, k, count);
    const fromI = down ? reached[at + 1]! : reached[at - 1]!;
    const fromJ = fromI - (down ? k + 1 : k - 1);
    while (i > fromI && j > fromJ) edits.push([--i, --j]);
    edits.push(down ? [undefined, --j] : [--i, undefined]);
  }
  while (i > 0) edits.push([--i, --j]);
  return edits.reverse();
}

export interface Hunk<T extends DiffLine = DiffLine> {
  kind: "lines" | "fold";
  lines: readonly T[];
}

/** Folds equal lines further than the context from any difference. */
export function hunksOf<T extends DiffLine>(lines: readonly T[], context = 3): Hunk<T>[] {
  const near = new Uint8Array(lines.length);
  lines.forEach(({ kind }, i) => {
    if (kind !== "same") near.fill(1, Math.max(0, i - context), i + context + 1);
  });
  const hunks: { kind: Hunk["kind"]; lines: T[] }[] = [];
  lines.forEach((line, i) => {
    const kind = near[i] ? "lines" : "fold";
    const last = hunks.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else hunks.push({ kind, lines: [line] });
  });
  return hunks;
}

/** Splits a text into lines; JSON is laid out first, with its keys in order, so that only values differ. */
export function linesOf(text: string, isJSON: boolean): string[] {
  const laidOut = isJSON ? layOutJSON(text) : text;
  const lines = laidOut.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function layOutJSON(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)), undefined, 2);
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
