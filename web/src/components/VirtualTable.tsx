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

export interface TableTicks<T> {
  selected: ReadonlySet<string | number>;
  /** The name of a row's box, and that of the box for all rows. */
  label: (row: T) => string;
  allLabel: string;
  choose: (keys: (string | number)[]) => void;
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
  /** A box to tick before each row. */
  ticks?: TableTicks<T>;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
  className?: string;
  /** The row that is marked as the current one. */
  current?: string | number | undefined;
}

const rowHeight = 36;
const tickTrack = "22px";

/** A table of any length: only the rows in sight exist. */
export function VirtualTable<T>({
  label,
  columns,
  rows,
  rowKey,
  minWidth = 560,
  cells,
  sort,
  ticks,
  onEnd,
  className,
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
  const tracks = columns.map((c) => c.track);
  const grid = { gridTemplateColumns: (ticks ? [tickTrack, ...tracks] : tracks).join(" "), minWidth };
  const anchor = useRef<string | number>(undefined);
  const tick = (at: number, range: boolean) => {
    if (!ticks) return;
    const key = rowKey(rows[at]!);
    const from = range ? rows.findIndex((row) => rowKey(row) === anchor.current) : -1;
    anchor.current = key;
    const next = new Set(ticks.selected);
    if (from >= 0)
      for (const row of rows.slice(Math.min(at, from), Math.max(at, from) + 1)) next.add(rowKey(row));
    else if (!next.delete(key)) next.add(key);
    ticks.choose([...next]);
  };
  return (
    <div
      ref={scroller}
      className={className ? `card vtable ${className}` : "card vtable"}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
    >
      <div className="vrow vhead" role="row" aria-rowindex={1} style={grid}>
        {ticks && <TickAll ticks={ticks} keys={rows.map(rowKey)} />}
        {columns.map((c) => (
          <Head key={c.label} column={c} sort={sort} />
        ))}
      </div>
      <div role="rowgroup" className="vbody" style={{ height: virtual.getTotalSize(), minWidth }}>
        {items.map((v) => (
          <div
            key={v.key}
            role="row"
            className={v.key === current || ticks?.selected.has(v.key as string) ? "vrow selected" : "vrow"}
            aria-rowindex={v.index + 2}
            style={{ ...grid, transform: `translateY(${v.start}px)` }}
          >
            {ticks && (
              <span role="cell">
                <input
                  type="checkbox"
                  aria-label={ticks.label(rows[v.index]!)}
                  checked={ticks.selected.has(rowKey(rows[v.index]!))}
                  onChange={(e) => tick(v.index, (e.nativeEvent as MouseEvent).shiftKey)}
                />
              </span>
            )}
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

function TickAll<T>({ ticks, keys }: { ticks: TableTicks<T>; keys: readonly (string | number)[] }) {
  const all = keys.length > 0 && keys.every((key) => ticks.selected.has(key));
  return (
    <span role="columnheader">
      <input
        type="checkbox"
        aria-label={ticks.allLabel}
        checked={all}
        onChange={() => ticks.choose(all ? [] : [...keys])}
      />
    </span>
  );
}
