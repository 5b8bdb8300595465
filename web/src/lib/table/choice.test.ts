import { expect, test } from "vitest";
import type { ColumnKeys, KeyInfo } from "../../api/runTable";
import { automaticColumns, availableColumns, moveColumn, replaceColumn, shownColumns } from "./choice";

const key = (text: string, runs = 3): KeyInfo => ({
  key: text.replace("*", ""),
  runs,
  varies: text.endsWith("*"),
});

const keys: ColumnKeys = {
  attributes: [key("status"), key("user_id*"), key("source"), key("dataset", 0)],
  metrics: [key("m10"), key("m9*"), key("system/cpu*"), { ...key("a"), runs: 0 }],
  params: [key("lr*"), key("model")],
  tags: [key("mlflow.runName*"), key("team*")],
  counts: { metrics: 3, params: 2, tags: 2 },
  runs: 3,
  bounded: false,
};
const ids = (list: readonly { id: string }[]) => list.map((c) => c.id);

test("automatic columns leave out constant parameters and system metrics", () => {
  expect(ids(automaticColumns(keys))).toEqual([
    "attributes.start_time",
    "attributes.duration",
    "metrics.m9",
    "metrics.m10",
    "metrics.a",
    "params.lr",
    "attributes.user_id",
    "attributes.source",
  ]);
});

test("metrics that say how good a run is come first", () => {
  const metrics = ["acc", "epoch", "lr", "train/loss", "val/loss"].map((k) => key(k));
  const shown = ids(automaticColumns({ ...keys, metrics })).filter((id) => id.startsWith("metrics."));
  expect(shown.slice(-2)).toEqual(["metrics.epoch", "metrics.lr"]);
  expect(shown[0]).toBe("metrics.val/loss");
});

test("one run alone shows all its parameters", () => {
  const params = [key("lr"), key("model")];
  expect(ids(automaticColumns({ ...keys, params, runs: 1 }))).toContain("params.model");
  expect(ids(automaticColumns({ ...keys, params }))).not.toContain("params.model");
});

test("differences only drops every column with one value", () => {
  expect(ids(shownColumns(keys, undefined, true))).toEqual([
    "attributes.user_id",
    "metrics.m9",
    "params.lr",
    "tags.team",
  ]);
  expect(ids(shownColumns(keys, ["params.model", "min:metrics.m9", "metrics.m10"], true))).toEqual([
    "min:metrics.m9",
  ]);
});

test("a column that the cut list of keys lacks is kept among the differences", () => {
  const cut = { ...keys, counts: { ...keys.counts, params: 1500 } };
  expect(ids(shownColumns(cut, ["params.rare", "metrics.rare"], true))).toEqual(["params.rare"]);
});

test("chosen columns keep their order, and unknown ids are dropped", () => {
  expect(ids(shownColumns(keys, ["params.lr", "bogus", "metrics.gone"], false))).toEqual([
    "params.lr",
    "metrics.gone",
  ]);
});

test("tags that MLflow keeps for itself are not offered", () => {
  expect(ids(availableColumns(keys))).not.toContain("tags.mlflow.runName");
});

test("columns move before others", () => {
  expect(moveColumn(["a", "b", "c"], "c", "a")).toEqual(["c", "a", "b"]);
  expect(moveColumn(["a", "b", "c"], "a", "c")).toEqual(["b", "a", "c"]);
  expect(moveColumn(["a", "b"], "a", undefined)).toEqual(["b", "a"]);
  expect(moveColumn(["a", "b"], "a", "a")).toEqual(["a", "b"]);
  expect(moveColumn(["a", "b"], "a", "none")).toEqual(["b", "a"]);
  expect(replaceColumn(["a", "b", "c"], "b", "x")).toEqual(["a", "x", "c"]);
  expect(replaceColumn(["a", "b", "c"], "b", "c")).toEqual(["a", "c"]);
});
