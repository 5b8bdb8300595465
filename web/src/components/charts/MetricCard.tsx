import { useEffect, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";
import { along } from "../../lib/charts/along";
import { undrawable, type XAxis } from "../../lib/charts/history";
import { type Shape, shapeOf } from "../../lib/charts/shape";
import { plural } from "../../lib/text/format";
import { type CardView, type ChartView, styleOf } from "../../lib/view/charts";
import { Icon } from "../Icon";
import { ErrorNotice } from "../Notice";
import { FullScreen } from "../plots/FullScreen";
import { NumberText, RunSwatch } from "../Values";
import { CardMenu } from "./CardMenu";
import { bandsFrom, type ChartLine, LineChart } from "./LineChart";
import { type ChartRun, useInSight, useLines } from "./useSeries";
import "../plots/plots.css";

/** Told what the lines of a metric are like, once all of them are known. */
export type Report = (metric: string, shape: Shape) => void;

export interface CardActions {
  report: Report;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
  setOwn: (metric: string, part: CardView) => void;
  setPinned: (metric: string, pinned: boolean) => void;
  move: (metric: string, by: 1 | -1) => void;
  drop: (metric: string, on: string) => void;
}

interface MetricCardProps extends CardActions {
  metric: string;
  /** The metric's name without the prefix its section already shows. */
  title: string;
  runs: readonly ChartRun[];
  view: ChartView;
  /** The axis of this card. */
  axis: XAxis;
  focusID?: string | undefined;
}

const noRuns: readonly ChartRun[] = [];

/** One metric of one or many runs. Asks for its points while it is in sight. */
export function MetricCard(props: MetricCardProps) {
  const { metric, title, runs, view, axis, focusID, report, onZoom, setOwn, setPinned, move, drop } = props;
  const [ref, inSight] = useInSight<HTMLElement>();
  const [full, setFull] = useState(false);
  const plotRef = useRef<uPlot>(undefined);
  const { xMetric } = view;
  // The axis of another metric is not the one that the server cuts windows from.
  const zoom = xMetric ? undefined : view.zoom;
  const found = useLines(metric, runs, { axis, zoom }, inSight);
  const others = useLines(
    xMetric ?? metric,
    xMetric ? runs : noRuns,
    { axis: "step", zoom: undefined },
    inSight,
  );
  const { pending, error, refetch } = found;
  const lines = useMemo(() => {
    if (!xMetric) return found.lines;
    const byID = new Map(others.lines.map((line) => [line.id, line.points]));
    return found.lines
      .map((line) => ({ ...line, points: along(line.points, byID.get(line.id) ?? []) }))
      .filter((line) => line.points.length > 0);
  }, [found.lines, others.lines, xMetric]);
  const shape = useMemo(() => shapeOf(found.lines.map((line) => line.points)), [found.lines]);
  useEffect(() => {
    if (!pending && !error && found.lines.length > 0) report(metric, shape);
  }, [pending, error, found.lines.length, metric, shape, report]);

  const missing = lines.reduce((sum, line) => sum + undrawable(line.points), 0);
  const last = runs.length === 1 ? found.lines[0]?.points.at(-1) : undefined;
  const style = styleOf(view, metric);
  const own = view.cards[metric] ?? {};
  const curve = !shape.single;
  const grouped = lines.some((line) => line.group !== undefined);
  const chart = (height: number) => (
    <LineChart
      lines={lines}
      label={describe(metric, lines)}
      height={height}
      syncKey={`metrics-${xMetric ?? axis}`}
      stepName={xMetric}
      fractions={xMetric !== undefined}
      axis={axis}
      smoothing={view.smoothing}
      spread={grouped ? view.spread : undefined}
      {...style}
      zoom={view.zoom}
      focusID={focusID}
      plotRef={plotRef}
      onZoom={onZoom}
    />
  );
  const notes = [
    curve &&
      !grouped &&
      lines.length >= bandsFrom &&
      `Bands of ${lines.length} runs: median, half, and nine of ten`,
    !xMetric && shape.oneStep && axis === "relative" && "all at one step, so the axis is time",
  ].filter((note) => note !== false);
  return (
    <article
      ref={ref}
      className={own.wide ? "card metric-card wide" : "card metric-card"}
      aria-label={metric}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(dragType)) event.preventDefault();
      }}
      onDrop={(event) => {
        const from = event.dataTransfer.getData(dragType);
        if (from && from !== metric) drop(from, metric);
      }}
    >
      <div className="metric-head">
        {view.pinnedCards.includes(metric) && <Icon name="pin" size={12} />}
        <h3
          title={metric}
          className="truncate"
          draggable
          onDragStart={(event) => event.dataTransfer.setData(dragType, metric)}
        >
          {title}
        </h3>
        {last && curve && <NumberText value={last.value} />}
        <span className="card-tools">
          <button
            type="button"
            className="icon-button"
            aria-label={`${metric}: full screen`}
            onClick={() => setFull(true)}
          >
            <Icon name="expand" size={13} />
          </button>
          <CardMenu
            metric={metric}
            lines={lines}
            style={style}
            own={own}
            axis={axis}
            smoothing={view.smoothing}
            plotRef={plotRef}
            pinned={view.pinnedCards.includes(metric)}
            setOwn={(part) => setOwn(metric, part)}
            setPinned={(pinned) => setPinned(metric, pinned)}
            move={(by) => move(metric, by)}
          />
        </span>
      </div>
      {error ? (
        <ErrorNotice error={error} what={`Could not load ${metric}`} retry={refetch} />
      ) : curve && lines.length > 0 ? (
        full ? (
          <FullScreen title={metric} onClose={() => setFull(false)}>
            <div className="card-full">
              {chart(Math.max(240, innerHeight - 190))}
              <Legend lines={lines} />
            </div>
          </FullScreen>
        ) : (
          chart(own.wide ? 320 : 220)
        )
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
      {missing > 0 && (
        <p className="metric-note warn">{plural(missing, "value")} not drawn: NaN or infinite</p>
      )}
      {notes.map((note) => (
        <p key={note} className="metric-note">
          {note}
        </p>
      ))}
    </article>
  );
}

const dragType = "application/x-millrace-card";

const namesInLegend = 60;

function Legend({ lines }: { lines: readonly ChartLine[] }) {
  return (
    <ul className="chart-legend" aria-label="Runs in the chart">
      {lines.slice(0, namesInLegend).map((line) => (
        <li key={line.id}>
          <RunSwatch runID={line.id} /> <span className="truncate">{line.label}</span>
        </li>
      ))}
      {lines.length > namesInLegend && <li className="muted">and {lines.length - namesInLegend} more</li>}
    </ul>
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
