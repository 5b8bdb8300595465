import { useMemo } from "react";
import type { Trace } from "../../api/traces";
import { VirtualTable } from "../../components/VirtualTable";
import { type ColumnsView, nextSort } from "../../lib/columns/columns";
import { nameColumn, type TraceColumn } from "./traceColumns";
import "./traces.css";

interface TraceTableProps {
  traces: readonly Trace[];
  columns: readonly TraceColumn[];
  view: ColumnsView & { selected: readonly string[] };
  change: (part: Partial<ColumnsView & { selected: readonly string[] }>) => void;
  /** Called when the end comes into sight. */
  onEnd: () => void;
}

const gap = 12;
const tickAndPadding = 22 + 18;

/** Traces of any number: only the rows in sight exist, and more are read as one scrolls. */
export function TraceTable({ traces, columns, view, change, onEnd }: TraceTableProps) {
  const shown = [nameColumn, ...columns];
  const selected = useMemo(() => new Set<string | number>(view.selected), [view.selected]);
  const sorted = view.sort === "" ? defaultOrder : view;
  return (
    <VirtualTable
      label="Traces"
      className="trace-table"
      columns={shown.map((c) => ({
        label: c.title,
        track: c.track,
        ...(c.numeric && { numeric: true }),
        ...(c.order && { sortKey: c.id }),
      }))}
      rows={traces}
      rowKey={(t) => t.id}
      minWidth={shown.reduce((sum, c) => sum + c.least + gap, tickAndPadding)}
      cells={(t) => shown.map((c) => c.cell(t))}
      sort={{
        key: sorted.sort,
        descending: sorted.descending,
        choose: (id) => {
          const column = shown.find((c) => c.id === id);
          if (column) change(nextSort(sorted, column));
        },
      }}
      ticks={{
        selected,
        label: (t) => `Select trace ${t.name || t.id}`,
        allLabel: "Select all loaded traces",
        choose: (ids) => change({ selected: ids as string[] }),
      }}
      onEnd={onEnd}
    />
  );
}

/** Without a choice, the newest traces come first. */
const defaultOrder: ColumnsView = { columns: undefined, sort: "start", descending: true };

/** The order that the server is asked for. */
export function orderOf(view: ColumnsView, columns: readonly TraceColumn[]): string {
  const order = [nameColumn, ...columns].find((c) => c.id === view.sort)?.order;
  return order ? `${order} ${view.descending ? "DESC" : "ASC"}` : "timestamp_ms DESC";
}
