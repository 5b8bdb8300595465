import { useMemo } from "react";
import type { TableQuery } from "../../../api/runTable";
import { column, parseColumn } from "../../../lib/runs/columns";
import type { RunsView } from "../../../lib/view/runs";

/** What the rows are: it changes only when one of its parts does. */
export function useTableQuery(experimentID: string, view: RunsView, filter: string): TableQuery {
  const { stage, sort, flat, open, openAll, folded } = view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: lists are compared by what they have
  return useMemo(
    () => ({
      experimentIDs: [experimentID],
      filter,
      viewType: stage,
      sort: {
        column: parseColumn(sort.column) ?? column("attributes", "start_time"),
        descending: sort.descending,
      },
      tree: flat ? undefined : { open, openAll, folded },
    }),
    [experimentID, filter, stage, sort.column, sort.descending, flat, open.join(), openAll, folded.join()],
  );
}
