import { useMemo } from "react";
import type { ColumnKeys, TableQuery } from "../../../api/runTable";
import { column, parseColumn } from "../../../lib/runs/columns";
import { parseGrouping } from "../../../lib/table/groups";
import type { RunsView } from "../../../lib/view/runs";

/** What the rows are: it changes only when one of its parts does. */
export function useTableQuery(
  experimentID: string,
  view: RunsView,
  filter: string,
  keys: ColumnKeys,
): TableQuery {
  const { stage, sort, flat, open, openAll, folded } = view;
  const grouping = parseGrouping(view.group, keys);
  // biome-ignore lint/correctness/useExhaustiveDependencies: lists are compared by what they have
  return useMemo(() => {
    const shown = { open, openAll, folded };
    return {
      experimentIDs: [experimentID],
      filter,
      viewType: stage,
      sort: {
        column: parseColumn(sort.column) ?? column("attributes", "start_time"),
        descending: sort.descending,
      },
      tree: flat || grouping ? undefined : shown,
      groups: grouping && { ...grouping, ...shown },
    };
  }, [
    experimentID,
    filter,
    stage,
    sort.column,
    sort.descending,
    flat,
    open.join(),
    openAll,
    folded.join(),
    JSON.stringify(grouping),
  ]);
}
