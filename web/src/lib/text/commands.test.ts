import { expect, test } from "vitest";
import { type Command, findCommands, isRunID, runNameFilter, scoreOf } from "./commands";

const command = (title: string, more: Partial<Command> = {}): Command => ({
  id: title,
  title,
  kind: "Page",
  run: () => {},
  ...more,
});

test("a text fits if it has every word, and the better the earlier", () => {
  expect(scoreOf("resnet training", "train")).toBeGreaterThan(scoreOf("constrained", "train")!);
  expect(scoreOf("training", "train")).toBeGreaterThan(scoreOf("resnet training", "train")!);
  expect(scoreOf("a training", "train")).toBeGreaterThan(scoreOf("a training with a long name", "train")!);
  expect(scoreOf("resnet training", "train res")).toBeDefined();
  expect(scoreOf("resnet training", "train vgg")).toBeUndefined();
  expect(scoreOf("anything", "")).toBeDefined();
  expect(scoreOf("a.b (c)", "b (c)")).toBeDefined();
});

test("commands are found by title, words and detail, the best first", () => {
  const all = [
    command("Dark theme", { words: "night appearance" }),
    command("Darkroom", { kind: "Experiment" }),
    command("run-1", { detail: "in Darkroom" }),
  ];
  const titles = (query: string, limit = 9) => findCommands(all, query, limit).map((c) => c.title);
  expect(titles("dark")).toEqual(["Darkroom", "Dark theme", "run-1"]);
  expect(titles("night")).toEqual(["Dark theme"]);
  expect(titles("", 2)).toHaveLength(2);
});

test("run IDs and names", () => {
  expect(isRunID("0123456789abcdef0123456789abcdef ")).toBe(true);
  expect(isRunID("0123")).toBe(false);
  expect(runNameFilter("a'b")).toBe(`attributes.run_name ILIKE "%a'b%"`);
  expect(runNameFilter(`a'"b`)).toBe(`attributes.run_name ILIKE "%a'_b%"`);
});
