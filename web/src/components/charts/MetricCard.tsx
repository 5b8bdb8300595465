import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { histories } from "../../api/queries";
import { plural } from "../../lib/format";
import { mergeHistory, type Point, samplesPerRun, stepsRepeat, undrawable } from "../../lib/history";
import { useDebounced, useSeen } from "../../lib/hooks";
import { ErrorNotice } from "../Notice";
import { NumberText, RunSwatch } from "../Values";
import { type ChartLine, type ChartSettings, LineChart } from "./LineChart";

export interface ChartRun {
  id: string;
  name: string;
}

interface MetricCardProps {
  metric: string;
  /** The metric's name without the prefix its section already shows. */
  title: string;
  runs: readonly ChartRun[];
  settings: ChartSettings;
  /** Milliseconds between refreshes, or false. */
  refetchInterval: number | false;
  focusID?: string | undefined;
  /** Called when a run logged a step of this metric more than once. */
  onRepeat: (metric: string) => void;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** One metric of one or many runs. Waits with its request until it is scrolled near. */
export function MetricCard({
  metric,
  title,
  runs,
  settings,
  refetchInterval,
  onRepeat,
  ...chart
}: MetricCardProps) {
  const [ref, seen] = useSeen<HTMLElement>();
  const { lines, pending, error, refetch } = useLines(metric, runs, settings, refetchInterval, seen);
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
            <p className="muted">{!seen || pending ? "Loading…" : "No values in these runs."}</p>
          )}
        </div>
      )}
      {missing > 0 && <p className="metric-note">{plural(missing, "value")} not drawn: NaN or infinite</p>}
    </article>
  );
}

function useLines(
  metric: string,
  runs: readonly ChartRun[],
  settings: ChartSettings,
  refetchInterval: number | false,
  seen: boolean,
) {
  const ids = useMemo(() => runs.map((run) => run.id), [runs]);
  const coarse = useQuery({
    ...histories(metric, ids),
    enabled: seen && ids.length > 0,
    refetchInterval,
  });
  // A zoomed step axis shows more than the overview sampled: fetch that window by itself.
  const zoom = useDebounced(settings.zoom);
  const sampled = Object.values(coarse.data ?? {}).some((p) => p.length >= samplesPerRun(ids.length));
  const steps = useMemo(
    () =>
      zoom && settings.axis === "step" ? ([Math.floor(zoom[0]), Math.ceil(zoom[1])] as const) : undefined,
    [zoom, settings.axis],
  );
  const wantFine = seen && sampled && steps !== undefined;
  const fine = useQuery({ ...histories(metric, ids, steps), enabled: wantFine });
  const lines = useMemo<ChartLine[]>(() => {
    const found: ChartLine[] = [];
    for (const { id, name } of runs) {
      let points: readonly Point[] | undefined = coarse.data?.[id];
      if (!points?.length) continue;
      const detail = wantFine && !fine.isPlaceholderData ? fine.data?.[id] : undefined;
      if (detail && steps) points = mergeHistory(points, detail, steps[0], steps[1]);
      found.push({ id, label: name, points });
    }
    return found;
  }, [runs, coarse.data, fine.data, fine.isPlaceholderData, wantFine, steps]);
  return { lines, pending: coarse.isPending, error: coarse.error, refetch: () => void coarse.refetch() };
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
