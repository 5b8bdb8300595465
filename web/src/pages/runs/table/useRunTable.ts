import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { ApiError } from "../../../api/client";
import { livePeriod } from "../../../api/queries";
import {
  type TableBlock,
  type TableQuery,
  type TableRun,
  tableCells,
  tableRows,
} from "../../../api/runTable";
import { type Column, column } from "../../../lib/runs/columns";
import { blockSize, blocksIn } from "../../../lib/table/blocks";

export interface RunTable {
  /** The row at an index, undefined until it is loaded. */
  rowAt: (index: number) => TableRun | undefined;
  /** Rows that are loaded. */
  loaded: readonly TableRun[];
  /** Undefined until the first answer. */
  total: number | undefined;
  matching: number;
  bounded: boolean;
  nested: boolean;
  grouped: boolean;
  /** The rows are those of the view before this one. */
  stale: boolean;
  error: unknown;
  fetching: boolean;
  updatedMS: number;
  refetch: () => void;
}

/** The same question would be refused again; silence and trouble on the server may pass. */
function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

const noQuery: TableQuery = {
  experimentIDs: [],
  filter: "",
  viewType: "ACTIVE_ONLY",
  sort: { column: column("attributes", "start_time"), descending: true },
  tree: undefined,
  groups: undefined,
};

const keyOf = (query: TableQuery, block: number) => ["runs", "table", query, block];

/** The rows around a range, read in blocks, with the cells of the columns in sight. Undefined asks for nothing yet. */
export function useRunTable(
  given: TableQuery | undefined,
  range: readonly [number, number],
  columns: readonly Column[],
  live: boolean,
): RunTable {
  const query = given ?? noQuery;
  const wanted = useRef(columns);
  wanted.current = columns;
  const blocks = blocksIn(range);
  const results = useQueries({
    queries: blocks.map((block) => ({
      enabled: given !== undefined,
      queryKey: keyOf(query, block),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        tableRows(query, block * blockSize, blockSize, wanted.current, signal),
      refetchInterval: (state: { state: { error: unknown } }) =>
        live && !isRefused(state.state.error) ? livePeriod() : (false as const),
    })),
  });
  useMissingCells(query, blocks, results, columns);

  const first = results.find((r) => r.data)?.data;
  const signature = results.map((r) => r.dataUpdatedAt).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the results are new objects at each render
  const now = useMemo(() => {
    const rows = new Map<number, TableRun>();
    blocks.forEach((block, i) => {
      results[i]?.data?.rows.forEach((row, j) => {
        rows.set(block * blockSize + j, row);
      });
    });
    return first && { query, rows, loaded: [...rows.values()], first };
  }, [query, blocks.join(), signature, first]);

  // Until the rows of a new view are there, those of the one before stay.
  const previous = useRef(now);
  if (now) previous.current = now;
  const shown = now ?? previous.current;
  return {
    rowAt: (index) => shown?.rows.get(index),
    loaded: shown?.loaded ?? [],
    total: shown?.first.total,
    matching: shown?.first.matching ?? 0,
    bounded: shown?.first.bounded ?? false,
    nested: shown?.first.nested ?? false,
    grouped: shown?.first.grouped ?? false,
    stale: shown !== undefined && shown.query !== query,
    error: results.find((r) => r.error)?.error,
    fetching: results.some((r) => r.isFetching),
    updatedMS: Math.max(0, ...results.map((r) => r.dataUpdatedAt)),
    refetch: () => {
      for (const r of results) void r.refetch();
    },
  };
}

/** Adds the cells of columns that came into sight after their rows. */
function useMissingCells(
  query: TableQuery,
  blocks: readonly number[],
  results: readonly { data?: TableBlock | undefined; refetch: () => Promise<unknown> }[],
  columns: readonly Column[],
) {
  const client = useQueryClient();
  const asked = useRef(new Set<string>());
  useEffect(() => {
    const addCells = async (block: number, ids: readonly string[], missing: readonly Column[]) => {
      const cells = await tableCells(query.experimentIDs, ids, missing);
      client.setQueryData<TableBlock>(keyOf(query, block), (now) => now && withCells(now, cells, missing));
    };
    blocks.forEach((block, i) => {
      const data = results[i]?.data;
      if (!data || data.rows.length === 0) return;
      const missing = columns.filter((c) => !data.columns.includes(c.id));
      const ids = data.rows.map((row) => row.id);
      const request = JSON.stringify([block, missing.map((c) => c.id), ids]);
      if (missing.length === 0 || asked.current.has(request)) return;
      asked.current.add(request);
      // Cells are asked for by run, and a group is none.
      (data.grouped ? results[i]!.refetch() : addCells(block, ids, missing))
        // The next refresh of the block asks for the columns again.
        .catch(() => undefined)
        .finally(() => asked.current.delete(request));
    });
  });
}

function withCells(
  block: TableBlock,
  cells: ReadonlyMap<string, TableRun["cells"]>,
  columns: readonly Column[],
): TableBlock {
  const rows = block.rows.map((row) => {
    const more = cells.get(row.id);
    return more ? { ...row, cells: { ...row.cells, ...more } } : row;
  });
  return { ...block, rows, columns: [...block.columns, ...columns.map((c) => c.id)] };
}
