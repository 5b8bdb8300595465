import type uPlot from "uplot";
import { isDrawable, type Point, passes, type XAxis, xOf } from "../../lib/charts/history";
import { firstTime } from "../../lib/charts/points";

/**
 * Draws a line through its own points, which are fewer than the places of the axis that all lines share.
 * On the step axis, a line whose steps repeat goes through its points in order of time, with the pen up
 * where the steps start anew.
 */
export function pathThrough(
  drawn: () => [points: readonly Point[], axis: XAxis, xLog: boolean, logY: boolean],
): uPlot.Series.PathBuilder {
  return (u) => {
    const [points, axis, xLog, logY] = drawn();
    const start = axis === "relative" ? firstTime(points) : 0;
    const x = (p: Point) => xOf(p, axis, start);
    const drawable = (p: Point | undefined) =>
      p !== undefined && isDrawable(p.value) && !(logY && p.value <= 0) && !(xLog && x(p) <= 0);
    const lines = axis === "step" ? passes(points) : [points.toSorted((a, b) => a.time - b.time)];
    const stroke = new Path2D();
    for (const line of lines) draw(u, stroke, line, x, drawable, lines.length > 1);
    return { stroke, fill: null, clip: null, band: null, gaps: [], flags: 0 };
  };
}

function draw(
  u: uPlot,
  stroke: Path2D,
  points: readonly Point[],
  x: (p: Point) => number,
  drawable: (p: Point | undefined) => boolean,
  dots: boolean,
) {
  points.forEach((point, i) => {
    if (!drawable(point)) return;
    const left = u.valToPos(x(point), "x", true);
    const top = u.valToPos(point.value, "y", true);
    if (drawable(points[i - 1])) {
      stroke.lineTo(left, top);
      return;
    }
    // A point between two gaps would leave no trace, nor would a pass of one point.
    if (dots || !drawable(points[i + 1])) {
      stroke.moveTo(left + 1, top);
      stroke.arc(left, top, 1, 0, 2 * Math.PI);
    }
    stroke.moveTo(left, top);
  });
}
