import { expect, test } from "vitest";
import { bandsOf, quantileOf } from "./bands";
import type { Point } from "./history";
import { shapeOf } from "./shape";

const at = (step: number, value: number, time = step * 1000): Point => ({ step, time, value });

test("quantiles of a hundred lines at each step", () => {
  const lines = Array.from({ length: 101 }, (_, i) => [at(0, i), at(10, i * 2)]);
  const { xs, columns } = bandsOf(lines, "step", 50);
  expect(xs).toEqual([0, 10]);
  expect(columns.map((column) => column[0])).toEqual([5, 25, 50, 75, 95]);
  expect(columns.map((column) => column[1])).toEqual([10, 50, 100, 150, 190]);
});

test("a line counts between its points, and not beyond its ends", () => {
  const { xs, columns } = bandsOf([[at(0, 0), at(10, 10)], [at(5, 7)], [at(20, 1)]], "step", 50);
  expect(xs).toEqual([0, 5, 10, 20]);
  expect(columns[2]).toEqual([0, 6, 10, 1]);
});

test("many places become few, from end to end; values without a place are left out", () => {
  const line = Array.from({ length: 1000 }, (_, i) => at(i, i === 500 ? Number.NaN : i));
  const { xs, columns } = bandsOf([line], "step", 11);
  expect([xs.length, xs[0], xs[10]]).toEqual([11, 0, 999]);
  expect(columns[0]![5]).toBeCloseTo(499.5);
  expect(bandsOf([], "step", 11).xs).toEqual([]);
});

test("relative time begins with each line", () => {
  const { xs } = bandsOf([[at(0, 1, 5000), at(1, 2, 6000)], [at(0, 1, 90_000)]], "relative", 11);
  expect(xs).toEqual([0, 1]);
});

test("quantiles fall between values", () => {
  expect(quantileOf([1, 2], 0.5)).toBe(1.5);
  expect(quantileOf([3], 0.99)).toBe(3);
});

test("the shape of lines", () => {
  expect(shapeOf([[at(3, 1)], []])).toEqual({ single: true, oneStep: false, repeats: false });
  expect(shapeOf([[at(0, 1), at(0, 2, 5)], [at(0, 1)]])).toEqual({
    single: false,
    oneStep: true,
    repeats: false,
  });
  expect(shapeOf([[at(0, 1), at(1, 2)]])).toEqual({ single: false, oneStep: false, repeats: false });
  expect(shapeOf([[at(0, 1), at(1, 2), at(0, 2, 5)]])).toEqual({
    single: false,
    oneStep: false,
    repeats: true,
  });
});
