import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { useRowKeys } from "../lib/browser/rowKeys";
import "./virtualTable.css";

export interface Column {
  label: string;
  /** Its track in the grid, such as "2fr" or "90px". It does not depend on the contents. */
  track: string;
  numeric?: boolean;
  /** Only screen readers need the label. */
  unlabelled?: boolean;
  /** What the rows can be sorted by here. */
  sortKey?: string;
}

/** By what the rows are sorted, and what a click on a column's title asks for. */
export interface TableSort {
  key: string;
  descending: boolean;
  choose: (key: string, descending: boolean) => void;
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
  sort?: TableSort;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
  /** The row that is marked as the current one. */
  current?: string | number | undefined;
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
  sort,
  onEnd,
  current,
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
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, onEnd]);
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
          <Head key={c.label} column={c} sort={sort} />
        ))}
      </div>
      <div role="rowgroup" className="vbody" style={{ height: virtual.getTotalSize(), minWidth }}>
        {items.map((v) => (
          <div
            key={v.key}
            role="row"
            className={current !== undefined && v.key === current ? "vrow selected" : "vrow"}
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

function Head({ column: c, sort }: { column: Column; sort: TableSort | undefined }) {
  const sorted = sort && c.sortKey !== undefined && sort.key === c.sortKey;
  const { sortKey } = c;
  return (
    <span
      role="columnheader"
      className={c.numeric ? "numeric" : undefined}
      aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : undefined}
    >
      {c.unlabelled ? (
        <span className="visually-hidden">{c.label}</span>
      ) : sort && sortKey !== undefined ? (
        <button
          type="button"
          className="sort-button"
          title={`Sort by ${c.label.toLowerCase()}`}
          onClick={() => sort.choose(sortKey, sorted ? !sort.descending : c.numeric === true)}
        >
          {c.label}
          <span aria-hidden="true">{sorted ? (sort.descending ? " ↓" : " ↑") : ""}</span>
        </button>
      ) : (
        c.label
      )}
    </span>
  );
}
