import { expect, test } from "vitest";
import type { LoggedModel } from "../../api/models";
import type { ModelChange, ModelVersion, VersionMetric } from "../../api/registry";
import type { Run } from "../../api/runs";
import {
  championOf,
  championReason,
  changeText,
  compareMetrics,
  compareRecords,
  compareTags,
  keyMetric,
  keyRunMetric,
  latestMetrics,
  metricKeys,
  performance,
  registeredAs,
} from "./registry";

const metric = (key: string, value: number, part: Partial<VersionMetric> = {}): VersionMetric => ({
  key,
  value,
  step: 0,
  timeMS: 0,
  datasetName: "",
  datasetDigest: "",
  ...part,
});

const version = (number: number, part: Partial<ModelVersion> = {}): ModelVersion => ({
  name: "m",
  version: String(number),
  stage: "None",
  aliases: [],
  createdMS: 0,
  updatedMS: 0,
  description: "",
  status: "READY",
  statusMessage: "",
  source: "",
  runID: "",
  runName: "",
  experimentID: "",
  experimentName: "",
  modelID: "",
  user: "",
  tags: {},
  metrics: [],
  datasets: [],
  ...part,
});

test("the champion is the alias, else Production, else the newest other", () => {
  const plain = [version(9), version(10), version(2)];
  expect(championOf(plain)?.version).toBe("10");
  expect(championOf(plain, "10")?.version).toBe("9");
  expect(championReason(plain[0]!)).toBe("");
  const staged = [...plain, version(3, { stage: "Production" }), version(4, { stage: "Production" })];
  expect(championOf(staged)?.version).toBe("4");
  const crowned = [...staged, version(1, { aliases: ["champion"] })];
  expect(championOf(crowned)?.version).toBe("1");
  expect(championReason(championOf(crowned)!)).toBe("champion");
  expect(championOf(crowned, "1")?.version).toBe("4");
  expect(championOf([version(1)], "1")).toBeUndefined();
});

test("of each metric and dataset the last value counts, without system metrics", () => {
  const v = version(1, {
    metrics: [
      metric("acc", 0.5, { step: 2 }),
      metric("acc", 0.7, { step: 9 }),
      metric("acc", 0.6, { step: 3 }),
      metric("acc", 0.1, { datasetName: "test" }),
      metric("system/cpu", 50),
    ],
  });
  expect(latestMetrics(v).map((m) => [m.key, m.datasetName, m.value])).toEqual([
    ["acc", "", 0.7],
    ["acc", "test", 0.1],
  ]);
});

test("metrics of evaluation come before those of training", () => {
  const metrics = ["accuracy", "val/loss", "train/loss", "eval_acc", "interval"].map((k) => metric(k, 1));
  expect(metricKeys([version(1, { metrics })])).toEqual([
    "eval_acc",
    "val/loss",
    "accuracy",
    "interval",
    "train/loss",
  ]);
});

test("performance has a line for each dataset, in order of versions", () => {
  const of = (number: number, ...values: [string, number][]) =>
    version(number, { metrics: values.map(([datasetName, v]) => metric("acc", v, { datasetName })) });
  const versions = [of(10, ["b", 3]), of(2, ["a", 1], ["b", 2])];
  const steps = (dataset: string) =>
    performance(versions, "acc", dataset).map((l) => [l.dataset, l.points.map((p) => [p.step, p.value])]);
  expect(steps("")).toEqual([
    ["a", [[2, 1]]],
    [
      "b",
      [
        [2, 2],
        [10, 3],
      ],
    ],
  ]);
  expect(steps("a")).toEqual([["a", [[2, 1]]]]);
});

test("one dataset measured under two digests counts once, with the later value", () => {
  const metrics = [
    metric("acc", 1, { datasetName: "a", datasetDigest: "new", timeMS: 20 }),
    metric("acc", 2, { datasetName: "a", datasetDigest: "old", timeMS: 10 }),
  ];
  const lines = performance([version(1, { metrics })], "acc", "");
  expect(lines.map((l) => l.points.map((p) => p.value))).toEqual([[1]]);
});

test("differences come first; what one side lacks is a difference; NaN equals NaN", () => {
  expect(
    compareRecords([
      { a: 1, b: 2, n: Number.NaN },
      { a: 1, c: 3, n: Number.NaN },
      { a: 1, b: 2, n: Number.NaN },
    ]),
  ).toEqual([
    { key: "b", values: [2, undefined, 2], same: false },
    { key: "c", values: [undefined, 3, undefined], same: false },
    { key: "a", values: [1, 1, 1], same: true },
    { key: "n", values: [Number.NaN, Number.NaN, Number.NaN], same: true },
  ]);
  const a = version(1, {
    metrics: [metric("acc", 1, { datasetName: "x" })],
    tags: { t: "1", "mlflow.y": "0" },
  });
  const b = version(2, { metrics: [metric("acc", 2, { datasetName: "x" })], tags: { t: "2" } });
  expect(compareMetrics([a, b])).toEqual([{ key: "acc on x", values: [1, 2], same: false }]);
  expect(compareTags([a, b])).toEqual([{ key: "t", values: ["1", "2"], same: false }]);
});

test("log entries read as sentences", () => {
  const change = (part: Partial<ModelChange>): ModelChange => ({
    id: 1,
    version: "2",
    kind: "stage",
    from: "",
    to: "",
    alias: "",
    user: "",
    comment: "",
    timeMS: 0,
    ...part,
  });
  expect(changeText(change({ from: "None", to: "Staging" }))).toBe("moved from None to Staging");
  const alias = { kind: "alias", alias: "champion" } as const;
  expect(changeText(change({ ...alias, to: "2" }))).toBe("alias champion given to version 2");
  expect(changeText(change({ ...alias, from: "1", to: "2" }))).toBe(
    "alias champion moved from version 1 to 2",
  );
  expect(changeText(change({ ...alias, from: "1" }))).toBe("alias champion removed from version 1");
  expect(changeText(change({ kind: "version", to: "created" }))).toBe("version 2 created");
  expect(changeText(change({ kind: "model", from: "a", to: "b" }))).toBe("model renamed from a to b");
});

test("a logged model tells its key metric and where it is registered", () => {
  const model = {
    metrics: [
      { ...metric("loss", 1), runID: "" },
      { ...metric("test_acc", 0.5, { step: 1 }), runID: "" },
      { ...metric("test_acc", 0.9, { step: 2 }), runID: "" },
    ],
    tags: { "mlflow.modelVersions": '[{"name": "m", "version": 3}, null, {"name": 1}]' },
  } as unknown as LoggedModel;
  expect(keyMetric(model)).toMatchObject({ key: "test_acc", value: 0.9 });
  expect(registeredAs(model)).toEqual([{ name: "m", version: "3" }]);
  expect(registeredAs({ ...model, tags: { "mlflow.modelVersions": "{" } })).toEqual([]);
  expect(keyMetric({ ...model, metrics: [] })).toBeUndefined();
  const run = { metrics: { "system/cpu": 1, loss: 2, val_loss: 3 }, metricSteps: {} } as unknown as Run;
  expect(keyRunMetric(run)).toMatchObject({ key: "val_loss", value: 3 });
});
