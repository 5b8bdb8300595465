import { useCallback, useMemo, useState } from "react";
import { titleOf } from "../../lib/cards/card";
import type { Grouping } from "../../lib/charts/groups";
import type { XAxis } from "../../lib/charts/history";
import { inMovedOrder, moveBefore, sectionsOf } from "../../lib/charts/order";
import { type Shape, sameShape } from "../../lib/charts/shape";
import { compareMetrics } from "../../lib/runs/relevance";
import type { Panel } from "../../lib/runs/system";
import { plural } from "../../lib/text/format";
import { type ChartView, withCard } from "../../lib/view/charts";
import { EmptyState } from "../Notice";
import { ChartToolbar } from "./ChartToolbar";
import { AddChartDialog } from "./cards/AddChartDialog";
import type { CardActions } from "./cards/CardFrame";
import { CardSection, type TitledSection } from "./cards/CardSection";
import { type ChartSource, columnGroups } from "./cards/source";
import { useCards } from "./cards/useCards";
import { GroupLegend } from "./GroupLegend";
import { type ChartRun, SeriesProvider, useSeriesLoader } from "./useSeries";
import "./charts.css";
import "./cards/cards.css";

interface MetricGridProps {
  runs: readonly ChartRun[];
  metrics: readonly string[];
  view: ChartView;
  change: (part: Partial<ChartView>, how?: "push" | "replace") => void;
  refetchInterval: number | false;
  focusID?: string | undefined;
  onFocus?: ((id: string | undefined) => void) | undefined;
  /** What the runs can be grouped by; they have their group then. */
  groupings?: readonly Grouping[];
  /** Where plots of many runs come from; without it, cards have curves only. */
  source?: ChartSource | undefined;
  /** Charts of several metrics each, in the place of a card for each metric. */
  panels?: readonly Panel[] | undefined;
  /** Draws only some of the runs, on pages that can. */
  choose?: ((runIDs: readonly string[]) => void) | undefined;
}

const noGroupings: readonly Grouping[] = [];

/** Added cards, then all metrics as cards by relevance, in sections by the part of the name before the slash. */
export function MetricGrid(props: MetricGridProps) {
  const { runs: given, view, change, refetchInterval, focusID, onFocus, source, choose } = props;
  const { groupings = noGroupings, panels } = props;
  const metrics = useMemo(() => props.metrics.toSorted(compareMetrics), [props.metrics]);
  const runs = useSame(given, view.hidden);
  const loader = useSeriesLoader(runs, refetchInterval);
  const [shapes, report] = useShapes();
  const board = useCards({ runs, metrics, view, change, source, refetchInterval, panels });
  const groups = useMemo(() => columnGroups(metrics, source), [metrics, source]);
  const { cards, found, draft, setDraft, save, update } = board;
  const sections = useSections(metrics, panels, board.cards, view);
  const shown = sections.flatMap(({ members }) => members);
  // All cards share their axis, as they share zoom and cursor. A zoom was made on the axis it is kept with.
  const repeats = shown.some((metric) => shapes.get(metric)?.repeats);
  const natural: XAxis = !view.zoom && (repeats || panels) && !view.xMetric ? "relative" : "step";
  const axis = view.xMetric ? "step" : (view.axis ?? natural);
  /** A metric without steps has only time, whatever the others have. */
  const axisOf = (metric: string) =>
    view.axis === undefined && !view.xMetric && shapes.get(metric)?.oneStep ? "relative" : axis;
  const actions: CardActions = { ...placing(sections, shapes, view, change), ...board };
  const onZoom = (zoom: readonly [number, number] | undefined) =>
    change(zoom && !view.xMetric ? { zoom, axis } : { zoom });
  const removed = (panels?.map(({ id }) => id) ?? metrics).filter((id) => view.cards[id]?.removed);
  const shared = { cards, panels, groups, found, runs, view, actions, focusID, onFocus, update, choose };
  const context = { ...shared, shapes, axis, axisOf, report, onZoom, refetchInterval };
  return (
    <SeriesProvider value={loader}>
      <ChartToolbar
        view={view}
        axis={axis}
        repeats={repeats}
        metrics={metrics}
        groupings={groupings}
        change={change}
        add={() => setDraft({ card: board.fresh() })}
      />
      <GroupLegend runs={runs} spread={view.spread} />
      {shown.length === 0 && removed.length === 0 && (
        <EmptyState title="No metric matches">
          <p>
            {metrics.length} metrics are hidden by “{view.metricText}”.
          </p>
        </EmptyState>
      )}
      {sections.map((section) => (
        <CardSection key={`${section.title ?? ""}/${section.prefix}`} section={section} shared={context} />
      ))}
      {removed.length > 0 && (
        <p className="more muted">
          {plural(removed.length, "card")} removed.{" "}
          <button
            type="button"
            className="link-button"
            onClick={() => change({ cards: withoutRemoved(view.cards) })}
          >
            Show again
          </button>
        </p>
      )}
      {draft && (
        <AddChartDialog
          draft={draft}
          {...{ runs, groups, source, view }}
          onSave={(card) => save({ ...draft, card })}
          onClose={() => setDraft(undefined)}
        />
      )}
    </SeriesProvider>
  );
}

function useShapes() {
  const [shapes, setShapes] = useState<ReadonlyMap<string, Shape>>(new Map());
  const report = useCallback(
    (metric: string, shape: Shape) =>
      setShapes((all) => (sameShape(all.get(metric), shape) ? all : new Map(all).set(metric, shape))),
    [],
  );
  return [shapes, report] as const;
}

/** Pinned cards, added cards, and the metrics or their panels. */
function useSections(
  metrics: readonly string[],
  panels: readonly Panel[] | undefined,
  cards: ReturnType<typeof useCards>["cards"],
  { metricText, pinnedCards, cardOrder, cards: own }: ChartView,
): readonly TitledSection[] {
  return useMemo(() => {
    const needle = metricText.trim().toLowerCase();
    const has = (text: string) => text.toLowerCase().includes(needle);
    const added = cards.filter((card) => has(titleOf(card))).map(({ id }) => id);
    const found = panels?.filter((panel) => has(panel.title) || panel.metrics.some(has)).map(({ id }) => id);
    const shown = (found ?? metrics.filter(has)).filter((id) => !own[id]?.removed);
    const pinned = pinnedCards.filter((id) => shown.includes(id) || added.includes(id));
    const free = (id: string) => !pinned.includes(id);
    const section = (title: string, members: string[]) =>
      members.length > 0 ? [{ prefix: "", title, members }] : [];
    return [
      ...section("Pinned", pinned),
      ...section("Charts", inMovedOrder(added.filter(free), cardOrder)),
      ...(panels
        ? section("System", inMovedOrder(shown.filter(free), cardOrder))
        : sectionsOf(shown.filter(free), cardOrder)),
    ];
  }, [metrics, panels, cards, metricText, pinnedCards, cardOrder, own]);
}

/** How cards change their place and their settings. */
function placing(
  sections: readonly TitledSection[],
  shapes: ReadonlyMap<string, Shape>,
  { cards, pinnedCards, cardOrder }: ChartView,
  change: MetricGridProps["change"],
): Pick<CardActions, "setOwn" | "setPinned" | "move" | "drop"> {
  /** The cards of a section, without the metrics that have a row instead. */
  const listOf = (id: string) =>
    (sections.find(({ members }) => members.includes(id))?.members ?? []).filter(
      (member) => !shapes.get(member)?.single,
    );
  const place = (id: string, before: string | undefined) => {
    const list = listOf(id);
    if (!before || !list.includes(before)) return;
    const next = moveBefore(list, id, before);
    if (pinnedCards.includes(id)) change({ pinnedCards: next });
    else change({ cardOrder: [...cardOrder.filter((other) => !next.includes(other)), ...next] });
  };
  return {
    setOwn: (id, part) => change({ cards: withCard(cards, id, part) }, "replace"),
    setPinned: (id, pinned) => {
      const others = pinnedCards.filter((other) => other !== id);
      change({ pinnedCards: pinned ? [...others, id] : others });
    },
    move: (id, by) => {
      const list = listOf(id);
      place(id, list[list.indexOf(id) + by]);
    },
    drop: place,
  };
}

function withoutRemoved(cards: ChartView["cards"]): ChartView["cards"] {
  return Object.fromEntries(
    Object.entries(cards).map(([id, { removed: _, ...others }]) => [id, others] as const),
  );
}

/** The runs that are drawn: the same list while it says the same of the same runs. */
function useSame(runs: readonly ChartRun[], hidden: readonly string[]): readonly ChartRun[] {
  const drawn = runs.filter((run) => !hidden.includes(run.id));
  const text = drawn
    .map(({ id, name, status, group, thin }) => `${id} ${status} ${name} ${group} ${thin}`)
    .join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the runs
  return useMemo(() => drawn, [text]);
}
