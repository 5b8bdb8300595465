import { useCallback, useMemo, useState } from "react";
import { compareNames } from "../../lib/columns";
import type { XAxis } from "../../lib/history";
import type { ChartView } from "../../lib/view/charts";
import { EmptyState } from "../Notice";
import { ChartToolbar } from "./ChartToolbar";
import { MetricCard } from "./MetricCard";
import { type ChartRun, SeriesProvider, useSeriesLoader } from "./useSeries";
import "./charts.css";

interface MetricGridProps {
  runs: readonly ChartRun[];
  metrics: readonly string[];
  view: ChartView;
  change: (part: Partial<ChartView>, how?: "push" | "replace") => void;
  refetchInterval: number | false;
  focusID?: string | undefined;
}

/** All metrics as cards, in sections by the part of the name before the slash. */
export function MetricGrid({
  runs: given,
  metrics,
  view,
  change,
  refetchInterval,
  ...cards
}: MetricGridProps) {
  const runs = useSame(given);
  const loader = useSeriesLoader(runs, refetchInterval);
  const shown = useMemo(() => {
    const needle = view.metricText.trim().toLowerCase();
    return metrics.filter((metric) => metric.toLowerCase().includes(needle));
  }, [metrics, view.metricText]);
  const sections = useMemo(() => groupByPrefix(shown), [shown]);
  const [repeating, setRepeating] = useState<ReadonlySet<string>>(new Set());
  const onRepeat = useCallback(
    (metric: string) => setRepeating((all) => (all.has(metric) ? all : new Set(all).add(metric))),
    [],
  );
  // All cards share their axis, as they share zoom and cursor. A zoom was made on the axis it is kept with.
  const natural: XAxis = !view.zoom && shown.some((metric) => repeating.has(metric)) ? "relative" : "step";
  const axis = view.axis ?? natural;
  return (
    <SeriesProvider value={loader}>
      <ChartToolbar view={view} axis={axis} change={change} />
      {shown.length === 0 && (
        <EmptyState title="No metric matches">
          <p>
            {metrics.length} metrics are hidden by “{view.metricText}”.
          </p>
        </EmptyState>
      )}
      {sections.map((section) => (
        <SectionView
          key={section.prefix}
          section={section}
          runs={runs}
          view={view}
          axis={axis}
          change={change}
          onRepeat={onRepeat}
          {...cards}
        />
      ))}
    </SeriesProvider>
  );
}

/** The same list while it says the same of the same runs. */
function useSame(runs: readonly ChartRun[]): readonly ChartRun[] {
  const text = runs.map(({ id, name, status }) => `${id} ${status} ${name}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the runs
  return useMemo(() => runs, [text]);
}

/** A run may have thousands of metrics; cards come in portions of this size. */
const portion = 60;

function SectionView({
  section,
  view,
  axis,
  change,
  ...cards
}: Omit<MetricGridProps, "metrics" | "refetchInterval"> & {
  section: Section;
  axis: XAxis;
  onRepeat: (metric: string) => void;
}) {
  const { prefix, members } = section;
  const [limit, setLimit] = useState(portion);
  return (
    <details className="metric-section" open>
      <summary>
        <h2>
          {prefix || "Metrics"} <span className="muted">{members.length}</span>
        </h2>
      </summary>
      <div className="metric-grid">
        {members.slice(0, limit).map((metric) => (
          <MetricCard
            key={metric}
            metric={metric}
            title={prefix ? metric.slice(prefix.length + 1) : metric}
            settings={{ ...view, axis }}
            onZoom={(zoom) => change(zoom ? { zoom, axis } : { zoom })}
            {...cards}
          />
        ))}
      </div>
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

interface Section {
  prefix: string;
  members: string[];
}

/** A prefix earns a section of its own from this many metrics; smaller ones share the first. */
const sectionFrom = 4;

/** Sections by the first part of the name. System metrics always stand apart, at the end. */
function groupByPrefix(metrics: readonly string[]): Section[] {
  const prefixOf = (metric: string) => metric.slice(0, Math.max(0, metric.indexOf("/")));
  const groups = new Map<string, string[]>();
  for (const metric of [...metrics].sort(compareNames)) {
    const prefix = prefixOf(metric);
    groups.set(prefix, [...(groups.get(prefix) ?? []), metric]);
  }
  const own = (prefix: string, members: string[]) =>
    prefix !== "" && (prefix === "system" || members.length >= sectionFrom);
  const small = [...groups].filter(([prefix, members]) => !own(prefix, members));
  const large = [...groups].filter(([prefix, members]) => own(prefix, members));
  const first = { prefix: "", members: small.flatMap(([, members]) => members) };
  const sections = large.map(([prefix, members]) => ({ prefix, members }));
  sections.sort((a, b) => Number(a.prefix === "system") - Number(b.prefix === "system"));
  return first.members.length > 0 ? [first, ...sections] : sections;
}
