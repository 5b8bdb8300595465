import { expect, test } from "vitest";
import {
  bucketsFor,
  inOrder,
  intervalOf,
  intervalText,
  isNumbers,
  judgements,
  ranking,
  shareOf,
  sumOf,
  timeSeries,
  tracesBetween,
  withOthers,
} from "./overview";

const hour = 3_600_000;
const day = 24 * hour;
const from = Date.UTC(2026, 10, 20);
const at = (i: number) => new Date(from + i * hour).toISOString();
const point = (i: number, values: Record<string, number>, dimensions: Record<string, string> = {}) => ({
  dimensions: { time_bucket: at(i), ...dimensions },
  values,
});
const scope = { fromMS: from + 5, toMS: from + 4 * hour - 1, intervalMS: hour };

test("intervals suit the length of time", () => {
  expect(intervalOf("", 7 * day)).toBe(6 * hour);
  expect(intervalOf("1h", 7 * day)).toBe(hour);
  expect(intervalOf("1m", 7 * day)).toBe(6 * hour);
  expect(intervalOf("", 20 * 365 * day)).toBe(30 * day);
  expect(bucketsFor(hour).map(([id]) => id)).toEqual(["1m", "5m"]);
});

test("series have a value for each interval", () => {
  const chart = timeSeries([point(1, { SUM: 5, AVG: 2 }), point(3, { SUM: 1 }), point(9, { SUM: 100 })], {
    ...scope,
    values: [
      ["SUM", "Sum"],
      ["AVG", "Mean"],
    ],
  });
  expect(chart.starts).toHaveLength(4);
  expect(chart.starts[0]).toBe(from);
  expect(chart.series).toEqual([
    { name: "Sum", values: [undefined, 5, undefined, 1] },
    { name: "Mean", values: [undefined, 2, undefined, undefined] },
  ]);
});

const counts = timeSeries(
  [
    point(0, { COUNT: 1 }, { trace_status: "ERROR" }),
    point(0, { COUNT: 3 }, { trace_status: "OK" }),
    point(2, { COUNT: 2 }, { trace_status: "OK" }),
    point(2, { COUNT: 1 }, { trace_status: "IN_PROGRESS" }),
  ],
  { ...scope, values: [["COUNT", ""]], dimension: "trace_status", missing: 0 },
);

test("a dimension tells series apart, the greatest first", () => {
  expect(counts.series.map((s) => [s.name, sumOf(s)])).toEqual([
    ["OK", 5],
    ["ERROR", 1],
    ["IN_PROGRESS", 1],
  ]);
  expect(inOrder(counts, ["ERROR", "OK"]).series.map((s) => s.name)).toEqual(["ERROR", "OK", "IN_PROGRESS"]);
  const few = withOthers(counts, 2);
  expect(few.series.map((s) => s.name)).toEqual(["OK", "2 others"]);
  expect(few.series[1]!.values).toEqual([1, 0, 1, 0]);
  expect(withOthers(counts, 3)).toBe(counts);
});

test("the share of failures has gaps where there is nothing", () => {
  expect(shareOf(counts, "ERROR").series[0]!.values).toEqual([25, undefined, 0, undefined]);
});

test("names are ranked by their last value", () => {
  const points = [
    { dimensions: { span_name: "a" }, values: { "P50.0": 1, "P95.0": 2 } },
    { dimensions: { span_name: "b" }, values: { "P50.0": 1, "P95.0": 9 } },
    { dimensions: { span_name: "c" }, values: { "P50.0": 1 } as Record<string, number> },
  ];
  const { rows, others } = ranking(points, "span_name", ["P50.0", "P95.0"], 2);
  expect(rows.map((r) => r.name)).toEqual(["b", "a"]);
  expect(others).toBe(1);
});

test("assessments have a chart for each name", () => {
  const judged = judgements(
    [
      point(0, { COUNT: 2 }, { assessment_name: "correct", assessment_value: "true" }),
      point(1, { COUNT: 1 }, { assessment_name: "correct", assessment_value: "false" }),
      point(1, { COUNT: 1 }, { assessment_name: "score", assessment_value: "0.5" }),
      point(2, { COUNT: 1 }, { assessment_name: "tone", assessment_value: '"kind"' }),
    ],
    scope,
  );
  expect(judged.map((j) => [j.name, j.count, j.chart.series.map((s) => s.name)])).toEqual([
    ["correct", 3, ["yes", "no"]],
    ["score", 1, ["0.5"]],
    ["tone", 1, ["kind"]],
  ]);
  expect(judged.map(isNumbers)).toEqual([false, true, false]);
});

test("intervals have words and a filter", () => {
  expect(intervalText(from, day)).toBe("2026-11-20");
  expect(intervalText(from, 7 * day)).toBe("2026-11-20, 7 d");
  expect(tracesBetween(5, 10)).toBe("timestamp_ms >= 5 AND timestamp_ms < 15");
});
