import { useCallback, useMemo, useState } from "react";
import type { Grouping } from "../../lib/charts/groups";
import type { XAxis } from "../../lib/charts/history";
import { moveBefore, type Section, sectionsOf } from "../../lib/charts/order";
import { type Shape, sameShape } from "../../lib/charts/shape";
import { compareNames } from "../../lib/runs/columns";
import { type ChartView, withCard } from "../../lib/view/charts";
import { EmptyState } from "../Notice";
import { RunSwatch } from "../Values";
import { ChartToolbar } from "./ChartToolbar";
import { type CardActions, MetricCard } from "./MetricCard";
import { type ChartRun, SeriesProvider, useSeriesLoader } from "./useSeries";
import { ValueStrip } from "./ValueStrip";
import "./charts.css";

interface MetricGridProps {
  runs: readonly ChartRun[];
  metrics: readonly string[];
  view: ChartView;
  change: (part: Partial<ChartView>, how?: "push" | "replace") => void;
  refetchInterval: number | false;
  focusID?: string | undefined;
  /** What the runs can be grouped by; they have their group then. */
  groupings?: readonly Grouping[];
}

const noGroupings: readonly Grouping[] = [];

/** All metrics as cards, by relevance, in sections by the part of the name before the slash. */
export function MetricGrid(props: MetricGridProps) {
  const { runs: given, metrics, view, change, refetchInterval, focusID, groupings = noGroupings } = props;
  const runs = useSame(given, view.hidden);
  const loader = useSeriesLoader(runs, refetchInterval);
  const [shapes, setShapes] = useState<ReadonlyMap<string, Shape>>(new Map());
  const report = useCallback(
    (metric: string, shape: Shape) =>
      setShapes((all) => (sameShape(all.get(metric), shape) ? all : new Map(all).set(metric, shape))),
    [],
  );
  const shown = useMemo(() => {
    const needle = view.metricText.trim().toLowerCase();
    return metrics.filter((metric) => metric.toLowerCase().includes(needle));
  }, [metrics, view.metricText]);
  const { pinnedCards, cardOrder } = view;
  const sections = useMemo(() => {
    const pinned = pinnedCards.filter((metric) => shown.includes(metric));
    const rest = sectionsOf(
      shown.filter((metric) => !pinned.includes(metric)),
      cardOrder,
    );
    return pinned.length > 0 ? [{ prefix: "", title: "Pinned", members: pinned }, ...rest] : rest;
  }, [shown, pinnedCards, cardOrder]);
  // All cards share their axis, as they share zoom and cursor. A zoom was made on the axis it is kept with.
  const repeats = shown.some((metric) => shapes.get(metric)?.repeats);
  const natural: XAxis = !view.zoom && repeats && !view.xMetric ? "relative" : "step";
  const axis = view.xMetric ? "step" : (view.axis ?? natural);
  /** A metric without steps has only time, whatever the others have. */
  const axisOf = (metric: string) =>
    view.axis === undefined && !view.xMetric && shapes.get(metric)?.oneStep ? "relative" : axis;

  /** The cards of a section, without the metrics that have a row instead. */
  const listOf = (metric: string) =>
    (sections.find(({ members }) => members.includes(metric))?.members ?? []).filter(
      (member) => !shapes.get(member)?.single,
    );
  const place = (metric: string, before: string | undefined) => {
    const list = listOf(metric);
    if (!before || !list.includes(before)) return;
    const next = moveBefore(list, metric, before);
    if (pinnedCards.includes(metric)) change({ pinnedCards: next });
    else change({ cardOrder: [...cardOrder.filter((m) => !next.includes(m)), ...next] });
  };
  const actions: CardActions = {
    report,
    onZoom: (zoom) => change(zoom && !view.xMetric ? { zoom, axis } : { zoom }),
    setOwn: (metric, part) => change({ cards: withCard(view.cards, metric, part) }, "replace"),
    setPinned: (metric, pinned) => {
      const others = pinnedCards.filter((m) => m !== metric);
      change({ pinnedCards: pinned ? [...others, metric] : others });
    },
    move: (metric, by) => {
      const list = listOf(metric);
      place(metric, list[list.indexOf(metric) + by]);
    },
    drop: place,
  };
  return (
    <SeriesProvider value={loader}>
      <ChartToolbar view={view} axis={axis} metrics={metrics} groupings={groupings} change={change} />
      <GroupLegend runs={runs} />
      {shown.length === 0 && (
        <EmptyState title="No metric matches">
          <p>
            {metrics.length} metrics are hidden by “{view.metricText}”.
          </p>
        </EmptyState>
      )}
      {sections.map((section) => (
        <SectionView
          key={"title" in section ? "pinned" : section.prefix}
          section={section}
          runs={runs}
          view={view}
          shapes={shapes}
          axisOf={axisOf}
          actions={actions}
          focusID={focusID}
        />
      ))}
    </SeriesProvider>
  );
}

const groupsInLegend = 30;

/** The colours of the groups, and how many runs each has. */
function GroupLegend({ runs }: { runs: readonly ChartRun[] }) {
  const counts = new Map<string, number>();
  for (const { group } of runs) if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
  if (counts.size === 0) return null;
  const names = [...counts.keys()].sort(compareNames);
  return (
    <ul className="chart-legend group-legend" aria-label="Groups of runs">
      {names.slice(0, groupsInLegend).map((name) => (
        <li key={name} title={name}>
          <RunSwatch runID={name} />
          <span className="truncate">{name}</span> <span className="muted">{counts.get(name)}</span>
        </li>
      ))}
      {names.length > groupsInLegend && <li className="muted">and {names.length - groupsInLegend} more</li>}
    </ul>
  );
}

/** The runs that are drawn: the same list while it says the same of the same runs. */
function useSame(runs: readonly ChartRun[], hidden: readonly string[]): readonly ChartRun[] {
  const drawn = runs.filter((run) => !hidden.includes(run.id));
  const text = drawn.map(({ id, name, status, group }) => `${id} ${status} ${name} ${group}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the runs
  return useMemo(() => drawn, [text]);
}

/** A run may have thousands of metrics; cards come in portions of this size. */
const portion = 60;

interface SectionViewProps {
  section: Section & { title?: string };
  runs: readonly ChartRun[];
  view: ChartView;
  shapes: ReadonlyMap<string, Shape>;
  axisOf: (metric: string) => XAxis;
  actions: CardActions;
  focusID: string | undefined;
}

function SectionView({ section, runs, view, shapes, axisOf, actions, focusID }: SectionViewProps) {
  const { prefix, title = prefix, members } = section;
  const [limit, setLimit] = useState(portion);
  const within = members.slice(0, limit);
  const single = within.filter((metric) => shapes.get(metric)?.single);
  const cards = within.filter((metric) => !shapes.get(metric)?.single);
  return (
    <details className="metric-section" open>
      <summary>
        <h2>
          {title || "Metrics"} <span className="muted">{members.length}</span>
        </h2>
      </summary>
      <div className="metric-grid">
        {cards.map((metric) => (
          <MetricCard
            key={metric}
            metric={metric}
            title={prefix ? metric.slice(prefix.length + 1) : metric}
            runs={runs}
            view={view}
            axis={axisOf(metric)}
            focusID={focusID}
            {...actions}
          />
        ))}
      </div>
      {single.length > 0 && (
        <ValueStrip metrics={single} prefix={prefix} runs={runs} focusID={focusID} report={actions.report} />
      )}
      {members.length > limit && (
        <p className="more">
          <button type="button" className="button" onClick={() => setLimit(limit + portion)}>
            Show {Math.min(portion, members.length - limit)} more of {members.length}
          </button>
        </p>
      )}
    </details>
  );
}
