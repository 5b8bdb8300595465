// What plots draw, and how they read it: a value is a number, a text, or absent for a reason.

import { parseColumn } from "../runs/columns";

/** What a plot draws one mark for: usually a run. Its colour follows the id (lib/palette). */
export interface PlotItem {
  id: string;
  label: string;
  /** By column id, as in "params.lr" or "metrics.loss". */
  values: Readonly<Record<string, number | string | undefined>>;
}

/** Why an item has no place on an axis. */
export type Absence = "missing" | "NaN" | "infinite" | "zero or less";

export type Reading = { number: number } | { text: string } | { absent: Absence };

/** The values of one column id. */
export interface PlotColumn {
  key: string;
  /** All values that exist are numbers, and at least one is finite. */
  numeric: boolean;
  readings: readonly Reading[];
}

const specials: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
};

/** The number a text stands for; undefined for any other text. */
export function parseNumber(text: string): number | undefined {
  const plain = text.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return Number(plain);
  const special = specials[plain.replace(/^[+-]/, "").toLowerCase()];
  return special === undefined || !plain.startsWith("-") ? special : -special;
}

/** MLflow's protocol sends the largest number for an infinite value. */
function readNumber(value: number): Reading {
  if (Number.isNaN(value)) return { absent: "NaN" };
  return Math.abs(value) >= Number.MAX_VALUE ? { absent: "infinite" } : { number: value };
}

/** Numeric strings are numbers, unless the column has other texts, too: then every value is a category. */
export function readColumn(items: readonly PlotItem[], key: string): PlotColumn {
  const numbers = items.map(({ values }) => {
    const value = values[key];
    return typeof value === "string" ? (parseNumber(value) ?? value) : value;
  });
  const numeric =
    numbers.every((value) => typeof value !== "string") &&
    numbers.some((value) => typeof value === "number" && "number" in readNumber(value));
  const readings = items.map(({ values }, i): Reading => {
    const value = numbers[i];
    if (value === undefined) return { absent: "missing" };
    if (typeof value === "number" && (numeric || typeof values[key] === "number")) {
      const reading = readNumber(value);
      return numeric || "absent" in reading ? reading : { text: String(value) };
    }
    return { text: String(values[key]) };
  });
  return { key, numeric, readings };
}

const titles: Record<string, string> = {
  "attributes.duration": "duration (s)",
  "attributes.user_id": "user",
};

/** The key of a column without its kind, with the value that is meant where it is not the last: "loss (min)". */
export function columnTitle(key: string): string {
  const column = titles[key] === undefined ? parseColumn(key) : undefined;
  if (column && column.kind !== "attributes") return column.title;
  return titles[key] ?? key.replace(/^attributes\./, "");
}

/** "2 missing, 1 NaN", in the order of how often; empty if every item has a value. */
export function absences(column: PlotColumn, log = false): string {
  const counts = new Map<Absence, number>();
  for (const reading of column.readings) {
    const absent = absenceOf(reading, log);
    if (absent) counts.set(absent, (counts.get(absent) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([why, count]) => `${count.toLocaleString("en-US")} ${why}`)
    .join(", ");
}

export function absenceOf(reading: Reading, log = false): Absence | undefined {
  if ("absent" in reading) return reading.absent;
  return log && "number" in reading && reading.number <= 0 ? "zero or less" : undefined;
}
