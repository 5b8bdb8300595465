// View state and the address bar. Everything that changes what a page shows is a search parameter, so
// that a copied link opens the same view. Defaults are left out to keep addresses short.
import type { ViewType } from "../api/experiments";
import type { AuditFilter } from "./accounts/audit";
import { isDay } from "./accounts/days";
import type { XAxis } from "./history";

export type Search = Record<string, string>;

/** Translates between a view and its search parameters. decode never fails: links get edited by hand. */
export interface Codec<T> {
  decode(search: Search): T;
  encode(view: T): Search;
}

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === "string") params.set(key, value);
  }
  // Slashes, colons and commas are legal in a query and common in metric names: keep them readable.
  const text = params.toString().replace(/%(2F|3A|2C)/g, (code) => decodeURIComponent(code));
  return text ? `?${text}` : "";
}

const join = (items: readonly string[]) =>
  items.map((s) => s.replaceAll("~", "~0").replaceAll(",", "~1")).join(",");
const split = (text: string) =>
  text
    .split(",")
    .filter(Boolean)
    .map((s) => s.replaceAll("~1", ",").replaceAll("~0", "~"));

function oneOf<T extends string>(allowed: readonly T[], text: string | undefined): T {
  return allowed.find((a) => a === text) ?? allowed[0]!;
}

/** Drops empty values, which stand for defaults. */
function compact(search: Record<string, string | undefined | false>): Search {
  return Object.fromEntries(Object.entries(search).filter((e): e is [string, string] => Boolean(e[1])));
}

const stages: readonly ViewType[] = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];
const stageNames: Record<ViewType, string> = { ACTIVE_ONLY: "", DELETED_ONLY: "deleted", ALL: "all" };

function decodeStage(text: string | undefined): ViewType {
  return stages.find((s) => stageNames[s] === text) ?? "ACTIVE_ONLY";
}

// --- charts -------------------------------------------------------------------------------------

export interface ChartView {
  /** Undefined until somebody chooses: then time where steps repeat, otherwise the step. */
  axis: XAxis | undefined;
  /** Weight of the moving average, 0 to 0.99. */
  smoothing: number;
  logY: boolean;
  /** Text that metric names must contain. */
  metricText: string;
  /** Visible part of the x axis, shared by all cards. */
  zoom: readonly [number, number] | undefined;
}

const xAxes: readonly XAxis[] = ["step", "relative", "wall"];

export const chartCodec: Codec<ChartView> = {
  decode: (s) => ({
    axis: xAxes.find((axis) => axis === s.axis),
    smoothing: clamp(Number(s.smooth), 0, 0.99),
    logY: s.log === "1",
    metricText: s.metric ?? "",
    zoom: decodeZoom(s.zoom),
  }),
  encode: (v) =>
    compact({
      axis: v.axis,
      smooth: v.smoothing > 0 && String(v.smoothing),
      log: v.logY && "1",
      metric: v.metricText,
      zoom: v.zoom?.map((x) => Number(x.toPrecision(13))).join(":"),
    }),
};

function clamp(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : least;
}

function decodeZoom(text: string | undefined): readonly [number, number] | undefined {
  const [from, to] = (text ?? "").split(":").map((part) => (part === "" ? Number.NaN : Number(part)));
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to))
    return undefined;
  return from < to ? [from, to] : undefined;
}

// --- runs ---------------------------------------------------------------------------------------

export interface Sort {
  /** A column id such as "metrics.loss" or "attributes.start_time". */
  column: string;
  descending: boolean;
}

export interface RunsView extends ChartView {
  view: "table" | "charts";
  filter: string;
  sort: Sort;
  stage: ViewType;
  /** Column ids the user chose; undefined while the columns are chosen automatically. */
  columns: readonly string[] | undefined;
  diffOnly: boolean;
  /** Ids of selected runs. */
  selected: readonly string[];
  /** Ids of parent runs whose children are folded away. */
  folded: readonly string[];
  live: boolean;
}

export const defaultSort: Sort = { column: "attributes.start_time", descending: true };

export const runsCodec: Codec<RunsView> = {
  decode: (s) => ({
    ...chartCodec.decode(s),
    view: oneOf(["table", "charts"], s.view),
    // Links from MLflow itself name the filter searchFilter.
    filter: s.q ?? s.searchFilter ?? "",
    sort: decodeSort(s.sort),
    stage: decodeStage(s.stage),
    columns: s.cols === undefined ? undefined : split(s.cols),
    diffOnly: s.diff === "1",
    selected: split(s.runs ?? ""),
    folded: split(s.fold ?? ""),
    live: s.live !== "0",
  }),
  encode: (v) => ({
    ...compact({
      view: v.view === "charts" && "charts",
      q: v.filter,
      sort: encodeSort(v.sort),
      stage: stageNames[v.stage],
      diff: v.diffOnly && "1",
      runs: join(v.selected),
      fold: join(v.folded),
      live: !v.live && "0",
      ...chartCodec.encode(v),
    }),
    // An empty list is a choice too: no columns at all.
    ...(v.columns && { cols: join(v.columns) }),
  }),
};

function decodeSort(text: string | undefined): Sort {
  if (!text) return defaultSort;
  return text.startsWith("-")
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}

function encodeSort(sort: Sort): string {
  if (sort.column === defaultSort.column && sort.descending === defaultSort.descending) return "";
  return (sort.descending ? "-" : "") + sort.column;
}

// --- experiments --------------------------------------------------------------------------------

/** The server can order by names and times of experiments; activity is known to the page only. */
export type ExperimentOrder = "activity" | "name" | "creation_time";

export interface ExperimentsView {
  text: string;
  stage: ViewType;
  order: ExperimentOrder;
  descending: boolean;
  tree: boolean;
  folded: readonly string[];
}

export const experimentsCodec: Codec<ExperimentsView> = {
  decode: (s) => {
    const sort = s.sort ? decodeSort(s.sort) : { column: "activity", descending: true };
    return {
      text: s.q ?? "",
      stage: decodeStage(s.stage),
      order: oneOf<ExperimentOrder>(["activity", "name", "creation_time"], sort.column),
      descending: sort.descending,
      tree: s.list !== "flat",
      folded: split(s.fold ?? ""),
    };
  },
  encode: (v) =>
    compact({
      q: v.text,
      stage: stageNames[v.stage],
      sort: !(v.order === "activity" && v.descending) && (v.descending ? "-" : "") + v.order,
      list: !v.tree && "flat",
      fold: join(v.folded),
    }),
};

// --- model registry -----------------------------------------------------------------------------

export const registryCodec: Codec<{ text: string }> = {
  decode: (s) => ({ text: s.q ?? s.searchQuery ?? "" }),
  encode: (v) => compact({ q: v.text }),
};

// --- administration -----------------------------------------------------------------------------

export const adminCodec: Codec<{ text: string }> = {
  decode: (s) => ({ text: s.q ?? "" }),
  encode: (v) => compact({ q: v.text }),
};

export const auditCodec: Codec<AuditFilter> = {
  decode: (s) => ({
    user: s.user ?? "",
    action: s.action ?? "",
    result: s.result ?? "",
    from: isDay(s.from ?? "") ? s.from! : "",
    to: isDay(s.to ?? "") ? s.to! : "",
  }),
  encode: (v) => compact({ user: v.user, action: v.action, result: v.result, from: v.from, to: v.to }),
};

// --- one registered model -----------------------------------------------------------------------

export type MonitorTab = "versions" | "performance" | "transitions";

export interface MonitorView {
  tab: MonitorTab;
  /** Versions ticked for comparison. */
  selected: readonly string[];
  /** The metric drawn; empty for the first one. */
  metric: string;
  /** The dataset drawn; empty for all. */
  dataset: string;
}

export const monitorCodec: Codec<MonitorView> = {
  decode: (s) => ({
    tab: oneOf<MonitorTab>(["versions", "performance", "transitions"], s.tab),
    selected: split(s.versions ?? ""),
    metric: s.metric ?? "",
    dataset: s.dataset ?? "",
  }),
  encode: (v) =>
    compact({
      tab: v.tab !== "versions" && v.tab,
      versions: join(v.selected),
      metric: v.metric,
      dataset: v.dataset,
    }),
};

// --- one run ------------------------------------------------------------------------------------

export interface RunPageView extends ChartView {
  paramText: string;
  live: boolean;
}

export const runPageCodec: Codec<RunPageView> = {
  decode: (s) => ({ ...chartCodec.decode(s), paramText: s.param ?? "", live: s.live !== "0" }),
  encode: (v) => compact({ ...chartCodec.encode(v), param: v.paramText, live: !v.live && "0" }),
};
