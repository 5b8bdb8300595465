import { expect, test } from "vitest";
import { along } from "./along";
import { fixEnds, withoutOutliers } from "./range";

test("outliers do not stretch the axis", () => {
  const values = Array.from({ length: 1000 }, (_, i) => i / 1000);
  const [from, to] = withoutOutliers([...values, 1e9])!;
  expect(from).toBeCloseTo(0.01);
  expect(to).toBeCloseTo(0.99);
  expect(withoutOutliers([])).toBeUndefined();
  expect(withoutOutliers([3])).toEqual([3, 3]);
});

test("fixed ends hold, and the axis keeps its direction", () => {
  expect(fixEnds([0, 1], undefined)).toEqual([0, 1]);
  expect(fixEnds([0, 1], [undefined, 5])).toEqual([0, 5]);
  expect(fixEnds([0, 1], [-1, undefined])).toEqual([-1, 1]);
  expect(fixEnds([0, 1], [5, undefined])).toEqual([5, 10]);
  expect(fixEnds([3, 4], [undefined, 2])).toEqual([0, 2]);
});

test("a line along another metric has its value in the place of the step", () => {
  const at = (step: number, value: number) => ({ step, time: step, value });
  const tokens = [at(0, 0), at(10, 1000), at(20, Number.NaN), at(30, 3000)];
  const line = along([at(-1, 9), at(0, 5), at(5, 4), at(10, 3), at(20, 2), at(31, 1)], tokens);
  expect(line.map((p) => [p.step, p.value])).toEqual([
    [0, 5],
    [500, 4],
    [1000, 3],
    [2000, 2],
  ]);
  expect(along([at(0, 1)], [])).toEqual([]);
});
