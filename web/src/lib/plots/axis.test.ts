import { describe, expect, test } from "vitest";
import { axisOf, suitsLog } from "./axis";
import { absences, type PlotItem, parseNumber, readColumn } from "./item";
import { linearTicks, logTicks, shortNumber } from "./ticks";

const items = (...values: (number | string | undefined)[]): PlotItem[] =>
  values.map((value, i) => ({
    id: `run${i}`,
    label: `run ${i}`,
    values: value === undefined ? {} : { v: value },
  }));

const column = (...values: (number | string | undefined)[]) => readColumn(items(...values), "v");

describe("reading values", () => {
  test("texts that are numbers make a column of numbers", () => {
    expect(["0.1", " 1e-3 ", "-5", ".5", "3.", "+2"].map(parseNumber)).toEqual([0.1, 0.001, -5, 0.5, 3, 2]);
    expect(["inf", "-Infinity"].map(parseNumber)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(parseNumber("NaN")).toBeNaN();
    expect(["", " ", "0x10", "1,5", "adam", "1e", "--1"].map(parseNumber)).toEqual(Array(7).fill(undefined));
    expect(column("0.1", "0.2", undefined).numeric).toBe(true);
  });

  test("one other text makes all values categories", () => {
    const mixed = column("0.1", "auto", 3);
    expect(mixed.numeric).toBe(false);
    expect(mixed.readings).toEqual([{ text: "0.1" }, { text: "auto" }, { text: "3" }]);
  });

  test("absent values keep their reason", () => {
    const readings = column(1, Number.NaN, Number.MAX_VALUE, "-inf", undefined);
    expect(readings.readings).toEqual([
      { number: 1 },
      { absent: "NaN" },
      { absent: "infinite" },
      { absent: "infinite" },
      { absent: "missing" },
    ]);
    expect(absences(readings)).toBe("2 infinite, 1 NaN, 1 missing");
    expect(absences(column(1, 2))).toBe("");
    expect(absences(column(1, 0, -2), true)).toBe("2 zero or less");
  });

  test("without a finite number there is no scale", () => {
    expect(column(undefined, Number.NaN).numeric).toBe(false);
    expect(axisOf(column(undefined, Number.NaN)).categories).toEqual([]);
  });
});

describe("axes", () => {
  const at = (axis: ReturnType<typeof axisOf>, number: number) => axis.place({ number });

  test("a linear axis runs from the least to the greatest value", () => {
    const axis = axisOf(column(10, 20, 30));
    expect([10, 20, 30].map((n) => at(axis, n))).toEqual([0, 0.5, 1]);
    expect(axis.invert(0.25)).toBe(15);
  });

  test("equal values lie in the middle", () => {
    for (const value of [5, -5, 0, 1e-300, 1e300]) {
      expect(at(axisOf(column(value, value)), value)).toBeCloseTo(0.5);
    }
    expect(at(axisOf(column(7), { log: true }), 7)).toBeCloseTo(0.5);
  });

  test("the largest doubles still have places", () => {
    const axis = axisOf(column(-1.5e308, 1.5e308));
    expect(at(axis, -1.5e308)).toBe(0);
    expect(at(axis, 1.5e308)).toBe(1);
    expect(at(axis, 0)).toBeCloseTo(0.5);
  });

  test("a logarithmic axis has no place for zero or less", () => {
    const axis = axisOf(column(0, -1, 0.001, 0.1), { log: true });
    expect(at(axis, 0)).toBeUndefined();
    expect(at(axis, -1)).toBeUndefined();
    expect(at(axis, 0.01)).toBeCloseTo(0.5);
    expect(axis.invert(0.5)).toBeCloseTo(0.01);
    expect(axisOf(column(0, -1), { log: true }).domain.every(Number.isFinite)).toBe(true);
  });

  test("an axis for bars includes zero, whatever the signs", () => {
    expect(axisOf(column(5, 10), { zero: true }).domain).toEqual([0, 10]);
    expect(axisOf(column(-5, -10), { zero: true }).domain).toEqual([-10, 0]);
    expect(axisOf(column(3, 3), { zero: true }).domain).toEqual([0, 3]);
    expect(axisOf(column(0, 0), { zero: true }).domain[1]).toBeGreaterThan(0);
  });

  test("categories are ordered as people count, and their ticks thin out", () => {
    const axis = axisOf(column("b10", "b2", "a", "b2"));
    expect(axis.categories).toEqual(["a", "b2", "b10"]);
    expect(axis.place({ text: "b2" })).toBeCloseTo(0.5);
    const many = axisOf(column(...Array.from({ length: 5000 }, (_, i) => `c${i}`)));
    expect(many.ticks(20).length).toBeLessThanOrEqual(20);
  });

  test("values over orders of magnitude suit a logarithmic axis", () => {
    expect(suitsLog(column("1e-5", "0.1"))).toBe(true);
    expect(suitsLog(column("0", "0.1", "1e-5"))).toBe(false);
    expect(suitsLog(column(1, 50))).toBe(false);
    expect(suitsLog(column("a", "b"))).toBe(false);
  });
});

describe("ticks", () => {
  const values = (ticks: { value: number }[]) => ticks.map(({ value }) => value);

  test("are round and inside the range", () => {
    expect(values(linearTicks(0, 1, 5))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(values(linearTicks(-3, 17, 4))).toEqual([0, 5, 10, 15]);
    expect(values(linearTicks(0.3, 0.30001, 3)).every((v) => v >= 0.3 && v <= 0.30001)).toBe(true);
  });

  test("are whole where all values are", () => {
    const labels = (...numbers: number[]) =>
      axisOf(column(...numbers))
        .ticks(8)
        .map(({ label }) => label);
    expect(labels(0, 1)).toEqual(["0", "1"]);
    expect(labels(0, 1, 0.5)).toContain("0.2");
    expect(labels(3, 3).length).toBeGreaterThan(1);
  });

  test("numbers are short", () => {
    expect([0.1234567, 1e9, -2.5, 1e-12, 0, 123456].map((n) => shortNumber(n))).toEqual([
      "0.123457",
      "1e9",
      "−2.5",
      "1e−12",
      "0",
      "123456",
    ]);
  });

  test("end even where doubles are too coarse for them", () => {
    expect(linearTicks(1e16, 1e16 + 2, 10).length).toBeLessThan(42);
    expect(linearTicks(5, 5, 10)).toHaveLength(1);
    expect(linearTicks(-1.5e308, 1.5e308, 5).length).toBeLessThan(21);
  });

  test("of a logarithmic axis are powers of ten, with 2 and 5 where there is room", () => {
    expect(values(logTicks(1e-5, 1, 6))).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1, 1]);
    expect(values(logTicks(1, 100, 8))).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks(1e-300, 1e300, 5).length).toBeLessThanOrEqual(6);
    expect(logTicks(3, 4, 5).length).toBeGreaterThan(1);
  });
});
