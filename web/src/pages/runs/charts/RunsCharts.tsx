import { useMemo, useRef, useState } from "react";
import { livePeriod } from "../../../api/queries";
import { useItems } from "../../../components/charts/cards/source";
import { MetricGrid } from "../../../components/charts/MetricGrid";
import { filterFault } from "../../../components/filter/FilterInput";
import { EmptyState, ErrorNotice, Loading } from "../../../components/Notice";
import { useHotkeys } from "../../../lib/browser/hooks";
import { groupingColumns, groupsOf } from "../../../lib/charts/groups";
import { tableGroupings } from "../../../lib/table/groups";
import { FilterBox } from "../FilterBox";
import { NoRuns } from "../NoRuns";
import type { RunsViewProps } from "../runsView";
import { StagePicker } from "../StagePicker";
import { Chips } from "../table/Chips";
import { useFilter } from "../useFilter";
import { RunList } from "./RunList";
import type { ChartRuns, DrawnKeys } from "./useChartRuns";

interface RunsChartsProps extends RunsViewProps {
  data: ChartRuns;
  /** The keys of the runs that are drawn. */
  asked: DrawnKeys;
}

/** Settings below the name of a run in the list. */
const captions = 3;

/** The same list of runs, drawn: the selected ones, or all of them while none is selected. */
export function RunsCharts({ experimentID, view, change, data, asked }: RunsChartsProps) {
  const { list, runs, drawn } = data;
  const [focusID, setFocusID] = useState<string>();
  const filterBox = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => filterBox.current?.focus(), r: () => void list.refetch() });
  const filter = useFilter(view);
  const { keys } = asked;
  const metrics = useMemo(() => keys.metrics.map(({ key }) => key), [keys]);
  const groupings = useMemo(() => tableGroupings(keys), [keys]);
  const grouping = groupings.find(({ id }) => id === view.group);
  const grouped = useMemo(() => (grouping ? groupingColumns(grouping.id, keys) : []), [grouping, keys]);
  const named = useMemo(
    () => keys.params.flatMap(({ key, varies }) => (varies ? [`params.${key}`] : [])).slice(0, captions),
    [keys],
  );
  const source = useMemo(
    () => ({ experimentIDs: [experimentID], params: keys.params, tags: keys.tags }),
    [experimentID, keys],
  );
  const { items } = useItems(source, runs, [...named, ...grouped], false);
  const groups = useMemo(
    () => (grouping && items.length > 0 ? groupsOf(items, grouped) : undefined),
    [grouping, grouped, items],
  );
  const lines = useMemo(() => {
    const thin = new Set(view.thinGroups);
    return drawn.map(({ id, name, status }) => {
      const group = groups?.get(id);
      return { id, name, status, experimentID, group, thin: group !== undefined && thin.has(group) };
    });
  }, [drawn, groups, experimentID, view.thinGroups]);
  const fault = filterFault(list.error);
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
            {...{ runs, drawn, view, change, setFocusID, named, items }}
            groups={groups}
            matching={data.matching}
            loadMore={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          />
          <div className="charts-main">
            {asked.error ? (
              <ErrorNotice error={asked.error} what="Could not load the metrics" retry={asked.refetch} />
            ) : asked.isPending ? (
              <Loading what="Loading metrics" />
            ) : metrics.length === 0 ? (
              <EmptyState title="These runs have no metrics">
                <p>
                  Log some with <code>mlflow.log_metric("loss", value, step=step)</code>; each becomes a chart
                  here.
                </p>
              </EmptyState>
            ) : (
              <MetricGrid
                runs={lines}
                {...{ groupings, metrics, view, change, source, focusID }}
                onFocus={setFocusID}
                choose={(selected) => change({ selected, selectAll: false })}
                refetchInterval={live ? livePeriod() : false}
              />
            )}
          </div>
        </div>
      )}
    </>
  );
}
