// Which columns the runs table has, and what a run shows in them.
import type { Run } from "../../api/runs";
import type { KeyInfo } from "../../api/runTable";

export type ColumnKind = "attributes" | "metrics" | "params" | "tags";

/** Which of the values that a run logged for a metric is shown. */
export type Aggregate = "last" | "first" | "min" | "max";

export interface Column {
  /**
   * Kind and key joined by a dot, as in the search grammar: "metrics.val/loss". Other values than the last
   * have a prefix: "min:metrics.loss", or "min@val%2Floss:metrics.acc" at the best step of another metric.
   */
  id: string;
  kind: ColumnKind;
  key: string;
  title: string;
  aggregate: Aggregate;
  /** The value is that at the step where this metric has its minimum or maximum. */
  by: string | undefined;
  /** All values are numbers, so they line up at the right. */
  numeric: boolean;
}

/** Attribute columns in their usual order, with the name the search grammar has for each. */
const attributeTitles: Record<string, string> = {
  start_time: "Started",
  duration: "Duration",
  user_id: "User",
  source: "Source",
  status: "State",
  dataset: "Dataset",
  end_time: "Ended",
};

export const attributeColumns: readonly Column[] = Object.keys(attributeTitles).map((key) =>
  column("attributes", key),
);

export const isSystemMetric = (key: string) => key.startsWith("system/");

const aggregates: readonly Aggregate[] = ["last", "first", "min", "max"];
const kinds: readonly ColumnKind[] = ["attributes", "metrics", "params", "tags"];

export function column(
  kind: ColumnKind,
  key: string,
  aggregate: Aggregate = "last",
  by: string | undefined = undefined,
): Column {
  const at = by === undefined ? "" : `@${encodeURIComponent(by)}`;
  const prefix = aggregate === "last" ? "" : `${aggregate}${at}:`;
  const name = kind === "attributes" ? (attributeTitles[key] ?? key) : key;
  const title =
    prefix === "" ? name : by === undefined ? `${name} (${aggregate})` : `${name} at ${aggregate} ${by}`;
  return { id: `${prefix}${kind}.${key}`, kind, key, title, aggregate, by, numeric: kind === "metrics" };
}

/** Reads a column id from an address; undefined when it names no column. */
export function parseColumn(id: string): Column | undefined {
  const [, prefix, by, rest] = /^(?:(first|min|max)(?:@([^:]*))?:(?=metrics\.))?(.*)$/s.exec(id)!;
  const dot = rest!.indexOf(".");
  const kind = kinds.find((k) => k === rest!.slice(0, dot));
  if (!kind) return undefined;
  const key = rest!.slice(dot + 1);
  if (kind === "attributes" && !(key in attributeTitles) && key !== "run_name") return undefined;
  const aggregate = aggregates.find((a) => a === prefix) ?? "last";
  const other = by === undefined || aggregate === "first" ? undefined : decodeName(by);
  return column(kind, key, aggregate, other);
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // Addresses are edited by hand.
  }
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

/** Keys with two different values among the runs that are the parent of no other. A missing value does not differ. */
export function varyingKeys(runs: readonly Run[], kind: "metrics" | "params" | "tags"): Set<string> {
  const varying = new Set<string>();
  const first = new Map<string, string | number>();
  const parents = new Set(runs.map((run) => run.tags["mlflow.parentRunId"]));
  for (const run of runs) {
    if (parents.has(run.id)) continue;
    for (const key in run[kind]) {
      const value = run[kind][key]!;
      if (!first.has(key)) first.set(key, value);
      else if (!Object.is(first.get(key), value)) varying.add(key);
    }
  }
  return varying;
}

/** The keys of runs as the server lists them. */
export function keyInfos(runs: readonly Run[], kind: "metrics" | "params" | "tags"): KeyInfo[] {
  const varying = varyingKeys(runs, kind);
  return keysOf(runs, kind).map((key) => ({
    key,
    runs: runs.filter((run) => key in run[kind]).length,
    varies: varying.has(key),
  }));
}

/** Tags people set, without the ones that MLflow and the saved views keep for themselves. */
export const isUserTag = (key: string) => !key.startsWith("mlflow.") && !/^millrace\.view(\.|$)/.test(key);

export function durationOf(run: Pick<Run, "startMS" | "endMS">): number | undefined {
  return run.startMS !== undefined && run.endMS !== undefined ? run.endMS - run.startMS : undefined;
}

/** The last part of a path: the script or notebook. */
export const baseName = (path: string) => path.split(/[\\/]/).pop() ?? "";

export const sourceOf = (run: Run) => baseName(run.tags["mlflow.source.name"] ?? "");

/** The search grammar's name for a column, or undefined where filters have no name for it. */
export function searchName(c: Column): string | undefined {
  if (c.aggregate !== "last") return undefined;
  if (c.kind === "attributes") {
    if (c.key === "duration") return undefined;
    if (c.key === "dataset") return "dataset.name";
    return c.key === "source" ? "tags.`mlflow.source.name`" : `attributes.${c.key}`;
  }
  return `${c.kind}.${quoteKey(c.key)}`;
}

/** Wraps keys with characters outside the plain ones in backticks, or in quotes if they contain one. */
export function quoteKey(key: string): string {
  if (/^[A-Za-z_][\w.]*$/.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}
