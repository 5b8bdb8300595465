// Totals over the traces of an experiment.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { v3 } from "./client";

export interface MetricScope {
  experimentID: string;
  fromMS: number;
  toMS: number;
  /** Clauses with "=", all of which hold. */
  filters: readonly string[];
}

export interface MetricPoint {
  dimensions?: Record<string, string>;
  values?: Record<string, number>;
}

export interface TraceTotals {
  count: number;
  errors: number;
  p50MS: number | undefined;
  p95MS: number | undefined;
  tokens: number | undefined;
  cost: number | undefined;
  /** Traces and failed ones of each interval, the first of which begins at fromMS. */
  intervals: { startMS: number; count: number; errors: number }[];
}

export interface Measure {
  view: "TRACES" | "SPANS" | "ASSESSMENTS";
  metric: string;
  aggregations: { aggregation_type: string; percentile_value?: number }[];
  dimensions?: string[];
  intervalS?: number;
  /** Clauses beside those of the scope. */
  filters?: readonly string[];
}

/** The most points that a request gets. */
export const mostPoints = 10_000;

/** The points of one measure: what a chart draws. */
export const metricPoints = (scope: MetricScope, m: Measure) =>
  queryOptions({
    queryKey: ["traces", "metrics", scope, m],
    queryFn: ({ signal }) => measure(scope, m, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

async function measure(scope: MetricScope, m: Measure, signal: AbortSignal): Promise<MetricPoint[]> {
  const answer = await v3.post<{ data_points?: MetricPoint[] }>(
    "traces/metrics",
    {
      experiment_ids: [scope.experimentID],
      view_type: m.view,
      metric_name: m.metric,
      aggregations: m.aggregations,
      dimensions: m.dimensions,
      filters: [...scope.filters, ...(m.filters ?? [])],
      start_time_ms: scope.fromMS,
      end_time_ms: scope.toMS,
      time_interval_seconds: m.intervalS,
      max_results: mostPoints,
    },
    signal,
  );
  return answer.data_points ?? [];
}

/** The intervals of UTC from one time to another, filled with the counts of the points. */
export function fillIntervals(
  points: readonly MetricPoint[],
  { fromMS, toMS }: MetricScope,
  intervalMS: number,
) {
  const first = Math.floor(fromMS / intervalMS) * intervalMS;
  const intervals: TraceTotals["intervals"] = [];
  for (let startMS = first; startMS <= toMS; startMS += intervalMS) {
    intervals.push({ startMS, count: 0, errors: 0 });
  }
  for (const { dimensions = {}, values = {} } of points) {
    const at = (Date.parse(dimensions.time_bucket ?? "") - first) / intervalMS;
    const interval = intervals[Math.round(at)];
    if (!interval) continue;
    interval.count += values.COUNT ?? 0;
    if (dimensions.trace_status === "ERROR") interval.errors += values.COUNT ?? 0;
  }
  return intervals;
}

export const traceTotals = (scope: MetricScope, intervalMS: number) =>
  queryOptions({
    queryKey: ["traces", "totals", scope, intervalMS],
    queryFn: async ({ signal }): Promise<TraceTotals> => {
      const percentile = (p: number) => ({ aggregation_type: "PERCENTILE", percentile_value: p });
      const sum = [{ aggregation_type: "SUM" }];
      const [counts, latency, tokens, cost] = await Promise.all([
        measure(
          scope,
          {
            view: "TRACES",
            metric: "trace_count",
            aggregations: [{ aggregation_type: "COUNT" }],
            dimensions: ["trace_status"],
            intervalS: intervalMS / 1000,
          },
          signal,
        ),
        measure(
          scope,
          { view: "TRACES", metric: "latency", aggregations: [percentile(50), percentile(95)] },
          signal,
        ),
        measure(scope, { view: "TRACES", metric: "total_tokens", aggregations: sum }, signal),
        measure(scope, { view: "SPANS", metric: "total_cost", aggregations: sum }, signal),
      ]);
      const intervals = fillIntervals(counts, scope, intervalMS);
      return {
        count: intervals.reduce((n, i) => n + i.count, 0),
        errors: intervals.reduce((n, i) => n + i.errors, 0),
        p50MS: latency[0]?.values?.["P50.0"],
        p95MS: latency[0]?.values?.["P95.0"],
        tokens: tokens[0]?.values?.SUM,
        cost: cost[0]?.values?.SUM,
        intervals,
      };
    },
    placeholderData: keepPreviousData,
  });
