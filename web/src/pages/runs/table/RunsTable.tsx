import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type MouseEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { TableRun } from "../../../api/runTable";
import { type Column, parseColumn } from "../../../lib/runs/columns";
import { numericColumns } from "../../../lib/table/cells";
import { columnsInSight, layoutOf, selectWidth } from "../../../lib/table/layout";
import { rowHeight } from "../../../lib/text/preferences";
import type { Sort } from "../../../lib/view/search";
import { type CellAnchor, CellMenu } from "./CellMenu";
import { ColumnMenu } from "./ColumnMenu";
import { GroupRow } from "./GroupRow";
import { Header } from "./Header";
import { EmptyRow, RunRow } from "./RunRow";
import type { ColumnActions } from "./useColumns";
import type { RunTable } from "./useRunTable";
import { useScrollMemory } from "./useScrollMemory";
import { useViewport } from "./useViewport";
import "./table.css";

const headHeight = 44;
export const nameColumn: Column = { ...parseColumn("attributes.run_name")!, title: "Run" };

/** The row and the cell that the keyboard is at. */
export interface Active {
  id: string | undefined;
  index: number;
  column: string | undefined;
}

interface RunsTableProps {
  table: RunTable;
  columns: readonly Column[];
  actions: ColumnActions;
  metrics: readonly string[];
  isSelected: (id: string) => boolean;
  /** Whether all rows are selected; undefined if some are. */
  all: boolean | undefined;
  active: Active;
  /** Changes when the keyboard asks for the menu of the active cell. */
  menuRequest: number;
  sort: Sort;
  filter: string;
  setSort: (sort: Sort) => void;
  setFilter: (filter: string) => void;
  startFilter: (text: string) => void;
  setActive: (id: string) => void;
  toggleAll: () => void;
  toggle: (id: string, range: boolean) => void;
  fold: (run: TableRun) => void;
  /** Tells which rows and columns are in sight. */
  onSight: (rows: readonly [number, number], columns: readonly Column[]) => void;
}

/** A tree grid whose rows and cells exist only while they are in sight. */
export function RunsTable(props: RunsTableProps) {
  const { table, columns, actions, active, onSight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const memory = useScrollMemory(scroller);
  const [cell, setCell] = useState<CellAnchor>();
  const [menu, setMenu] = useState<{ column: Column; at: DOMRect }>();
  const [draft, setDraft] = useState<{ id: string; width: number }>();
  const closeCell = useCallback(() => setCell(undefined), []);
  const closeMenu = useCallback(() => setMenu(undefined), []);
  const { viewWidth, scrollLeft } = useViewport(scroller);

  const widths = useMemo(
    () => (draft ? { ...actions.widths, [draft.id]: draft.width } : actions.widths),
    [actions.widths, draft],
  );
  const layout = useMemo(
    () => layoutOf(columns, actions.pinned, widths, viewWidth, nameColumn.id, table.grouped),
    [columns, actions.pinned, widths, viewWidth, table.grouped],
  );
  const [first, last] = columnsInSight(layout, scrollLeft, viewWidth);
  const scrolling = useMemo(() => layout.scrolling.slice(first, last + 1), [layout, first, last]);

  const count = table.total ?? 0;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeight,
    overscan: 6,
    scrollPaddingStart: headHeight,
    initialOffset: memory.top,
  });
  const items = virtual.getVirtualItems();
  const firstRow = items[0]?.index ?? 0;
  const lastRow = items.at(-1)?.index ?? 0;
  const inSight = useMemo(
    () => [...layout.pinned, ...scrolling].map((p) => p.column),
    [layout.pinned, scrolling],
  );
  useEffect(() => onSight([firstRow, lastRow], inSight), [onSight, firstRow, lastRow, inSight]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the active cell, not every refresh
  useEffect(() => {
    if (active.index < 0) return;
    virtual.scrollToIndex(active.index);
    const placed = layout.scrolling.find((p) => p.column.id === active.column);
    const box = scroller.current!;
    if (placed) {
      const left = placed.left - layout.pinnedEnd;
      const right = placed.left + placed.width - viewWidth;
      if (box.scrollLeft > left) box.scrollLeft = left;
      else if (box.scrollLeft < right) box.scrollLeft = right;
    }
    const focus = () => activeElement(box, active)?.focus({ preventScroll: true });
    // At once where the row exists: the next key may come before the next frame, and belongs to it.
    if (activeElement(box, active)) focus();
    else requestAnimationFrame(focus);
  }, [active.id, active.column]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a request is answered once
  useEffect(() => {
    const element = scroller.current && activeElement(scroller.current, active);
    const run = active.index < 0 ? undefined : table.rowAt(active.index);
    const at = columns.find((c) => c.id === active.column);
    if (props.menuRequest > 0 && element && run && at) {
      setCell({ run, column: at, at: element.getBoundingClientRect() });
    }
  }, [props.menuRequest]);

  const numeric = useMemo(() => numericColumns(table.loaded, inSight), [table.loaded, inSight]);
  const openCell = (event: MouseEvent) => {
    const target = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
    const id = target?.closest<HTMLElement>("[data-run]")?.dataset.run;
    const run = items.map((item) => table.rowAt(item.index)).find((r) => r?.id === id);
    const at = columns.find((c) => c.id === target?.dataset.column);
    if (target && run && at && target.textContent) {
      setCell({ run, column: at, at: target.getBoundingClientRect() });
    }
  };
  const neighbours = neighboursOf(columns, actions.pinned, menu?.column);
  const gap = (scrolling[0]?.left ?? layout.pinnedEnd) - layout.pinnedEnd;
  const grid = [selectWidth, layout.nameWidth, ...layout.pinned.map((p) => p.width), gap]
    .concat(scrolling.map((p) => p.width))
    .map((width) => `${width}px`)
    .join(" ");
  return (
    <div
      ref={scroller}
      className={table.stale ? "card runs-table stale" : "card runs-table"}
      role="treegrid"
      aria-label="Runs"
      aria-rowcount={count + 1}
      aria-colcount={columns.length + 2}
      aria-multiselectable="true"
      aria-busy={table.stale}
      style={{ "--grid": grid, "--width": `${layout.width}px` } as CSSProperties}
    >
      <Header
        layout={layout}
        nameColumn={nameColumn}
        scrolling={scrolling}
        numeric={numeric}
        all={props.all}
        toggleAll={props.toggleAll}
        sort={props.sort}
        setSort={props.setSort}
        move={actions.moveBefore}
        openMenu={(column, at) => setMenu({ column, at })}
        resize={(id, width, done) => {
          setDraft(done ? undefined : { id, width });
          if (done) actions.resize(id, width);
        }}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the page open the menu of the active cell */}
      <div
        role="presentation"
        className="runs-body"
        style={{ height: virtual.getTotalSize() }}
        onClick={openCell}
      >
        {items.map(({ index, start }) => {
          const run = table.rowAt(index);
          if (!run) return <EmptyRow key={`empty ${index}`} index={index} top={start} />;
          const TableRow = run.group ? GroupRow : RunRow;
          return (
            <TableRow
              key={run.id}
              run={run}
              pinned={layout.pinned}
              scrolling={scrolling}
              numeric={numeric}
              index={index}
              top={start}
              selected={props.isSelected(run.id)}
              active={run.id === active.id}
              activeColumn={run.id === active.id ? active.column : undefined}
              tabStop={active.id === undefined ? index === 0 : run.id === active.id}
              toggle={props.toggle}
              fold={props.fold}
              setActive={props.setActive}
            />
          );
        })}
      </div>
      {cell && <CellMenu cell={cell} filter={props.filter} setFilter={props.setFilter} onClose={closeCell} />}
      {menu && (
        <ColumnMenu
          column={menu.column}
          at={menu.at}
          sort={props.sort}
          pinned={actions.pinned.includes(menu.column.id)}
          width={widthIn(layout, menu.column)}
          {...neighbours}
          metrics={props.metrics}
          onClose={closeMenu}
          setSort={props.setSort}
          pin={(on) => actions.pin(menu.column.id, on)}
          swap={(other) => actions.swap(menu.column.id, other)}
          resize={(width) => actions.resize(menu.column.id, width)}
          hide={() => actions.hide(menu.column.id)}
          replace={(next) => actions.replace(menu.column.id, next.id)}
          startFilter={props.startFilter}
        />
      )}
    </div>
  );
}

function activeElement(box: HTMLElement, { id, column }: Active): HTMLElement | undefined {
  if (!id) return undefined;
  const row = box.querySelector<HTMLElement>(`[data-run="${CSS.escape(id)}"]`);
  if (!column) return row ?? undefined;
  return row?.querySelector<HTMLElement>(`[data-column="${CSS.escape(column)}"]`) ?? undefined;
}

function widthIn(layout: ReturnType<typeof layoutOf>, c: Column): number {
  if (c.id === nameColumn.id) return layout.nameWidth;
  return [...layout.pinned, ...layout.scrolling].find((p) => p.column.id === c.id)?.width ?? 0;
}

/** Columns move among the pinned ones, or among the others. */
function neighboursOf(columns: readonly Column[], pinned: readonly string[], c: Column | undefined) {
  const group = columns.filter((x) => pinned.includes(x.id) === (c !== undefined && pinned.includes(c.id)));
  const at = group.findIndex((x) => x.id === c?.id);
  return { before: at > 0 ? group[at - 1]?.id : undefined, after: at >= 0 ? group[at + 1]?.id : undefined };
}
