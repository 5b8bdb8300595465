import { useEffect, useMemo } from "react";
import { runColorCSS } from "../../lib/charts/palette";
import { shapeOf } from "../../lib/charts/shape";
import { exactNumber, formatNumber } from "../../lib/text/format";
import { NumberText } from "../Values";
import type { Report } from "./cards/LineCard";
import { type ChartRun, useInSight, useLines } from "./useSeries";

interface ValueStripProps {
  metrics: readonly string[];
  /** The part of the names that the section shows already. */
  prefix: string;
  runs: readonly ChartRun[];
  focusID?: string | undefined;
  report: Report;
}

/** Metrics that every run logged at most once: a row for each, with a dot for every run. */
export function ValueStrip({ metrics, prefix, ...rest }: ValueStripProps) {
  return (
    <ul className="card value-strip" aria-label="Metrics with one value">
      {metrics.map((metric) => (
        <StripRow
          key={metric}
          metric={metric}
          title={prefix ? metric.slice(prefix.length + 1) : metric}
          {...rest}
        />
      ))}
    </ul>
  );
}

const noZoom = { axis: "step", zoom: undefined } as const;

interface StripRowProps extends Omit<ValueStripProps, "metrics" | "prefix"> {
  metric: string;
  title: string;
}

function StripRow({ metric, title, runs, focusID, report }: StripRowProps) {
  const [ref, inSight] = useInSight<HTMLLIElement>();
  const { lines, pending } = useLines([metric], runs, noZoom, inSight);
  const shape = useMemo(() => shapeOf(lines.map((line) => line.points)), [lines]);
  useEffect(() => {
    if (!pending) report(metric, shape);
  }, [report, metric, shape, pending]);
  const values = lines.map((line) => ({ id: line.id, label: line.label, value: line.points.at(-1)!.value }));
  const finite = values.filter(({ value }) => Number.isFinite(value));
  const least = Math.min(...finite.map(({ value }) => value));
  const most = Math.max(...finite.map(({ value }) => value));
  const one = values.length === 1 ? values[0] : undefined;
  return (
    <li ref={ref}>
      <span className="truncate" title={metric}>
        {title}
      </span>
      {one ? (
        <span className="value-strip-one">
          <NumberText value={one.value} />
          <span className="muted">step {lines[0]!.points.at(-1)!.step.toLocaleString("en-US")}</span>
        </span>
      ) : finite.length === 0 ? (
        <span className="muted">{pending ? "Loading…" : values.length > 0 ? "NaN" : "no values"}</span>
      ) : (
        <>
          <span className="value-strip-dots" role="img" aria-label={dotsLabel(metric, finite, least, most)}>
            {finite.map(({ id, label, value }) => (
              <span
                key={id}
                className={id === focusID ? "value-dot focused" : "value-dot"}
                title={`${label}: ${exactNumber(value)}`}
                style={{
                  left: `${most > least ? ((value - least) / (most - least)) * 100 : 50}%`,
                  background: runColorCSS(id),
                }}
              />
            ))}
          </span>
          <span className="value-strip-range muted number">
            {most > least ? `${formatNumber(least)} – ${formatNumber(most)}` : formatNumber(least)}
          </span>
        </>
      )}
    </li>
  );
}

function dotsLabel(
  metric: string,
  values: readonly { label: string }[],
  least: number,
  most: number,
): string {
  return `${metric} of ${values.length} runs, from ${formatNumber(least)} to ${formatNumber(most)}.`;
}
