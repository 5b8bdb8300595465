// The metrics of traces over time, as charts draw them.
import type { MetricPoint } from "../../api/traceMetrics";
import { formatDate, formatDateTime, formatDuration } from "../text/format";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The lengths of intervals that one can choose, with their names. */
export const buckets = [
  ["1m", "Minute", minute],
  ["5m", "5 minutes", 5 * minute],
  ["1h", "Hour", hour],
  ["6h", "6 hours", 6 * hour],
  ["1d", "Day", day],
  ["7d", "Week", 7 * day],
  ["30d", "30 days", 30 * day],
] as const;

/** A chart has no more intervals than these. */
const mostIntervals = 400;
/** It looks best with about as many. */
const goodIntervals = 60;

/** The intervals that suit a length of time. */
export const bucketsFor = (spanMS: number) =>
  buckets.filter(([, , ms]) => spanMS / ms <= mostIntervals && (spanMS / ms >= 2 || ms === minute));

/** The length of the intervals: the chosen one if it suits, or the shortest that gives about sixty of them. */
export function intervalOf(bucket: string, spanMS: number): number {
  const chosen = bucketsFor(spanMS).find(([id]) => id === bucket);
  return chosen?.[2] ?? buckets.find(([, , ms]) => spanMS / ms <= goodIntervals)?.[2] ?? 30 * day;
}

export interface Series {
  name: string;
  /** One value for each interval; undefined where there is none. */
  values: (number | undefined)[];
}

export interface TimeSeries {
  /** When the intervals begin. They are intervals of UTC. */
  starts: number[];
  intervalMS: number;
  series: Series[];
}

interface SeriesOptions {
  fromMS: number;
  toMS: number;
  intervalMS: number;
  /** The name of the value in the points, or several with the names of their series. */
  values: readonly (readonly [value: string, name: string])[];
  /** The dimension whose values tell the series apart; empty for none. */
  dimension?: string;
  /** What stands for missing values: 0 for counts. */
  missing?: number | undefined;
}

/** Series over all intervals of a time, those with the greatest sums first. */
export function timeSeries(points: readonly MetricPoint[], options: SeriesOptions): TimeSeries {
  const { fromMS, toMS, intervalMS, values, dimension = "", missing } = options;
  const first = Math.floor(fromMS / intervalMS) * intervalMS;
  const starts: number[] = [];
  for (let at = first; at <= toMS; at += intervalMS) starts.push(at);
  const found = new Map<string, Series>();
  for (const point of points) {
    const at = Math.round((Date.parse(point.dimensions?.time_bucket ?? "") - first) / intervalMS);
    if (!(at >= 0 && at < starts.length)) continue;
    for (const [value, label] of values) {
      const number = point.values?.[value];
      if (number === undefined) continue;
      const name = dimension ? (point.dimensions?.[dimension] ?? "") : label;
      let series = found.get(name);
      if (!series) {
        series = { name, values: Array.from({ length: starts.length }, () => missing) };
        found.set(name, series);
      }
      series.values[at] = number + (dimension && missing !== undefined ? (series.values[at] ?? 0) : 0);
    }
  }
  const series = [...found.values()];
  if (dimension) series.sort((a, b) => sumOf(b) - sumOf(a) || (a.name < b.name ? -1 : 1));
  return { starts, intervalMS, series };
}

export const sumOf = ({ values }: Series): number => values.reduce<number>((sum, v) => sum + (v ?? 0), 0);

/** The first series, and the sum of the others as one. */
export function withOthers(chart: TimeSeries, most: number): TimeSeries {
  if (chart.series.length <= most) return chart;
  const kept = chart.series.slice(0, most - 1);
  const rest = chart.series.slice(most - 1);
  const values = chart.starts.map((_, i) => rest.reduce<number>((sum, s) => sum + (s.values[i] ?? 0), 0));
  return { ...chart, series: [...kept, { name: `${rest.length} others`, values }] };
}

/** The series in a given order; the others follow. */
export function inOrder(chart: TimeSeries, names: readonly string[]): TimeSeries {
  const place = (s: Series) => (names.indexOf(s.name) + names.length + 1) % (names.length + 1);
  return { ...chart, series: chart.series.toSorted((a, b) => place(a) - place(b)) };
}

/** The share of one series in the sum of all, for each interval; undefined where there is nothing. */
export function shareOf(chart: TimeSeries, name: string): TimeSeries {
  const values = chart.starts.map((_, i) => {
    const total = chart.series.reduce((sum, s) => sum + (s.values[i] ?? 0), 0);
    const part = chart.series.find((s) => s.name === name)?.values[i] ?? 0;
    return total > 0 ? (part / total) * 100 : undefined;
  });
  return { ...chart, series: [{ name: "Share", values }] };
}

/** A row of a ranking: the values of one name. */
export interface Ranked {
  name: string;
  values: (number | undefined)[];
}

/** The values of each name, the greatest last value first. */
export function ranking(
  points: readonly MetricPoint[],
  dimension: string,
  values: readonly string[],
  most: number,
): { rows: Ranked[]; others: number } {
  const rows = points
    .map((p) => ({
      name: p.dimensions?.[dimension] ?? "",
      values: values.map((value) => p.values?.[value]),
    }))
    .sort((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0));
  return { rows: rows.slice(0, most), others: Math.max(0, rows.length - most) };
}

/** What was judged under one name: counts of its values over time. */
export interface Judged {
  name: string;
  /** How often it was said. */
  count: number;
  chart: TimeSeries;
}

/** A chart of the values for each name of assessments. */
export function judgements(
  points: readonly MetricPoint[],
  options: Omit<SeriesOptions, "values" | "dimension">,
): Judged[] {
  const byName = new Map<string, MetricPoint[]>();
  for (const point of points) {
    const name = point.dimensions?.assessment_name ?? "";
    const list = byName.get(name);
    if (list) list.push(point);
    else byName.set(name, [point]);
  }
  return [...byName]
    .map(([name, list]) => {
      const chart = timeSeries(list, {
        ...options,
        values: [["COUNT", ""]],
        dimension: "assessment_value",
        missing: 0,
      });
      const count = chart.series.reduce((sum, s) => sum + sumOf(s), 0);
      return { name, count, chart: { ...chart, series: chart.series.map(said) } };
    })
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** Values are JSON texts. */
function said(series: Series): Series {
  try {
    const value: unknown = JSON.parse(series.name);
    const name =
      value === true ? "yes" : value === false ? "no" : typeof value === "string" ? value : series.name;
    return { ...series, name };
  } catch {
    return series;
  }
}

/** Whether all values of a name are numbers, so that their mean says more than their counts. */
export const isNumbers = ({ chart }: Judged): boolean =>
  chart.series.length > 0 &&
  chart.series.every((s) => s.name.trim() !== "" && Number.isFinite(Number(s.name)));

/** The beginning of an interval as text: the date alone for whole days of UTC. */
export function startText(startMS: number, intervalMS: number): string {
  return intervalMS % day === 0
    ? new Date(startMS).toISOString().slice(0, 10)
    : formatDateTime(startMS).slice(0, 16);
}

/** An interval in words: "2026-11-30 14:00, 1 h". */
export const intervalText = (startMS: number, intervalMS: number): string =>
  intervalMS === day
    ? startText(startMS, intervalMS)
    : `${startText(startMS, intervalMS)}, ${formatDuration(intervalMS).replace(/ 00? (s|min|h)$/, "")}`;

/** A short mark on the axis of time. */
export function axisText(startMS: number, intervalMS: number, spanMS: number): string {
  if (intervalMS % day === 0) return startText(startMS, intervalMS).slice(5);
  const text = formatDateTime(startMS);
  return spanMS > day ? `${formatDate(startMS).slice(5)} ${text.slice(11, 16)}` : text.slice(11, 16);
}

/** The traces of an interval, as a filter of the list. */
export const tracesBetween = (startMS: number, intervalMS: number): string =>
  `timestamp_ms >= ${startMS} AND timestamp_ms < ${startMS + intervalMS}`;
