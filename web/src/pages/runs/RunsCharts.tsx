import { Link } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { maxRunsPerChart } from "../../api/metrics";
import { livePeriodMS } from "../../api/queries";
import type { Run } from "../../api/runs";
import { MetricGrid } from "../../components/charts/MetricGrid";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { RunSwatch, StatusGlyph } from "../../components/Values";
import { keysOf, varyingKeys } from "../../lib/columns";
import { useHotkeys } from "../../lib/hooks";
import { FilterBox, filterFault } from "./FilterBox";
import { NoRuns } from "./NoRuns";
import type { RunsViewProps } from "./runsView";
import { StagePicker } from "./StagePicker";
import { useFilter } from "./useFilter";

/** The same list of runs, drawn: the selected ones, or all of them while none is selected. */
export function RunsCharts({ experimentID, view, change, data }: RunsViewProps) {
  const { list, runs } = data;
  const [focusID, setFocusID] = useState<string>();
  const filterBox = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => filterBox.current?.focus(), r: () => void list.refetch() });
  const drawn = useMemo(() => {
    const chosen = runs.filter((run) => view.selected.includes(run.id));
    return (chosen.length > 0 ? chosen : runs).slice(0, maxRunsPerChart);
  }, [runs, view.selected]);
  const metrics = useMemo(() => keysOf(drawn, "metrics"), [drawn]);
  const fault = filterFault(list.error);
  const filter = useFilter(view);
  const everything = useMemo(
    () => ({ experimentIDs: [experimentID], filter: "", viewType: view.stage }),
    [experimentID, view.stage],
  );
  const live = view.live && drawn.some((run) => run.status === "RUNNING");
  return (
    <>
      <div className="toolbar">
        <FilterBox
          ref={filterBox}
          filter={view.filter}
          sent={filter}
          query={everything}
          fault={fault}
          apply={(filter) => change({ filter })}
        />
        <StagePicker view={view} change={change} />
      </div>
      {list.error && !fault && (
        <ErrorNotice error={list.error} what="Could not load the runs" retry={() => list.refetch()} />
      )}
      {list.isPending && <Loading what="Loading runs" />}
      {list.data && runs.length === 0 && <NoRuns experimentID={experimentID} view={view} change={change} />}
      {runs.length > 0 && (
        <div className="charts-split">
          <RunList
            runs={runs}
            drawn={drawn}
            view={view}
            change={change}
            setFocusID={setFocusID}
            loadMore={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          />
          <div className="charts-main">
            {metrics.length === 0 ? (
              <EmptyState title="These runs have no metrics">
                <p>
                  Log some with <code>mlflow.log_metric("loss", value, step=step)</code>; each becomes a chart
                  here.
                </p>
              </EmptyState>
            ) : (
              <MetricGrid
                runs={drawn}
                metrics={metrics}
                view={view}
                change={change}
                refetchInterval={live ? livePeriodMS : false}
                focusID={focusID}
              />
            )}
          </div>
        </div>
      )}
    </>
  );
}

interface RunListProps extends Pick<RunsViewProps, "view" | "change"> {
  runs: readonly Run[];
  drawn: readonly Run[];
  setFocusID: (id: string | undefined) => void;
  loadMore: (() => void) | undefined;
}

function RunList({ runs, drawn, view, change, setFocusID, loadMore }: RunListProps) {
  const selected = new Set(view.selected);
  const varying = useMemo(() => [...varyingKeys(runs, "params")].slice(0, 3), [runs]);
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    change({ selected: [...next] }, "replace");
  };
  return (
    <aside className="card run-list" aria-label="Runs in the charts">
      <p className="run-list-head">
        {selected.size > 0 ? (
          <>
            {drawn.length} selected
            <button type="button" className="link-button" onClick={() => change({ selected: [] }, "replace")}>
              Show all
            </button>
          </>
        ) : runs.length > drawn.length ? (
          `The first ${drawn.length} of ${runs.length} runs. Tick runs to choose others.`
        ) : (
          `All ${runs.length} runs. Tick runs to show only those.`
        )}
      </p>
      <ul>
        {runs.map((run) => (
          <li key={run.id} onMouseEnter={() => setFocusID(run.id)} onMouseLeave={() => setFocusID(undefined)}>
            <input
              type="checkbox"
              aria-label={`Show ${run.name}`}
              checked={selected.has(run.id)}
              onChange={() => toggle(run.id)}
            />
            <RunSwatch runID={run.id} />
            <StatusGlyph status={run.status} />
            <span className="run-list-name">
              <Link
                to="/experiments/$experimentID/runs/$runID"
                params={{ experimentID: run.experimentID, runID: run.id }}
                className="truncate"
                title={run.name}
              >
                {run.name}
              </Link>
              <span className="muted truncate">
                {varying
                  .filter((key) => key in run.params)
                  .map((key) => `${key} ${run.params[key]}`)
                  .join(" · ")}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {loadMore && (
        <p className="more">
          <button type="button" className="button" onClick={loadMore}>
            Load more runs
          </button>
        </p>
      )}
    </aside>
  );
}
