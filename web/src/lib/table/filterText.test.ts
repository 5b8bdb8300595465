import { expect, test } from "vitest";
import { compileFilter, spanMS, wordsToFilter } from "./filterText";

const name = (word: string) => `attributes.run_name ILIKE '%${word}%'`;

test("words are parts of the run's name", () => {
  expect(wordsToFilter("resnet50")).toBe(name("resnet50"));
  expect(wordsToFilter("resnet adam")).toBe(`${name("resnet")} AND ${name("adam")}`);
  expect(wordsToFilter("resnet AND adam")).toBe(`${name("resnet")} AND ${name("adam")}`);
  expect(wordsToFilter("'two words'")).toBe(name("two words"));
  expect(wordsToFilter("it's")).toBe(`attributes.run_name ILIKE "%it's%"`);
  expect(wordsToFilter("größe-2_x/y:z.1")).toBe(name("größe-2_x/y:z.1"));
});

test("words and comparisons mix", () => {
  expect(wordsToFilter("resnet metrics.loss < 0.3")).toBe(`${name("resnet")} AND metrics.loss < 0.3`);
  expect(wordsToFilter("metrics.`val/loss` < 0.3 AND resnet")).toBe(
    `metrics.\`val/loss\` < 0.3 AND ${name("resnet")}`,
  );
  expect(wordsToFilter("tags.a IS NOT NULL vit")).toBe(`tags.a IS NOT NULL AND ${name("vit")}`);
  expect(wordsToFilter("run_id NOT IN ('a', 'b') vit")).toBe(`run_id NOT IN ('a', 'b') AND ${name("vit")}`);
});

test("filters of the grammar and faults stay as they are", () => {
  for (const text of [
    "",
    "metrics.loss < 0.3 AND params.lr = '0.01'",
    "metrics.loss < abc",
    "metrics.loss",
    "params.lr = ",
    "< 3",
    "resnet <",
    "'",
  ]) {
    expect(wordsToFilter(text)).toBe(text);
  }
});

const nothing = { filter: "", states: [], user: "", dataset: "", since: "" };

test("chips become comparisons after the text", () => {
  expect(compileFilter(nothing, 0)).toBe("");
  const choice = { filter: "vit", states: ["FAILED"], user: "o'neil", dataset: "d", since: "1h" };
  expect(compileFilter(choice, 3_600_005)).toBe(
    `${name("vit")} AND attributes.status = 'FAILED' AND attributes.user_id = "o'neil"` +
      " AND dataset.name = 'd' AND attributes.start_time >= 5",
  );
});

test("several states leave out the others, and all of them none", () => {
  expect(compileFilter({ ...nothing, states: ["RUNNING", "FINISHED", "KILLED"] }, 0)).toBe(
    "attributes.status != 'SCHEDULED' AND attributes.status != 'FAILED'",
  );
  const all = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
  expect(compileFilter({ ...nothing, states: all }, 0)).toBe("");
});

test("spans", () => {
  expect(spanMS("24h")).toBe(86_400_000);
  expect(spanMS("7d")).toBe(7 * 86_400_000);
  expect(spanMS("7")).toBeUndefined();
  expect(spanMS("99999d")).toBeUndefined();
});
