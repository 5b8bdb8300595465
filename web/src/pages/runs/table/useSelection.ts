import { useCallback, useMemo, useRef } from "react";
import { type TableQuery, tableRows } from "../../../api/runTable";
import type { RunsViewProps } from "../runsView";
import type { RunTable } from "./useRunTable";

/** The number of rows that one request can have. */
const rowsPerRequest = 1000;

/** Which runs are selected, one by one, by range or all that match. */
export function useSelection(
  { view, change }: Pick<RunsViewProps, "view" | "change">,
  query: TableQuery,
  table: RunTable,
) {
  const named = useMemo(() => new Set(view.selected), [view.selected]);
  const { selectAll } = view;
  const now = useRef({ table, query, named });
  now.current = { table, query, named };
  const last = useRef<number>(undefined);

  const isSelected = useCallback((id: string) => named.has(id) !== selectAll, [named, selectAll]);
  /** Selects a run or, with range, all from the one that was selected before. */
  const toggle = useCallback(
    async (id: string, index: number, range: boolean) => {
      const from = range ? last.current : undefined;
      last.current = index;
      const next = new Set(now.current.named);
      if (from === undefined || from === index) {
        if (!next.delete(id)) next.add(id);
      } else {
        const ids = await idsBetween(now.current.query, now.current.table, from, index);
        for (const each of ids) {
          if (selectAll) next.delete(each);
          else next.add(each);
        }
      }
      change({ selected: [...next] }, "replace");
    },
    [change, selectAll],
  );
  const count = selectAll ? Math.max(0, table.matching - named.size) : named.size;
  const all = count === 0 ? false : selectAll && named.size === 0 ? true : undefined;
  const toggleAll = () => change({ selectAll: count === 0, selected: [] }, "replace");
  return { isSelected, toggle, toggleAll, count, all };
}

/** The runs of the rows between two, which need not have been in sight. */
async function idsBetween(query: TableQuery, table: RunTable, a: number, b: number): Promise<string[]> {
  const from = Math.min(a, b);
  const to = Math.max(a, b);
  const ids: string[] = [];
  for (let i = from; i <= to; i++) {
    const run = table.rowAt(i);
    if (!run) break;
    ids.push(run.id);
  }
  while (ids.length < to - from + 1) {
    const offset = from + ids.length;
    const { rows } = await tableRows(query, offset, Math.min(rowsPerRequest, to - offset + 1), []);
    if (rows.length === 0) break;
    ids.push(...rows.map((row) => row.id));
  }
  return ids;
}
