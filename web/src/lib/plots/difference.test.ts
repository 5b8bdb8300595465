import { expect, test } from "vitest";
import { minus } from "../charts/along";
import type { PlotTheme } from "./colour";
import { differencePlot, differencesOf } from "./difference";
import type { PlotItem } from "./item";

const theme: PlotTheme = {
  ...{ dark: false, text: "#111111", muted: "#555555", line: "#dddddd", surface: "#ffffff" },
  ...{ accent: "#0000ff", good: "#00aa00", bad: "#aa0000", font: "sans-serif" },
};
const item = (id: string, loss: number | undefined, acc = 0): PlotItem => ({
  id,
  label: id,
  values: { "metrics.loss": loss, "metrics.acc": acc },
});
const items = [item("a", 2), item("b", 1, 0.5), item("c", 3), item("d", undefined), item("e", Number.NaN)];
const columns = ["metrics.loss", "metrics.acc"];

test("differences are sorted, the baseline is not among them, and a missing value comes last", () => {
  const found = differencesOf({ items, columns, base: "a" });
  expect(found.map((d) => d.item.id)).toEqual(["c", "b", "d", "e"]);
  expect(found[1]!.cells).toEqual([
    { value: 1, by: -1, share: -0.5 },
    { value: 0.5, by: 0.5, share: undefined },
  ]);
  expect(differencesOf({ items, columns, base: "gone" })).toHaveLength(4);
});

test("a loss that falls is better, and an accuracy that rises", () => {
  const plot = differencePlot({ items, columns, base: "a" }, { width: 600, height: 200 }, theme);
  const bars = plot.shapes.filter((s) => s.kind === "rect").map((s) => s.fill);
  expect(bars).toEqual([theme.bad, theme.accent, theme.good, theme.good, theme.accent, theme.accent]);
  expect(plot.describe(1)).toEqual({
    title: "b",
    lines: [
      ["loss", "1, −1 (−50 %)"],
      ["acc", "0.5, +0.5"],
    ],
  });
  expect(plot.remark).toBeUndefined();
  expect(plot.hit(5, 30)).toBe(0);
});

test("a narrow card shows fewer metrics and says so", () => {
  const plot = differencePlot({ items, columns, base: "a" }, { width: 150, height: 200 }, theme);
  expect(plot.remark).toContain("1 more metric needs");
  expect(
    differencePlot({ items: items.slice(0, 1), columns, base: "" }, { width: 9, height: 9 }, theme).empty,
  ).toBeTruthy();
});

test("of many runs, those that differ most have a row", () => {
  const many = Array.from({ length: 300 }, (_, i) => item(`r${i}`, i));
  const plot = differencePlot({ items: many, columns, base: "r150" }, { width: 600, height: 2000 }, theme);
  expect(plot.marks).toHaveLength(100);
  expect(plot.marks[0]!.ids).toEqual(["r299"]);
  expect(plot.marks[99]!.ids).toEqual(["r0"]);
  expect(plot.remark).toContain("the table has 199 more");
});

test("curves differ where both are known", () => {
  const at = (step: number, value: number) => ({ step, time: step, value });
  expect(minus([at(0, 1), at(1, 5), at(9, 9)], [at(0, 1), at(2, 3)])).toEqual([at(0, 0), at(1, 3)]);
});
