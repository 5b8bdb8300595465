import { useMemo } from "react";
import type { Column } from "../../../lib/runs/columns";
import { moveColumn, replaceColumn } from "../../../lib/table/choice";
import { clampWidth } from "../../../lib/table/layout";
import type { RunsViewProps } from "../runsView";

/** What can be done with columns, and what was done. */
export interface ColumnActions {
  pinned: readonly string[];
  widths: Readonly<Record<string, number>>;
  pin: (id: string, on: boolean) => void;
  moveBefore: (id: string, before: string) => void;
  swap: (id: string, other: string) => void;
  /** A width of 0 or less gives the column its usual width. */
  resize: (id: string, width: number) => void;
  hide: (id: string) => void;
  replace: (id: string, next: string) => void;
}

/** Columns become the user's choice as soon as one of them is changed. */
export function useColumns(
  { view, change }: Pick<RunsViewProps, "view" | "change">,
  columns: readonly Column[],
): ColumnActions {
  return useMemo(() => {
    const ids = columns.map((c) => c.id);
    const store = (list: readonly string[]) => change({ columns: list, diffOnly: false });
    const rename = (id: string, next: string) => ({
      pinned: replaceColumn(view.pinned, id, next),
      sort: view.sort.column === id ? { ...view.sort, column: next } : view.sort,
    });
    return {
      pinned: view.pinned,
      widths: view.widths,
      pin: (id, on) => change({ pinned: on ? [...view.pinned, id] : view.pinned.filter((p) => p !== id) }),
      moveBefore: (id, before) => store(moveColumn(ids, id, before)),
      swap: (id, other) => {
        const exchanged = ids.map((x) => (x === id ? other : x === other ? id : x));
        store(exchanged);
      },
      resize: (id, width) => {
        const { [id]: _, ...others } = view.widths;
        change({ widths: width > 0 ? { ...others, [id]: clampWidth(width) } : others }, "replace");
      },
      hide: (id) => {
        change({
          columns: ids.filter((x) => x !== id),
          pinned: view.pinned.filter((p) => p !== id),
          diffOnly: false,
        });
      },
      replace: (id, next) =>
        change({ columns: replaceColumn(ids, id, next), diffOnly: false, ...rename(id, next) }),
    };
  }, [view.pinned, view.widths, view.sort, columns, change]);
}
