import { type DragEvent, type PointerEvent, useRef, useState } from "react";
import { Icon } from "../../../components/Icon";
import type { Column } from "../../../lib/runs/columns";
import { clampWidth, type Layout, type Placed } from "../../../lib/table/layout";
import { defaultSort, type Sort } from "../../../lib/view/search";

const bandTitles = { attributes: "Run", metrics: "Metrics", params: "Parameters", tags: "Tags" };

export interface HeaderActions {
  sort: Sort;
  setSort: (sort: Sort) => void;
  /** Sets a width, 0 for the usual one. done is false while the edge is being dragged. */
  resize: (id: string, width: number, done: boolean) => void;
  /** Moves a column before another. */
  move: (id: string, before: string) => void;
  openMenu: (column: Column, at: DOMRect) => void;
}

interface HeaderProps extends HeaderActions {
  layout: Layout;
  nameColumn: Column;
  /** The scrolling columns in sight. */
  scrolling: readonly Placed[];
  numeric: ReadonlySet<string>;
  /** Whether all rows are selected; undefined if some are. */
  all: boolean | undefined;
  toggleAll: () => void;
}

/** Titles that sort, with a menu each, handles to resize them, and places to drop them. */
export function Header(props: HeaderProps) {
  const { layout, nameColumn, scrolling, numeric, all, toggleAll } = props;
  const { pinned } = layout;
  const kindBefore = (i: number) =>
    layout.scrolling[layout.scrolling.indexOf(scrolling[0]!) + i - 1]?.column.kind;
  return (
    <div role="row" className="runs-row runs-head" aria-rowindex={1}>
      <span role="columnheader" className="pin-select">
        <input
          type="checkbox"
          aria-label="Select all runs that match"
          title="Select all runs that match"
          checked={all === true}
          ref={(box) => {
            if (box) box.indeterminate = all === undefined;
          }}
          onChange={toggleAll}
        />
      </span>
      <HeaderCell {...props} column={nameColumn} width={layout.nameWidth} band="" className="pin-name" />
      {pinned.map((p, i) => (
        <HeaderCell
          key={p.column.id}
          {...props}
          column={p.column}
          width={p.width}
          left={p.left}
          band={p.column.kind === pinned[i - 1]?.column.kind ? "" : bandTitles[p.column.kind]}
          className={`pinned${numeric.has(p.column.id) ? " numeric" : ""}`}
        />
      ))}
      {scrolling.map((p, i) => (
        <HeaderCell
          key={p.column.id}
          {...props}
          column={p.column}
          width={p.width}
          track={i === 0 ? pinned.length + 4 : undefined}
          band={p.column.kind === kindBefore(i) ? "" : bandTitles[p.column.kind]}
          className={numeric.has(p.column.id) ? "numeric" : ""}
        />
      ))}
    </div>
  );
}

interface HeaderCellProps extends HeaderActions {
  column: Column;
  width: number;
  left?: number;
  track?: number | undefined;
  band: string;
  className: string;
}

const dragType = "application/x-millrace-column";

function HeaderCell(props: HeaderCellProps) {
  const { column, sort, setSort, band, className, left, track, openMenu, move } = props;
  const cell = useRef<HTMLSpanElement>(null);
  const [over, setOver] = useState(false);
  const sorted = sort.column === column.id;
  const arrow = sorted ? (sort.descending ? " ↓" : " ↑") : "";
  const isName = column.key === "run_name" && column.kind === "attributes";
  // First ascending, then descending, then back to the newest first. Times start with the newest.
  const next = (): Sort => {
    const firstWay = column.id === defaultSort.column;
    if (!sorted) return { column: column.id, descending: firstWay };
    if (sort.descending === firstWay) return { column: column.id, descending: !firstWay };
    return defaultSort;
  };
  const menu = () => openMenu(column, cell.current!.getBoundingClientRect());
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const moved = event.dataTransfer.getData(dragType);
    if (moved && moved !== column.id) move(moved, column.id);
  };
  return (
    <span
      ref={cell}
      role="columnheader"
      aria-label={column.title}
      className={`${className}${over ? " drop" : ""}`}
      style={{ left, gridColumnStart: track }}
      aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : "none"}
      draggable={!isName}
      onDragStart={(e) => {
        e.dataTransfer.setData(dragType, column.id);
        e.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(e) => {
        if (isName || !e.dataTransfer.types.includes(dragType)) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
      onContextMenu={(e) => {
        e.preventDefault();
        menu();
      }}
    >
      {band && <span className="band">{band}</span>}
      <span className="head-line">
        <button
          type="button"
          className="sort-button"
          title={`${column.title}. Sort; arrow down opens the menu`}
          onClick={() => setSort(next())}
          onKeyDown={(e) => {
            if (e.key !== "ArrowDown") return;
            e.preventDefault();
            e.stopPropagation();
            menu();
          }}
        >
          <span className="truncate">{column.title}</span>
          <span aria-hidden="true">{arrow}</span>
        </button>
        <button
          type="button"
          className="icon-button head-menu"
          tabIndex={-1}
          aria-label={`Menu of the column ${column.title}`}
          onClick={menu}
        >
          <Icon name="more" size={12} />
        </button>
      </span>
      <ResizeHandle {...props} />
    </span>
  );
}

/** The right edge of a title. A double click gives the column its usual width. */
function ResizeHandle({ column, width, resize }: Pick<HeaderCellProps, "column" | "width" | "resize">) {
  const start = useRef<{ x: number; width: number }>(undefined);
  const onMove = (event: PointerEvent, done: boolean) => {
    if (!start.current || (done && event.clientX === start.current.x)) return;
    resize(column.id, clampWidth(start.current.width + event.clientX - start.current.x), done);
  };
  return (
    <span
      aria-hidden="true"
      className="resize-handle"
      draggable
      onDragStart={(e) => {
        e.preventDefault();
        e.stopPropagation();
      }}
      onPointerDown={(e) => {
        e.stopPropagation();
        e.currentTarget.setPointerCapture(e.pointerId);
        start.current = { x: e.clientX, width };
      }}
      onPointerMove={(e) => onMove(e, false)}
      onPointerUp={(e) => {
        onMove(e, true);
        start.current = undefined;
      }}
      onDoubleClick={() => resize(column.id, 0, true)}
    />
  );
}
