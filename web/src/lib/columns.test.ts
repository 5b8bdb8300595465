import { expect, test } from "vitest";
import type { Run } from "../api/runs";
import {
  automaticColumns,
  cellText,
  column,
  keysOf,
  parseColumn,
  quoteKey,
  searchName,
  shownColumns,
  varyingKeys,
} from "./columns";

function run(id: string, part: Partial<Run> = {}): Run {
  return {
    id,
    name: id,
    experimentID: "1",
    user: "ana",
    status: "FINISHED",
    stage: "active",
    startMS: 1000,
    endMS: 3000,
    artifactURI: "",
    metrics: {},
    metricSteps: {},
    params: {},
    tags: {},
    datasets: [],
    modelInputs: [],
    modelOutputs: [],
    ...part,
  };
}

const a = run("a", { params: { lr: "0.1", model: "cnn" }, metrics: { loss: 1, "system/cpu": 5 } });
const b = run("b", { params: { lr: "0.2", model: "cnn" }, metrics: { loss: 1, f1: 0.5 } });
const c = run("c", { params: { lr: "0.2", model: "cnn", extra: "x" }, metrics: { loss: Number.NaN } });

test("parameters vary when a value differs or is missing somewhere", () => {
  expect([...varyingKeys([a, b], "params")]).toEqual(["lr"]);
  expect([...varyingKeys([a, b, c], "params")].sort()).toEqual(["extra", "lr"]);
  expect(varyingKeys([c, a], "params")).toContain("extra");
  expect(varyingKeys([a], "params").size).toBe(0);
  expect(varyingKeys([], "params").size).toBe(0);
});

test("NaN equals NaN when looking for differences", () => {
  const d = run("d", { metrics: { loss: Number.NaN } });
  expect(varyingKeys([c, d], "metrics").size).toBe(0);
  expect(varyingKeys([a, c], "metrics")).toContain("loss");
});

test("the commonest keys come first", () => {
  expect(keysOf([a, b, c], "params")).toEqual(["lr", "model", "extra"]);
});

test("automatic columns leave out constant parameters and system metrics", () => {
  const ids = automaticColumns([a, b]).map((x) => x.id);
  expect(ids).toContain("params.lr");
  expect(ids).not.toContain("params.model");
  expect(ids).toContain("metrics.loss");
  expect(ids).not.toContain("metrics.system/cpu");
});

test("a parent run without parameters does not make all of them vary", () => {
  const ids = automaticColumns([a, b, run("parent")]).map((x) => x.id);
  expect(ids).toContain("params.lr");
  expect(ids).not.toContain("params.model");
  const differing = shownColumns([a, b, run("parent")], undefined, true).map((x) => x.id);
  expect(differing).toEqual(["metrics.f1", "params.lr"]);
});

test("one run alone shows all its parameters", () => {
  expect(automaticColumns([a]).map((x) => x.id)).toContain("params.model");
});

test("diff only drops every column with one value", () => {
  expect(shownColumns([a, b], undefined, true).map((x) => x.id)).toEqual(["metrics.f1", "params.lr"]);
  expect(shownColumns([a, b], ["params.model", "params.lr"], true).map((x) => x.id)).toEqual(["params.lr"]);
});

test("chosen columns keep their order, and unknown ids are dropped", () => {
  expect(shownColumns([a], ["params.lr", "bogus", "metrics.loss"], false).map((x) => x.id)).toEqual([
    "params.lr",
    "metrics.loss",
  ]);
});

test("parameters line up as numbers only if all of them are", () => {
  const numeric = (runs: Run[]) => shownColumns(runs, ["params.lr"], false)[0]!.numeric;
  expect(numeric([a, b, run("none")])).toBe(true);
  expect(numeric([a, run("x", { params: { lr: "auto" } })])).toBe(false);
  expect(numeric([a, run("x", { params: { lr: "" } })])).toBe(false);
});

test("column ids split at the first dot", () => {
  expect(parseColumn("tags.mlflow.user")).toMatchObject({ kind: "tags", key: "mlflow.user" });
  expect(parseColumn("nothing")).toBeUndefined();
});

test("names in the search grammar are quoted only where they must be", () => {
  expect(searchName(column("metrics", "loss"))).toBe("metrics.loss");
  expect(searchName(column("metrics", "val/loss"))).toBe("metrics.`val/loss`");
  expect(searchName(column("attributes", "duration"))).toBeUndefined();
  expect(quoteKey("a`b")).toBe('"a`b"');
  expect(quoteKey("2nd")).toBe("`2nd`");
});

test("cell texts", () => {
  expect(cellText(a, column("attributes", "duration"))).toBe("2000");
  expect(cellText(a, column("metrics", "f1"))).toBe("");
  expect(
    cellText(run("e", { tags: { "mlflow.source.name": "/x/train.py" } }), column("attributes", "source")),
  ).toBe("train.py");
});
