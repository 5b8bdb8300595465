import { describe, expect, test } from "vitest";
import { barPlot } from "./bar";
import { boxPlot } from "./box";
import { coloursOf, type PlotTheme, rampColour } from "./colour";
import { contourPlot } from "./contour";
import { histogramPlot } from "./histogram";
import type { PlotItem } from "./item";
import { brushed, parallelPlot } from "./parallel";
import type { Plot } from "./plot";
import { scatterPlot } from "./scatter";
import { fitText, sceneSVG, textWidth } from "./scene";

const theme: PlotTheme = {
  ...{ dark: false, text: "#111111", muted: "#555555", line: "#dddddd" },
  ...{ surface: "#ffffff", accent: "#0000ff", good: "#00aa00", bad: "#aa0000", font: '"A & B", sans-serif' },
};
const size = { width: 600, height: 340 };
const long = `${"category-of-200-characters-".repeat(8)}`.slice(0, 200);

type Values = PlotItem["values"];
const many = (count: number, values: (i: number) => Values): PlotItem[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, label: `run ${i}`, values: values(i) }));

const wild = (i: number): Values => ({
  x: [Number.NaN, Number.MAX_VALUE, undefined, 0, -1][i % 9] ?? Math.sin(i),
  y: i % 5 === 0 ? undefined : String(10 ** -(i % 6)),
  z: Math.cos(i),
  c: i % 4 === 0 ? long : `c${i % 30}`,
});

const plots: Record<string, (items: PlotItem[]) => Plot> = {
  scatter: (items) => scatterPlot({ items, x: "x", y: "y", logY: true }, size, theme),
  "scatter of categories": (items) => scatterPlot({ items, x: "c", y: "x", colourBy: "c" }, size, theme),
  "scatter, log of negatives": (items) =>
    scatterPlot({ items, x: "x", y: "z", logX: true, logY: true }, size, theme),
  bar: (items) => barPlot({ items, y: "x" }, size, theme),
  box: (items) => boxPlot({ items, x: "c", y: "z" }, size, theme),
  "box of ranges": (items) => boxPlot({ items, x: "z", y: "y", logY: true }, size, theme),
  histogram: (items) => histogramPlot({ items, x: "x" }, size, theme),
  "histogram of categories": (items) => histogramPlot({ items, x: "c" }, size, theme),
  contour: (items) => contourPlot({ items, x: "x", y: "y", z: "z" }, size, theme),
  parallel: (items) => parallelPlot({ items, axes: ["x", "y", "z", "c"], colourBy: "z" }, size, theme),
};

/** Every number of every shape. */
function numbersOf(plot: Plot): number[] {
  return [...plot.shapes, ...plot.marks.flatMap((_, i) => (i < 20 ? plot.raise(i) : []))]
    .flatMap((shape) => Object.values(shape).flatMap((value) => (Array.isArray(value) ? value : [value])))
    .filter((value): value is number => typeof value === "number");
}

for (const [name, plot] of Object.entries(plots)) {
  describe(name, () => {
    test.each([0, 1, 2, 60, 1000, 5000])("%i items have finite places", (count) => {
      const drawn = plot(many(count, wild));
      expect(numbersOf(drawn).filter((value) => !Number.isFinite(value))).toEqual([]);
      expect(drawn.marks.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
    });

    test("equal values, and none at all", () => {
      for (const values of [{ x: 3, y: "3", z: 3, c: "a" }, {}, { x: Number.NaN, y: "nan", z: Number.NaN }]) {
        const drawn = plot(many(7, () => values));
        expect(numbersOf(drawn).filter((value) => !Number.isFinite(value))).toEqual([]);
      }
    });

    test("no text is wider than the plot", () => {
      for (const shape of plot(many(60, wild)).shapes) {
        if (shape.kind === "text") expect(textWidth(shape.text)).toBeLessThan(size.width);
      }
    });

    test("pointer and keys reach the marks, which tell what they are", () => {
      const drawn = plot(many(60, wild));
      drawn.marks.forEach(({ ids }, i) => {
        const { title, lines } = drawn.describe(i);
        expect(title).not.toBe("");
        expect(lines.length).toBeGreaterThan(0);
        for (const id of ids) expect(id).toMatch(/^r\d+$/);
      });
    });
  });
}

test("items without a value lie in a lane, hollow, and are counted", () => {
  const items = many(4, (i) => [{ x: 1, y: 1 }, { x: 2, y: 2 }, { x: 3 }, { x: Number.NaN, y: 0 }][i]!);
  const plot = scatterPlot({ items, x: "x", y: "y", logY: true }, size, theme);
  expect(plot.marks).toHaveLength(4);
  const bottom = Math.max(plot.marks[0]!.y, plot.marks[1]!.y);
  expect(plot.marks[2]!.y).toBeGreaterThan(bottom);
  expect(plot.marks[3]!.x).toBeLessThan(plot.marks[0]!.x);
  expect(plot.shapes.filter((s) => s.kind === "circle" && s.fill === theme.surface)).toHaveLength(2);
  expect(plot.notes).toEqual(["x: 1 NaN", "y: 1 missing, 1 zero or less"]);
  const labels = plot.shapes.flatMap((s) => (s.kind === "text" ? [s.text] : []));
  expect(labels).toEqual(expect.arrayContaining(["none", "no value"]));
});

test("the dot under the pointer is the closest one", () => {
  const items = many(3, (i) => ({ x: i, y: i }));
  const plot = scatterPlot({ items, x: "x", y: "y" }, size, theme);
  const { x, y } = plot.marks[1]!;
  expect(plot.hit(x + 5, y - 5)).toBe(1);
  expect(plot.hit(x + 60, y + 60)).toBeUndefined();
});

test("bars stand in order, without a number last", () => {
  const items = many(4, (i) => ({ v: [2, undefined, 9, -4][i] }));
  const plot = barPlot({ items, y: "v" }, size, theme);
  expect(plot.marks.map(({ ids }) => ids[0])).toEqual(["r2", "r0", "r3", "r1"]);
  expect(plot.describe(3).lines).toEqual([["v", "missing"]]);
  expect(barPlot({ items: many(2, () => ({ v: "a" })), y: "v" }, size, theme).empty).toMatch(/no numbers/);
});

test("a box for each category, ranges for many numbers, the rest in one box", () => {
  const groups = (values: (i: number) => string | number) =>
    boxPlot({ items: many(300, (i) => ({ x: values(i), y: i })), x: "x", y: "y" }, size, theme).marks.length;
  expect(groups((i) => `c${i % 3}`)).toBe(3);
  expect(groups((i) => i % 5)).toBe(5);
  expect(groups((i) => i)).toBe(8);
  expect(groups((i) => `c${i}`)).toBe(24);
});

test("an absent category is not a category of that name", () => {
  const items = many(4, (i) => ({ x: i < 2 ? "no value" : undefined, y: i }));
  expect(boxPlot({ items, x: "x", y: "y" }, size, theme).marks.map(({ ids }) => ids)).toEqual([
    ["r0", "r1"],
    ["r2", "r3"],
  ]);
});

test("a histogram counts every item that has a value", () => {
  const plot = histogramPlot(
    { items: many(100, (i) => ({ x: i < 90 ? i : undefined })), x: "x" },
    size,
    theme,
  );
  expect(plot.marks.flatMap(({ ids }) => ids)).toHaveLength(90);
  expect(plot.notes).toEqual(["x: 10 missing"]);
  const few = histogramPlot({ items: many(4, (i) => ({ x: `c${i}` })), x: "x" }, size, theme);
  const labels = few.shapes.flatMap((s) => (s.kind === "text" ? [s.text] : []));
  expect(labels).toEqual(expect.arrayContaining(["0", "1", "c3"]));
  expect(labels).not.toContain("0.5");
});

test("brushes choose the lines inside all of them", () => {
  const items = many(11, (i) => ({ a: i, b: 10 - i, c: i === 3 ? undefined : 1 }));
  const chosen = (brushes: Record<string, [number, number]>) =>
    brushed(items, ["a", "b", "c"], brushes).map(({ id }) => id);
  expect(chosen({})).toHaveLength(11);
  expect(chosen({ a: [0.2, 0.5] })).toEqual(["r2", "r3", "r4", "r5"]);
  expect(chosen({ a: [0.2, 0.5], b: [0.7, 1] })).toEqual(["r2", "r3"]);
  expect(chosen({ a: [0.2, 0.5], c: [0, 1] })).toEqual(["r2", "r4", "r5"]);
  expect(chosen({ gone: [0, 0.1] })).toHaveLength(11);
  const { shapes } = parallelPlot({ items, axes: ["a", "b"], brushes: { a: [0.2, 0.5] } }, size, theme);
  const lines = shapes.filter((s) => s.kind === "line" && s.width === 1.25);
  expect(lines.filter((s) => s.kind === "line" && s.stroke === theme.muted)).toHaveLength(7);
});

test("an axis over orders of magnitude is logarithmic in parallel coordinates", () => {
  const items = many(3, (i) => ({ lr: 10 ** -i, other: i }));
  const { shapes } = parallelPlot({ items, axes: ["lr", "other"] }, size, theme);
  const ys = shapes.flatMap((s) => (s.kind === "line" && s.width === 1.25 ? [s.points[1]!] : []));
  expect(ys).toHaveLength(3);
  expect(ys[1]! - ys[0]!).toBeCloseTo(ys[2]! - ys[1]!);
});

test("a contour has a surface only where three runs span an area", () => {
  const surface = (items: PlotItem[]) =>
    contourPlot({ items, x: "x", y: "y", z: "z" }, size, theme).shapes.filter((s) => s.kind === "rect")
      .length;
  expect(surface(many(20, (i) => ({ x: i % 5, y: Math.floor(i / 5), z: i })))).toBeGreaterThan(60);
  const line = contourPlot(
    { items: many(5, (i) => ({ x: i, y: i, z: i })), x: "x", y: "y", z: "z" },
    size,
    theme,
  );
  expect(line.remark).toMatch(/not on one line/);
  const holes = many(9, (i) => ({ x: i % 3, y: Math.floor(i / 3), z: i === 4 ? Number.NaN : i }));
  expect(contourPlot({ items: holes, x: "x", y: "y", z: "z" }, size, theme).notes).toEqual(["z: 1 NaN"]);
});

test("colours follow ids, or the values of a column", () => {
  const items = many(3, (i) => ({ n: i, c: `k${i % 2}` }));
  expect(coloursOf(items, undefined, theme).of(1)).toBe(coloursOf(items.slice(1), undefined, theme).of(0));
  const byNumber = coloursOf(items, "n", theme);
  expect([byNumber.of(0), byNumber.of(2)]).toEqual([rampColour(0, false), rampColour(1, false)]);
  expect(byNumber.key).toMatchObject({ title: "n", gradient: true });
  const byCategory = coloursOf(items, "c", theme);
  expect(byCategory.of(0)).toBe(byCategory.of(2));
  expect(byCategory.of(0)).not.toBe(byCategory.of(1));
  expect(byCategory.key!.entries.map(({ label }) => label)).toEqual(["k0", "k1"]);
});

test("a scene is valid SVG whatever its texts hold", () => {
  const items = many(1, () => ({ "<a&b>": 1, y: 2 })).map((item) => ({ ...item, label: 'x"\u0000<' }));
  const svg = sceneSVG(scatterPlot({ items, x: "<a&b>", y: "y" }, size, theme), theme.surface, theme.font);
  expect(svg).toContain("&lt;a&amp;b>");
  expect(svg).not.toContain("<a&b>");
  expect(svg).toContain('font-family="&quot;A &amp; B&quot;, sans-serif"');
  expect(svg).toMatch(/<circle cx="[\d.]+" cy="[\d.]+" r="4"/);
});

test("long texts keep both of their ends", () => {
  const text = fitText("a-very-long-name-of-a-run-number-17", 100);
  expect(text).toMatch(/^a-very.*…/);
  expect(text).toMatch(/17$/);
  expect(textWidth(text)).toBeLessThanOrEqual(100);
  expect(fitText("short", 100)).toBe("short");
  expect(textWidth(fitText("数".repeat(50), 100))).toBeLessThanOrEqual(100);
  expect(fitText("abcdef", 1)).toBe("a…");
});
