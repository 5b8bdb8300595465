import type { SeriesAnswer, SeriesQuery } from "../lib/charts/loader";
import { fromDeltas } from "../lib/charts/points";
import { millrace } from "./client";
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

/** The most runs that the charts of a page draw; above a hundred they are bands. */
export const maxRunsPerChart = 500;

interface WireSeries {
  run: number;
  key: number;
  whole: boolean;
  end: string;
  steps: number[];
  times: number[];
  values: WireNumber[];
}

/** Series of many metrics of many runs, whole or what is new of them. */
export async function metricSeries(query: SeriesQuery, signal?: AbortSignal): Promise<SeriesAnswer> {
  const answer = await millrace.post<{ statuses: string[]; series?: WireSeries[] }>(
    "metrics/series",
    {
      run_ids: query.runIDs,
      metric_keys: query.metrics,
      samples: query.samples,
      axis: query.axis,
      from: query.window?.[0],
      to: query.window?.[1],
      ends: query.ends,
    },
    signal,
  );
  const series = (answer.series ?? []).map(({ steps, times, values, ...rest }) => {
    const stepsAt = fromDeltas(steps);
    const timesAt = fromDeltas(times);
    return {
      ...rest,
      points: values.map((v, i) => ({ step: stepsAt[i]!, time: timesAt[i]!, value: toNumber(v) })),
    };
  });
  return { statuses: answer.statuses, series };
}
