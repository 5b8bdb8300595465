import { expect, test } from "vitest";
import type { ColumnKeys } from "../../api/runTable";
import { column } from "../runs/columns";
import { formatDuration } from "../text/format";
import { groupName, meanText, parseGrouping, statsText, tableGroupings } from "./groups";

const keys: ColumnKeys = {
  attributes: [],
  metrics: [{ key: "loss", runs: 2, varies: true }],
  params: [
    { key: "net", runs: 2, varies: false },
    { key: "seed", runs: 2, varies: true },
    { key: "lr", runs: 2, varies: true },
  ],
  tags: [
    { key: "team", runs: 1, varies: false },
    { key: "mlflow.user", runs: 2, varies: true },
  ],
  counts: { metrics: 1, params: 3, tags: 2 },
  runs: 2,
  bounded: false,
};

test("repetitions come first, then what differs", () => {
  expect(tableGroupings(keys).map((g) => g.id)).toEqual([
    "seeds",
    "params.lr",
    "params.seed",
    "tags.team",
    "attributes.user_id",
    "attributes.status",
    "attributes.source",
    "attributes.dataset",
    "params.net",
  ]);
  expect(tableGroupings({ ...keys, params: [] })[0]!.id).toBe("tags.team");
});

test("an address names a grouping", () => {
  expect(parseGrouping("seeds", keys)).toEqual({ by: [], allParams: true, but: ["seed"] });
  expect(parseGrouping("params.a.b", keys)).toMatchObject({ by: [{ kind: "params", key: "a.b" }] });
  expect(parseGrouping("attributes.status", keys)).toMatchObject({ by: [{ key: "status" }] });
  for (const id of ["", "metrics.loss", "attributes.start_time", "other"]) {
    expect(parseGrouping(id, keys)).toBeUndefined();
  }
});

test("a group is named by its values", () => {
  const lr = column("params", "lr");
  expect(groupName({ values: [{ column: lr, value: "0.1" }] })).toBe("lr 0.1");
  expect(groupName({ values: [{ column: lr, value: undefined }] })).toBe("no lr");
  const net = { column: column("params", "net"), value: undefined };
  expect(groupName({ values: [{ column: lr, value: "0.1" }, net] })).toBe("lr 0.1 · net –");
  expect(groupName({ values: [] })).toBe("all runs");
});

test("a mean has the decimals that its deviation leaves", () => {
  expect(meanText({ mean: 0.912345678, std: 0.021 })).toEqual(["0.912", "0.021"]);
  expect(meanText({ mean: 0.912345678, std: 0.00000012 })).toEqual(["0.912346", "1.2e−7"]);
  expect(meanText({ mean: 1234.5678, std: 12.3 })).toEqual(["1235", "12"]);
  expect(meanText({ mean: 0.001, std: 2.5 })).toEqual(["0.001", "2.5"]);
  expect(meanText({ mean: -0.5, std: 0.25 })).toEqual(["−0.5", "0.25"]);
  expect(meanText({ mean: 3, std: undefined })).toEqual(["3", ""]);
  expect(meanText({ mean: 3, std: 0 })).toEqual(["3", ""]);
  expect(meanText({ mean: Number.NaN, std: undefined })).toEqual(["NaN", ""]);
});

test("a summary in words", () => {
  const loss = column("metrics", "loss");
  expect(statsText({ mean: 2, std: 1, min: 1, max: 3, runs: 3 }, loss)).toBe("mean 2 ± 1, 1 to 3 (3 runs)");
  expect(statsText({ mean: 2, std: undefined, min: 2, max: 2, runs: 1 }, loss)).toBe("mean 2 (1 run)");
  expect(statsText({ distinct: 2 }, loss)).toBe("2 different values");
  const duration = column("attributes", "duration");
  const seconds = statsText({ mean: 5000, std: undefined, min: 5000, max: 5000, runs: 1 }, duration);
  expect(seconds).toBe(`mean ${formatDuration(5000)} (1 run)`);
});
