// What a run shows in a column.
import type { Cell, TableRun } from "../../api/runTable";
import { parseNumber } from "../plots/item";
import { baseName, type Column, durationOf, searchName } from "../runs/columns";
import { quoteValue } from "../runs/filter";
import { exactNumber, formatDateTime, formatNumber } from "../text/format";

/** The value of a cell; undefined where the run has none. */
export function cellValue(run: TableRun, c: Column): Cell {
  if (run.group) return run.cells[c.id]; // A group has no run with attributes.
  if (c.kind !== "attributes") return run.cells[c.id];
  switch (c.key) {
    case "run_name":
      return run.name;
    case "start_time":
      return run.startMS;
    case "end_time":
      return run.endMS;
    case "duration":
      return durationOf(run);
    case "status":
      return run.status;
    case "user_id":
      return run.user || undefined;
    case "source":
      return typeof run.cells[c.id] === "string" ? baseName(run.cells[c.id] as string) : undefined;
    default:
      return run.cells[c.id];
  }
}

const digits = 6;

/** A metric's value with six significant digits, which fit into every column. */
export function metricText(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= Number.MAX_VALUE || value === 0 || Number.isInteger(value)) {
    return formatNumber(value);
  }
  // Whole digits are not rounded to zeros: they look like digits of the value.
  if (size >= 1e5 && size < 1e9) return String(Math.round(value)).replace("-", "−");
  const text =
    size >= 1e-4 && size < 1e9
      ? String(Number(value.toPrecision(digits)))
      : value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  return text.replaceAll("-", "−");
}

/** A parameter that is a number: as it was written unless that is long. */
export function parameterText(text: string): string {
  const plain = text.replaceAll("-", "−");
  return text.length <= digits + 2 ? plain : metricText(Number(text));
}

/** A setting as it is named beside a run: a number as in a column of numbers, any other text as it is. */
export function settingText(value: Cell): string {
  const text = String(value).trim();
  return parseNumber(text) === undefined ? text : parameterText(text);
}

/** The whole value as text, for copies and exports. */
export function exactText(run: TableRun, c: Column): string {
  const value = cellValue(run, c);
  if (value === undefined) return "";
  if (c.kind === "metrics") return exactNumber(value as number);
  if (c.kind === "attributes") {
    if (c.key === "start_time" || c.key === "end_time") return formatDateTime(value as number);
    if (c.key === "duration") return `${(value as number) / 1000} s`;
    if (c.key === "source") return String(run.cells[c.id] ?? "");
  }
  return String(value);
}

/** Filters that make sense for a value; none where the grammar has no words for it. */
export function clausesFor(run: TableRun, c: Column): string[] {
  const name = searchName(c);
  const value = c.key === "source" && c.kind === "attributes" ? run.cells[c.id] : cellValue(run, c);
  if (!name || value === undefined || value === "") return [];
  if (c.kind === "metrics") {
    if (!Number.isFinite(value) || Math.abs(value as number) >= Number.MAX_VALUE) return [];
    return [`${name} <= ${exactNumber(value as number)}`, `${name} >= ${exactNumber(value as number)}`];
  }
  if (typeof value === "number") return [`${name} >= ${value}`, `${name} <= ${value}`];
  // A literal can hold one kind of quote only.
  if (value.includes("'") && value.includes('"')) return [];
  if (c.kind === "attributes" && c.key === "dataset")
    return value.includes(", ") ? [] : [`${name} = ${quoteValue(value)}`];
  return [`${name} = ${quoteValue(value)}`, `${name} != ${quoteValue(value)}`];
}

/** Parameters and tags whose values are all numbers line up at the right. */
export function numericColumns(rows: readonly TableRun[], columns: readonly Column[]): Set<string> {
  const numeric = new Set<string>();
  for (const c of columns) {
    if (c.kind === "metrics") numeric.add(c.id);
    if (c.kind !== "params" && c.kind !== "tags") continue;
    let some = false;
    const all = rows.every((row) => {
      const value = row.cells[c.id];
      if (value === undefined || value === "") return true;
      some = true;
      return String(value).trim() !== "" && !Number.isNaN(Number(value));
    });
    if (all && some) numeric.add(c.id);
  }
  return numeric;
}
