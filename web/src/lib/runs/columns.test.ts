import { expect, test } from "vitest";
import type { Run } from "../../api/runs";
import { column, keysOf, parseColumn, quoteKey, searchName, varyingKeys } from "./columns";

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

test("parameters vary when two runs have different values; a missing value is none", () => {
  expect([...varyingKeys([a, b], "params")]).toEqual(["lr"]);
  expect([...varyingKeys([a, b, c], "params")]).toEqual(["lr"]);
  expect(varyingKeys([a], "params").size).toBe(0);
  expect(varyingKeys([], "params").size).toBe(0);
});

test("parents do not take part in differences", () => {
  const child = run("child", { params: { lr: "0.2" }, tags: { "mlflow.parentRunId": "a" } });
  expect(varyingKeys([a, child], "params").size).toBe(0);
  expect([...varyingKeys([a, b, child], "params")]).toEqual([]);
});

test("NaN equals NaN when looking for differences", () => {
  const d = run("d", { metrics: { loss: Number.NaN } });
  expect(varyingKeys([c, d], "metrics").size).toBe(0);
  expect(varyingKeys([a, c], "metrics")).toContain("loss");
});

test("the commonest keys come first", () => {
  expect(keysOf([a, b, c], "params")).toEqual(["lr", "model", "extra"]);
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

test("ids of columns with other values than the last survive", () => {
  for (const c of [
    column("metrics", "loss", "min"),
    column("metrics", "a:b", "first"),
    column("metrics", "val/acc", "max", "val/loss"),
    column("metrics", "acc", "min", "a@b:c metrics.x"),
    column("metrics", "min:metrics.x"),
    column("params", "min:metrics.x"),
  ]) {
    expect(parseColumn(c.id)).toEqual(c);
  }
  expect(column("metrics", "acc", "min", "loss")).toMatchObject({
    id: "min@loss:metrics.acc",
    title: "acc at min loss",
  });
  expect(searchName(column("metrics", "loss", "min"))).toBeUndefined();
  expect(parseColumn("min:params.x")).toBeUndefined();
  expect(parseColumn("min@%:metrics.x")).toMatchObject({ key: "x", by: undefined });
  expect(parseColumn("attributes.nothing")).toBeUndefined();
});
