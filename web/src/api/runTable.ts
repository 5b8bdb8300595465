// The table of runs: rows from any offset on, with the cells of the columns that are asked for.
import { type Column, type ColumnKind, column } from "../lib/runs/columns";
import { millrace } from "./client";
import type { ViewType } from "./experiments";
import { type RunInfo, toNumber, toRunInfo, type WireNumber, type WireRunInfo } from "./runs";

/** A number, a text, or undefined where a run has no value. */
export type Cell = string | number | undefined;

export interface TableRun extends RunInfo {
  depth: number;
  children: number;
  open: boolean;
  /** Shown because of a descendant: the filter does not match the run itself. */
  context: boolean;
  /** By column id. */
  cells: Readonly<Record<string, Cell>>;
  /** Set where the row is a group of runs, which has no run of its own. */
  group: RunGroup | undefined;
}

export interface RunGroup {
  key: string;
  /** The values of the columns that tell groups apart. */
  values: readonly { column: Column; value: Cell }[];
  /** What cells summarise where the runs differ, by column id. */
  stats: Readonly<Record<string, GroupCell>>;
}

/** The numbers of a group's runs, or how many different texts they have. */
export type GroupCell =
  | { mean: number; std: number | undefined; min: number; max: number; runs: number }
  | { distinct: number };

export interface TableSort {
  column: Column;
  descending: boolean;
}

export interface TableTree {
  openAll: boolean;
  open: readonly string[];
  folded: readonly string[];
  /** Lists the descendants of this run only. */
  under?: string;
}

/** What puts runs into a group: the values of columns, or all params but some. */
export interface TableGroups extends TableTree {
  by: readonly Column[];
  allParams: boolean;
  but: readonly string[];
  /** Lists the runs of the group with this key only. */
  under?: string;
}

/** What the rows of a table are, whichever of them are on screen. */
export interface TableQuery {
  experimentIDs: readonly string[];
  filter: string;
  viewType: ViewType;
  sort: TableSort;
  /** Undefined for a flat list. */
  tree: TableTree | undefined;
  /** Undefined where each row is a run. */
  groups: TableGroups | undefined;
}

export interface TableBlock {
  rows: TableRun[];
  /** Ids of the columns that the rows have cells of. */
  columns: string[];
  /** Rows of the whole table as it is folded. */
  total: number;
  /** Runs that match the filter. */
  matching: number;
  /** There are more runs than the server counts and nests. */
  bounded: boolean;
  nested: boolean;
  grouped: boolean;
}

interface WireRow extends WireRunInfo {
  depth?: number;
  children?: number;
  open?: boolean;
  context?: boolean;
  group?: { key: string; values: (string | number | null)[] };
}

interface WireGroupCell {
  mean?: WireNumber;
  std?: WireNumber;
  min?: WireNumber;
  max?: WireNumber;
  runs?: number;
  distinct?: number;
}

type WireCell = string | number | WireGroupCell | null;

interface WireTable {
  rows?: WireRow[];
  columns?: WireCell[][];
  total: number;
  matching: number;
  bounded?: boolean;
  nested?: boolean;
  grouped?: boolean;
  grouped_by?: { kind: ColumnKind; key: string }[];
}

const wireColumn = ({ kind, key, aggregate, by }: Column) => ({
  kind,
  key,
  ...(aggregate !== "last" && { aggregate }),
  ...(by !== undefined && { by }),
});

const wireTree = ({ openAll, open, folded, under }: TableTree) => ({
  open_all: openAll,
  open,
  folded,
  under,
});

/** The number of columns that one request may have. */
const maxColumns = 100;

export async function tableRows(
  query: TableQuery,
  offset: number,
  count: number,
  columns: readonly Column[],
  signal?: AbortSignal,
  maxText?: number,
): Promise<TableBlock> {
  const { experimentIDs, filter, viewType, sort, tree, groups } = query;
  const chosen = columns.slice(0, maxColumns);
  const body = {
    experiment_ids: experimentIDs,
    filter,
    run_view_type: viewType,
    sort: [{ column: wireColumn(sort.column), descending: sort.descending }],
    tree: tree && wireTree(tree),
    groups: groups && {
      ...(groups.allParams
        ? { all_params: true, but: groups.but }
        : { by: groups.by.map(({ kind, key }) => ({ kind, key })) }),
      ...wireTree(groups),
    },
    columns: chosen.map(wireColumn),
    offset,
    max_results: count,
    max_text: maxText,
  };
  return toBlock(await millrace.post<WireTable>("runs/table", body, signal), chosen);
}

/** Some runs, with the cells of columns. There are fewer than asked for where texts are long. */
export async function tableRowsOf(
  experimentIDs: readonly string[],
  runIDs: readonly string[],
  columns: readonly Column[],
  signal?: AbortSignal,
  maxText?: number,
): Promise<TableRun[]> {
  const chosen = columns.slice(0, maxColumns);
  const body = {
    experiment_ids: experimentIDs,
    run_ids: runIDs,
    columns: chosen.map(wireColumn),
    max_text: maxText,
  };
  return toBlock(await millrace.post<WireTable>("runs/table", body, signal), chosen).rows;
}

/** The cells of some runs, by run. */
export async function tableCells(
  experimentIDs: readonly string[],
  runIDs: readonly string[],
  columns: readonly Column[],
  signal?: AbortSignal,
): Promise<Map<string, TableRun["cells"]>> {
  const rows = await tableRowsOf(experimentIDs, runIDs, columns, signal);
  return new Map(rows.map((row) => [row.id, row.cells]));
}

function toBlock(wire: WireTable, columns: readonly Column[]): TableBlock {
  const by = (wire.grouped_by ?? []).map(({ kind, key }) => column(kind, key));
  const rows = (wire.rows ?? []).map((row, i): TableRun => {
    const cells: Record<string, Cell> = {};
    const stats: Record<string, GroupCell> = {};
    columns.forEach((c, j) => {
      const value = wire.columns?.[j]?.[i] ?? null;
      if (value === null) return;
      if (typeof value === "object") stats[c.id] = toGroupCell(value);
      else cells[c.id] = c.kind === "metrics" ? toNumber(value as WireNumber) : value;
    });
    const info = toRunInfo(row);
    return {
      ...info,
      id: row.group ? groupID(row.group.key) : info.id,
      depth: row.depth ?? 0,
      children: row.children ?? 0,
      open: row.open ?? false,
      context: row.context ?? false,
      cells,
      group: row.group && {
        key: row.group.key,
        values: by.map((c, j) => ({ column: c, value: row.group!.values[j] ?? undefined })),
        stats,
      },
    };
  });
  return {
    rows,
    columns: columns.map((c) => c.id),
    total: wire.total,
    matching: wire.matching,
    bounded: wire.bounded ?? false,
    nested: wire.nested ?? false,
    grouped: wire.grouped ?? false,
  };
}

/** The id of the row of a group, which no run has. */
const groupID = (key: string) => `group ${key}`;

function toGroupCell(wire: WireGroupCell): GroupCell {
  if (wire.distinct !== undefined) return { distinct: wire.distinct };
  const mean = toNumber(wire.mean ?? "NaN");
  const number = (value: WireNumber | undefined) => (value === undefined ? mean : toNumber(value));
  return {
    mean,
    std: wire.std === undefined ? undefined : toNumber(wire.std),
    min: number(wire.min),
    max: number(wire.max),
    runs: wire.runs ?? 0,
  };
}

/** A key of the runs, and how many of them have it. */
export interface KeyInfo {
  key: string;
  runs: number;
  /** Two of the runs without children have different values. */
  varies: boolean;
}

export interface ColumnKeys {
  attributes: KeyInfo[];
  metrics: KeyInfo[];
  params: KeyInfo[];
  tags: KeyInfo[];
  /** Numbers of keys, which the lists may not have all of. */
  counts: { metrics: number; params: number; tags: number };
  /** Runs that were looked at: the newest ones. */
  runs: number;
  bounded: boolean;
}

export const noKeys: ColumnKeys = {
  attributes: [],
  metrics: [],
  params: [],
  tags: [],
  counts: { metrics: 0, params: 0, tags: 0 },
  runs: 0,
  bounded: false,
};

export interface KeyQuery {
  experimentIDs: readonly string[];
  filter: string;
  viewType: ViewType;
}

const keyBody = ({ experimentIDs, filter, viewType }: KeyQuery) => ({
  experiment_ids: experimentIDs,
  filter,
  run_view_type: viewType,
});

export async function tableKeys(
  query: KeyQuery,
  text: string,
  signal?: AbortSignal,
  maxKeys?: number,
): Promise<ColumnKeys> {
  type WireKey = { key: string; runs: number; varies?: boolean };
  interface Answer {
    attributes?: WireKey[];
    metrics?: WireKey[];
    params?: WireKey[];
    tags?: WireKey[];
    metric_count?: number;
    param_count?: number;
    tag_count?: number;
    runs?: number;
    bounded?: boolean;
  }
  const answer = await millrace.post<Answer>(
    "runs/columns",
    { ...keyBody(query), text, max_results: maxKeys },
    signal,
  );
  const toKeys = (list: WireKey[] = []) => list.map((k) => ({ ...k, varies: k.varies ?? false }));
  return {
    attributes: toKeys(answer.attributes),
    metrics: toKeys(answer.metrics),
    params: toKeys(answer.params),
    tags: toKeys(answer.tags),
    counts: {
      metrics: answer.metric_count ?? 0,
      params: answer.param_count ?? 0,
      tags: answer.tag_count ?? 0,
    },
    runs: answer.runs ?? 0,
    bounded: answer.bounded ?? false,
  };
}

/** Values of a column, the commonest first. */
export async function columnValues(
  query: KeyQuery,
  column: Column,
  text: string,
  signal?: AbortSignal,
): Promise<{ value: string; runs: number }[]> {
  const body = { ...keyBody(query), column: wireColumn(column), text };
  type Answer = { values?: { value: string; runs: number }[] };
  return (await millrace.post<Answer>("runs/values", body, signal)).values ?? [];
}
