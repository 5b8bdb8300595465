import type { RunStatus } from "../../api/runs";
import { NumberText, statusLabels } from "../../components/Values";
import type { CompareRow, Value } from "../../lib/compare/rows";
import { formatDateTime, formatDuration } from "../../lib/format";
import type { GridCell } from "./CompareGrid";

/** A value as the table shows it, with all of it on hover. */
export function cellOf(row: CompareRow, value: Value): GridCell {
  const { numeric } = row;
  if (value === undefined) return { node: <span className="muted">–</span>, title: "no value", numeric };
  if (row.id === "attributes.git_commit") return { node: String(value).slice(0, 10), title: String(value) };
  if (row.id === "attributes.status") return { node: statusLabels[value as RunStatus] };
  if (typeof value === "string") return { node: value, title: value, numeric };
  if (row.format === "time") return { node: formatDateTime(value), title: formatDateTime(value) };
  if (row.format === "duration") return { node: formatDuration(value), title: `${value} ms`, numeric };
  return { node: <NumberText value={value} />, numeric };
}

/** A value as a file has it. */
export function cellText(row: CompareRow, value: Value): string | number | undefined {
  return row.format === "time" && typeof value === "number" ? new Date(value).toISOString() : value;
}
