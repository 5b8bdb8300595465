// Many lines as bands: what most of them do at each place of the axis.
import { inDrawingOrder, isDrawable, type Point, type XAxis, xOf } from "./history";
import { firstTime } from "./points";
import { studentT } from "./studentT";

/** The quantiles that are drawn, from the lowest to the highest. */
export const quantiles: readonly number[] = [0.05, 0.25, 0.5, 0.75, 0.95];

export interface Bands {
  xs: number[];
  /** A column for each quantile; null where no line is. */
  columns: (number | null)[][];
}

/** Quantiles of the lines at so many places; between its points, a line is straight. */
export function bandsOf(lines: readonly (readonly Point[])[], axis: XAxis, places: number): Bands {
  const curves = curvesOf(lines, axis);
  const xs = placesOf(curves, places);
  const columns = statisticsOf(curves, xs, quantiles.length, (values) => {
    values.sort((a, b) => a - b);
    return quantiles.map((q) => quantileOf(values, q));
  });
  return { xs, columns };
}

/**
 * How far a group reaches from its mean: one standard deviation of its runs, one standard error of the mean,
 * the 95 % confidence interval of the mean, or to the least and the greatest run.
 */
export type Spread = "std" | "sem" | "ci" | "range";

export const spreads: readonly Spread[] = ["std", "sem", "ci", "range"];

/** For each group of lines three columns: its lower end, its mean and its upper end. */
export function groupBands(
  groups: readonly (readonly (readonly Point[])[])[],
  axis: XAxis,
  places: number,
  spread: Spread,
): Bands {
  const curves = groups.map((lines) => curvesOf(lines, axis));
  const xs = placesOf(curves.flat(), places);
  const columns = curves.flatMap((group) =>
    statisticsOf(group, xs, 3, (values) => {
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      if (spread === "range") return [Math.min(...values), mean, Math.max(...values)];
      const reach = reachOf(values, mean, spread);
      return [mean - reach, mean, mean + reach];
    }),
  );
  return { xs, columns };
}

/** How far to go from the mean. One run alone tells nothing about the runs that there could be. */
function reachOf(values: readonly number[], mean: number, spread: Spread): number {
  const count = values.length;
  if (count < 2) return 0;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  if (spread === "std") return deviation;
  const error = deviation / Math.sqrt(count);
  return spread === "sem" ? error : error * studentT(count - 1);
}

/** The values of lines at places of the axis; null where a line is not. */
export function sampledAt(
  lines: readonly (readonly Point[])[],
  axis: XAxis,
  xs: readonly number[],
): (number | null)[][] {
  return curvesOf(lines, axis).flatMap((curve) => statisticsOf([curve], xs, 1, (values) => values));
}

function curvesOf(lines: readonly (readonly Point[])[], axis: XAxis): Curve[] {
  return lines.map((points) => {
    const start = axis === "relative" ? firstTime(points) : 0;
    return inDrawingOrder(points)
      .filter((p) => isDrawable(p.value))
      .map((p) => [xOf(p, axis, start), p.value] as const)
      .sort(([a], [b]) => a - b);
  });
}

/** Columns of numbers that are computed from the values of all curves at each place. */
function statisticsOf(
  curves: readonly Curve[],
  xs: readonly number[],
  count: number,
  compute: (values: number[]) => readonly number[],
): (number | null)[][] {
  const columns = Array.from({ length: count }, () => new Array<number | null>(xs.length).fill(null));
  const at = curves.map(() => 0);
  xs.forEach((x, i) => {
    const values: number[] = [];
    curves.forEach((curve, line) => {
      while (at[line]! + 1 < curve.length && curve[at[line]! + 1]![0] <= x) at[line]!++;
      const value = valueAt(curve, at[line]!, x);
      if (value !== undefined) values.push(value);
    });
    if (values.length === 0) return;
    compute(values).forEach((value, row) => {
      columns[row]![i] = value;
    });
  });
  return columns;
}

type Curve = readonly (readonly [number, number])[];

/** All x of the lines, or evenly many of them. */
function placesOf(curves: readonly Curve[], places: number): number[] {
  const all = [...new Set(curves.flatMap((curve) => curve.map(([x]) => x)))].sort((a, b) => a - b);
  if (all.length <= places) return all;
  const [from, to] = [all[0]!, all.at(-1)!];
  return Array.from({ length: places }, (_, i) => from + ((to - from) * i) / (places - 1));
}

/** The value at x of the stretch that begins at a point; undefined outside of the line. */
function valueAt(curve: Curve, from: number, x: number): number | undefined {
  const left = curve[from];
  if (!left || x < left[0]) return undefined;
  const right = curve[from + 1];
  if (x === left[0]) return left[1];
  if (!right) return undefined;
  return left[1] + ((right[1] - left[1]) * (x - left[0])) / (right[0] - left[0]);
}

/** The quantile of sorted values, between two of them where it falls there. */
export function quantileOf(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}
