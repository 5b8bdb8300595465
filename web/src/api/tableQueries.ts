// Queries of the table of runs, as query options.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { forEachOf, inBatches } from "../lib/batches";
import type { Column } from "../lib/runs/columns";
import {
  columnValues,
  type KeyQuery,
  type TableQuery,
  type TableRun,
  tableCells,
  tableKeys,
  tableRows,
} from "./runTable";

/** New keys appear while runs log, so the list of columns is read again now and then. */
const keysPeriodMS = 30_000;

export const runKeys = (query: KeyQuery, live: boolean, text = "") =>
  queryOptions({
    queryKey: ["runs", "keys", query, text],
    queryFn: ({ signal }) => tableKeys(query, text, signal),
    refetchInterval: live ? keysPeriodMS : false,
    staleTime: keysPeriodMS / 2,
    placeholderData: keepPreviousData,
  });

export const valuesOfColumn = (query: KeyQuery, column: Column, text = "") =>
  queryOptions({
    queryKey: ["runs", "values", query, column.id, text],
    queryFn: ({ signal }) => columnValues(query, column, text, signal),
    staleTime: keysPeriodMS,
  });

/** The most keys of each kind that the server lists. */
const mostKeys = 20_000;

/** All keys of the runs that are drawn, of which there may be thousands: each metric has a card. */
export const drawnKeys = (query: KeyQuery, refetchInterval: number | false) =>
  queryOptions({
    queryKey: ["runs", "drawn keys", query],
    queryFn: ({ signal }) => tableKeys(query, "", signal, mostKeys),
    refetchInterval,
    placeholderData: keepPreviousData,
  });

const runsPerPage = 100;

/** The runs of a table in pages, without cells. */
export const runPages = (query: TableQuery) =>
  infiniteQueryOptions({
    queryKey: ["runs", "pages", query],
    queryFn: ({ pageParam, signal }) => tableRows(query, pageParam, runsPerPage, [], signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const loaded = pages.reduce((sum, page) => sum + page.rows.length, 0);
      return last.rows.length > 0 && loaded < last.total ? loaded : undefined;
    },
    placeholderData: keepPreviousData,
  });

/** Runs and columns of one request. */
const runsPerRequest = 250;
const columnsPerRequest = 100;

export type RunCells = ReadonlyMap<string, TableRun["cells"]>;

/** The cells of any number of runs and columns, by run. */
export async function readCells(
  experimentIDs: readonly string[],
  runIDs: readonly string[],
  columns: readonly Column[],
  signal?: AbortSignal,
): Promise<Map<string, TableRun["cells"]>> {
  const found = new Map<string, TableRun["cells"]>();
  const parts = inBatches(runIDs, runsPerRequest).flatMap((ids) =>
    inBatches(columns, columnsPerRequest).map((some) => ({ ids, some })),
  );
  const [failure] = await forEachOf(parts, async ({ ids, some }) => {
    for (const [id, cells] of await tableCells(experimentIDs, ids, some, signal))
      found.set(id, { ...found.get(id), ...cells });
  });
  if (failure) throw failure.error;
  return found;
}

/** The cells of runs as a page shows them. A run that went on may have others later. */
export const runCells = (
  experimentIDs: readonly string[],
  runIDs: readonly string[],
  columns: readonly Column[],
  refetchInterval: number | false,
) =>
  queryOptions({
    queryKey: ["runs", "cells", runIDs, columns.map((c) => c.id)],
    queryFn: ({ signal }) => readCells(experimentIDs, runIDs, columns, signal),
    enabled: runIDs.length > 0 && columns.length > 0,
    refetchInterval,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });
