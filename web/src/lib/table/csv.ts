// A table of runs as the rows of a CSV file.
import type { TableRun } from "../../api/runTable";
import type { Cell } from "../export/csv";
import type { Column } from "../runs/columns";
import { exactNumber } from "../text/format";
import { cellValue } from "./cells";

/** The titles, then a row for each run. Times are in ISO 8601, durations in seconds, numbers in full. */
export function csvRows(runs: readonly TableRun[], columns: readonly Column[]): Cell[][] {
  const titles = ["Run", "Run ID", ...columns.map(titleOf)];
  return [titles, ...runs.map((run) => [run.name, run.id, ...columns.map((c) => csvCell(run, c))])];
}

const titleOf = (c: Column) => (c.kind === "attributes" ? c.title : c.id);

function csvCell(run: TableRun, c: Column): Cell {
  const value = c.key === "source" && c.kind === "attributes" ? run.cells[c.id] : cellValue(run, c);
  if (value === undefined) return undefined;
  if (c.kind === "metrics") return exactNumber(value as number);
  if (c.kind === "attributes") {
    if (c.key === "start_time" || c.key === "end_time") return new Date(value as number).toISOString();
    if (c.key === "duration") return (value as number) / 1000;
  }
  return value;
}
