import { expect, test } from "vitest";
import { smooth } from "./smoothing";

test("a constant stays what it is from the first value on", () => {
  for (const value of smooth([3, 3, 3, 3], 0.9)) expect(value).toBeCloseTo(3, 12);
});

test("values are weighted means of what came before", () => {
  const [first, second, third] = smooth([1, 2, 4], 0.5);
  expect(first).toBe(1);
  expect(second).toBeCloseTo((1 * 0.5 + 2) / 1.5, 12);
  expect(third).toBeCloseTo((1 * 0.25 + 2 * 0.5 + 4) / 1.75, 12);
});

test("weight 0 changes nothing", () => {
  expect(smooth([1, 5, 2], 0)).toEqual([1, 5, 2]);
});

test("gaps stay gaps and do not disturb the mean", () => {
  const smoothed = smooth<null | undefined>([1, null, undefined, 3], 0.5);
  expect(smoothed.slice(1, 3)).toEqual([null, undefined]);
  expect(smoothed[3]).toBeCloseTo(smooth([1, 3], 0.5)[1]!, 12);
});
