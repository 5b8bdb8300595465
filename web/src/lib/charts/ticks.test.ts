import { expect, test } from "vitest";
import { ticksOf } from "./ticks";

test("ticks are round", () => {
  expect(ticksOf(0, 10, 5, false)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticksOf(0.13, 0.29, 4, false)).toEqual([0.15, 0.2, 0.25]);
  expect(ticksOf(-7, 3, 5, false)).toEqual([-6, -4, -2, 0, 2]);
  expect(ticksOf(4, 4, 5, false)).toEqual([4]);
});

test("a logarithmic axis has powers of ten, unless it is short", () => {
  expect(ticksOf(0.001, 200, 5, true)).toEqual([0.001, 0.1, 10]);
  expect(ticksOf(1, 1000, 5, true)).toEqual([1, 10, 100, 1000]);
  expect(ticksOf(2, 8, 3, true)).toEqual([2, 4, 6, 8]);
});
