import { expect, test } from "vitest";
import type { PlotItem } from "../plots/item";
import { groupBands, type Spread, sampledAt } from "./bands";
import { groupingColumns, groupsOf } from "./groups";
import type { Point } from "./history";
import { studentT } from "./studentT";

const keys = {
  params: ["lr", "seed", "model"].map((key) => ({ key, runs: 3, varies: key !== "model" })),
};
const item = (id: string, values: PlotItem["values"]): PlotItem => ({ id, label: id, values });
const items = [
  item("a", { "params.lr": "0.1", "params.seed": "1", "tags.team": "red" }),
  item("b", { "params.lr": "0.1", "params.seed": "2" }),
  item("c", { "params.lr": "0.2", "params.seed": "1" }),
];

test("runs are grouped by a column, or by all params that differ but the seed", () => {
  const names = (id: string) => [...groupsOf(items, groupingColumns(id, keys)).values()];
  expect(names("seeds")).toEqual(["lr 0.1", "lr 0.1", "lr 0.2"]);
  expect(names("params.lr")).toEqual(["lr 0.1", "lr 0.1", "lr 0.2"]);
  expect(names("tags.team")).toEqual(["team red", "no team", "no team"]);
  const same = { params: keys.params.filter(({ key }) => key === "seed") };
  const [first] = groupsOf(items, groupingColumns("seeds", same)).values();
  expect(first).toBe("all runs");
});

test("a group has its mean and its spread", () => {
  const at = (step: number, value: number): Point => ({ step, time: step, value });
  const groups = [
    [
      [at(0, 1), at(2, 3)],
      [at(0, 3), at(2, 5)],
    ],
    [[at(1, 7)]],
  ];
  const range = groupBands(groups, "step", 50, "range");
  expect(range.xs).toEqual([0, 1, 2]);
  expect(range.columns.slice(0, 3)).toEqual([
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
  ]);
  expect(range.columns[4]).toEqual([null, 7, null]);
  const at0 = (spread: Spread) => groupBands(groups, "step", 50, spread).columns[2]![0];
  // Two values: their deviation is the root of 2, the error of their mean 1, and t is 12.7.
  expect(at0("sem")).toBeCloseTo(3);
  expect(at0("ci")).toBeCloseTo(2 + 12.7062);
  const std = groupBands(groups, "step", 50, "std");
  expect(std.columns[2]![0]).toBeCloseTo(2 + Math.SQRT2);
  expect(std.columns[3], "one run has no spread").toEqual([null, 7, null]);
});

test("members of a group are drawn at the places of its mean", () => {
  const line: Point[] = [1, 3].map((step) => ({ step, time: step, value: step * 10 }));
  expect(sampledAt([line], "step", [0, 1, 2, 3])).toEqual([[null, 10, 20, 30]]);
});

test("a confidence interval follows Student’s t", () => {
  // As tables of the distribution have them.
  for (const [freedom, t] of [
    [1, 12.7062],
    [10, 2.22814],
    [30, 2.04227],
    [31, 2.03951],
    [60, 2.0003],
    [120, 1.97993],
    [1e9, 1.95996],
  ] as const)
    expect(studentT(freedom), String(freedom)).toBeCloseTo(t, 5);
});
