import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { ApiError } from "../../../api/client";
import { livePeriodMS } from "../../../api/queries";
import {
  type TableBlock,
  type TableQuery,
  type TableRun,
  tableCells,
  tableRows,
} from "../../../api/runTable";
import type { Column } from "../../../lib/runs/columns";
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

const keyOf = (query: TableQuery, block: number) => ["runs", "table", query, block];

/** The rows around a range, read in blocks, with the cells of the columns in sight. */
export function useRunTable(
  query: TableQuery,
  range: readonly [number, number],
  columns: readonly Column[],
  live: boolean,
): RunTable {
  const wanted = useRef(columns);
  wanted.current = columns;
  const blocks = blocksIn(range);
  const results = useQueries({
    queries: blocks.map((block) => ({
      queryKey: keyOf(query, block),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        tableRows(query, block * blockSize, blockSize, wanted.current, signal),
      refetchInterval: (state: { state: { error: unknown } }) =>
        live && !isRefused(state.state.error) ? livePeriodMS : (false as const),
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
  results: readonly { data?: TableBlock | undefined }[],
  columns: readonly Column[],
) {
  const client = useQueryClient();
  const asked = useRef(new Set<string>());
  useEffect(() => {
    blocks.forEach((block, i) => {
      const data = results[i]?.data;
      if (!data || data.rows.length === 0) return;
      const missing = columns.filter((c) => !data.columns.includes(c.id));
      const ids = data.rows.map((row) => row.id);
      const request = JSON.stringify([block, missing.map((c) => c.id), ids]);
      if (missing.length === 0 || asked.current.has(request)) return;
      asked.current.add(request);
      tableCells(query.experimentIDs, ids, missing)
        .then((cells) => {
          client.setQueryData<TableBlock>(keyOf(query, block), (now) => {
            if (!now) return now;
            const rows = now.rows.map((row) => {
              const more = cells.get(row.id);
              return more ? { ...row, cells: { ...row.cells, ...more } } : row;
            });
            return { ...now, rows, columns: [...now.columns, ...missing.map((c) => c.id)] };
          });
        })
        // The next refresh of the block asks for the columns again.
        .catch(() => undefined)
        .finally(() => asked.current.delete(request));
    });
  });
}
