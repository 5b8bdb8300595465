// Metric histories on their way from the server to a chart.

export interface Point {
  step: number;
  /** Milliseconds since the epoch. */
  time: number;
  value: number;
}

export type XAxis = "step" | "relative" | "wall";

const order = (a: Point, b: Point) => a.step - b.step || a.time - b.time;

/** Whether a step was logged more than once: by a loop that counts anew each epoch, or without steps. */
export function stepsRepeat(points: readonly Point[]): boolean {
  return new Set(points.map((p) => p.step)).size < points.length;
}

/** The points in the order in which a line goes through them: by time where steps say nothing. */
export function inDrawingOrder(points: readonly Point[]): Point[] {
  return stepsRepeat(points)
    ? points.toSorted((a, b) => a.time - b.time || a.step - b.step)
    : points.toSorted(order);
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

/**
 * Lays a finely sampled window over a coarse history of the same metric: inside the window only the
 * fine points remain, outside of it only the coarse ones.
 */
export function mergeHistory(
  coarse: readonly Point[],
  fine: readonly Point[],
  from: number,
  to: number,
): Point[] {
  if (fine.length === 0) return [...coarse];
  const outside = coarse.filter((p) => p.step < from || p.step > to);
  return [...outside, ...fine].sort(order);
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
    const line = new Map<number, (number | null)[]>();
    for (const p of points.toSorted((a, b) => a.time - b.time)) {
      const x = xOf(p, axis, start);
      const value = isDrawable(p.value) ? p.value : null;
      const there = line.get(x);
      if (there) there.push(value);
      else line.set(x, [value]);
    }
    return line;
  });
  const width = new Map<number, number>();
  for (const line of lines) {
    for (const [x, values] of line) width.set(x, Math.max(width.get(x) ?? 0, values.length));
  }
  const slots = [...width].sort(([a], [b]) => a - b);
  const xs = slots.flatMap(([x, count]) => Array<number>(count).fill(x));
  const columnOf = (line: Map<number, (number | null)[]>): Column =>
    slots.flatMap(([x, count]) => Array.from({ length: count }, (_, i) => line.get(x)?.[i]));
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

/** Samples asked for per run, so that a card with many runs stays quick to fetch and to draw. */
export function samplesPerRun(runs: number): number {
  return Math.max(150, Math.min(1000, Math.floor(20_000 / Math.max(1, runs))));
}
