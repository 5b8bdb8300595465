import { expect, test } from "vitest";
import { isDay, startOfDay } from "./days";

test("only dates of the calendar are days", () => {
  for (const day of ["2024-02-29", "0001-01-01", "9999-12-31"]) expect(isDay(day)).toBe(true);
  for (const text of ["2023-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "today", ""]) {
    expect(isDay(text)).toBe(false);
  }
});

test("days are counted by the calendar", () => {
  expect(startOfDay("2026-12-31", 1)).toBe(new Date(2027, 0, 1).getTime());
  expect(new Date(startOfDay("0050-06-01")!).getFullYear()).toBe(50);
});
