import type { RunStatus } from "../../api/runs";
import { NumberText, statusLabels } from "../../components/Values";
import { type CompareRow, changeOf, type Value } from "../../lib/compare/rows";
import { formatDateTime, formatDuration, formatNumber } from "../../lib/text/format";
import type { GridCell } from "./CompareGrid";
import { Ends } from "./Ends";
import type { ShownValue } from "./ValueDialog";

interface CellContext {
  best: number | undefined;
  /** The name of the run. */
  run: string;
  show: (value: ShownValue) => void;
}

/** Longer texts open in full. */
const shortText = 20;

/** A value as the table shows it, with all of it on hover. */
export function cellOf(row: CompareRow, value: Value, { best, run, show }: CellContext): GridCell {
  const { numeric } = row;
  if (value === undefined) return { node: <span className="muted">–</span>, title: "no value", numeric };
  if (row.id === "attributes.git_commit") return { node: String(value).slice(0, 10), title: String(value) };
  if (row.id === "attributes.status") return { node: statusLabels[value as RunStatus] };
  if (typeof value === "string") {
    if (numeric || value.length <= shortText) return { node: value, title: value, numeric };
    const open = () => show({ title: row.title, run, text: value });
    const node = (
      <button type="button" className="compare-text" onClick={open}>
        <Ends text={value} />
      </button>
    );
    return { node, title: value };
  }
  if (row.format === "time") return { node: formatDateTime(value), title: formatDateTime(value) };
  if (row.format === "duration") return { node: formatDuration(value), title: `${value} ms`, numeric };
  const node = <NumberText value={value} />;
  return { node: value === best ? <strong title="the best value">{node}</strong> : node, numeric };
}

/** What the second of two runs changes in the first. */
export function changeCell(row: CompareRow): GridCell {
  const change = changeOf(row);
  if (!change || change.by === 0) return { node: "" };
  const { by, share } = change;
  const sign = by > 0 ? "+" : "";
  const amount = row.format === "duration" ? durationChange(by) : sign + formatNumber(by);
  const percent =
    share === undefined ? "" : ` (${sign}${formatNumber(Number((share * 100).toPrecision(3)))} %)`;
  return { node: <span className="muted">{amount + percent}</span>, title: String(by), numeric: true };
}

const durationChange = (ms: number) => (ms < 0 ? "−" : "+") + formatDuration(Math.abs(ms));

/** A value as a file has it. */
export function cellText(row: CompareRow, value: Value): string | number | undefined {
  return row.format === "time" && typeof value === "number" ? new Date(value).toISOString() : value;
}
