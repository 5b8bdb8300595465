import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { ApiError } from "../../../api/client";
import { maxRunsPerChart } from "../../../api/metrics";
import { livePeriod } from "../../../api/queries";
import { type ColumnKeys, type KeyQuery, noKeys, type TableRun } from "../../../api/runTable";
import { drawnKeys, runPages } from "../../../api/tableQueries";
import type { RunsView } from "../../../lib/view/runs";
import { useTableQuery } from "../table/useTableQuery";

/** A refresh reads every loaded page again, so long lists ask less often. */
function refreshPeriodMS(loaded: number): number {
  return livePeriod() * Math.max(1, Math.ceil(loaded / 500));
}

/** The same question would be refused again; silence and trouble on the server may pass. */
function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

/** The runs of an experiment under the current view, in the order of its table: as far as they are loaded. */
export function useChartRuns(experimentID: string, view: RunsView, filter: string) {
  const list = useInfiniteQuery({
    ...runPages(useTableQuery(experimentID, { ...view, flat: true, group: "" }, filter, noKeys)),
    refetchInterval: (query) => {
      const loaded = query.state.data?.pages.reduce((sum, page) => sum + page.rows.length, 0) ?? 0;
      return view.live && !isRefused(query.state.error) ? refreshPeriodMS(loaded) : false;
    },
  });
  // A filter with a fault in it leaves the previous rows standing.
  const previous = useRef(list.data?.pages);
  if (list.data) previous.current = list.data.pages;
  const pages = list.data?.pages ?? (list.error ? previous.current : undefined);
  // Rows can move between pages while they are read; keep each run once.
  const runs = useMemo(() => {
    const byID = new Map<string, TableRun>();
    for (const page of pages ?? []) for (const run of page.rows) byID.set(run.id, run);
    return [...byID.values()];
  }, [pages]);
  const drawn = useMemo(() => {
    const chosen = runs.filter((run) => view.selectAll !== view.selected.includes(run.id));
    return (chosen.length > 0 ? chosen : runs).slice(0, maxRunsPerChart);
  }, [runs, view.selected, view.selectAll]);
  return { list, runs, drawn, filter, matching: pages?.[0]?.matching ?? 0 };
}

export type ChartRuns = ReturnType<typeof useChartRuns>;

export type DrawnKeys = ReturnType<typeof useDrawnKeys>;

/** So many runs can be named in a filter. */
const mostNamed = 250;

/**
 * The keys of all runs that match, and with their metrics only if fewer are drawn: the settings that tell runs
 * apart stay the same then.
 */
export function useDrawnKeys(experimentID: string, view: RunsView, { runs, drawn, filter }: ChartRuns) {
  const areFewer = drawn.length < runs.length && drawn.length <= mostNamed;
  const ids = areFewer ? drawn.map(({ id }) => `'${id}'`).join(", ") : "";
  const all = useKeys(experimentID, filter, view);
  const some = useKeys(experimentID, ids && `attributes.run_id IN (${ids})`, view, ids !== "");
  // A filter with a fault in it leaves the previous charts standing.
  const previous = useRef(all.data);
  if (all.data) previous.current = all.data;
  const known = all.data ?? previous.current;
  const drawnOnly = ids ? some.data : undefined;
  const keys = useMemo<ColumnKeys>(
    () => ({ ...(known ?? noKeys), ...(drawnOnly && { metrics: drawnOnly.metrics }) }),
    [known, drawnOnly],
  );
  return {
    keys,
    isPending: all.isPending,
    error: known ? undefined : all.error,
    refetch: () => void all.refetch(),
  };
}

function useKeys(experimentID: string, filter: string, view: RunsView, enabled = true) {
  const query = useMemo<KeyQuery>(
    () => ({ experimentIDs: [experimentID], filter, viewType: view.stage }),
    [experimentID, filter, view.stage],
  );
  // Few values are quick to read, and then a new metric has its card soon.
  const few = useRef(true);
  const period = view.live && livePeriod() * (few.current ? 1 : 6);
  const keys = useQuery({ ...drawnKeys(query, period), enabled });
  const { data } = keys;
  if (data) few.current = data.runs * (data.counts.metrics + data.counts.params) <= 20_000;
  return keys;
}
