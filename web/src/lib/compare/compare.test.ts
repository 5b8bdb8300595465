import { describe, expect, test } from "vitest";
import type { Run } from "../../api/runs";
import { readColumn } from "../plots/item";
import { rankCorrelation } from "../plots/strength";
import { isDiffable, mergeListings, parentOf } from "./artifacts";
import { type DiffLine, diffLines, hunksOf, linesOf } from "./diff";
import { axisGroups, defaultAxes, itemsOf } from "./items";
import { bestValue, changeOf, compareRows, differs, isLowerBetter, orderBy, sectionsOf } from "./rows";

const run = (id: string, part: Partial<Run>): Run => ({
  ...{ id, name: id, experimentID: "1", user: "ana", status: "FINISHED", stage: "active" },
  ...{ startMS: 1000, endMS: 2000, artifactURI: "", metrics: {}, metricSteps: {}, params: {}, tags: {} },
  ...{ datasets: [], modelInputs: [], modelOutputs: [] },
  ...part,
});

describe("rows", () => {
  const runs = [
    run("a", {
      params: { lr: "0.1", depth: "3" },
      metrics: { loss: 0.5, acc: Number.NaN },
      tags: { t: "x" },
    }),
    run("b", {
      params: { lr: "0.2", seed: "1" },
      metrics: { loss: 0.5, acc: Number.NaN },
      tags: { "mlflow.x": "1" },
    }),
    run("c", { params: { lr: "0.1" }, tags: { "mlflow.source.git.commit": "abc" } }),
  ];

  test("a missing value is not a difference, and NaN equals NaN", () => {
    expect(differs(["1", undefined, "1"])).toBe(false);
    expect(differs([undefined, undefined])).toBe(false);
    expect(differs([Number.NaN, Number.NaN])).toBe(false);
    expect(differs([undefined, 1, 2])).toBe(true);
    expect(differs([0, Number.NaN])).toBe(true);
  });

  test("differing rows stand apart from equal ones, by kind", () => {
    const sections = sectionsOf(compareRows(runs, "last", {}));
    expect(sections.map(({ id }) => id)).toEqual(["params", "metrics", "attributes", "tags"]);
    expect(sections[0]!.differing.map(({ title }) => title)).toEqual(["lr"]);
    expect(sections[0]!.equal.map(({ title }) => title)).toEqual(["depth", "seed"]);
    expect(sections[2]!.equal.map(({ title }) => title)).toContain("Git commit");
    expect(sections[3]!.equal.map(({ title }) => title)).toEqual(["t"]);
    expect(sectionsOf(compareRows(runs, "last", {}), "DEP").map(({ id }) => id)).toEqual(["params"]);
  });

  test("metrics show the value that is wanted", () => {
    const values = (stat: "first" | "last", id: string) =>
      compareRows(runs.slice(0, 2), stat, { a: { loss: 9 } }).find((row) => row.id === id)!.values;
    expect(values("last", "metrics.loss")).toEqual([0.5, 0.5]);
    expect(values("first", "metrics.loss")).toEqual([9, undefined]);
  });

  test("the best of a loss is its least value", () => {
    for (const name of ["loss", "val/loss", "trainLoss", "val_rmse", "error_rate", "eval/WER"]) {
      expect(isLowerBetter(name), name).toBe(true);
    }
    for (const name of ["accuracy", "f1", "auc", "maestro", "flowers"]) {
      expect(isLowerBetter(name), name).toBe(false);
    }
  });

  test("the best value is marked where a name tells what is better", () => {
    const rows = compareRows(
      [
        run("a", { metrics: { "val/loss": 2, acc: 0.5, epoch: 3, same_loss: 1 } }),
        run("b", { metrics: { "val/loss": Number.NaN, acc: 0.7, epoch: 4, same_loss: 1 } }),
        run("c", { metrics: { "val/loss": 1 } }),
      ],
      "last",
      {},
    );
    const best = (title: string) => bestValue(rows.find((row) => row.title === title)!);
    expect([best("val/loss"), best("acc"), best("epoch"), best("same_loss")]).toEqual([
      1,
      0.7,
      undefined,
      undefined,
    ]);
    expect(best("Started")).toBeUndefined();
  });

  test("two runs have a change", () => {
    const rows = compareRows(
      [
        run("a", { params: { lr: "0.1", opt: "a" }, metrics: { loss: -2, zero: 0, one: 1 } }),
        run("b", { params: { lr: "0.2", opt: "b" }, metrics: { loss: -1, zero: 5 } }),
      ],
      "last",
      {},
    );
    const change = (id: string) => changeOf(rows.find((row) => row.id === id)!);
    expect(change("params.lr")).toEqual({ by: 0.1, share: 1 });
    expect(change("metrics.loss")).toEqual({ by: 1, share: 0.5 });
    expect(change("metrics.zero")).toEqual({ by: 5, share: undefined });
    expect([change("params.opt"), change("metrics.one"), change("attributes.start_time")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("runs order by a row, as numbers where they are, without a value last", () => {
    const row = (...values: (string | number | undefined)[]) => ({
      ...{ id: "x", section: "params" as const, title: "x", format: "text" as const, numeric: true },
      ...{ values, differs: true },
    });
    expect(orderBy(row("10", undefined, "9"), 3, false)).toEqual([2, 0, 1]);
    expect(orderBy(row("10", undefined, "9"), 3, true)).toEqual([0, 2, 1]);
    expect(orderBy(row(Number.NaN, 2, 1), 3, true)).toEqual([1, 2, 0]);
    expect(orderBy(undefined, 2, true)).toEqual([0, 1]);
  });
});

describe("line diff", () => {
  const short = (lines: readonly DiffLine[]) =>
    lines.map(({ kind, text }) => `${{ same: " ", removed: "-", added: "+" }[kind]}${text}`);
  const diff = (left: string, right: string) => short(diffLines([...left], [...right]));

  test("is shortest", () => {
    expect(diff("abc", "abc")).toEqual([" a", " b", " c"]);
    expect(diff("", "ab")).toEqual(["+a", "+b"]);
    expect(diff("ab", "")).toEqual(["-a", "-b"]);
    expect(diff("abcd", "axcd")).toEqual([" a", "-b", "+x", " c", " d"]);
    const edits = diff("abcabba", "cbabac").filter((line) => line[0] !== " ");
    expect(edits).toHaveLength(5);
  });

  test("gives back both texts, with their line numbers", () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const text = () => Array.from({ length: random(30) }, () => "abc"[random(3)]!);
      const [left, right] = [text(), text()];
      const lines = diffLines(left, right);
      expect(lines.flatMap((line) => (line.left ? [line.text] : []))).toEqual(left);
      expect(lines.flatMap((line) => (line.right ? [line.text] : []))).toEqual(right);
      expect(lines.flatMap((line) => line.left ?? [])).toEqual(left.map((_, i) => i + 1));
      expect(lines.flatMap((line) => line.right ?? [])).toEqual(right.map((_, i) => i + 1));
    }
  });

  test("stays quick where nothing is alike", () => {
    const left = Array.from({ length: 20_000 }, (_, i) => `a${i}`);
    const right = Array.from({ length: 20_000 }, (_, i) => `b${i}`);
    const start = performance.now();
    expect(diffLines(left, right)).toHaveLength(40_000);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test("equal lines far from differences fold", () => {
    const left = Array.from({ length: 20 }, (_, i) => String(i));
    const right = left.with(10, "x");
    const hunks = hunksOf(diffLines(left, right));
    expect(hunks.map(({ kind, lines }) => [kind, lines.length])).toEqual([
      ["fold", 7],
      ["lines", 8],
      ["fold", 6],
    ]);
    expect(hunksOf(diffLines(left, left)).map(({ kind }) => kind)).toEqual(["fold"]);
  });

  test("JSON is laid out with its keys in order; other text stays as it is", () => {
    expect(linesOf('{"b":1,"a":[{"d":1,"c":2}]}', true)).toEqual(
      linesOf('{"a":[{"c":2,"d":1}],\n"b":1}', true),
    );
    expect(linesOf("{broken", true)).toEqual(["{broken"]);
    expect(linesOf("a\r\nb\n", false)).toEqual(["a", "b"]);
    expect(linesOf("", false)).toEqual([]);
  });
});

describe("axes of the plots", () => {
  const runs = Array.from({ length: 20 }, (_, i) =>
    run(`r${i}`, {
      params: { noise: String((i * 7) % 20), lr: String(10 ** -(i % 5)), same: "1", opt: i % 2 ? "a" : "b" },
      metrics: { loss: i % 5, "system/cpu": i },
    }),
  );
  const items = itemsOf(runs);

  test("the setting that goes with the result comes first", () => {
    const axes = defaultAxes(runs, items);
    expect(axes).toMatchObject({ x: "params.lr", y: "metrics.loss", z: "params.noise" });
    expect(axes.parallel).toEqual(["params.opt", "params.noise", "params.lr", "metrics.loss"]);
  });

  test("there are axes for runs that have nothing, and for runs with metrics alone", () => {
    const bare = [run("a", {}), run("b", {})];
    expect(defaultAxes(bare, itemsOf(bare)).parallel).toHaveLength(2);
    const measured = [run("a", { metrics: { m: 1, n: 2 } }), run("b", { metrics: { m: 2, n: 3 } })];
    expect(defaultAxes(measured, itemsOf(measured))).toMatchObject({ x: "metrics.n", y: "metrics.m" });
  });

  test("equal keys and system metrics are offered last", () => {
    const groups = axisGroups(runs);
    expect(groups[0]!.keys.at(-1)).toBe("params.same");
    expect(groups[1]!.keys).toEqual(["metrics.loss", "metrics.system/cpu"]);
  });

  test("correlation is by rank and shares ties", () => {
    const column = (...values: number[]) =>
      readColumn(
        values.map((v, i) => ({ id: `${i}`, label: "", values: { v } })),
        "v",
      );
    expect(rankCorrelation(column(1, 2, 3), column(1, 10, 1000))).toBeCloseTo(1);
    expect(rankCorrelation(column(1, 2, 3), column(3, 2, 1))).toBeCloseTo(-1);
    expect(rankCorrelation(column(1, 1, 1), column(1, 2, 3))).toBe(0);
    expect(rankCorrelation(column(1, 1, 2, 2), column(1, 2, 1, 2))).toBe(0);
  });
});

test("folders of several runs merge, what most share first", () => {
  const file = (path: string, isDir = false) => ({ path, isDir, size: 1 });
  const merged = mergeListings([
    [file("b.txt"), file("plots", true), file("a.txt")],
    [file("b.txt"), file("plots", true)],
    [],
  ]);
  expect(merged.map(({ name, count }) => [name, count])).toEqual([
    ["plots", 2],
    ["b.txt", 2],
    ["a.txt", 1],
  ]);
  expect(["a.json", "b", "c.csv", "d.md", "e.patch", "f.ipynb"].every(isDiffable)).toBe(true);
  expect(["a.png", "b.html", "c.pkl", "d.mp4", "e.wav"].some(isDiffable)).toBe(false);
  expect([parentOf("a/b/c.txt"), parentOf("a.txt")]).toEqual(["a/b", ""]);
});
