import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import { useRowKeys } from "../lib/browser/rowKeys";
import "./virtualTable.css";

export interface Column {
  label: string;
  /** Its track in the grid, such as "2fr" or "90px". It does not depend on the contents. */
  track: string;
  numeric?: boolean;
  /** Only screen readers need the label. */
  unlabelled?: boolean;
}

interface VirtualTableProps<T> {
  label: string;
  columns: readonly Column[];
  rows: readonly T[];
  rowKey: (row: T) => string | number;
  /** Narrower windows scroll. */
  minWidth?: number;
  /** The cells of a row, one for each column; the first is its heading. */
  cells: (row: T) => readonly ReactNode[];
}

const rowHeight = 36;

/** A table of any length: only the rows in sight exist. */
export function VirtualTable<T>({
  label,
  columns,
  rows,
  rowKey,
  minWidth = 560,
  cells,
}: VirtualTableProps<T>) {
  useRowKeys();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (i) => rowKey(rows[i]!),
  });
  const grid = { gridTemplateColumns: columns.map((c) => c.track).join(" "), minWidth };
  return (
    <div
      ref={scroller}
      className="card vtable"
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
    >
      <div className="vrow vhead" role="row" aria-rowindex={1} style={grid}>
        {columns.map((c) => (
          <span key={c.label} role="columnheader" className={c.numeric ? "numeric" : undefined}>
            {c.unlabelled ? <span className="visually-hidden">{c.label}</span> : c.label}
          </span>
        ))}
      </div>
      <div role="rowgroup" className="vbody" style={{ height: virtual.getTotalSize(), minWidth }}>
        {virtual.getVirtualItems().map((v) => (
          <div
            key={v.key}
            role="row"
            className="vrow"
            aria-rowindex={v.index + 2}
            style={{ ...grid, transform: `translateY(${v.start}px)` }}
          >
            {cells(rows[v.index]!).map((cell, i) => {
              const { label, numeric } = columns[i]!;
              return (
                <span
                  key={label}
                  role={i === 0 ? "rowheader" : "cell"}
                  data-row-name={i === 0 || undefined}
                  className={numeric ? "truncate numeric number" : "truncate"}
                >
                  {cell}
                </span>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
