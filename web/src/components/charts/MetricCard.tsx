import { useEffect, useMemo } from "react";
import { plural } from "../../lib/format";
import { stepsRepeat, undrawable } from "../../lib/history";
import { ErrorNotice } from "../Notice";
import { NumberText, RunSwatch } from "../Values";
import { type ChartLine, type ChartSettings, LineChart } from "./LineChart";
import { type ChartRun, useInSight, useLines } from "./useSeries";

interface MetricCardProps {
  metric: string;
  /** The metric's name without the prefix its section already shows. */
  title: string;
  runs: readonly ChartRun[];
  settings: ChartSettings;
  focusID?: string | undefined;
  /** Called when a run logged a step of this metric more than once. */
  onRepeat: (metric: string) => void;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** One metric of one or many runs. Asks for its points while it is in sight. */
export function MetricCard({ metric, title, runs, settings, onRepeat, ...chart }: MetricCardProps) {
  const [ref, inSight] = useInSight<HTMLElement>();
  const { lines, pending, error, refetch } = useLines(metric, runs, settings, inSight);
  const repeat = useMemo(() => lines.some((line) => stepsRepeat(line.points)), [lines]);
  useEffect(() => {
    if (repeat) onRepeat(metric);
  }, [repeat, metric, onRepeat]);
  const missing = lines.reduce((sum, line) => sum + undrawable(line.points), 0);
  const curve = lines.some((line) => line.points.length > 1);
  const last = runs.length === 1 ? lines[0]?.points.at(-1) : undefined;
  return (
    <article ref={ref} className="card metric-card" aria-label={metric}>
      <h3 title={metric}>
        <span className="truncate">{title}</span>
        {last && curve && <NumberText value={last.value} />}
      </h3>
      {error ? (
        <ErrorNotice error={error} what={`Could not load ${metric}`} retry={refetch} />
      ) : curve ? (
        <LineChart
          lines={lines}
          label={describe(metric, lines)}
          syncKey={`metrics-${settings.axis}`}
          {...settings}
          {...chart}
        />
      ) : (
        <div className={last ? "metric-values single" : "metric-values"}>
          {last ? (
            <p className="single-value">
              <NumberText value={last.value} />
              <span className="muted">logged once, at step {last.step}</span>
            </p>
          ) : lines.length > 0 ? (
            <ValueBars lines={lines} />
          ) : (
            <p className="muted">{pending ? "Loading…" : "No values in these runs."}</p>
          )}
        </div>
      )}
      {missing > 0 && <p className="metric-note">{plural(missing, "value")} not drawn: NaN or infinite</p>}
    </article>
  );
}

/** Metrics logged once per run are compared as bars; a line through one point says nothing. */
function ValueBars({ lines }: { lines: readonly ChartLine[] }) {
  const values = lines.map((line) => line.points.at(-1)!.value);
  const finite = values.filter(Number.isFinite);
  const most = Math.max(...finite, 0);
  const least = Math.min(...finite, 0);
  const span = most - least || 1;
  return (
    <ul className="value-bars">
      {lines.map((line, i) => {
        const value = values[i]!;
        const from = Number.isFinite(value) ? (Math.min(value, 0) - least) / span : 0;
        const width = Number.isFinite(value) ? Math.abs(value) / span : 0;
        return (
          <li key={line.id}>
            <span className="truncate" title={line.label}>
              <RunSwatch runID={line.id} /> {line.label}
            </span>
            <span className="value-bar">
              <BarFill runID={line.id} from={from} width={width} />
            </span>
            <NumberText value={value} />
          </li>
        );
      })}
    </ul>
  );
}

function BarFill({ runID, from, width }: { runID: string; from: number; width: number }) {
  return (
    <span className="value-bar-fill" style={{ marginLeft: `${from * 100}%`, width: `${width * 100}%` }}>
      <RunSwatch runID={runID} />
    </span>
  );
}

function describe(metric: string, lines: readonly ChartLine[]): string {
  const ends = lines.slice(0, 5).map((line) => {
    const last = line.points.at(-1)!;
    return `${line.label} ends at ${last.value} in step ${last.step}`;
  });
  return `Chart of ${metric} for ${plural(lines.length, "run")}. ${ends.join("; ")}.`;
}
