// Queries of the table of runs, as query options.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Column } from "../lib/runs/columns";
import { columnValues, type KeyQuery, tableKeys } from "./runTable";

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
