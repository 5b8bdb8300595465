import { expect, test } from "vitest";
import { pathOf } from "./Sparkline";

const points = (...values: number[]) => values.map((value, step) => ({ step, value, time: 0 }));

test("the path spans the box from least to greatest", () => {
  expect(pathOf(points(0, 10))).toBe("M2.0,18.0L94.0,2.0");
});

test("the path breaks at NaN", () => {
  expect(pathOf(points(0, Number.NaN, 10))).toBe("M2.0,18.0M94.0,2.0");
});

test("a constant does not divide by zero", () => {
  expect(pathOf(points(5, 5))).toBe("M2.0,18.0L94.0,18.0");
  expect(pathOf(points(Number.NaN, Number.NaN))).toBe("");
});

test("where steps repeat the path runs along time", () => {
  const epochs = [
    { step: 0, value: 10, time: 1000 },
    { step: 0, value: 0, time: 3000 },
    { step: 1, value: 5, time: 2000 },
  ];
  expect(pathOf(epochs)).toBe("M2.0,2.0L48.0,10.0L94.0,18.0");
});
