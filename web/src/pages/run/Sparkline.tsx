import type { MetricSummary } from "../../api/metrics";
import { type ChartRun, useInSight, usePoints } from "../../components/charts/useSeries";
import { inDrawingOrder, isDrawable, type Point, stepsRepeat } from "../../lib/charts/history";
import { runColorCSS } from "../../lib/charts/palette";

const width = 96;
const height = 20;
const inset = 2;

/** The course of a metric at a glance. Decoration: the numbers beside it say the same. */
export function Sparkline({ runs, metric }: { runs: readonly ChartRun[]; metric: MetricSummary }) {
  const [ref, inSight] = useInSight<HTMLSpanElement>();
  const [line] = usePoints([metric.key], { axis: "step" }, runs, inSight && metric.count > 1);
  const data = line?.points;
  return (
    <span ref={ref} className="sparkline" aria-hidden="true">
      {data && data.length > 1 && (
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
          <title>{metric.key}</title>
          <path d={pathOf(data)} stroke={runColorCSS(runs[0]!.id)} />
        </svg>
      )}
    </span>
  );
}

/**
 * An SVG path through the points, scaled to the box; broken where a value cannot be drawn. Runs along
 * time where steps repeat.
 */
export function pathOf(history: readonly Point[]): string {
  const points = inDrawingOrder(history);
  const along = stepsRepeat(history) ? (p: Point) => p.time : (p: Point) => p.step;
  const drawable = points.filter((p) => isDrawable(p.value));
  const scale = (values: number[], from: number, to: number) => {
    const least = Math.min(...values);
    const span = Math.max(...values) - least || 1;
    return (value: number) => from + ((value - least) / span) * (to - from);
  };
  const x = scale(points.map(along), inset, width - inset);
  const y = scale(
    drawable.map((p) => p.value),
    height - inset,
    inset,
  );
  let pen = "M";
  let path = "";
  for (const point of points) {
    if (!isDrawable(point.value)) pen = "M";
    else {
      path += `${pen}${x(along(point)).toFixed(1)},${y(point.value).toFixed(1)}`;
      pen = "L";
    }
  }
  return path;
}
