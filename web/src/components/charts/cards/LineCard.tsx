import { useEffect, useMemo, useRef } from "react";
import type uPlot from "uplot";
import { useIsDark } from "../../../lib/browser/theme";
import { along, minus } from "../../../lib/charts/along";
import { undrawable, type XAxis } from "../../../lib/charts/history";
import { type Shape, shapeOf } from "../../../lib/charts/shape";
import { pngOf } from "../../../lib/export";
import { plural } from "../../../lib/text/format";
import type { Unit } from "../../../lib/text/units";
import { type ChartView, type Range, styleOf } from "../../../lib/view/charts";
import { ErrorNotice } from "../../Notice";
import type { PlotExports } from "../../plots/exportContext";
import { NumberText } from "../../Values";
import { smoothHistory } from "../chartData";
import { chartSVG } from "../chartSVG";
import { bandsFrom, type ChartLine, LineChart, lookOf } from "../LineChart";
import { type ChartRun, useInSight, useLines } from "../useSeries";
import { type CardActions, CardFrame } from "./CardFrame";
import { describeLines, dressed, lineRows, metricLooks } from "./lines";
import { Legend, ValueBars } from "./ValueBars";

/** Told what the lines of a metric are like, once all of them are known. */
export type Report = (metric: string, shape: Shape) => void;

interface LineCardProps {
  /** The metric of the card or, if it was added, its id. */
  id: string;
  name: string;
  /** The name without the prefix that the section already shows. */
  title: string;
  metrics: readonly string[];
  /** Names of the lines by metric, where the metrics' own are not the best. */
  labels?: Readonly<Record<string, string>> | undefined;
  /** What the values are counted in. */
  unit?: Unit | undefined;
  /** The run whose curves are taken from all others. */
  base?: string | undefined;
  runs: readonly ChartRun[];
  view: ChartView;
  /** The axis of this card. */
  axis: XAxis;
  focusID?: string | undefined;
  actions: CardActions;
  report?: Report | undefined;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** Amounts are seen from zero on, and shares up to a hundred. */
function wholeRange(unit: Unit | undefined): Range | undefined {
  return unit && [0, unit === "%" ? 100 : undefined];
}

const noRuns: readonly ChartRun[] = [];

/** The curves of one metric or several, of one or many runs. Asks for its points while it is in sight. */
export function LineCard(props: LineCardProps) {
  const { id, name, title, metrics, base, runs, view, axis, focusID, actions, report, onZoom } = props;
  const [ref, inSight] = useInSight<HTMLElement>();
  const plotRef = useRef<uPlot>(undefined);
  const found = useCurves(props, inSight);
  const { pending, error, refetch, lines, shape } = found;
  useEffect(() => {
    if (!pending && !error && found.raw.length > 0) report?.(id, shape);
  }, [pending, error, found.raw.length, id, shape, report]);

  const missing = lines.reduce((sum, line) => sum + undrawable(line.points), 0);
  const last = runs.length === 1 && metrics.length === 1 ? lines[0]?.points.at(-1) : undefined;
  const curve = !shape.single;
  const grouped = lines.some((line) => line.group !== undefined);
  const exports = useLineExports(name, lines, view, axis, plotRef, curve && lines.length > 0);
  const wide = view.cards[id]?.wide ?? false;
  const chosen = styleOf(view, id);
  const style = { ...chosen, yRange: chosen.yRange ?? wholeRange(props.unit) };
  const chart = (height: number) => (
    <LineChart
      lines={lines}
      label={describeLines(name, lines)}
      height={height}
      syncKey={`metrics-${view.xMetric ?? axis}`}
      stepName={view.xMetric}
      fractions={view.xMetric !== undefined}
      axis={axis}
      smoothing={view.smoothing}
      spread={grouped ? view.spread : undefined}
      {...style}
      unit={props.unit}
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
      `Bands of ${lines.length} ${metrics.length > 1 ? "lines" : "runs"}: median, half, and nine of ten`,
    !view.xMetric && shape.oneStep && axis === "relative" && "all at one step, so the axis is time",
    base && (found.baseName ? `Difference from ${found.baseName}` : "The baseline run is not drawn"),
  ].filter((note) => typeof note === "string");
  return (
    <CardFrame
      {...{ ref, id, name, title, view, actions, exports }}
      style={{ ...style, yRange: view.cards[id]?.yRange }}
      head={last && curve && <NumberText value={last.value} unit={props.unit} />}
      foot={
        <>
          {missing > 0 && (
            <p className="metric-note warn">{plural(missing, "value")} not drawn: NaN or infinite</p>
          )}
          {metrics.length > 1 && curve && lines.length > 0 && (
            <Legend entries={metricLooks(metrics, runs.length === 1, props.labels)} />
          )}
          {notes.map((note) => (
            <p key={note} className="metric-note">
              {note}
            </p>
          ))}
        </>
      }
    >
      {(full) =>
        error ? (
          <ErrorNotice error={error} what={`Could not load ${name}`} retry={refetch} />
        ) : curve && lines.length > 0 ? (
          <>
            {chart(full ? Math.max(240, innerHeight - 190) : wide ? 320 : 220)}
            {full && <Legend entries={lines.map((line) => ({ label: line.label, look: lookOf(line) }))} />}
          </>
        ) : report && lines.length > 0 ? (
          // A metric whose runs all have one value is told to the page, which shows it in a strip instead.
          <p className="metric-values muted">Loading…</p>
        ) : (
          <div className={last ? "metric-values single" : "metric-values"}>
            {last ? (
              <p className="single-value">
                <NumberText value={last.value} unit={props.unit} />
                <span className="muted">logged once, at step {last.step}</span>
              </p>
            ) : lines.length > 0 ? (
              <ValueBars lines={lines} />
            ) : (
              <p className="muted">{pending ? "Loading…" : "No values in these runs."}</p>
            )}
          </div>
        )
      }
    </CardFrame>
  );
}

/** The lines of a card as they are drawn: over another metric, or as differences from those of a run. */
function useCurves({ metrics, labels, base, runs, view, axis }: LineCardProps, inSight: boolean) {
  const { xMetric } = view;
  // The axis of another metric is not the one that the server cuts windows from.
  const zoom = xMetric ? undefined : view.zoom;
  const found = useLines(metrics, runs, { axis, zoom }, inSight);
  const over = useLines(
    xMetric ? [xMetric] : metrics,
    xMetric ? runs : noRuns,
    { axis: "step", zoom: undefined },
    inSight,
  );
  const raw = found.lines;
  const baseName = base ? runs.find((run) => run.id === base)?.name : undefined;
  const lines = useMemo(() => {
    const own = dressed(raw, metrics, runs.length === 1, labels);
    const key = (line: ChartLine) => line.metric ?? "";
    const bases = new Map(own.filter((line) => line.id === base).map((line) => [key(line), line.points]));
    const shown = baseName
      ? own
          .filter((line) => line.id !== base)
          .map((line) => ({ ...line, points: minus(line.points, bases.get(key(line)) ?? []) }))
      : own;
    if (!xMetric) return shown.filter((line) => line.points.length > 0);
    const byID = new Map(over.lines.map((line) => [line.id, line.points]));
    return shown
      .map((line) => ({ ...line, points: along(line.points, byID.get(line.id) ?? []) }))
      .filter((line) => line.points.length > 0);
  }, [raw, over.lines, xMetric, metrics, labels, runs.length, base, baseName]);
  const shape = useMemo(() => shapeOf(raw.map((line) => line.points)), [raw]);
  return { ...found, raw, lines, shape, baseName };
}

function useLineExports(
  name: string,
  lines: readonly ChartLine[],
  { smoothing }: ChartView,
  axis: XAxis,
  plotRef: React.RefObject<uPlot | undefined>,
  drawn: boolean,
): PlotExports {
  const dark = useIsDark();
  return useMemo(() => {
    const bands = lines.length >= bandsFrom || lines.some((line) => line.group !== undefined);
    const shown = () =>
      bands
        ? undefined
        : smoothing === 0
          ? lines
          : lines.map((line) => ({ ...line, points: smoothHistory(line.points, smoothing) }));
    const plot = () => {
      if (!drawn || !plotRef.current) throw new Error("there is no chart");
      return plotRef.current;
    };
    return {
      svg: () => chartSVG(plot(), name, shown(), axis, dark),
      png: async () => pngOf(plot().ctx.canvas),
      rows: () => lineRows(name, lines),
    };
  }, [name, lines, smoothing, axis, plotRef, drawn, dark]);
}
