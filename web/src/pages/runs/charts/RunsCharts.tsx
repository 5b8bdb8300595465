import { useMemo, useRef, useState } from "react";
import { maxRunsPerChart } from "../../../api/metrics";
import { livePeriodMS } from "../../../api/queries";
import { MetricGrid } from "../../../components/charts/MetricGrid";
import { EmptyState, ErrorNotice, Loading } from "../../../components/Notice";
import { useHotkeys } from "../../../lib/browser/hooks";
import { groupingsOf, groupsOf } from "../../../lib/charts/groups";
import { keysOf } from "../../../lib/runs/columns";
import { FilterBox, filterFault } from "../FilterBox";
import { NoRuns } from "../NoRuns";
import type { RunsViewProps } from "../runsView";
import { StagePicker } from "../StagePicker";
import { Chips } from "../table/Chips";
import { useFilter } from "../useFilter";
import { RunList } from "./RunList";

/** The same list of runs, drawn: the selected ones, or all of them while none is selected. */
export function RunsCharts({ experimentID, view, change, data }: RunsViewProps) {
  const { list, runs } = data;
  const [focusID, setFocusID] = useState<string>();
  const filterBox = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => filterBox.current?.focus(), r: () => void list.refetch() });
  const drawn = useMemo(() => {
    const chosen = runs.filter((run) => view.selectAll !== view.selected.includes(run.id));
    return (chosen.length > 0 ? chosen : runs).slice(0, maxRunsPerChart);
  }, [runs, view.selected, view.selectAll]);
  const metrics = useMemo(() => keysOf(drawn, "metrics"), [drawn]);
  const groupings = useMemo(() => groupingsOf(drawn), [drawn]);
  const grouping = groupings.find(({ id }) => id === view.group)?.id;
  const lines = useMemo(() => {
    const groups = grouping === undefined ? undefined : groupsOf(drawn, grouping);
    return drawn.map(({ id, name, status }) => ({ id, name, status, group: groups?.get(id) }));
  }, [drawn, grouping]);
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
        <Chips choice={view} query={everything} change={change} />
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
            more={list.hasNextPage}
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
                runs={lines}
                groupings={groupings}
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
