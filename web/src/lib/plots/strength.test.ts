import { expect, test } from "vitest";
import { type PlotItem, readColumn } from "./item";
import { strengthOf } from "./strength";

const strength = (count: number, values: (i: number) => PlotItem["values"]) => {
  const items = Array.from({ length: count }, (_, i) => ({ id: `r${i}`, label: `${i}`, values: values(i) }));
  return strengthOf(readColumn(items, "x"), readColumn(items, "y"));
};

test("a setting that goes with the result is strong, whichever way", () => {
  expect(strength(20, (i) => ({ x: i, y: i ** 3 }))).toBeCloseTo(1);
  expect(strength(20, (i) => ({ x: String(i), y: -i }))).toBeCloseTo(1);
});

test("so is one whose best value lies between others", () => {
  expect(strength(21, (i) => ({ x: 10 ** -i, y: (i - 10) ** 2 }))).toBeGreaterThan(0.9);
});

test("so are categories with results of their own, and not categories with one run each", () => {
  expect(strength(20, (i) => ({ x: ["sgd", "adam"][i % 2], y: (i % 2) * 100 + i }))).toBeGreaterThan(0.8);
  expect(strength(20, (i) => ({ x: ["sgd", "adam"][Math.floor(i / 2) % 2], y: i % 2 }))).toBe(0);
  expect(strength(20, (i) => ({ x: `run ${i}`, y: i }))).toBe(0);
});

test("a setting that few runs have counts for less, and one value for nothing", () => {
  expect(strength(20, (i) => ({ x: i < 10 ? i : undefined, y: i }))).toBeCloseTo(0.5);
  expect(strength(20, (i) => ({ x: 1, y: i }))).toBe(0);
});
