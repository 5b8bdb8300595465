import { useCallback, useMemo, useRef } from "react";
import { type TableQuery, type TableRun, tableRows } from "../../../api/runTable";
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
  /** Selects a run, the runs of a group or, with range, all from the one that was selected before. */
  const toggle = useCallback(
    async (id: string, index: number, range: boolean) => {
      const from = range ? last.current : undefined;
      last.current = index;
      const next = new Set(now.current.named);
      const group = now.current.table.rowAt(index)?.group;
      if (group && from === undefined) {
        const ids = await idsOfGroup(now.current.query, group.key);
        const all = ids.every((each) => next.has(each));
        for (const each of ids) {
          if (all) next.delete(each);
          else next.add(each);
        }
      } else if (from === undefined || from === index) {
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
  const rows: TableRun[] = [];
  for (let i = from; i <= to; i++) {
    const run = table.rowAt(i);
    if (!run) break;
    rows.push(run);
  }
  const rest = await readRows(query, from + rows.length, to + 1);
  return [...rows, ...rest].filter((row) => !row.group).map((row) => row.id);
}

/** The runs of a group, whether the table shows them or not. */
async function idsOfGroup(query: TableQuery, key: string): Promise<string[]> {
  const rows = await readRows(
    { ...query, groups: query.groups && { ...query.groups, under: key } },
    0,
    Infinity,
  );
  return rows.map((row) => row.id);
}

/** The rows from one to before another, without cells. */
async function readRows(query: TableQuery, from: number, end: number): Promise<TableRun[]> {
  const found: TableRun[] = [];
  while (from + found.length < end) {
    const offset = from + found.length;
    const block = await tableRows(query, offset, Math.min(rowsPerRequest, end - offset), []);
    found.push(...block.rows);
    if (block.rows.length === 0 || offset + block.rows.length >= block.total) break;
  }
  return found;
}
