import { afterEach, expect, test } from "vitest";
import { formatBytes, formatDate, formatDateTime } from "./format";
import {
  defaultPreferences,
  type Preferences,
  parsePreferences,
  preferences,
  setPreferences,
  storedText,
} from "./preferences";

afterEach(() => setPreferences(defaultPreferences));

test("what differs from the default is stored and read again", () => {
  const chosen: Preferences = {
    bytes: 1024,
    times: "absolute",
    zone: "utc",
    refreshS: 60,
    density: "comfortable",
    singleKeys: false,
  };
  expect(parsePreferences(storedText(chosen))).toEqual(chosen);
  expect(storedText({ ...defaultPreferences, zone: "utc" })).toBe('{"zone":"utc"}');
  expect(storedText(defaultPreferences)).toBe("");
});

test("what means nothing is ignored", () => {
  for (const text of [null, "", "{", "7", "null", "[]", '{"bytes":7,"zone":"mars","refreshS":1}'])
    expect(parsePreferences(text)).toEqual(defaultPreferences);
  expect(parsePreferences('{"bytes":7,"times":"absolute"}')).toEqual({
    ...defaultPreferences,
    times: "absolute",
  });
});

test("sizes have the chosen unit", () => {
  expect(formatBytes(1536)).toBe("1.5 kB");
  setPreferences({ ...preferences(), bytes: 1024 });
  expect(formatBytes(1023)).toBe("1023 B");
  expect(formatBytes(1536)).toBe("1.5 KiB");
  expect(formatBytes(1024 ** 2 * 1023.99)).toBe("1.0 GiB");
  expect(formatBytes(5 * 1024 ** 3)).toBe("5.0 GiB");
});

test("times have the chosen zone", () => {
  const time = Date.UTC(2026, 10, 30, 23, 5, 9);
  setPreferences({ ...preferences(), zone: "utc" });
  expect(formatDateTime(time)).toBe("2026-11-30 23:05:09 UTC");
  expect(formatDate(time)).toBe("2026-11-30");
});
