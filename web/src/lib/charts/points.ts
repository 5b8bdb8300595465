// Points of a series: sampled, thinned, and a window laid over the whole.
import { isDrawable, type Point } from "./history";

/** What the server samples by. Relative is the time since the first value of each series. */
export type SampleAxis = "step" | "time" | "relative";

/** Running totals: the server sends the first number and then differences. */
export function fromDeltas(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => {
    sum += delta;
    return sum;
  });
}

export const byStep = (a: Point, b: Point) => a.step - b.step || a.time - b.time || a.value - b.value;

/** Samples asked for per line: as many as a card has pixels, fewer when a hundred lines share it. */
export function samplesPerLine(lines: number): number {
  return Math.max(120, Math.min(600, Math.floor(20_000 / Math.max(1, lines))));
}

/**
 * At most n of the points that can be drawn, with the first, the last, the least and the greatest of
 * each part of the axis, as the server samples. A line through them looks the same.
 */
export function thin(points: readonly Point[], n: number, axis: "step" | "time"): Point[] {
  if (points.length <= n) return [...points];
  const x = (p: Point) => (axis === "step" ? p.step : p.time);
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const p of points) {
    from = Math.min(from, x(p));
    to = Math.max(to, x(p));
  }
  const count = Math.max(1, Math.floor(n / 4));
  const parts = Array.from({ length: count }, () => new Map<string, Point>());
  for (const p of points) {
    const part = parts[Math.min(count - 1, Math.floor(((x(p) - from) / (to - from + 1)) * count))]!;
    if (!isDrawable(p.value)) {
      if (!part.has("gap")) part.set("gap", p);
      continue;
    }
    if (!part.has("first")) for (const role of ["first", "last", "low", "high"]) part.set(role, p);
    else {
      if (x(p) < x(part.get("first")!)) part.set("first", p);
      if (x(p) >= x(part.get("last")!)) part.set("last", p);
      if (p.value < part.get("low")!.value) part.set("low", p);
      if (p.value > part.get("high")!.value) part.set("high", p);
    }
  }
  return [...new Set(parts.flatMap((part) => [...part.values()]))].sort(byStep);
}

/** The points of a window in the place of those of the whole that it covers. */
export function withWindow(
  whole: readonly Point[],
  detail: readonly Point[],
  axis: SampleAxis,
  [from, to]: readonly [number, number],
): Point[] {
  const start = axis === "relative" ? firstTime(whole) : 0;
  const outside = whole.filter((p) => {
    const x = axis === "step" ? p.step : p.time - start;
    return x < from || x > to;
  });
  return [...outside, ...detail].sort(byStep);
}

export function firstTime(points: readonly Point[]): number {
  return points.reduce((least, p) => Math.min(least, p.time), Number.POSITIVE_INFINITY);
}
