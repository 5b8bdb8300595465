import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Run } from "../../api/runs";
import { type KeyQuery, type TableQuery, type TableRun, tableRows } from "../../api/runTable";
import { runKeys } from "../../api/tableQueries";
import { ColumnChooser } from "../../components/columns/ColumnChooser";
import { DataTable } from "../../components/columns/DataTable";
import { Icon } from "../../components/Icon";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { RunSwatch, StatusGlyph } from "../../components/Values";
import { type DataColumn, shownColumns } from "../../lib/columns/columns";
import { type Column, column, parseColumn } from "../../lib/runs/columns";
import { quoteValue } from "../../lib/runs/filter";
import { numericColumns } from "../../lib/table/cells";
import { automaticColumns, availableColumns } from "../../lib/table/choice";
import type { RunPageView } from "../../lib/view/run";
import { join } from "../../lib/view/search";
import { CellValue } from "../runs/table/RunRow";
import "../runs/table/table.css";

const rowsPerPage = 100;
const nameID = "attributes.run_name";
const groups: Record<Column["kind"], string> = {
  attributes: "Attributes",
  metrics: "Metrics",
  params: "Parameters",
  tags: "Tags",
};

interface RunChildrenProps {
  run: Run;
  view: RunPageView;
  change: (part: Partial<RunPageView>, how?: "push" | "replace") => void;
  refetchInterval: number | false;
}

/** The descendants of a run as a tree, with their metrics and the params in which they differ. */
export function RunChildren({ run, view, change, refetchInterval }: RunChildrenProps) {
  const keyQuery: KeyQuery = {
    experimentIDs: [run.experimentID],
    filter: `tags.\`mlflow.parentRunId\` = ${quoteValue(run.id)}`,
    viewType: "ACTIVE_ONLY",
  };
  const keys = useQuery(runKeys(keyQuery, refetchInterval !== false)).data;
  const available = useMemo(() => (keys ? availableColumns(keys) : []), [keys]);
  const automatic = useMemo(() => (keys ? automaticColumns(keys).map((c) => c.id) : []), [keys]);
  const ids = new Set(view.columns ?? automatic);
  const chosen = available.filter((c) => ids.has(c.id));
  const list = useDescendants(run, view, chosen, keys !== undefined, refetchInterval);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const numeric = useMemo(() => numericColumns(rows, available), [rows, available]);
  const catalogue = available.map((c) => childColumn(c, numeric.has(c.id)));
  if (list.error && !list.data) {
    return <ErrorNotice error={list.error} what="Could not load the children" retry={() => list.refetch()} />;
  }
  if (!list.data) return <Loading what="Loading the children" />;
  if (rows.length === 0) return <NoChildren />;
  const fold = (id: string) => {
    const without = view.opened.filter((other) => other !== id);
    change({ opened: without.length < view.opened.length ? without : [...view.opened, id] }, "replace");
  };
  const columns = shownColumns(catalogue, view.columns, automatic);
  return (
    <>
      <div className="toolbar">
        <ColumnChooser
          catalogue={catalogue}
          shown={columns}
          automatic={view.columns === undefined}
          choose={(columns) => change({ columns }, "replace")}
        />
        <Link
          to="/compare-runs"
          search={{ runs: join(rows.map((r) => r.id)), experiments: run.experimentID } as never}
          className="button"
        >
          Compare these runs
        </Link>
      </div>
      <DataTable
        label={`Children of ${run.name}`}
        rows={rows}
        rowKey={(r) => r.id}
        name={{
          id: nameID,
          title: "Name",
          group: groups.attributes,
          value: (r) => r.name,
          cell: (r) => <ChildName run={r} fold={fold} />,
        }}
        columns={columns}
        view={view}
        change={(part) => change(part, "replace")}
      />
      <MoreButton pages={list} label="Load more runs" />
    </>
  );
}

/** The rows of the descendants that are not folded. The server sorts them. */
function useDescendants(
  run: Run,
  view: RunPageView,
  columns: readonly Column[],
  enabled: boolean,
  refetchInterval: number | false,
) {
  const by = view.sort === "" ? undefined : parseColumn(view.sort);
  const query: TableQuery = {
    experimentIDs: [run.experimentID],
    filter: "",
    viewType: "ACTIVE_ONLY",
    sort: by
      ? { column: by, descending: view.descending }
      : { column: column("attributes", "start_time"), descending: false },
    tree: { openAll: false, open: view.opened, folded: [], under: run.id },
    groups: undefined,
  };
  return useInfiniteQuery({
    queryKey: ["runs", "descendants", query, columns.map((c) => c.id)],
    queryFn: ({ pageParam, signal }) => tableRows(query, pageParam, rowsPerPage, columns, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const read = pages.reduce((sum, page) => sum + page.rows.length, 0);
      return last.rows.length > 0 && read < last.total ? read : undefined;
    },
    enabled,
    refetchInterval,
    placeholderData: keepPreviousData,
  });
}

const childColumn = (c: Column, numeric: boolean): DataColumn<TableRun> => ({
  id: c.id,
  title: c.title,
  group: groups[c.kind],
  value: (r) => r.cells[c.id],
  cell: (r) => <CellValue run={r} column={c} numeric={numeric} />,
  numeric,
  long: !numeric && c.kind !== "attributes",
});

function ChildName({ run, fold }: { run: TableRun; fold: (id: string) => void }) {
  return (
    <span className="child-name" style={{ paddingLeft: run.depth * 18 }}>
      {run.children > 0 ? (
        <button
          type="button"
          className="expander"
          aria-expanded={run.open}
          aria-label={`Children of ${run.name}`}
          onClick={() => fold(run.id)}
        >
          <span className={run.open ? "turned" : ""}>
            <Icon name="chevron" size={12} />
          </span>
        </button>
      ) : (
        <span className="expander" />
      )}
      <StatusGlyph status={run.status} />
      <RunSwatch runID={run.id} />
      <Link
        to="/experiments/$experimentID/runs/$runID"
        params={{ experimentID: run.experimentID, runID: run.id }}
        className="truncate"
        title={run.name}
      >
        {run.name}
      </Link>
      {run.children > 0 && <span className="muted number">{run.children.toLocaleString("en-US")}</span>}
    </span>
  );
}

function NoChildren() {
  return (
    <EmptyState title="No child runs">
      <p>
        A run that is started by <code>mlflow.start_run(nested=True)</code> within this one is listed here.
      </p>
    </EmptyState>
  );
}
