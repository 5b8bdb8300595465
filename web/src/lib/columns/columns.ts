// Tables whose columns are chosen and sorted by: of versions, logged models and registered models.
import type { ReactNode } from "react";
import { compareNames, isUserTag } from "../runs/columns";
import { compact, join, type Search, split } from "../view/search";

export type SortValue = string | number | undefined;

export interface DataColumn<Row> {
  /** Its name in the address. */
  id: string;
  title: string;
  /** The heading under which it is offered. */
  group: string;
  /** What the rows are sorted by; undefined for columns that have no order. */
  value?: (row: Row) => SortValue;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  /** Long texts are cut, so that other columns stay in sight. */
  long?: boolean;
}

/** Which columns a table has and what it is sorted by. It is kept in the address. */
export interface ColumnsView {
  /** Undefined for the automatic choice. */
  columns: readonly string[] | undefined;
  /** The id of a column; empty for the order of the server. */
  sort: string;
  descending: boolean;
}

export const decodeColumns = (s: Search): ColumnsView => ({
  columns: s.cols === undefined ? undefined : split(s.cols),
  sort: s.sort?.replace(/^-/, "") ?? "",
  descending: s.sort?.startsWith("-") ?? false,
});

export function encodeColumns(v: ColumnsView): Search {
  const chosen: Search = v.columns === undefined ? {} : { cols: join(v.columns) };
  return { ...chosen, ...compact({ sort: v.sort && (v.descending ? "-" : "") + v.sort }) };
}

/** The columns on screen, in the order of the choice. */
export function shownColumns<Row>(
  catalogue: readonly DataColumn<Row>[],
  chosen: readonly string[] | undefined,
  automatic: readonly string[],
): DataColumn<Row>[] {
  const byID = new Map(catalogue.map((c) => [c.id, c]));
  return [...new Set(chosen ?? automatic)].map((id) => byID.get(id)).filter((c) => c !== undefined);
}

/** The ids of the columns after some were shown or hidden: a new one goes behind the last of its group. */
export function changeShown<C extends { id: string }>(
  shown: readonly C[],
  changed: readonly C[],
  show: boolean,
  groupOf: (column: C) => string,
): string[] {
  const ids = new Set(changed.map((c) => c.id));
  if (!show) return shown.filter((c) => !ids.has(c.id)).map((c) => c.id);
  const list = [...shown];
  for (const c of changed) {
    if (list.some((other) => other.id === c.id)) continue;
    const last = list.findLastIndex((other) => groupOf(other) === groupOf(c));
    list.splice(last < 0 ? list.length : last + 1, 0, c);
  }
  return list.map((c) => c.id);
}

/** Sorted rows; those without a value come last in either direction, and equals keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  catalogue: readonly DataColumn<Row>[],
  { sort, descending }: ColumnsView,
): readonly Row[] {
  const value = catalogue.find((c) => c.id === sort)?.value;
  if (!value) return rows;
  const missing = (v: SortValue) => v === undefined || v === "" || Number.isNaN(v);
  return rows
    .map((row) => ({ row, key: value(row) }))
    .sort((a, b) => {
      if (missing(a.key) || missing(b.key)) return Number(missing(a.key)) - Number(missing(b.key));
      return descending ? compareValues(b.key, a.key) : compareValues(a.key, b.key);
    })
    .map(({ row }) => row);
}

/** Numbers, and texts that are numbers, by size; everything else as people count. */
function compareValues(a: SortValue, b: SortValue): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return compareNames(String(a), String(b));
}

/** After a click on a title: numbers and times begin with the largest, texts with the first letter. */
export function nextSort<Row>(view: ColumnsView, column: DataColumn<Row>): Partial<ColumnsView> {
  const { id, numeric = false } = column;
  if (view.sort !== id) return { sort: id, descending: numeric };
  // The third click returns to the order of the server.
  return view.descending === numeric ? { descending: !numeric } : { sort: "", descending: false };
}

/** The keys of the tags that people set, in order. */
export function userTagKeys(tags: readonly Readonly<Record<string, string>>[]): string[] {
  const keys = new Set(tags.flatMap((one) => Object.keys(one)));
  return [...keys].filter(isUserTag).sort(compareNames);
}

/** Whether there are values and all of them are numbers. */
export function isNumeric(values: readonly (string | undefined)[]): boolean {
  const known = values.filter((v) => v !== undefined && v !== "");
  return known.length > 0 && known.every((v) => v!.trim() !== "" && !Number.isNaN(Number(v)));
}

/** The tags that people set in one text. */
export const tagsText = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags)
    .filter(([key]) => isUserTag(key))
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ");
