import { describe, expect, test } from "vitest";
import {
  exactNumber,
  formatBytes,
  formatDuration,
  formatElapsed,
  formatNumber,
  formatRelative,
} from "./format";

describe("formatNumber", () => {
  test.each([
    [0, "0"],
    [42, "42"],
    [1234567, "1234567"],
    [0.123456789, "0.12346"],
    [-2.5, "−2.5"],
    [0.1 + 0.2, "0.3"],
    [123456.789, "123460"],
    [0.00001234, "1.234e−5"],
    [12345678, "12345678"],
    [1234567890, "1.235e9"],
    [1e300, "1e300"],
    [Number.NaN, "NaN"],
    [Number.MAX_VALUE, "∞"],
    [-Number.MAX_VALUE, "−∞"],
  ])("%d is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test("the exact value loses nothing", () => {
    expect(exactNumber(0.1 + 0.2)).toBe("0.30000000000000004");
    expect(exactNumber(-Number.MAX_VALUE)).toBe("-Infinity");
  });
});

test.each([
  [850, "850 ms"],
  [1500, "1.5 s"],
  [59_999, "59 s"],
  [245_000, "4 min 05 s"],
  [3 * 3600_000 + 2 * 60_000, "3 h 02 min"],
  [52 * 3600_000, "2 d 4 h"],
  [-1, "–"],
])("a duration of %d ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("relative times grow coarser and end as dates", () => {
  const now = new Date(2026, 10, 22, 12).getTime();
  const ago = (seconds: number) => formatRelative(now - seconds * 1000, now);
  expect(ago(2)).toBe("just now");
  expect(ago(59)).toBe("59 s ago");
  expect(ago(60)).toBe("1 min ago");
  expect(ago(3600 * 5)).toBe("5 h ago");
  expect(ago(86400)).toBe("1 day ago");
  expect(ago(86400 * 3)).toBe("3 days ago");
  expect(ago(86400 * 40)).toBe("2026-10-13");
  expect(ago(-86400)).toBe("2026-11-23");
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [999_999, "1.0 MB"],
  [12_345_678, "12.3 MB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("elapsed time on an axis", () => {
  expect([0, 30, 90, 7200, -30].map(formatElapsed)).toEqual(["0", "30s", "1.5m", "2h", "−30s"]);
});
