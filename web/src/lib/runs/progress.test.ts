import { expect, test } from "vitest";
import { progressOf } from "./progress";

const run = (params: Record<string, string>, metricSteps: Record<string, number>) => ({
  params,
  metricSteps,
});

test("the step of a run, and what it leads to", () => {
  expect(progressOf(run({ epochs: "50" }, { loss: 10, acc: 9 }))).toEqual({
    step: 10,
    total: 50,
    unit: "epochs",
  });
  expect(progressOf(run({ "trainer/max_epochs": "8" }, { loss: 3 }))).toMatchObject({
    total: 8,
    unit: "max_epochs",
  });
});

test("a total in another unit is not used", () => {
  expect(progressOf(run({ epochs: "3" }, { loss: 900 }))).toMatchObject({ step: 900, total: undefined });
  expect(progressOf(run({ epochs: "3", max_steps: "1000" }, { loss: 900 }))).toMatchObject({ total: 1000 });
  expect(progressOf(run({ epochs: "many" }, { loss: 2 }))).toMatchObject({ total: undefined });
});

test("a run without steps has no progress", () => {
  expect(progressOf(run({ epochs: "3" }, {}))).toBeUndefined();
  expect(progressOf(run({ epochs: "3" }, { loss: 0, "system/cpu": 70 }))).toBeUndefined();
});
