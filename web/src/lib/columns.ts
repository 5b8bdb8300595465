// Which columns the runs table has, and what a run shows in them.
import type { Run } from "../api/runs";

export type ColumnKind = "attributes" | "metrics" | "params" | "tags";

export interface Column {
  /** Kind and key joined by a dot, as in the search grammar: "metrics.val/loss". */
  id: string;
  kind: ColumnKind;
  key: string;
  title: string;
  /** All values are numbers, so they line up at the right. */
  numeric: boolean;
}

/** Attribute columns in their usual order, with the name the search grammar has for each. */
const attributeTitles: Record<string, string> = {
  start_time: "Started",
  duration: "Duration",
  user_id: "User",
  source: "Source",
  status: "Status",
};

export const attributeColumns: readonly Column[] = Object.entries(attributeTitles).map(([key, title]) => ({
  id: `attributes.${key}`,
  kind: "attributes",
  key,
  title,
  numeric: false,
}));

// Results and settings are what people compare, so who ran what comes after them.
const leading = new Set(["start_time", "duration"]);
const trailing = new Set(["user_id", "source"]);
const metricsByDefault = 8;
const paramsByDefault = 8;

export const isSystemMetric = (key: string) => key.startsWith("system/");

export function column(kind: ColumnKind, key: string): Column {
  const title = kind === "attributes" ? (attributeTitles[key] ?? key) : key;
  return { id: `${kind}.${key}`, kind, key, title, numeric: kind === "metrics" };
}

/** Reads a column id from an address; undefined when it names no kind. */
export function parseColumn(id: string): Column | undefined {
  const dot = id.indexOf(".");
  const kind = id.slice(0, dot);
  const known = kind === "attributes" || kind === "metrics" || kind === "params" || kind === "tags";
  return known ? column(kind, id.slice(dot + 1)) : undefined;
}

/** Orders names as people count: layer.2 before layer.10. */
export const compareNames = new Intl.Collator("en", { numeric: true }).compare;

/** Every key that occurs in the runs, in the order of how many runs have it, then by name. */
export function keysOf(runs: readonly Run[], kind: "metrics" | "params" | "tags"): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) {
    for (const key in run[kind]) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || compareNames(a, b)).map(([key]) => key);
}

/** Keys whose value is not the same in all runs; a missing value differs from any value. */
export function varyingKeys(runs: readonly Run[], kind: "metrics" | "params" | "tags"): Set<string> {
  const varying = new Set<string>();
  const first = runs[0];
  if (!first) return varying;
  for (const run of runs) {
    for (const key in run[kind]) {
      if (!Object.is(run[kind][key], first[kind][key])) varying.add(key);
    }
    for (const key in first[kind]) {
      if (!(key in run[kind])) varying.add(key);
    }
  }
  return varying;
}

/** Runs without any parameter, such as the parent of a sweep, say nothing about which ones differ. */
function withAny(runs: readonly Run[], kind: ColumnKind): readonly Run[] {
  return kind === "attributes" ? runs : runs.filter((run) => Object.keys(run[kind]).length > 0);
}

/** Tags people set, without the ones MLflow keeps for itself. */
export const isUserTag = (key: string) => !key.startsWith("mlflow.");

/** All columns that could be shown for these runs. */
export function availableColumns(runs: readonly Run[]): Column[] {
  return [
    ...attributeColumns,
    ...keysOf(runs, "metrics").map((key) => column("metrics", key)),
    ...keysOf(runs, "params").map((key) => column("params", key)),
    ...keysOf(runs, "tags")
      .filter(isUserTag)
      .map((key) => column("tags", key)),
  ];
}

/** The columns shown until the user chooses: model metrics and the parameters that differ. */
export function automaticColumns(runs: readonly Run[]): Column[] {
  const told = withAny(runs, "params");
  const varying = varyingKeys(told, "params");
  const params = keysOf(runs, "params").filter((key) => told.length < 2 || varying.has(key));
  const metrics = keysOf(runs, "metrics").filter((key) => !isSystemMetric(key));
  return [
    ...attributeColumns.filter((c) => leading.has(c.key)),
    ...metrics.slice(0, metricsByDefault).map((key) => column("metrics", key)),
    ...params.slice(0, paramsByDefault).map((key) => column("params", key)),
    ...attributeColumns.filter((c) => trailing.has(c.key)),
  ];
}

/** The columns of the table for a view. With diffOnly, columns with one value in all runs go. */
export function shownColumns(
  runs: readonly Run[],
  chosen: readonly string[] | undefined,
  diffOnly: boolean,
): Column[] {
  let columns = chosen?.map(parseColumn).filter((c) => c !== undefined);
  if (diffOnly) {
    columns ??= availableColumns(runs).filter((c) => c.kind !== "metrics" || !isSystemMetric(c.key));
    columns = columns.filter((c) => {
      const [first, ...others] = withAny(runs, c.kind);
      return first && others.some((run) => cellText(run, c) !== cellText(first, c));
    });
  }
  columns ??= automaticColumns(runs);
  return columns.map((c) => (c.kind === "params" ? { ...c, numeric: isNumeric(runs, c.key) } : c));
}

function isNumeric(runs: readonly Run[], param: string): boolean {
  return runs.every((run) => {
    const value = run.params[param];
    return value === undefined || (value.trim() !== "" && !Number.isNaN(Number(value)));
  });
}

/** A value as plain text: for comparing, copying and titles. Empty when the run has none. */
export function cellText(run: Run, c: Column): string {
  if (c.kind === "metrics") return c.key in run.metrics ? String(run.metrics[c.key]) : "";
  if (c.kind !== "attributes") return run[c.kind][c.key] ?? "";
  switch (c.key) {
    case "start_time":
      return run.startMS === undefined ? "" : String(run.startMS);
    case "duration":
      return durationOf(run) === undefined ? "" : String(durationOf(run));
    case "user_id":
      return run.user || (run.tags["mlflow.user"] ?? "");
    case "source":
      return sourceOf(run);
    default:
      return run.status;
  }
}

export function durationOf(run: Run): number | undefined {
  return run.startMS !== undefined && run.endMS !== undefined ? run.endMS - run.startMS : undefined;
}

/** The last part of the source path: the script or notebook name. */
export function sourceOf(run: Run): string {
  return (run.tags["mlflow.source.name"] ?? "").split(/[\\/]/).pop() ?? "";
}

/** The search grammar's name for a column, or undefined where the server cannot sort by it. */
export function searchName(c: Column): string | undefined {
  if (c.kind === "attributes") {
    if (c.key === "duration") return undefined;
    return c.key === "source" ? "tags.`mlflow.source.name`" : `attributes.${c.key}`;
  }
  return `${c.kind}.${quoteKey(c.key)}`;
}

/** Wraps keys with characters outside the plain ones in backticks, or in quotes if they contain one. */
export function quoteKey(key: string): string {
  if (/^[A-Za-z_][\w.]*$/.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}
