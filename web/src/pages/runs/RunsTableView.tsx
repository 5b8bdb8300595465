import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ErrorNotice, Loading } from "../../components/Notice";
import { availableColumns, shownColumns } from "../../lib/columns";
import { plural } from "../../lib/format";
import { useHotkeys } from "../../lib/hooks";
import { ColumnPicker } from "./ColumnPicker";
import { FilterBox, filterFault } from "./FilterBox";
import { NoRuns } from "./NoRuns";
import { RunsTable } from "./RunsTable";
import type { RunsViewProps } from "./runsView";
import { SelectionBar } from "./SelectionBar";
import { StagePicker } from "./StagePicker";

/** The table with its tools: filter, columns, selection, keyboard. */
export function RunsTableView({ experimentID, view, change, data }: RunsViewProps) {
  const { list, runs, rows } = data;
  const navigate = useNavigate();
  const filterBox = useRef<HTMLInputElement>(null);
  const [activeID, setActiveID] = useState<string>();
  const selected = useMemo(() => new Set(view.selected), [view.selected]);
  const available = useMemo(() => availableColumns(runs), [runs]);
  const columns = useMemo(
    () => shownColumns(runs, view.columns, view.diffOnly),
    [runs, view.columns, view.diffOnly],
  );

  const rowsNow = useRef(rows);
  rowsNow.current = rows;
  const lastToggled = useRef<string>(undefined);
  const toggle = useCallback(
    (id: string, range: boolean) => {
      const ids = rowsNow.current.map((row) => row.item.id);
      const from = range && lastToggled.current ? ids.indexOf(lastToggled.current) : -1;
      const to = ids.indexOf(id);
      lastToggled.current = id;
      const next = new Set(selected);
      if (from >= 0) for (const each of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(each);
      else if (!next.delete(id)) next.add(id);
      change({ selected: [...next] }, "replace");
    },
    [change, selected],
  );
  const fold = useCallback(
    (id: string) => {
      const folded = view.folded.includes(id) ? view.folded.filter((f) => f !== id) : [...view.folded, id];
      change({ folded }, "replace");
    },
    [change, view.folded],
  );

  const activeIndex = rows.findIndex((row) => row.item.id === activeID);
  const move = (step: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, activeIndex + step))];
    if (next) setActiveID(next.item.id);
  };
  const foldActive = (open: boolean) => {
    const row = rows[activeIndex];
    if (row && row.children > 0 && row.open !== open) fold(row.item.id);
  };
  useHotkeys({
    "/": () => filterBox.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    ArrowLeft: () => foldActive(false),
    ArrowRight: () => foldActive(true),
    x: (event) => activeID && toggle(activeID, event.shiftKey),
    X: () => activeID && toggle(activeID, true),
    r: () => void list.refetch(),
    Enter: () => {
      if (activeID) {
        void navigate({
          to: "/experiments/$experimentID/runs/$runID",
          params: { experimentID, runID: activeID },
        });
      }
    },
  });
  // A row that left the list cannot stay the active one.
  useEffect(() => {
    if (activeID && activeIndex < 0 && list.data) setActiveID(undefined);
  }, [activeID, activeIndex, list.data]);

  const fault = filterFault(list.error);
  return (
    <>
      <div className="toolbar">
        <FilterBox
          ref={filterBox}
          filter={view.filter}
          runs={runs}
          fault={fault}
          apply={(filter) => change({ filter })}
        />
        <StagePicker view={view} change={change} />
        <ColumnPicker
          available={available}
          shown={columns}
          automatic={view.columns === undefined && !view.diffOnly}
          choose={(ids) => change({ columns: ids, diffOnly: false })}
        />
        <button
          type="button"
          className="button"
          aria-pressed={view.diffOnly}
          title="Show only columns in which the listed runs differ"
          onClick={() => change({ diffOnly: !view.diffOnly })}
        >
          Diff only
        </button>
        <span className="spacer" />
        <span className="muted run-count" role="status">
          {list.data && `${plural(runs.length, "run")}${list.hasNextPage ? " loaded, more to come" : ""}`}
        </span>
      </div>
      {selected.size > 0 && <SelectionBar runs={runs} view={view} change={change} />}
      {list.error && !fault && (
        <ErrorNotice error={list.error} what="Could not load the runs" retry={() => list.refetch()} />
      )}
      {list.isPending && <Loading what="Loading runs" />}
      {list.data && rows.length === 0 && <NoRuns experimentID={experimentID} view={view} change={change} />}
      {rows.length > 0 && (
        <RunsTable
          rows={rows}
          columns={columns}
          selected={selected}
          activeID={activeID}
          sort={view.sort}
          filter={view.filter}
          hasMore={list.hasNextPage}
          loadingMore={list.isFetchingNextPage}
          loadMore={() => void list.fetchNextPage()}
          setSort={(sort) => change({ sort })}
          setFilter={(filter) => change({ filter })}
          setActive={setActiveID}
          setSelected={(ids) => change({ selected: ids }, "replace")}
          toggle={toggle}
          fold={fold}
        />
      )}
    </>
  );
}
