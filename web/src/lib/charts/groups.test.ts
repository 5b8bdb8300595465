import { expect, test } from "vitest";
import type { PlotItem } from "../plots/item";
import { groupBands } from "./bands";
import { groupingsOf, groupsOf } from "./groups";
import type { Point } from "./history";

const keys = {
  params: ["lr", "seed", "model"].map((key) => ({ key, runs: 3, varies: key !== "model" })),
  tags: ["team", "mlflow.user"].map((key) => ({ key, runs: 1, varies: false })),
};
const item = (id: string, values: PlotItem["values"]): PlotItem => ({ id, label: id, values });
const items = [
  item("a", { "params.lr": "0.1", "params.seed": "1", "tags.team": "red" }),
  item("b", { "params.lr": "0.1", "params.seed": "2" }),
  item("c", { "params.lr": "0.2", "params.seed": "1" }),
];

test("runs can be grouped by what differs, and by all but the seed", () => {
  const groupings = groupingsOf(keys);
  expect(groupings.map(({ id }) => id)).toEqual(["seeds", "params.lr", "params.seed", "tags.team"]);
  const names = (id: string) => [...groupsOf(items, groupings.find((g) => g.id === id)!).values()];
  expect(names("seeds")).toEqual(["lr 0.1", "lr 0.1", "lr 0.2"]);
  expect(names("params.lr")).toEqual(["lr 0.1", "lr 0.1", "lr 0.2"]);
  expect(names("tags.team")).toEqual(["team red", "no team", "no team"]);
  const same = groupingsOf({ ...keys, params: keys.params.filter(({ key }) => key === "seed") });
  expect([...groupsOf(items, same[0]!).values()]).toEqual(["all runs", "all runs", "all runs"]);
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
  const std = groupBands(groups, "step", 50, "std");
  expect(std.columns[2]![0]).toBeCloseTo(2 + Math.SQRT2);
  expect(std.columns[3], "one run has no spread").toEqual([null, 7, null]);
});
