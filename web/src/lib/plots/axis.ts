import { compareNames } from "../runs/columns";
import { columnTitle, type PlotColumn, type Reading } from "./item";
import { linearTicks, logTicks } from "./ticks";

export interface AxisTick {
  /** Place on the axis, 0 to 1. */
  at: number;
  label: string;
}

/** A scale from the values of a column to places between 0 and 1. */
export interface Axis {
  key: string;
  title: string;
  kind: "linear" | "log" | "category";
  /** The categories from 0 to 1; empty on other axes. */
  categories: readonly string[];
  /** The numbers at 0 and 1. */
  domain: readonly [number, number];
  /** Undefined for values that have no place: absent ones, and zero or less on a logarithmic axis. */
  place(reading: Reading): number | undefined;
  /** The number at a place. Only on number axes. */
  invert(at: number): number;
  ticks(count: number): AxisTick[];
}

interface AxisOptions {
  log?: boolean | undefined;
  /** The domain includes zero, as bars need it. */
  zero?: boolean;
  /** Leaves room at both ends, so that no mark lies on the edge. */
  padded?: boolean;
}

export function axisOf(column: PlotColumn, options: AxisOptions = {}): Axis {
  return column.numeric ? numberAxis(column, options) : categoryAxis(column);
}

function categoryAxis({ key, readings }: PlotColumn): Axis {
  const categories = [...new Set(readings.flatMap((r) => ("text" in r ? [r.text] : [])))].sort(compareNames);
  const index = new Map(categories.map((text, i) => [text, i]));
  const at = (i: number) => (i + 0.5) / categories.length;
  return {
    key,
    title: columnTitle(key),
    kind: "category",
    categories,
    domain: [0, categories.length],
    place: (reading) => ("text" in reading ? at(index.get(reading.text) ?? 0) : undefined),
    invert: () => Number.NaN,
    ticks: (count) => {
      const every = Math.max(1, Math.ceil(categories.length / Math.max(1, count)));
      return categories.flatMap((label, i) => (i % every === 0 ? [{ at: at(i), label }] : []));
    },
  };
}

function numberAxis(
  { key, readings }: PlotColumn,
  { log = false, zero = false, padded = false }: AxisOptions,
): Axis {
  const numbers = readings.flatMap((r) => ("number" in r && (!log || r.number > 0) ? [r.number] : []));
  const [least, most] = extent(numbers, log ? 1 : 0);
  const scale = log ? Math.log10 : (value: number) => value;
  const back = log ? (value: number) => 10 ** value : (value: number) => value;
  let low = scale(zero && !log ? Math.min(0, least) : least);
  let high = scale(zero && !log ? Math.max(0, most) : most);
  if (low === high) {
    const room = log ? 0.5 : Math.abs(low) * 0.1 || 1;
    if (!zero || low === 0 || log) low -= room;
    high += room;
  } else if (padded) {
    const room = (high - low) * 0.04;
    if (!zero || low < 0) low -= room;
    if (!zero || high > 0) high += room;
  }
  // Where all values are whole, fractions between them mean nothing.
  const whole = !log && high - low >= 1 && numbers.length > 0 && numbers.every(Number.isInteger);
  const isUseful = ({ value }: { value: number }) => !whole || Number.isInteger(value);
  // Halves keep the span of the largest doubles finite.
  const span = high / 2 - low / 2;
  const position = (value: number) => (scale(value) / 2 - low / 2) / span;
  return {
    key,
    title: columnTitle(key),
    kind: log ? "log" : "linear",
    categories: [],
    domain: [back(low), back(high)],
    place: (reading) =>
      "number" in reading && (!log || reading.number > 0) ? position(reading.number) : undefined,
    invert: (at) => back((low / 2 + at * span) * 2),
    ticks: (count) =>
      (log ? logTicks(back(low), back(high), count) : linearTicks(low, high, count))
        .filter(isUseful)
        .map(({ value, label }) => ({
          at: position(value),
          label,
        })),
  };
}

/** The least and the greatest number; both are the fallback if there is none. */
export function extent(numbers: readonly number[], fallback: number): [number, number] {
  if (numbers.length === 0) return [fallback, fallback];
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** Whether values spread over so many orders of magnitude that a logarithmic axis shows them better. */
export function suitsLog(column: PlotColumn): boolean {
  if (!column.numeric) return false;
  const numbers = column.readings.flatMap((r) => ("number" in r ? [r.number] : []));
  const [least, most] = extent(numbers, 1);
  return least > 0 && most / least >= 100;
}
