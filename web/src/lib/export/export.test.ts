import { expect, test } from "vitest";
import { parseSheet } from "../files/sheet";
import { csvOf } from "./csv";
import { fileName } from "./save";

test("rows survive CSV", () => {
  const rows = [
    ["name", 'quo"te', "a,b"],
    ["line\nbreak", " padded ", ""],
  ];
  const { header, rows: body } = parseSheet(csvOf(rows), ",", 10);
  expect([header, ...body]).toEqual(rows);
});

test("a missing value is an empty cell, other values are written in full", () => {
  expect(csvOf([[undefined, 0.1 + 0.2, Number.NaN, -1e-12, Number.NEGATIVE_INFINITY]])).toBe(
    ",0.30000000000000004,NaN,-1e-12,-Infinity\r\n",
  );
});

test("cells that spreadsheets would run are text", () => {
  for (const text of ["=1+1", "+cmd|'/c calc'!A0", "-2+3", "@SUM(A1)", "\tx", "-", "+1x"]) {
    expect(csvOf([[text]]).replace(/^"/, "")).toMatch(/^'/);
  }
  for (const text of ["-0.5", "+3", "-1e-5", "-.5", "-Infinity", "a=b", "1-2"]) {
    expect(csvOf([[text]])).toBe(`${text}\r\n`);
  }
});

test("file names hold nothing that a file system refuses", () => {
  expect(fileName("train/loss: run *1*.csv")).toBe("train_loss_ run _1_.csv");
  expect(fileName("../..")).toBe("_");
  expect(fileName("")).toBe("file");
  const long = fileName(`${"x".repeat(300)}.csv`);
  expect(long).toHaveLength(120);
  expect(long.endsWith(".csv")).toBe(true);
});
