import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import type { TableRun } from "../../../api/runTable";
import { noKeys } from "../../../api/runTable";
import { runKeys } from "../../../api/tableQueries";
import { filterFault } from "../../../components/filter/FilterInput";
import { LiveControl } from "../../../components/LiveControl";
import { ErrorNotice, Loading } from "../../../components/Notice";
import type { Column } from "../../../lib/runs/columns";
import { shownColumns } from "../../../lib/table/choice";
import { plural } from "../../../lib/text/format";
import { FilterBox } from "../FilterBox";
import { HeadSlot } from "../HeadSlot";
import { NoRuns } from "../NoRuns";
import type { RunsViewProps } from "../runsView";
import { SelectionBar } from "../SelectionBar";
import { StagePicker } from "../StagePicker";
import { useFilter } from "../useFilter";
import { Chips } from "./Chips";
import { ColumnPicker } from "./ColumnPicker";
import { GroupButton } from "./GroupButton";
import { nameColumn, RunsTable } from "./RunsTable";
import { TreeButton } from "./TreeButton";
import { useColumns } from "./useColumns";
import { useRunTable } from "./useRunTable";
import { useSelection } from "./useSelection";
import { useTableKeys } from "./useTableKeys";
import { useTableQuery } from "./useTableQuery";

/** The table with its tools: filter, columns, selection, keyboard. */
export function RunsTableView({ experimentID, view, change }: RunsViewProps) {
  const filterBox = useRef<HTMLInputElement>(null);
  const [insertion, setInsertion] = useState<string>();
  const filter = useFilter(view);
  const keyQuery = useMemo(
    () => ({ experimentIDs: [experimentID], filter, viewType: view.stage }),
    [experimentID, filter, view.stage],
  );
  const everything = useMemo(() => ({ ...keyQuery, filter: "" }), [keyQuery]);
  const found = useQuery(runKeys(keyQuery, view.live));
  const keys = found.data ?? noKeys;
  const query = useTableQuery(experimentID, view, filter, keys);
  // Which params are seeds is known with the keys.
  const waiting = view.group === "seeds" && found.isPending;
  const columns = useMemo(
    () => shownColumns(keys, view.columns, view.diffOnly),
    [keys, view.columns, view.diffOnly],
  );
  const [sight, setSight] = useState<{ rows: readonly [number, number]; columns: readonly Column[] }>({
    rows: [0, 0],
    columns: [],
  });
  const onSight = useCallback(
    (rows: readonly [number, number], inSight: readonly Column[]) =>
      setSight({ rows, columns: inSight.filter((c) => c.id !== nameColumn.id) }),
    [],
  );
  const table = useRunTable(waiting ? undefined : query, sight.rows, sight.columns, view.live);
  const selection = useSelection({ view, change }, query, table);
  const actions = useColumns({ view, change }, columns);
  const inOrder = useMemo(() => {
    const isPinned = (c: Column) => view.pinned.includes(c.id);
    return [...columns.filter(isPinned), ...columns.filter((c) => !isPinned(c))];
  }, [columns, view.pinned]);
  const fold = useFold({ view, change });
  const keyboard = useTableKeys({
    experimentID,
    table,
    columns: inOrder,
    toggle: selection.toggle,
    fold,
    focusFilter: () => filterBox.current?.focus(),
  });
  const { indexOf } = keyboard;
  const { toggle } = selection;
  const toggleByID = useCallback(
    (id: string, range: boolean) => void toggle(id, indexOf(id), range),
    [toggle, indexOf],
  );

  const fault = filterFault(table.error);
  const applyFilter = (text: string) => change({ filter: text, ...(view.selectAll && noSelection) });
  const metrics = useMemo(() => keys.metrics.map((k) => k.key), [keys]);
  return (
    <>
      <HeadSlot>
        <LiveControl
          live={view.live}
          updatedMS={table.updatedMS}
          busy={table.fetching}
          setLive={(live) => change({ live }, "replace")}
          refresh={table.refetch}
        />
      </HeadSlot>
      <div className="toolbar runs-tools">
        <FilterBox
          ref={filterBox}
          filter={view.filter}
          sent={filter}
          query={everything}
          fault={fault}
          insertion={insertion}
          apply={applyFilter}
        />
        <Chips
          choice={view}
          query={everything}
          change={(part) => change({ ...part, ...(view.selectAll && noSelection) })}
        />
        <StagePicker view={view} change={change} />
        {!query.groups && <TreeButton view={view} change={change} nested={table.nested} />}
        <GroupButton
          view={view}
          change={change}
          keys={keys}
          refused={table.total !== undefined && !table.grouped}
        />
        <ColumnPicker
          query={keyQuery}
          keys={keys}
          shown={columns}
          automatic={view.columns === undefined && !view.diffOnly}
          choose={(ids) => change({ columns: ids, diffOnly: false })}
        />
        <button
          type="button"
          className="button"
          aria-pressed={view.diffOnly}
          title="Show only columns in which the runs without children differ"
          onClick={() => change({ diffOnly: !view.diffOnly })}
        >
          Diff only
        </button>
        <span className="spacer" />
        <span className="muted run-count" role="status">
          {table.total !== undefined && !table.stale && countText(table.matching, table.bounded)}
        </span>
      </div>
      {selection.count > 0 && (
        <SelectionBar
          experimentID={experimentID}
          view={view}
          change={change}
          query={query}
          count={selection.count}
          columns={inOrder}
        />
      )}
      {table.error && !fault ? (
        <ErrorNotice error={table.error} what="Could not load the runs" retry={table.refetch} />
      ) : null}
      {table.total === undefined && !table.error && <Loading what="Loading runs" />}
      {table.total === 0 && !table.stale && (
        <NoRuns experimentID={experimentID} view={view} change={change} />
      )}
      {table.total !== undefined && table.total > 0 && (
        <RunsTable
          table={table}
          columns={columns}
          actions={actions}
          metrics={metrics}
          isSelected={selection.isSelected}
          all={selection.all}
          active={keyboard.active}
          menuRequest={keyboard.menuRequest}
          sort={view.sort}
          filter={view.filter}
          setSort={(sort) => change({ sort })}
          setFilter={applyFilter}
          startFilter={(text) => {
            setInsertion(undefined);
            requestAnimationFrame(() => setInsertion(text));
          }}
          setActive={keyboard.activate}
          toggleAll={selection.toggleAll}
          toggle={toggleByID}
          fold={fold}
          onSight={onSight}
        />
      )}
    </>
  );
}

const noSelection = { selectAll: false, selected: [] };

function countText(matching: number, bounded: boolean): string {
  return bounded ? `More than ${plural(matching, "run")}` : plural(matching, "run");
}

/** Opens and folds runs and groups. The rest of the tree stays as it is. */
function useFold({ view, change }: Pick<RunsViewProps, "view" | "change">) {
  return useCallback(
    (run: Pick<TableRun, "id" | "open" | "context" | "group">) => {
      const key = run.group?.key ?? run.id;
      const without = (ids: readonly string[]) => ids.filter((id) => id !== key);
      // What is open by itself is folded by name, and the other way round.
      const byItself = view.openAll || run.context;
      if (run.open) {
        change(
          { open: without(view.open), folded: byItself ? [...view.folded, key] : view.folded },
          "replace",
        );
      } else {
        change({ folded: without(view.folded), open: byItself ? view.open : [...view.open, key] }, "replace");
      }
    },
    [change, view.open, view.openAll, view.folded],
  );
}
