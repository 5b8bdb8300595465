import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Run } from "../../api/runs";
import { type Column, column, searchName } from "../../lib/columns";
import type { TreeRow } from "../../lib/tree";
import { defaultSort, type Sort } from "../../lib/view/search";
import { type CellAnchor, CellMenu } from "./CellMenu";
import { cellClass, RunRow } from "./RunRow";

const rowHeight = 30;
const nameColumn: Column = { ...column("attributes", "run_name"), title: "Run" };
const bandTitles = { attributes: "Run", metrics: "Metrics", params: "Parameters", tags: "Tags" };

interface RunsTableProps {
  rows: readonly TreeRow<Run>[];
  columns: readonly Column[];
  selected: ReadonlySet<string>;
  activeID: string | undefined;
  sort: Sort;
  filter: string;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  setSort: (sort: Sort) => void;
  setFilter: (filter: string) => void;
  setActive: (id: string) => void;
  setSelected: (ids: string[]) => void;
  toggle: (id: string, range: boolean) => void;
  fold: (id: string) => void;
}

/** A tree grid whose rows exist only while they are in sight. */
export function RunsTable(props: RunsTableProps) {
  const { rows, columns, selected, activeID, hasMore, loadingMore, loadMore, toggle, fold, setActive } =
    props;
  const scroller = useRef<HTMLDivElement>(null);
  const [cell, setCell] = useState<CellAnchor>();
  const closeCell = useCallback(() => setCell(undefined), []);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollPaddingStart: 44,
  });

  const activeIndex = rows.findIndex((row) => row.item.id === activeID);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the active row, not every refresh of the list
  useEffect(() => {
    if (activeIndex < 0) return;
    virtual.scrollToIndex(activeIndex);
    const row = () => scroller.current?.querySelector<HTMLElement>(`[data-run="${activeID}"]`);
    const focus = () => row()?.focus({ preventScroll: true });
    // At once where the row exists: the next key may come before the next frame, and belongs to it.
    if (row()) focus();
    else requestAnimationFrame(focus);
  }, [activeID]);

  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  // The next page is fetched before the end of the list comes into sight.
  useEffect(() => {
    if (hasMore && !loadingMore && lastIndex >= rows.length - 10 && rows.length >= 50) loadMore();
  }, [hasMore, loadingMore, lastIndex, rows.length, loadMore]);

  const { template, width } = useMemo(() => gridOf(columns), [columns]);
  return (
    <div
      ref={scroller}
      className="card runs-table"
      role="treegrid"
      aria-label="Runs"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-colcount={columns.length + 2}
      aria-multiselectable="true"
      style={{ "--grid": template, "--width": `${width}px` } as CSSProperties}
    >
      <Header {...props} />
      <div role="presentation" className="runs-body" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = rows[index]!;
          return (
            <RunRow
              key={row.item.id}
              run={row.item}
              depth={row.depth}
              childCount={row.children}
              open={row.open}
              columns={columns}
              index={index}
              top={start}
              selected={selected.has(row.item.id)}
              active={row.item.id === activeID}
              tabStop={activeIndex < 0 ? index === 0 : row.item.id === activeID}
              toggle={toggle}
              fold={fold}
              setActive={setActive}
              openCell={setCell}
            />
          );
        })}
      </div>
      {hasMore && (
        <p className="more">
          <button type="button" className="button" disabled={loadingMore} onClick={loadMore}>
            {loadingMore ? "Loading…" : "Load more runs"}
          </button>
        </p>
      )}
      {cell && <CellMenu cell={cell} filter={props.filter} setFilter={props.setFilter} onClose={closeCell} />}
    </div>
  );
}

function Header({ rows, columns, selected, sort, setSort, setSelected }: RunsTableProps) {
  const ids = rows.map((row) => row.item.id);
  const chosen = ids.filter((id) => selected.has(id)).length;
  const all = chosen > 0 && chosen === ids.length;
  return (
    <div className="runs-row runs-head" role="row" tabIndex={-1}>
      <span role="columnheader" className="pin-select">
        <input
          type="checkbox"
          aria-label="Select all loaded runs"
          checked={all}
          ref={(box) => {
            if (box) box.indeterminate = chosen > 0 && !all;
          }}
          onChange={() => setSelected(all ? [] : ids)}
        />
      </span>
      <HeaderCell column={nameColumn} band="" sort={sort} setSort={setSort} className="pin-name" />
      {columns.map((c, i) => (
        <HeaderCell
          key={c.id}
          column={c}
          band={i === 0 || c.kind === columns[i - 1]?.kind ? "" : bandTitles[c.kind]}
          sort={sort}
          setSort={setSort}
          className={cellClass(c, columns[i - 1])}
        />
      ))}
    </div>
  );
}

interface HeaderCellProps {
  column: Column;
  band: string;
  sort: Sort;
  setSort: (sort: Sort) => void;
  className: string;
}

function HeaderCell({ column, band, sort, setSort, className }: HeaderCellProps) {
  const sorted = sort.column === column.id;
  const arrow = sorted ? (sort.descending ? " ↓" : " ↑") : "";
  const label = (
    <span className="truncate" title={column.title}>
      {column.title}
    </span>
  );
  // First ascending, then descending, then back to the newest first. Times start with the newest.
  const next = (): Sort => {
    if (!sorted) return { column: column.id, descending: column.key === "start_time" };
    const firstWay = column.key === "start_time";
    if (sort.descending === firstWay) return { column: column.id, descending: !firstWay };
    return defaultSort;
  };
  return (
    <span
      role="columnheader"
      className={className}
      aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : "none"}
    >
      {band && <span className="band">{band}</span>}
      {searchName(column) ? (
        <button type="button" className="sort-button" onClick={() => setSort(next())}>
          {label}
          <span aria-hidden="true">{arrow}</span>
        </button>
      ) : (
        <span className="sort-button">{label}</span>
      )}
    </span>
  );
}

const attributeWidths: Record<string, number> = {
  start_time: 108,
  duration: 104,
  user_id: 96,
  source: 130,
  status: 90,
};

/** Columns as wide as their title needs, within reason. */
function gridOf(columns: readonly Column[]): { template: string; width: number } {
  const widths = columns.map((c) => {
    if (c.kind === "attributes") return attributeWidths[c.key] ?? 100;
    return Math.min(190, Math.max(92, c.title.length * 7.2 + 34));
  });
  const fixed = widths.reduce((sum, w) => sum + w, 0);
  return {
    template: `34px minmax(230px, 1fr) ${widths.map((w) => `${w}px`).join(" ")}`,
    width: fixed + 264,
  };
}
