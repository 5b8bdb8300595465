import { expect, test } from "vitest";
import { alignHistories, inDrawingOrder, type Point, passes, stepsRepeat, undrawable } from "./history";

const at = (step: number, value: number, time = step * 1000): Point => ({ step, time, value });

test("steps of several runs share one axis; missing is not the same as NaN", () => {
  const [xs, a, b] = alignHistories(
    [
      [at(0, 1), at(2, 3)],
      [at(1, Number.NaN), at(2, 5)],
    ],
    "step",
  );
  expect(xs).toEqual([0, 1, 2]);
  expect(a).toEqual([1, undefined, 3]);
  expect(b).toEqual([undefined, null, 5]);
});

test("a step logged twice keeps both values, whatever the order of arrival", () => {
  const twice = [at(1, 20, 2000), at(1, 10, 1000)];
  const [xs, line, other] = alignHistories([twice, [at(1, 5), at(2, 6)]], "step");
  expect(xs).toEqual([1, 1, 2]);
  expect(line).toEqual([10, 20, undefined]);
  expect(other).toEqual([5, undefined, 6]);
});

test("a loop that counts anew each epoch is drawn in order of time, a curve per epoch", () => {
  // Two epochs, in the order of the server: by step.
  const points = [at(0, 3, 1000), at(0, 1, 3000), at(1, 2, 2000), at(2, 0.5, 4000)];
  expect(stepsRepeat(points)).toBe(true);
  expect(inDrawingOrder(points).map((p) => p.value)).toEqual([3, 2, 1, 0.5]);
  expect(passes(points).map((pass) => pass.map((p) => p.value))).toEqual([
    [3, 2],
    [1, 0.5],
  ]);
  expect(stepsRepeat([at(0, 1), at(1, 1)])).toBe(false);
  expect(passes([])).toEqual([]);
});

test("relative time starts at each run's own first point, wall time does not", () => {
  const early = [at(0, 1, 5000), at(1, 2, 6000)];
  const late = [at(0, 3, 9000), at(1, 4, 10_500)];
  expect(alignHistories([early, late], "relative")[0]).toEqual([0, 1, 1.5]);
  expect(alignHistories([early, late], "wall")[0]).toEqual([5, 6, 9, 10.5]);
});

test("NaN and stand-ins for infinity are counted as not drawable", () => {
  expect(undrawable([at(0, Number.NaN), at(1, Number.MAX_VALUE), at(2, -Number.MAX_VALUE), at(3, 0)])).toBe(
    3,
  );
});
