import { expect, test } from "vitest";
import type { Run } from "../../api/runs";
import { groupBands } from "./bands";
import { groupingsOf, groupsOf } from "./groups";
import type { Point } from "./history";

const run = (id: string, params: Record<string, string>, tags: Record<string, string> = {}) =>
  ({ id, name: id, params, tags, metrics: {} }) as unknown as Run;

const runs = [
  run("a", { lr: "0.1", seed: "1", model: "x" }, { team: "red", "mlflow.user": "ana" }),
  run("b", { lr: "0.1", seed: "2", model: "x" }),
  run("c", { lr: "0.2", seed: "1", model: "x" }),
];

test("runs can be grouped by what differs, and by all but the seed", () => {
  expect(groupingsOf(runs).map(({ id }) => id)).toEqual(["seeds", "params.lr", "params.seed", "tags.team"]);
  expect([...groupsOf(runs, "seeds").values()]).toEqual(["lr 0.1", "lr 0.1", "lr 0.2"]);
  expect([...groupsOf(runs, "params.lr").values()]).toEqual(["lr 0.1", "lr 0.1", "lr 0.2"]);
  expect([...groupsOf(runs, "tags.team").values()]).toEqual(["team red", "no team", "no team"]);
  expect([...groupsOf(runs.slice(0, 2), "seeds").values()]).toEqual(["all runs", "all runs"]);
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
