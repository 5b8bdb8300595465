// Which columns a table of runs has: those that were chosen, or those that say most.
import type { ColumnKeys, KeyInfo } from "../../api/runTable";
import {
  attributeColumns,
  type Column,
  column,
  compareNames,
  isSystemMetric,
  isUserTag,
  parseColumn,
} from "../runs/columns";
import { compareMetrics } from "../runs/relevance";

// Results and settings are what people compare, so who ran what comes after them.
const leading = ["start_time", "duration"];
const trailing = ["user_id", "source"];
const metricsByDefault = 8;
const paramsByDefault = 8;

/** Keys that many runs have come before rare ones, each in the given order. */
function commonFirst(keys: readonly KeyInfo[], compare = compareNames): KeyInfo[] {
  const most = Math.max(0, ...keys.map((k) => k.runs));
  const isRare = (k: KeyInfo) => Number(k.runs * 10 < most);
  return [...keys].sort((a, b) => isRare(a) - isRare(b) || compare(a.key, b.key));
}

/** All columns that could be shown, in the order of the picker. */
export function availableColumns(keys: ColumnKeys): Column[] {
  return [
    ...attributeColumns,
    ...commonFirst(keys.metrics, compareMetrics).map(({ key }) => column("metrics", key)),
    ...commonFirst(keys.params).map(({ key }) => column("params", key)),
    ...commonFirst(keys.tags)
      .filter(({ key }) => isUserTag(key))
      .map(({ key }) => column("tags", key)),
  ];
}

/** The columns shown until the user chooses: model metrics and the parameters that differ. */
export function automaticColumns(keys: ColumnKeys): Column[] {
  const varying = commonFirst(keys.params.filter((k) => k.varies));
  // A single run differs from nothing, so its parameters are shown as they are.
  const params = varying.length > 0 || keys.runs > 1 ? varying : commonFirst(keys.params);
  const metrics = commonFirst(
    keys.metrics.filter(({ key }) => !isSystemMetric(key)),
    compareMetrics,
  );
  const attributes = (names: readonly string[]) => names.map((key) => column("attributes", key));
  return [
    ...attributes(leading),
    ...metrics.slice(0, metricsByDefault).map(({ key }) => column("metrics", key)),
    ...params.slice(0, paramsByDefault).map(({ key }) => column("params", key)),
    ...attributes(trailing),
  ];
}

/** The columns of a view. With diffOnly, only those in which the runs without children differ. */
export function shownColumns(
  keys: ColumnKeys,
  chosen: readonly string[] | undefined,
  diffOnly: boolean,
): Column[] {
  const columns = chosen?.map(parseColumn).filter((c) => c !== undefined);
  if (!diffOnly) return columns ?? automaticColumns(keys);
  const all = columns ?? availableColumns(keys).filter((c) => c.kind !== "metrics" || !isSystemMetric(c.key));
  return all.filter((c) => differs(keys, c));
}

function differs(keys: ColumnKeys, c: Column): boolean {
  if (c.kind === "attributes" && (c.key === "start_time" || c.key === "duration" || c.key === "end_time")) {
    return false; // Times differ always.
  }
  const known = keys[c.kind].find((k: KeyInfo) => k.key === c.key);
  if (known) return known.varies;
  // The list of keys may be cut; a column beyond its end stays.
  return c.kind !== "attributes" && keys.counts[c.kind] > keys[c.kind].length;
}

/** The columns after one was moved before another, or to the end. */
export function moveColumn(ids: readonly string[], moved: string, before: string | undefined): string[] {
  if (moved === before) return [...ids];
  const rest = ids.filter((id) => id !== moved);
  const at = before === undefined ? -1 : rest.indexOf(before);
  rest.splice(at < 0 ? rest.length : at, 0, moved);
  return rest;
}

/** The columns after one was replaced, such as by another aggregate; one that is there already stays once. */
export function replaceColumn(ids: readonly string[], old: string, next: string): string[] {
  return [...new Set(ids.map((id) => (id === old ? next : id)))];
}
