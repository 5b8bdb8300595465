import { describe, expect, test } from "vitest";
import { hullOf, interpolate, isoline } from "./grid";
import { binsOf, boxOf, quantile } from "./stats";

describe("quartiles", () => {
  test("are interpolated", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test("whiskers end at the last value within one and a half boxes", () => {
    const box = boxOf([5, 1, 2, 3, 4, 100])!;
    expect(box).toMatchObject({ min: 1, max: 100, median: 3.5, whiskers: [1, 5], count: 6 });
    expect(box.mean).toBeCloseTo(115 / 6);
    expect(boxOf([])).toBeUndefined();
    expect(boxOf([2, 2])).toMatchObject({ q1: 2, q3: 2, whiskers: [2, 2], mean: 2 });
    expect(boxOf([1.5e308, 1.5e308])!.mean).toBeCloseTo(1.5e308);
  });
});

describe("bins", () => {
  test("hold every number once", () => {
    for (const count of [1, 2, 7, 1000, 5000]) {
      const numbers = Array.from({ length: count }, (_, i) => Math.sin(i) * 10);
      const members = binsOf(numbers).flatMap((bin) => bin.members);
      expect(members.sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
    }
  });

  test("have the numbers between their edges, the last one both", () => {
    const bins = binsOf([0, 1, 2, 3, 4], 2);
    expect(bins).toEqual([
      { from: 0, to: 2, members: [0, 1] },
      { from: 2, to: 4, members: [2, 3, 4] },
    ]);
  });

  test("equal numbers share one, none have none, outliers do not make millions", () => {
    expect(binsOf([3, 3, 3])).toEqual([{ from: 3, to: 3, members: [0, 1, 2] }]);
    expect(binsOf([])).toEqual([]);
    expect(binsOf([...Array.from({ length: 99 }, (_, i) => i * 1e-6), 1e6]).length).toBeLessThanOrEqual(60);
  });
});

describe("the surface of a contour", () => {
  const corners = [
    { x: 0, y: 0, z: 0 },
    { x: 1, y: 0, z: 1 },
    { x: 0, y: 1, z: 0 },
    { x: 1, y: 1, z: 1 },
  ];

  test("comes close to its samples and stays between them", () => {
    const { size, values } = interpolate(corners, 21);
    expect(values[0]).toBeCloseTo(0, 2);
    expect(values[size - 1]).toBeCloseTo(1, 2);
    expect(values[10 * size + 10]).toBeCloseTo(0.5);
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test("ends at the hull, and needs an area", () => {
    const { values } = interpolate(corners.slice(0, 3), 11);
    expect(values[0]).not.toBeNaN();
    expect(values[11 * 11 - 1]).toBeNaN();
    const line = [0, 0.5, 1].map((t) => ({ x: t, y: t, z: t }));
    expect(hullOf(line)).toHaveLength(2);
    expect(interpolate(line, 5).values.every(Number.isNaN)).toBe(true);
    expect(interpolate([], 5).values.every(Number.isNaN)).toBe(true);
  });

  test("samples in one place count alike", () => {
    const { values } = interpolate([...corners, { x: 0, y: 0, z: 1 }], 5);
    expect(values[0]).toBeCloseTo(0.5, 2);
  });

  test("a line of one level crosses the grid where the value is", () => {
    const values = new Float64Array(9).map((_, i) => (i % 3) / 2);
    const segments = isoline({ size: 3, values }, 0.25);
    expect(segments).toHaveLength(2);
    for (const [x0, , x1] of segments) expect([x0, x1]).toEqual([0.25, 0.25]);
    expect(isoline({ size: 3, values }, 2)).toEqual([]);
    values[4] = Number.NaN;
    expect(isoline({ size: 3, values }, 0.25)).toEqual([]);
  });
});
