import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Measure, type MetricScope, metricPoints } from "../../api/traceMetrics";
import { formatDuration, plural } from "../../lib/text/format";
import { formatCost, formatTokens } from "../../lib/traces/list";
import {
  inOrder,
  ranking,
  shareOf,
  sumOf,
  type TimeSeries,
  timeSeries,
  withOthers,
} from "../../lib/traces/overview";
import { ChartCard } from "./ChartCard";
import { RankCard } from "./RankCard";

export interface CardProps {
  scope: MetricScope;
  intervalMS: number;
  /** Shows the traces of an interval. */
  pick: (startMS: number) => void;
}

const count = [{ aggregation_type: "COUNT" }];
const sum = [{ aggregation_type: "SUM" }];
const percentiles = (...list: number[]) =>
  list.map((p) => ({ aggregation_type: "PERCENTILE", percentile_value: p }));

const whole = (n: number) =>
  n >= 10_000 ? formatTokens(n) : Number(n.toPrecision(6)).toLocaleString("en-US");
const duration = (ms: number) => (ms === 0 ? "0" : formatDuration(ms));
const tools = ["span.type = 'TOOL'"];
const mostSeries = 7;
const mostRanked = 12;

interface OverTime {
  values: readonly (readonly [string, string])[];
  dimension?: string;
  missing?: number;
}

/** A measure over time: one request. */
export function useOverTime({ scope, intervalMS }: CardProps, measure: Measure, how: OverTime) {
  const query = useQuery(metricPoints(scope, { ...measure, intervalS: intervalMS / 1000 }));
  // biome-ignore lint/correctness/useExhaustiveDependencies: how is the same for a card
  const chart = useMemo(
    () => query.data && timeSeries(query.data, { ...scope, intervalMS, ...how }),
    [query.data, scope, intervalMS],
  );
  return { chart, error: query.error };
}

const total = (chart: TimeSeries | undefined) => chart?.series.reduce((n, s) => n + sumOf(s), 0) ?? 0;
const of = (chart: TimeSeries | undefined, name: string) => {
  const found = chart?.series.find((s) => s.name === name);
  return found ? sumOf(found) : 0;
};

const statusCounts: Measure = {
  view: "TRACES",
  metric: "trace_count",
  aggregations: count,
  dimensions: ["trace_status"],
};
const byStatus: OverTime = { values: [["COUNT", ""]], dimension: "trace_status", missing: 0 };
const statusNames: Record<string, string> = {
  OK: "OK",
  ERROR: "Error",
  IN_PROGRESS: "In progress",
  STATE_UNSPECIFIED: "Unknown",
};
const statusColours = {
  OK: "var(--accent)",
  Error: "var(--danger)",
  "In progress": "var(--warn)",
  Unknown: "var(--text-muted)",
};

/** How many traces there are, by their state. */
export const useRequests = (props: CardProps) => useOverTime(props, statusCounts, byStatus);

export function Requests(props: CardProps) {
  const { chart, error } = useRequests(props);
  const shown = useMemo(() => {
    if (!chart) return undefined;
    const ordered = inOrder(chart, ["ERROR", "IN_PROGRESS", "OK"]);
    return { ...ordered, series: ordered.series.map((s) => ({ ...s, name: statusNames[s.name] ?? s.name })) };
  }, [chart]);
  return (
    <ChartCard
      title="Requests"
      figure={chart && whole(total(chart))}
      note="traces"
      chart={shown}
      error={error}
      kind="bars"
      format={whole}
      colours={statusColours}
      pick={props.pick}
    />
  );
}

/** It draws the answer that Requests has, too. */
export function Errors(props: CardProps) {
  const { chart, error } = useRequests(props);
  const all = total(chart);
  const failed = of(chart, "ERROR");
  return (
    <ChartCard
      title="Errors"
      figure={chart && (all > 0 ? `${((failed / all) * 100).toFixed(1)} %` : "–")}
      note={chart && `${plural(failed, "trace")} failed`}
      chart={chart && shareOf(chart, "ERROR")}
      error={error}
      kind="lines"
      format={(n) => `${Number(n.toPrecision(3))} %`}
      colours={{ Share: "var(--danger)" }}
      pick={props.pick}
    />
  );
}

export function Latency(props: CardProps) {
  const { chart, error } = useOverTime(
    props,
    { view: "TRACES", metric: "latency", aggregations: percentiles(50, 90, 99) },
    {
      values: [
        ["P50.0", "p50"],
        ["P90.0", "p90"],
        ["P99.0", "p99"],
      ],
    },
  );
  const last = chart?.series[0]?.values.findLast((v) => v !== undefined);
  return (
    <ChartCard
      title="Latency"
      figure={last === undefined ? undefined : formatDuration(last)}
      note="median of the last interval"
      chart={chart}
      error={error}
      kind="lines"
      format={duration}
      pick={props.pick}
    />
  );
}

function Tokens({ title, metric, ...props }: CardProps & { title: string; metric: string }) {
  const { chart, error } = useOverTime(
    props,
    { view: "TRACES", metric, aggregations: sum },
    { values: [["SUM", "Tokens"]], missing: 0 },
  );
  return (
    <ChartCard
      title={title}
      figure={chart && formatTokens(total(chart))}
      note="tokens"
      chart={chart}
      error={error}
      kind="bars"
      format={formatTokens}
      colours={{ Tokens: "var(--accent)" }}
      pick={props.pick}
    />
  );
}

export const TokensIn = (props: CardProps) => <Tokens title="Tokens in" metric="input_tokens" {...props} />;
export const TokensOut = (props: CardProps) => (
  <Tokens title="Tokens out" metric="output_tokens" {...props} />
);

export function Cost(props: CardProps) {
  const { chart, error } = useOverTime(
    props,
    { view: "SPANS", metric: "total_cost", aggregations: sum, dimensions: ["span_model_name"] },
    { values: [["SUM", ""]], dimension: "span_model_name", missing: 0 },
  );
  return (
    <ChartCard
      title="Cost"
      figure={chart && formatCost(total(chart))}
      note="of spans whose model is known"
      chart={chart && withOthers(chart, mostSeries)}
      error={error}
      kind="bars"
      format={formatCost}
      pick={props.pick}
    />
  );
}

export function ToolCalls(props: CardProps) {
  const { chart, error } = useOverTime(
    props,
    { view: "SPANS", metric: "span_count", aggregations: count, dimensions: ["span_name"], filters: tools },
    { values: [["COUNT", ""]], dimension: "span_name", missing: 0 },
  );
  return (
    <ChartCard
      title="Calls of tools"
      figure={chart && whole(total(chart))}
      note="by the name of the tool"
      chart={chart && withOthers(chart, mostSeries)}
      error={error}
      kind="bars"
      format={whole}
      pick={props.pick}
    />
  );
}

/** Calls of each tool, and how many of them failed. */
export function ToolErrors({ scope }: CardProps) {
  const { data, error } = useQuery(
    metricPoints(scope, {
      view: "SPANS",
      metric: "span_count",
      aggregations: count,
      dimensions: ["span_name", "span_status"],
      filters: tools,
    }),
  );
  const rows = useMemo(() => {
    const byName = new Map<string, [calls: number, failed: number]>();
    for (const { dimensions = {}, values = {} } of data ?? []) {
      const [calls, failed] = byName.get(dimensions.span_name ?? "") ?? [0, 0];
      const n = values.COUNT ?? 0;
      byName.set(dimensions.span_name ?? "", [
        calls + n,
        failed + (dimensions.span_status === "ERROR" ? n : 0),
      ]);
    }
    return [...byName]
      .map(([name, [calls, failed]]) => ({ name, values: [calls, failed, (failed / calls) * 100] }))
      .sort((a, b) => b.values[2]! - a.values[2]! || b.values[0]! - a.values[0]!);
  }, [data]);
  const failed = rows.reduce((n, r) => n + r.values[1]!, 0);
  return (
    <RankCard
      title="Failed tools"
      figure={data && whole(failed)}
      note="failed calls"
      columns={["Calls", "Failed", "Share"]}
      rows={data && rows.slice(0, mostRanked)}
      others={Math.max(0, rows.length - mostRanked)}
      error={error}
      format={(n, column) => (column === 2 ? `${Number(n.toPrecision(3))} %` : whole(n))}
    />
  );
}

/** The kinds of spans by how long they take. */
export function SlowSpans({ scope }: CardProps) {
  const { data, error } = useQuery(
    metricPoints(scope, {
      view: "SPANS",
      metric: "latency",
      aggregations: percentiles(50, 95),
      dimensions: ["span_name"],
    }),
  );
  const ranked = useMemo(() => data && ranking(data, "span_name", ["P50.0", "P95.0"], mostRanked), [data]);
  return (
    <RankCard
      title="Slowest spans"
      figure={ranked?.rows[0]?.values[1] === undefined ? undefined : formatDuration(ranked.rows[0].values[1])}
      note="p95 of the slowest"
      columns={["p50", "p95"]}
      rows={ranked?.rows}
      others={ranked?.others}
      error={error}
      format={duration}
    />
  );
}
