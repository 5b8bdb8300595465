import type { FileSource } from "./artifacts";
import { millrace } from "./client";

export interface TableColumn {
  name: string;
  type: string;
  numeric: boolean;
}

/** An array of an .npz file. */
export interface ArrayInfo {
  name: string;
  type: string;
  shape: readonly number[];
  error: string;
}

/** What is known of an array; the statistics are those of its first values. */
export interface ArrayHead {
  type: string;
  shape: readonly number[];
  count: number;
  read: number;
  nan: number;
  min: string;
  max: string;
  mean: string;
}

/** A part of the table in a binary file. */
export interface FileTable {
  format: string;
  columns: TableColumn[];
  columnOffset: number;
  columnCount: number;
  rows: (string | null)[][];
  rowNames: string[];
  offset: number;
  rowCount: number;
  createdBy: string;
  rowGroups: number;
  compression: string;
  array: string;
  head: ArrayHead | undefined;
  arrays: ArrayInfo[];
  arrayCount: number;
}

export interface FileWindow {
  row: number;
  column: number;
  array: string;
}

interface WireFileTable {
  format: string;
  columns?: { name: string; type: string; numeric?: boolean }[];
  column_offset?: number;
  column_count: number;
  rows?: (string | null)[][];
  row_names?: string[];
  offset?: number;
  row_count: number;
  created_by?: string;
  row_groups?: number;
  compression?: string;
  array?: string;
  head?: Partial<ArrayHead> & { type: string; count: number };
  arrays?: { name: string; type?: string; shape?: number[]; error?: string }[];
  array_count?: number;
}

/** How many rows and columns of a table in a file are read at a time. */
export const fileTableRows = 200;
export const fileTableColumns = 25;

export async function readFileTable(
  source: FileSource,
  path: string,
  { row, column, array }: FileWindow,
  signal?: AbortSignal,
): Promise<FileTable> {
  const wire = await millrace.get<WireFileTable>(
    "artifacts/table",
    {
      ...source.place(path),
      array: array || undefined,
      offset: row || undefined,
      max_results: fileTableRows,
      column_offset: column || undefined,
      max_columns: fileTableColumns,
    },
    signal,
  );
  return {
    format: wire.format,
    columns: (wire.columns ?? []).map((c) => ({ ...c, numeric: c.numeric ?? false })),
    columnOffset: wire.column_offset ?? 0,
    columnCount: wire.column_count,
    rows: wire.rows ?? [],
    rowNames: wire.row_names ?? [],
    offset: wire.offset ?? 0,
    rowCount: wire.row_count,
    createdBy: wire.created_by ?? "",
    rowGroups: wire.row_groups ?? 0,
    compression: wire.compression ?? "",
    array: wire.array ?? "",
    head: wire.head && { shape: [], read: 0, nan: 0, min: "", max: "", mean: "", ...wire.head },
    arrays: (wire.arrays ?? []).map((a) => ({ type: "", shape: [], error: "", ...a })),
    arrayCount: wire.array_count ?? 0,
  };
}
