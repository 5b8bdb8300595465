import uPlot from "uplot";
import { isDrawable, type Point, passes, stepsRepeat } from "../../lib/history";

/**
 * A path builder for the step axis. A line whose steps repeat goes through its points in order of time,
 * with the pen up where the steps start anew; all others are drawn as usual.
 */
export function pathInTime(pointsNow: () => readonly Point[], logY: boolean): uPlot.Series.PathBuilder {
  const usual = uPlot.paths.linear!();
  return (u, seriesIndex, from, to) => {
    const points = pointsNow();
    if (!stepsRepeat(points)) return usual(u, seriesIndex, from, to);
    const stroke = new Path2D();
    for (const pass of passes(points)) {
      let down = false;
      for (const { step, value } of pass) {
        const drawable = isDrawable(value) && !(logY && value <= 0);
        if (!drawable) {
          down = false;
          continue;
        }
        const x = u.valToPos(step, "x", true);
        const y = u.valToPos(value, "y", true);
        if (down) stroke.lineTo(x, y);
        else {
          // A dot where a curve starts, so that a pass of one point is seen.
          stroke.moveTo(x + 1, y);
          stroke.arc(x, y, 1, 0, 2 * Math.PI);
          stroke.moveTo(x, y);
        }
        down = true;
      }
    }
    return { stroke, fill: null, clip: null, band: null, gaps: [], flags: 0 };
  };
}
