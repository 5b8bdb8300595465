import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { deleteTraces } from "../../api/traces";
import { ColumnChooser } from "../../components/columns/ColumnChooser";
import { ActionDialog } from "../../components/Dialog";
import { FilterInput, filterFault } from "../../components/filter/FilterInput";
import { Icon } from "../../components/Icon";
import { LiveControl } from "../../components/LiveControl";
import { ErrorNotice, Loading } from "../../components/Notice";
import { SelectionBar } from "../../components/SelectionBar";
import { useToast } from "../../components/Toasts";
import { useHotkeys, useViewState } from "../../lib/browser/hooks";
import { shownColumns } from "../../lib/columns/columns";
import { quoteValue } from "../../lib/runs/filter";
import { plural } from "../../lib/text/format";
import { completeTraceFilter, sessionFilter, traceFilter } from "../../lib/traces/filter";
import { keysOfTraces } from "../../lib/traces/list";
import { join } from "../../lib/view/search";
import { tracesCodec } from "../../lib/view/traces";
import { AddToDatasetDialog } from "../datasets/AddToDatasetDialog";
import { NoMatch, NoTraces, NoTracesOfRun } from "./NoTraces";
import { SessionChip, SinceSelect } from "./TraceChips";
import { orderOf, TraceTable } from "./TraceTable";
import { TraceTotals } from "./TraceTotals";
import { automaticColumns, traceCatalogue } from "./traceColumns";
import { useTraces } from "./useTraces";
import "./traces.css";

interface TraceListProps {
  experimentID: string;
  /** The run whose traces are shown; empty for those of the experiment. */
  runID?: string;
  /** Where the control of live refresh is shown. */
  place: HTMLElement | null;
}

/** Traces with their totals, a filter, and what can be done with them. */
export function TraceList({ experimentID, runID = "", place }: TraceListProps) {
  const [view, change] = useViewState(tracesCodec, "kept");
  const box = useRef<HTMLInputElement>(null);
  // A span of time ends when it is chosen, so that the rows stay the same.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the moment belongs to the span
  const now = useMemo(() => Date.now(), [view.since]);
  const filter = traceFilter(view, now, runID);
  const orderBy = useMemo(() => orderOf(view, traceCatalogue(0)), [view]);
  const list = useTraces(
    useMemo(() => ({ experimentID, filter, orderBy }), [experimentID, filter, orderBy]),
    view.live,
  );
  const { traces } = list;
  const longest = useMemo(() => traces.reduce((most, t) => Math.max(most, t.durationMS ?? 0), 0), [traces]);
  const catalogue = useMemo(() => traceCatalogue(longest), [longest]);
  // The address of a run may have columns of another table.
  const chosen = view.columns?.some((id) => catalogue.some((c) => c.id === id)) ? view.columns : undefined;
  const columns = shownColumns(catalogue, chosen, automaticColumns(traces)) as typeof catalogue;
  const keys = useMemo(() => keysOfTraces(traces), [traces]);
  const complete = useCallback((text: string, at: number) => completeTraceFilter(text, at, keys), [keys]);
  useHotkeys({ "/": () => box.current?.focus(), r: list.refetch });
  const fault = filterFault(list.error);
  const narrowed = view.filter !== "" || view.errorsOnly || view.since !== "" || view.session !== "";
  const none = list.loaded && !list.stale && !list.error && traces.length === 0;
  const replace = useCallback((part: Partial<typeof view>) => change(part, "replace"), [change]);
  const totalFilters = useMemo(
    () => [
      ...(runID ? [`trace.metadata.\`mlflow.sourceRun\` = ${quoteValue(runID)}`] : []),
      ...(view.errorsOnly ? ["trace.status = 'ERROR'"] : []),
      ...(view.session ? [sessionFilter(view.session).replace("request_", "trace.")] : []),
    ],
    [runID, view.errorsOnly, view.session],
  );
  return (
    <>
      {place &&
        createPortal(
          <LiveControl
            live={view.live}
            updatedMS={list.updatedMS}
            busy={list.fetching}
            setLive={(live) => replace({ live })}
            refresh={list.refetch}
          />,
          place,
        )}
      {(!none || narrowed) && (
        <>
          <TraceTotals
            experimentID={experimentID}
            since={view.since}
            filters={totalFilters}
            wider={view.filter !== ""}
            live={view.live}
          />
          <div className="toolbar">
            <FilterInput
              ref={box}
              label="Filter traces"
              placeholder="Words in the spans, or  span.type = 'TOOL' AND execution_time_ms > 1000  ( / )"
              filter={view.filter}
              sent={filter}
              fault={fault}
              complete={complete}
              apply={(text) => change({ filter: text, selected: [] })}
            />
            <button
              type="button"
              className="button"
              aria-pressed={view.errorsOnly}
              onClick={() => change({ errorsOnly: !view.errorsOnly, selected: [] })}
            >
              Errors only
            </button>
            <SinceSelect since={view.since} choose={(since) => change({ since, selected: [] })} />
            <SessionChip
              experimentID={experimentID}
              session={view.session}
              sessions={traces.map((t) => t.session)}
              choose={(session) => change({ session, selected: [] })}
            />
            <ColumnChooser
              catalogue={catalogue}
              shown={columns}
              automatic={chosen === undefined}
              choose={(ids) => replace({ columns: ids })}
            />
            <span className="muted trace-count" role="status">
              {list.loaded && !list.stale && plural(traces.length, "trace")}
              {list.loaded && !list.complete && " and more"}
            </span>
          </div>
        </>
      )}
      {view.selected.length > 0 && (
        <Selection
          experimentID={experimentID}
          selected={view.selected}
          clear={() => change({ selected: [] })}
        />
      )}
      {list.error && !fault && (
        <ErrorNotice error={list.error} what="Could not load the traces" retry={list.refetch} />
      )}
      {!list.loaded && !list.error && <Loading what="Loading traces" />}
      {none && narrowed && (
        <NoMatch
          filter={view.filter}
          clear={() => change({ filter: "", errorsOnly: false, since: "", session: "" })}
        />
      )}
      {none && !narrowed && (runID ? <NoTracesOfRun /> : <NoTraces experimentID={experimentID} />)}
      {traces.length > 0 && (
        <TraceTable traces={traces} columns={columns} view={view} change={replace} onEnd={list.more} />
      )}
      {list.fetchingMore && <p className="muted trace-more">Loading more traces…</p>}
    </>
  );
}

interface SelectionProps {
  experimentID: string;
  selected: readonly string[];
  clear: () => void;
}

/** What can be done with the selected traces. */
function Selection({ experimentID, selected, clear }: SelectionProps) {
  const [asking, setAsking] = useState(false);
  const [adding, setAdding] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const what = plural(selected.length, "trace");
  const navigate = useNavigate();
  useHotkeys({
    c: () => {
      if (selected.length !== 2) return;
      void navigate({ to: "/compare-traces", search: { traces: join(selected) } as never });
    },
  });
  return (
    <SelectionBar label="Selected traces" what={what} clear={clear}>
      {selected.length === 2 && (
        <Link
          to="/compare-traces"
          search={{ traces: join(selected) } as never}
          className="button"
          title="Compare (c)"
        >
          Compare
        </Link>
      )}
      <button type="button" className="button" onClick={() => setAdding(true)}>
        Add to a dataset…
      </button>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        <Icon name="trash" size={14} /> Delete…
      </button>
      {adding && (
        <AddToDatasetDialog experimentID={experimentID} traces={selected} onClose={() => setAdding(false)} />
      )}
      {asking && (
        <ActionDialog
          title={`Delete ${what}?`}
          action="Delete"
          danger
          onClose={() => setAsking(false)}
          run={async () => {
            const count = await deleteTraces(experimentID, selected);
            clear();
            await client.resetQueries({ queryKey: ["traces"] });
            toast(`Deleted ${plural(count, "trace")}`);
          }}
        >
          <p>
            Their spans and assessments are deleted with them. This can't be undone: traces have no trash.
          </p>
        </ActionDialog>
      )}
    </SelectionBar>
  );
}
