import { describe, expect, test } from "vitest";
import type { PlotItem } from "../plots/item";
import { type Card, cardKinds, kindInfo, lacks, nextID, titleOf } from "./card";
import { asKind, type Choices, usualCard } from "./defaults";
import { candidatesOf, suggestedCards } from "./suggest";

const choices: Choices = {
  columns: {
    metrics: ["metrics.epoch", "metrics.val/loss", "metrics.acc"],
    params: ["params.lr", "params.depth"],
    tags: [],
    attributes: ["attributes.duration", "attributes.status"],
  },
  runs: [{ id: "r1" }, { id: "r2" }],
};

describe("a card", () => {
  test("of each kind can be drawn at once, and as any other kind", () => {
    for (const kind of cardKinds) {
      const card = usualCard("*1", kind, choices);
      expect(lacks(card), kind).toBeUndefined();
      expect(titleOf(card), kind).not.toBe("");
      for (const other of cardKinds) expect(lacks(asKind(card, other, choices)), other).toBeUndefined();
    }
  });

  test("begins with the result that matters, not with a counter", () => {
    expect(usualCard("*1", "scatter", choices).columns).toEqual(["params.lr", "metrics.val/loss"]);
    expect(usualCard("*1", "difference", choices)).toMatchObject({ base: "r1" });
  });

  test("says what it lacks", () => {
    const card = (kind: Card["kind"], columns: string[]): Card => ({ id: "*1", kind, columns });
    expect(lacks(card("scatter", ["params.lr"]))).toBe("Choose y.");
    expect(lacks(card("line", []))).toBe("Choose metrics.");
    expect(lacks(card("parallel", ["params.lr"]))).toBe("Choose 2 axes or more.");
    expect(kindInfo.images.slots).toEqual([]);
  });

  test("keeps what it draws when another kind can draw it", () => {
    const scatter: Card = {
      id: "*2",
      kind: "scatter",
      columns: ["params.depth", "metrics.acc"],
      title: "mine",
    };
    expect(asKind(scatter, "box", choices)).toEqual({ ...scatter, kind: "box" });
    expect(asKind(scatter, "line", choices).columns).toEqual(["metrics.val/loss"]);
  });

  test("has an id of its own", () => {
    expect(nextID([])).toBe("*1");
    expect(nextID([{ id: "*7", kind: "images", columns: [] }])).toBe("*8");
  });
});

describe("the suggested card", () => {
  const keys = (names: string[]) => names.map((key) => ({ key, runs: 20, varies: key !== "same" }));
  const items = (count: number, values: (i: number) => PlotItem["values"]): PlotItem[] =>
    Array.from({ length: count }, (_, i) => ({ id: `r${i}`, label: `run ${i}`, values: values(i) }));

  test("needs ten runs, a setting that differs and a result", () => {
    const both = { params: keys(["lr", "same"]), metrics: ["loss", "epoch"] };
    expect(candidatesOf(both, 9)).toEqual([]);
    expect(candidatesOf(both, 10)).toEqual(["params.lr", "metrics.loss"]);
    expect(candidatesOf({ ...both, params: keys(["same"]) }, 10)).toEqual([]);
    expect(candidatesOf({ ...both, metrics: ["epoch", "system/cpu"] }, 10)).toEqual([]);
  });

  test("has the settings that decide beside the result", () => {
    const runs = items(20, (i) => ({
      "params.lr": String(i),
      "params.noise": String((i * 7) % 5),
      "params.same": "1",
      "metrics.loss": 20 - i,
    }));
    const [card] = suggestedCards(runs, ["params.lr", "params.noise", "params.same", "metrics.loss"]);
    expect(card).toEqual({
      id: "*1",
      kind: "parallel",
      columns: ["params.noise", "params.lr", "metrics.loss"],
    });
  });

  test("is a box for each value of a single setting in words, unless each run has its own", () => {
    const candidates = ["params.opt", "metrics.loss"];
    const words = items(20, (i) => ({
      "params.opt": ["sgd", "adam"][i % 2],
      "metrics.loss": (i % 2) * 9 + i / 20,
    }));
    expect(suggestedCards(words, candidates)).toMatchObject([{ kind: "box", columns: candidates }]);
    const notes = items(20, (i) => ({ "params.opt": `run ${i}`, "metrics.loss": i }));
    expect(suggestedCards(notes, candidates)).toEqual([]);
  });

  test("is a scatter plot of a single setting, if that tells anything", () => {
    const candidates = ["params.lr", "metrics.loss"];
    const told = items(20, (i) => ({ "params.lr": String(i), "metrics.loss": i * i }));
    expect(suggestedCards(told, candidates)).toMatchObject([{ kind: "scatter", columns: candidates }]);
    const chance = items(20, (i) => ({ "params.lr": String(i), "metrics.loss": i % 2 }));
    expect(suggestedCards(chance, candidates)).toEqual([]);
    expect(
      suggestedCards(
        items(20, () => ({ "params.lr": "1" })),
        candidates,
      ),
    ).toEqual([]);
  });
});
