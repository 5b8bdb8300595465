import type { Brushes } from "../plots/parallel";
import { decodeBrushes, encodeBrushes } from "./brushes";
import { type ChartView, chartCodec } from "./charts";
import { type Codec, compact, join, oneOf, type Search, split } from "./search";

export type CompareTab = "table" | "charts" | "plots" | "artifacts";

/** Which of a metric's values the table shows. */
export type MetricStat = "last" | "min" | "max" | "best" | "first";

export const metricStats: readonly MetricStat[] = ["last", "best", "min", "max", "first"];

export interface CompareView extends ChartView {
  runs: readonly string[];
  experiments: readonly string[];
  tab: CompareTab;
  /** A row a run, in place of a column a run. */
  transposed: boolean;
  stat: MetricStat;
  /** Text that the names of rows must contain. */
  text: string;
  /** Sections whose equal rows are unfolded. */
  unfolded: readonly string[];
  /** The row that orders the runs; undefined for the order of the address. */
  sort: { column: string; descending: boolean } | undefined;
  /** Metrics with a chart; all if empty. */
  metrics: readonly string[];
  /** Column ids of the plots' axes; empty for a good default. */
  x: string;
  y: string;
  z: string;
  axes: readonly string[];
  /** "1", "0", or empty for what suits the values. */
  logX: string;
  logValues: string;
  brushes: Brushes;
  /** A file or, with a slash at the end, a folder. */
  path: string;
  /** The run that files are compared with; empty for the first. */
  base: string;
  /** Expression that selects runs of several experiments. */
  filter: string;
}

export const compareCodec: Codec<CompareView> = {
  decode: (s) => ({
    ...chartCodec.decode(s),
    runs: quotedList(s.runs),
    experiments: quotedList(s.experiments ?? s.experiment),
    tab: oneOf<CompareTab>(["table", "charts", "plots", "artifacts"], s.tab),
    transposed: s.rows === "runs",
    stat: oneOf(metricStats, s.stat),
    text: s.find ?? "",
    unfolded: split(s.same ?? ""),
    sort: s.sort ? { column: s.sort.replace(/^-/, ""), descending: s.sort.startsWith("-") } : undefined,
    metrics: quotedList(s.metrics),
    x: s.x ?? "",
    y: s.y ?? "",
    z: s.z ?? "",
    axes: split(s.axes ?? ""),
    logX: flag(s.logx),
    logValues: flag(s.logy),
    brushes: decodeBrushes(s.brush),
    path: s.path ?? "",
    base: s.base ?? "",
    filter: s.q ?? s.searchFilter ?? "",
  }),
  encode: (v) =>
    compact({
      runs: join(v.runs),
      experiments: join(v.experiments),
      tab: v.tab !== "table" && v.tab,
      rows: v.transposed && "runs",
      stat: v.stat !== "last" && v.stat,
      find: v.text,
      same: join(v.unfolded),
      sort: v.sort && (v.sort.descending ? "-" : "") + v.sort.column,
      metrics: join(v.metrics),
      x: v.x,
      y: v.y,
      z: v.z,
      axes: join(v.axes),
      logx: v.logX,
      logy: v.logValues,
      brush: encodeBrushes(v.brushes),
      path: v.path,
      base: v.base,
      q: v.filter,
      ...chartCodec.encode(v),
    }),
};

const flag = (text: string | undefined) => (text === "1" || text === "0" ? text : "");

/** MLflow writes lists as JSON, and old versions a single value. */
export function quotedList(text: string | undefined): string[] {
  if (!text) return [];
  const value = parseJSON(text);
  if (Array.isArray(value)) return [...new Set(value.map(String))];
  return typeof value === "string" ? [value] : [...new Set(split(text))];
}

function parseJSON(text: string | undefined): unknown {
  if (!text || !/^["[{]/.test(text.trim())) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Turns an address of MLflow's metric page, whose path ends with the metric, into one of the charts here. */
export function metricLink(path: string, s: Search): Search {
  const one = parseJSON(s.metric) ?? s.metric;
  const named = typeof one === "string" && one !== "" ? one : path;
  const keys = quotedList(s.plot_metric_keys);
  const smoothness = Number(s.line_smoothness);
  const zoom = xRange(s.plot_layout);
  const axis = s.x_axis === "relative" || s.x_axis === "wall" ? s.x_axis : undefined;
  const metrics = keys.length > 0 ? keys : [named].filter(Boolean);
  return compact({
    runs: join(quotedList(s.runs)),
    experiments: join(quotedList(s.experiments ?? s.experiment)),
    tab: "charts",
    metrics: join(metrics),
    axis,
    log: s.y_axis_scale === "log" && "1",
    // Up to version 1.20 it was a share; later it counts from 1 to 100.
    smooth:
      smoothness > 1 ? String(smoothness / 100) : smoothness > 0 && smoothness < 1 && String(smoothness),
    zoom: axis === undefined && zoom && `${zoom[0]}:${zoom[1]}`,
  });
}

function xRange(layout: string | undefined): [number, number] | undefined {
  const value = parseJSON(layout) as { xaxis?: { range?: unknown; autorange?: unknown } } | undefined;
  const range = value?.xaxis?.autorange === true ? undefined : value?.xaxis?.range;
  if (!Array.isArray(range) || !range.every((x) => typeof x === "number")) return undefined;
  return [Math.max(0, Number(range[0])), Number(range[1])];
}
