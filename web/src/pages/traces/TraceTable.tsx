import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Trace } from "../../api/traces";
import { useRowKeys } from "../../lib/browser/rowKeys";
import { type ColumnsView, nextSort } from "../../lib/columns/columns";
import { nameColumn, type TraceColumn } from "./traceColumns";
import "../../components/virtualTable.css";
import "./traces.css";

interface TraceTableProps {
  traces: readonly Trace[];
  columns: readonly TraceColumn[];
  view: ColumnsView & { selected: readonly string[] };
  change: (part: Partial<ColumnsView & { selected: readonly string[] }>) => void;
  /** Called when the end comes into sight. */
  onEnd: () => void;
}

const rowHeight = 36;
const gap = 12;
const tickTrack = "22px";

/** Traces of any number: only the rows in sight exist, and more are read as one scrolls. */
export function TraceTable({ traces, columns, view, change, onEnd }: TraceTableProps) {
  useRowKeys();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: traces.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (i) => traces[i]!.id,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= traces.length - 20) onEnd();
  }, [last, traces.length, onEnd]);
  const shown = [nameColumn, ...columns];
  const minWidth = shown.reduce((sum, c) => sum + c.least + gap, 22 + 18);
  const grid = { gridTemplateColumns: [tickTrack, ...shown.map((c) => c.track)].join(" "), minWidth };
  const selected = new Set(view.selected);
  const all = traces.length > 0 && traces.every((t) => selected.has(t.id));
  const anchor = useRef("");
  const tick = (id: string, range: boolean) => {
    const at = traces.findIndex((t) => t.id === id);
    const from = range ? traces.findIndex((t) => t.id === anchor.current) : -1;
    anchor.current = id;
    if (from >= 0) {
      const between = traces.slice(Math.min(at, from), Math.max(at, from) + 1).map((t) => t.id);
      change({ selected: [...new Set([...view.selected, ...between])] });
    } else {
      change({
        selected: selected.has(id) ? view.selected.filter((other) => other !== id) : [...view.selected, id],
      });
    }
  };
  return (
    <div
      ref={scroller}
      className="card vtable trace-table"
      role="table"
      aria-label="Traces"
      aria-rowcount={traces.length + 1}
    >
      <div className="vrow vhead" role="row" aria-rowindex={1} style={grid}>
        <span role="columnheader">
          <input
            type="checkbox"
            aria-label="Select all loaded traces"
            checked={all}
            onChange={() => change({ selected: all ? [] : traces.map((t) => t.id) })}
          />
        </span>
        {shown.map((c) => (
          <Head key={c.id} column={c} view={view} change={change} />
        ))}
      </div>
      <div role="rowgroup" className="vbody" style={{ height: virtual.getTotalSize(), minWidth }}>
        {items.map((v) => {
          const trace = traces[v.index]!;
          return (
            <div
              key={v.key}
              role="row"
              className={selected.has(trace.id) ? "vrow selected" : "vrow"}
              aria-rowindex={v.index + 2}
              style={{ ...grid, transform: `translateY(${v.start}px)` }}
            >
              <span role="cell">
                <input
                  type="checkbox"
                  aria-label={`Select trace ${trace.name || trace.id}`}
                  checked={selected.has(trace.id)}
                  onChange={(e) => tick(trace.id, (e.nativeEvent as MouseEvent).shiftKey)}
                />
              </span>
              {shown.map((c) => (
                <span
                  key={c.id}
                  role={c === nameColumn ? "rowheader" : "cell"}
                  data-row-name={c === nameColumn || undefined}
                  className={c.numeric ? "truncate numeric number" : "truncate"}
                >
                  {c.cell(trace)}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface HeadProps {
  column: TraceColumn;
  view: ColumnsView;
  change: (part: Partial<ColumnsView>) => void;
}

function Head({ column, view, change }: HeadProps) {
  const sorted = view.sort === column.id || (view.sort === "" && column.id === "start");
  const descending = view.sort === "" || view.descending;
  return (
    <span
      role="columnheader"
      className={column.numeric ? "numeric" : undefined}
      aria-sort={sorted && column.order ? (descending ? "descending" : "ascending") : undefined}
    >
      {column.order ? (
        <button
          type="button"
          className="sort-button"
          title={`Sort by ${column.title.toLowerCase()}`}
          onClick={() => change(nextSort(view.sort === "" ? defaultOrder : view, column))}
        >
          {column.title}
          <span aria-hidden="true">{sorted ? (descending ? " ↓" : " ↑") : ""}</span>
        </button>
      ) : (
        column.title
      )}
    </span>
  );
}

/** Without a choice, the newest traces come first. */
const defaultOrder: ColumnsView = { columns: undefined, sort: "start", descending: true };

/** The order that the server is asked for. */
export function orderOf(view: ColumnsView, columns: readonly TraceColumn[]): string {
  const order = [nameColumn, ...columns].find((c) => c.id === view.sort)?.order;
  return order ? `${order} ${view.descending ? "DESC" : "ASC"}` : "timestamp_ms DESC";
}
