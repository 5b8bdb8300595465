import type { Point } from "../lib/history";
import { get, millrace } from "./client";
import { toNumber, type WireNumber } from "./runs";

export interface MetricSummary {
  key: string;
  count: number;
  first: number;
  last: number;
  min: number;
  max: number;
  lastStep: number;
  minStep: number;
  maxStep: number;
  lastTimeMS: number;
}

interface WireSummary {
  key: string;
  count?: number;
  first?: WireNumber;
  last?: WireNumber;
  min?: WireNumber;
  max?: WireNumber;
  last_step?: number;
  min_step?: number;
  max_step?: number;
  last_timestamp?: number;
}

export async function metricSummary(runID: string, signal?: AbortSignal): Promise<MetricSummary[]> {
  const answer = await millrace.get<{ metrics?: WireSummary[] }>(
    "runs/metric-summary",
    { run_id: runID },
    signal,
  );
  return (answer.metrics ?? []).map((m) => ({
    key: m.key,
    count: m.count ?? 0,
    first: toNumber(m.first),
    last: toNumber(m.last),
    min: toNumber(m.min),
    max: toNumber(m.max),
    lastStep: m.last_step ?? 0,
    minStep: m.min_step ?? 0,
    maxStep: m.max_step ?? 0,
    lastTimeMS: m.last_timestamp ?? 0,
  }));
}

/** The most runs one history request may name. */
export const maxRunsPerChart = 100;

export interface HistoryQuery {
  metric: string;
  runIDs: readonly string[];
  samples: number;
  /** First and last step wanted; all steps when missing. */
  steps?: readonly [number, number] | undefined;
}

/** Sampled histories of one metric, by run id. Runs without the metric have no entry. */
export async function metricHistories(
  query: HistoryQuery,
  signal?: AbortSignal,
): Promise<Record<string, Point[]>> {
  type Row = { run_id: string; value: WireNumber; timestamp?: number; step?: number };
  const answer = await get<{ metrics?: Row[] }>(
    "metrics/get-history-bulk-interval",
    {
      run_ids: query.runIDs,
      metric_key: query.metric,
      max_results: query.samples,
      start_step: query.steps?.[0],
      end_step: query.steps?.[1],
    },
    signal,
  );
  const found: Record<string, Point[]> = {};
  for (const row of answer.metrics ?? []) {
    found[row.run_id] ??= [];
    found[row.run_id]!.push({ step: row.step ?? 0, time: row.timestamp ?? 0, value: toNumber(row.value) });
  }
  return found;
}
