import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { ApiError } from "../../api/client";
import { livePeriodMS, runList } from "../../api/queries";
import type { Run } from "../../api/runs";
import { parseColumn, searchName } from "../../lib/runs/columns";
import type { RunsView } from "../../lib/view/runs";
import type { Sort } from "../../lib/view/search";

/** A refresh reads every loaded page again, so long lists ask less often. */
function refreshPeriodMS(loaded: number): number {
  return livePeriodMS * Math.max(1, Math.ceil(loaded / 500));
}

/** The same question would be refused again; silence and trouble on the server may pass. */
function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

/** The runs of an experiment under the current view: as far as they are loaded. */
export function useRuns(experimentID: string, view: RunsView, filter: string) {
  const { stage, sort } = view;
  const list = useInfiniteQuery({
    ...runList({
      experimentIDs: [experimentID],
      filter,
      viewType: stage,
      orderBy: orderBy(sort),
    }),
    refetchInterval: (query) => {
      const loaded = query.state.data?.pages.reduce((sum, page) => sum + page.runs.length, 0) ?? 0;
      return view.live && !isRefused(query.state.error) ? refreshPeriodMS(loaded) : false;
    },
  });
  // A filter with a fault in it leaves the previous rows standing.
  const previous = useRef(list.data?.pages);
  if (list.data) previous.current = list.data.pages;
  const pages = list.data?.pages ?? (list.error ? previous.current : undefined);
  // Rows can move between pages while they are read; keep each run once.
  const runs = useMemo(() => {
    const byID = new Map<string, Run>();
    for (const page of pages ?? []) for (const run of page.runs) byID.set(run.id, run);
    return [...byID.values()];
  }, [pages]);
  return { list, runs };
}

function orderBy(sort: Sort): string[] {
  const column = parseColumn(sort.column);
  // A search has no order by datasets.
  const name = column && column.key !== "dataset" ? searchName(column) : undefined;
  return [`${name ?? "attributes.start_time"} ${sort.descending ? "DESC" : "ASC"}`];
}
