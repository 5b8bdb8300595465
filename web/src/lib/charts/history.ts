// Metric histories on their way from the server to a chart.

export interface Point {
  step: number;
  /** Milliseconds since the epoch. */
  time: number;
  value: number;
}

export type XAxis = "step" | "relative" | "wall";

const order = (a: Point, b: Point) => a.step - b.step || a.time - b.time;

const byTime = (a: Point, b: Point) => a.time - b.time;

/** The points in an order. Most come in it already, and then they are not copied: charts draw many of them. */
function sorted(points: readonly Point[], compare: (a: Point, b: Point) => number): readonly Point[] {
  const inOrder = points.every((p, i) => i === 0 || compare(points[i - 1]!, p) <= 0);
  return inOrder ? points : points.toSorted(compare);
}

/** Whether a step was logged more than once: by a loop that counts anew each epoch, or without steps. */
export function stepsRepeat(points: readonly Point[]): boolean {
  const ordered = sorted(points, order);
  return ordered.some((p, i) => i > 0 && ordered[i - 1]!.step === p.step);
}

/** The points in the order in which a line goes through them: by time where steps say nothing. */
export function inDrawingOrder(points: readonly Point[]): readonly Point[] {
  return sorted(points, stepsRepeat(points) ? (a, b) => byTime(a, b) || a.step - b.step : order);
}

/** The stretches of a line in which steps never go back; each is drawn as a curve of its own. */
export function passes(points: readonly Point[]): Point[][] {
  const found: Point[][] = [];
  let previous = Number.POSITIVE_INFINITY;
  for (const point of inDrawingOrder(points)) {
    if (point.step < previous) found.push([]);
    found.at(-1)!.push(point);
    previous = point.step;
  }
  return found;
}

/** The x value of a point: the step, seconds since the first point, or seconds since the epoch. */
export function xOf(point: Point, axis: XAxis, startMS: number): number {
  if (axis === "step") return point.step;
  return axis === "relative" ? (point.time - startMS) / 1000 : point.time / 1000;
}

/** One line as uPlot wants it: undefined where the line has no sample, null where it breaks (NaN). */
export type Column = (number | null | undefined)[];

/**
 * Brings several histories onto one shared x axis. No point is dropped: an x that a line has several
 * times is on the axis as often, and the line's values there follow in order of time.
 */
export function alignHistories(
  histories: readonly (readonly Point[])[],
  axis: XAxis,
): [number[], ...Column[]] {
  const lines = histories.map((points) => {
    const start = points.reduce((least, p) => Math.min(least, p.time), Number.POSITIVE_INFINITY);
    return sorted(points, byTime).map((p) => ({
      x: xOf(p, axis, start),
      value: isDrawable(p.value) ? p.value : null,
    }));
  });
  // How often each x is on the axis: as often as in the line that has it most often.
  const width = new Map<number, number>();
  for (const line of lines) {
    const own = new Map<number, number>();
    for (const { x } of line) {
      const count = (own.get(x) ?? 0) + 1;
      own.set(x, count);
      if (count > (width.get(x) ?? 0)) width.set(x, count);
    }
  }
  const xs: number[] = [];
  const first = new Map<number, number>();
  for (const x of [...width.keys()].sort((a, b) => a - b)) {
    first.set(x, xs.length);
    for (let i = width.get(x)!; i > 0; i--) xs.push(x);
  }
  const columnOf = (line: readonly { x: number; value: number | null }[]): Column => {
    const column: Column = new Array(xs.length).fill(undefined);
    const used = new Map<number, number>();
    for (const { x, value } of line) {
      const before = used.get(x) ?? 0;
      used.set(x, before + 1);
      column[first.get(x)! + before] = value;
    }
    return column;
  };
  return [xs, ...lines.map(columnOf)];
}

/** NaN and the stand-ins for infinity have no place on a finite axis. */
export function isDrawable(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) < Number.MAX_VALUE;
}

/** How many points a chart had to leave out as NaN or infinite. */
export function undrawable(points: readonly Point[]): number {
  return points.filter((p) => !isDrawable(p.value)).length;
}
