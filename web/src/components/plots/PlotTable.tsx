import type { Cell } from "../../lib/export";
import { VirtualTable } from "../VirtualTable";

/** The data of a plot as a table of any length. */
export function PlotTable({ title, rows }: { title: string; rows: readonly (readonly Cell[])[] }) {
  const [header = [], ...body] = rows;
  const numbered = body.map((cells, index) => ({ cells, index }));
  return (
    <VirtualTable
      label={title}
      columns={header.map((label, i) => ({
        label: String(label),
        track: i === 0 ? "minmax(140px, 2fr)" : "minmax(90px, 1fr)",
        numeric: i > 0 && body.every((row) => row[i] === undefined || typeof row[i] === "number"),
      }))}
      rows={numbered}
      rowKey={(row) => row.index}
      minWidth={header.length * 110}
      cells={({ cells }) => cells.map((cell) => (cell === undefined ? "" : String(cell)))}
    />
  );
}
