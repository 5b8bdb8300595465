// Metric histories on their way from the server to a chart.

export interface Point {
  step: number;
  /** Milliseconds since the epoch. */
  time: number;
  value: number;
}

export type XAxis = "step" | "relative" | "wall";

const order = (a: Point, b: Point) => a.step - b.step || a.time - b.time;

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
 * Brings several histories onto one shared x axis. When a step was logged more than once the latest
 * value wins, which is also what the "last" column of a table shows.
 */
export function alignHistories(
  histories: readonly (readonly Point[])[],
  axis: XAxis,
): [number[], ...Column[]] {
  const lines = histories.map((points) => {
    const start = points.reduce((least, p) => Math.min(least, p.time), Number.POSITIVE_INFINITY);
    const line = new Map<number, number | null>();
    for (const p of [...points].sort(order)) {
      line.set(xOf(p, axis, start), isDrawable(p.value) ? p.value : null);
    }
    return line;
  });
  const xs = [...new Set(lines.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
  return [xs, ...lines.map((line) => xs.map((x) => line.get(x)))];
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
