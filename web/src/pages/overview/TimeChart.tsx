import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { linearTicks, niceStep } from "../../lib/plots/ticks";
import { axisText, intervalText, type TimeSeries } from "../../lib/traces/overview";

export interface TimeChartProps {
  chart: TimeSeries;
  /** Counts are stacked; other values are lines. */
  kind: "bars" | "lines";
  /** What the chart shows, for people who cannot see it. */
  label: string;
  format: (value: number) => string;
  /** The colour of a series. */
  colour: (name: string, at: number) => string;
  /** Called for the interval that is clicked or chosen with Enter. */
  pick?: ((startMS: number) => void) | undefined;
}

const height = 168;
const margin = { left: 46, right: 8, top: 8, bottom: 20 };
const inner = height - margin.top - margin.bottom;

/** Values of intervals of time, as stacked bars or lines. The arrows walk through the intervals. */
export function TimeChart({ chart, kind, label, format, colour, pick }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number>();
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { starts, intervalMS, series } = chart;
  const count = starts.length;
  const most = useMemo(() => greatest(chart, kind), [chart, kind]);
  // The axis ends at a round number above all values.
  const stride = niceStep(most || 1, 4);
  const top = Math.ceil((most || 1) / stride - 1e-9) * stride;
  const ticks = linearTicks(0, top, 4);
  const step = Math.max(0, width - margin.left - margin.right) / Math.max(1, count);
  const y = (value: number) => margin.top + inner * (1 - value / top);
  const x = (i: number) => margin.left + i * step;
  const paths = useMemo(
    () => (kind === "bars" ? barPaths(chart, step, top) : linePaths(chart, step, top)),
    [chart, kind, step, top],
  );
  const locate = (event: PointerEvent) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    const found = Math.floor((event.clientX - left - margin.left) / step);
    setAt(found >= 0 && found < count ? found : undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (move !== 0) {
      event.preventDefault();
      setAt(at === undefined ? (move > 0 ? 0 : count - 1) : Math.max(0, Math.min(count - 1, at + move)));
    } else if (event.key === "Enter" && at !== undefined) pick?.(starts[at]!);
    else if (event.key === "Escape") setAt(undefined);
  };
  const span = count * intervalMS;
  const every = Math.max(1, Math.ceil(90 / Math.max(step, 0.1)));
  return (
    <div
      ref={box}
      className={pick ? "time-chart pickable" : "time-chart"}
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows walk through the intervals
      tabIndex={0}
      onPointerMove={locate}
      onPointerLeave={() => setAt(undefined)}
      onBlur={() => setAt(undefined)}
      onClick={() => at !== undefined && pick?.(starts[at]!)}
      onKeyDown={onKeyDown}
    >
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          {ticks.map((tick) => (
            <g key={tick.value}>
              <path className="grid" d={`M${margin.left} ${y(tick.value)}H${width - margin.right}`} />
              <text x={margin.left - 6} y={y(tick.value) + 3.5} textAnchor="end">
                {format(tick.value)}
              </text>
            </g>
          ))}
          {at !== undefined && (
            <rect className="hover" x={x(at)} y={margin.top} width={Math.max(1, step)} height={inner} />
          )}
          {paths.map((d, i) => (
            <path
              key={series[i]!.name}
              className={kind}
              style={{ [kind === "bars" ? "fill" : "stroke"]: colour(series[i]!.name, i) }}
              d={d}
            />
          ))}
          {starts.map((start, i) =>
            i % every === 0 && x(i) + 40 < width ? (
              <text key={start} x={Math.max(margin.left, x(i))} y={height - 5}>
                {axisText(start, intervalMS, span)}
              </text>
            ) : null,
          )}
        </svg>
      )}
      {at !== undefined && (
        <div
          className="time-tooltip"
          role="status"
          style={x(at) > width / 2 ? { right: width - x(at) + 6 } : { left: x(at) + step + 6 }}
        >
          <strong>{intervalText(starts[at]!, intervalMS)}</strong>
          {series.map((s, i) => {
            const value = s.values[at];
            return value === undefined || (kind === "bars" && value === 0) ? null : (
              <span key={s.name} className="time-value">
                <span className="time-swatch" style={{ background: colour(s.name, i) }} />
                <span className="truncate">{s.name}</span>
                <span className="number">{format(value)}</span>
              </span>
            );
          })}
          {series.every((s) => !s.values[at]) && <span className="muted">None</span>}
        </div>
      )}
    </div>
  );
}

function greatest({ starts, series }: TimeSeries, kind: "bars" | "lines"): number {
  let most = 0;
  for (const i of starts.keys()) {
    if (kind === "bars")
      most = Math.max(
        most,
        series.reduce((sum, s) => sum + (s.values[i] ?? 0), 0),
      );
    else for (const s of series) most = Math.max(most, s.values[i] ?? 0);
  }
  return most;
}

const rounded = (n: number) => Math.round(n * 10) / 10;

/** A path with the bars of each series, the first at the bottom. */
function barPaths({ starts, series }: TimeSeries, step: number, top: number): string[] {
  const below = starts.map(() => 0);
  const width = Math.max(0.5, step - (step > 4 ? 1.5 : 0));
  return series.map(({ values }) => {
    let d = "";
    for (const [i, value = 0] of values.entries()) {
      if (value <= 0) continue;
      const tall = Math.max(1, (value / top) * inner);
      const base = margin.top + inner - (below[i]! / top) * inner;
      d += `M${rounded(margin.left + i * step)} ${rounded(base)}v${-rounded(tall)}h${rounded(width)}v${rounded(tall)}z`;
      below[i]! += value;
    }
    return d;
  });
}

/** A path with the line of each series, which has gaps where there is nothing, and dots where a value is alone. */
function linePaths({ series }: TimeSeries, step: number, top: number): string[] {
  return series.map(({ values }) => {
    let d = "";
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      const px = rounded(margin.left + (i + 0.5) * step);
      const py = rounded(margin.top + inner * (1 - value / top));
      const alone = values[i - 1] === undefined && values[i + 1] === undefined;
      d += alone ? `M${px - 1.5} ${py}h3` : `${values[i - 1] === undefined ? "M" : "L"}${px} ${py}`;
    }
    return d;
  });
}
