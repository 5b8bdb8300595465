import { expect, test } from "vitest";
import type { FileTable } from "../../api/fileTables";
import { fileCodec, withoutFile } from "../view/file";
import { columnWidths, isNumericColumn } from "./grid";
import { fileKind } from "./kind";
import { tableFacts } from "./tableFacts";

test("columns are as wide as their texts, within limits", () => {
  const columns = [
    { name: "a", numeric: true },
    { name: "a long name of a column", numeric: false },
    { name: "c", type: "list<int64>", numeric: false },
    { name: "d", numeric: false },
  ];
  expect(columnWidths(columns, [["1", "x", null, "y".repeat(300)]])).toEqual([5, 23, 11, 48]);
  expect(columnWidths(columns, [])).toEqual([5, 23, 11, 5]);
});

test("a column of numbers has no other text", () => {
  const rows = [
    ["1", "1", "", "a"],
    ["-2e5", "x", "", null],
    ["", null, null, null],
  ];
  expect([0, 1, 2, 3].map((i) => isNumericColumn(rows, i))).toEqual([true, false, false, false]);
});

const table: FileTable = {
  format: "parquet",
  columns: [],
  columnOffset: 0,
  columnCount: 1,
  rows: [],
  rowNames: [],
  offset: 0,
  rowCount: 1_000_000,
  createdBy: "parquet-cpp-arrow version 26.0.1 (build 0)",
  rowGroups: 1,
  compression: "Snappy",
  array: "",
  head: undefined,
  arrays: [],
  arrayCount: 0,
};

test("facts of tables", () => {
  expect(tableFacts(table).join(" · ")).toBe(
    "1,000,000 rows · 1 column · 1 row group · Snappy · written by parquet-cpp-arrow version 26.0.1",
  );
  const head = {
    type: "float32",
    shape: [3, 4],
    count: 12,
    read: 10,
    nan: 1,
    min: "0",
    max: "9",
    mean: "4.5",
  };
  expect(tableFacts({ ...table, format: "npy", head }).join(" · ")).toBe(
    "float32 · 3 × 4 · min 0 · max 9 · mean 4.5 · 1 NaN · of the first 10 values",
  );
  const scalar = { ...head, shape: [], read: 1, count: 1, nan: 0, min: "", max: "", mean: "" };
  expect(tableFacts({ ...table, head: scalar })).toEqual(["float32", "one value"]);
  expect(tableFacts({ ...table, format: "npz", arrayCount: 2 })).toEqual(["2 arrays"]);
});

test("the address has the part of a file that is shown", () => {
  const view = { row: 200, column: 25, array: "layer/0" };
  expect(fileCodec.encode(view)).toEqual({ row: "200", col: "25", array: "layer/0" });
  expect(fileCodec.decode(fileCodec.encode(view))).toEqual(view);
  expect(fileCodec.encode(fileCodec.decode({ row: "-1", col: "x" }))).toEqual({});
  expect(withoutFile({ row: "1", col: "2", array: "a", live: "0" })).toEqual({ live: "0" });
});

test("kinds of files by their names", () => {
  const kinds = ["a.parquet", "b/W.NPY", "c.npz", "d.arrow", "e.csv", "f", "g.pkl"].map(fileKind);
  expect(kinds).toEqual(["table", "table", "table", "binary", "sheet", "text", "binary"]);
});
