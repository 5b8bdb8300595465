import type uPlot from "uplot";
import { bandsOf, groupBands, type Spread, sampledAt } from "../../lib/charts/bands";
import {
  alignHistories,
  type Column,
  inDrawingOrder,
  isDrawable,
  type Point,
  type XAxis,
} from "../../lib/charts/history";
import { smooth } from "../../lib/charts/smoothing";

/** Places of the axis where bands are known: about as many as a card has pixels. */
const bandPlaces = 300;

interface Scales {
  axis: XAxis;
  xLog: boolean;
  logY: boolean;
}

/** x values, then (when smoothing) the raw lines, then the lines as drawn strong. */
export function lineData(
  lines: readonly (readonly Point[])[],
  smoothing: number,
  { axis, xLog, logY }: Scales,
): uPlot.AlignedData {
  const [xs, ...raw] = alignHistories(lines, axis);
  const strong =
    smoothing > 0
      ? alignHistories(
          lines.map((points) => smoothHistory(points, smoothing)),
          axis,
        )
      : [[]];
  return placed(xs, [...raw, ...(strong.slice(1) as Column[])], xLog, logY);
}

/** x values, then a column for each quantile of the lines. */
export function bandData(
  lines: readonly (readonly Point[])[],
  smoothing: number,
  { axis, xLog, logY }: Scales,
): uPlot.AlignedData {
  const drawn = smoothing > 0 ? lines.map((points) => smoothHistory(points, smoothing)) : lines;
  const { xs, columns } = bandsOf(drawn, axis, bandPlaces);
  return placed(xs, columns, xLog, logY);
}

/** x values, then the lower end, the mean and the upper end of each group of lines, then some lines themselves. */
export function groupData(
  groups: readonly (readonly (readonly Point[])[])[],
  thin: readonly (readonly Point[])[],
  spread: Spread,
  smoothing: number,
  { axis, xLog, logY }: Scales,
): uPlot.AlignedData {
  const smoothed = (lines: readonly (readonly Point[])[]) =>
    smoothing > 0 ? lines.map((points) => smoothHistory(points, smoothing)) : lines;
  const { xs, columns } = groupBands(groups.map(smoothed), axis, bandPlaces, spread);
  return placed(xs, [...columns, ...sampledAt(smoothed(thin), axis, xs)], xLog, logY);
}

/** Logarithmic axes have no place for zero and less. */
function placed(xs: number[], columns: readonly Column[], xLog: boolean, logY: boolean): uPlot.AlignedData {
  const negative = xLog ? xs.findIndex((x) => x > 0) : 0;
  const from = negative < 0 ? xs.length : negative;
  const fit = (column: Column) => {
    const part = from > 0 ? column.slice(from) : column;
    return logY ? part.map((v) => (v != null && v <= 0 ? null : v)) : part;
  };
  return [from > 0 ? xs.slice(from) : xs, ...columns.map(fit)] as uPlot.AlignedData;
}

/** The average moves along the line as it is drawn: by time where steps repeat. */
export function smoothHistory(points: readonly Point[], weight: number): Point[] {
  const ordered = inDrawingOrder(points);
  const values = smooth(
    ordered.map((p) => (isDrawable(p.value) ? p.value : null)),
    weight,
  );
  return ordered.map((p, i) => ({ ...p, value: values[i] ?? Number.NaN }));
}
