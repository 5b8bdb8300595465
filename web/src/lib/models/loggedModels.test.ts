import { describe, expect, test } from "vitest";
import type { LoggedModel, ModelMetric } from "../../api/models";
import type { Run } from "../../api/runs";
import { modelLabel, shownMetrics, unregistrable } from "./loggedModels";

const metric = (part: Partial<ModelMetric>): ModelMetric => ({
  key: "loss",
  value: 0.9,
  step: 0,
  timeMS: 1,
  datasetName: "",
  datasetDigest: "",
  runID: "r",
  ...part,
});

const model = (metrics: ModelMetric[], status = "READY") =>
  ({ id: "m-1", name: "model", metrics, status }) as unknown as LoggedModel;

const run = (outputs: { modelID: string; step: number }[]) =>
  ({
    id: "r",
    name: "resnet",
    metrics: { loss: 0.1 },
    metricSteps: { loss: 9 },
    modelOutputs: outputs,
  }) as unknown as Run;

describe("metrics of a logged model", () => {
  const values = (m: LoggedModel, r?: Run) => shownMetrics(m, r).map((x) => `${x.value}@${x.step}`);

  test("a value of step 0 is the beginning of the run's curve", () => {
    expect(values(model([metric({})]), run([{ modelID: "m-1", step: 0 }]))).toEqual(["0.1@9"]);
  });

  test("a checkpoint has the values of its step", () => {
    const checkpoints = run([
      { modelID: "m-1", step: 0 },
      { modelID: "m-2", step: 5 },
    ]);
    expect(values(model([metric({})]), checkpoints)).toEqual(["0.9@0"]);
  });

  test("an evaluation on a dataset, a later step and an unknown run change nothing", () => {
    const known = run([{ modelID: "m-1", step: 0 }]);
    expect(values(model([metric({ datasetName: "val" })]), known)).toEqual(["0.9@0"]);
    expect(values(model([metric({}), metric({ step: 3, value: 0.5 })]), known)).toEqual(["0.5@3"]);
    expect(values(model([metric({})]))).toEqual(["0.9@0"]);
  });
});

test("a model is named by its run and its step", () => {
  expect(modelLabel(model([]), run([{ modelID: "m-1", step: 0 }]))).toBe("model · resnet");
  expect(modelLabel(model([]), run([{ modelID: "m-1", step: 1200 }]))).toBe("model · resnet · step 1,200");
  expect(modelLabel(model([]), undefined)).toBe("model");
});

test("a model whose upload failed cannot be registered", () => {
  expect(unregistrable(model([], "UPLOAD_FAILED"))).toMatch(/failed/);
  expect(unregistrable(model([]))).toBeUndefined();
});
