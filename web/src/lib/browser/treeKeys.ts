import { useState } from "react";
import type { TreeItem } from "../traces/rows";
import { useHotkeys } from "./hooks";

interface TreeOptions<T> {
  items: readonly T[];
  /** The index of the selected item. */
  selected: number;
  select: (item: T) => void;
  /** What "e" goes to next. */
  marked: (item: T) => boolean;
}

/** Which items of a tree are folded, and how the selection gets to an item below a folded one. */
export function useFolds<T extends TreeItem>({ items, selected, select, marked }: TreeOptions<T>) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const fold = (item: T, closed: boolean) => {
    const next = new Set(folded);
    if (closed) next.add(item.id);
    else next.delete(item.id);
    setFolded(next);
  };
  const nextMarked = () => {
    const after = items.findIndex((item, i) => i > selected && marked(item));
    const found = after >= 0 ? after : items.findIndex(marked);
    if (found < 0) return;
    // An item below a folded one comes into sight.
    const open = new Set(folded);
    for (let p = items[found]!.parent; p >= 0; p = items[p]!.parent) open.delete(items[p]!.id);
    setFolded(open);
    select(items[found]!);
  };
  return { folded, setFolded, fold, nextMarked };
}

/** The keys of a tree: j, k and the arrows move and fold, e goes to the next marked item, / to the search. */
export function useTreeKeys<T extends TreeItem>(
  { items, selected, select }: TreeOptions<T>,
  { folded, fold, nextMarked }: ReturnType<typeof useFolds<T>>,
  rows: readonly number[],
  search: () => void,
) {
  const at = rows.indexOf(selected);
  const current = items[selected];
  const go = (row: number) => {
    const item = items[rows[Math.max(0, Math.min(rows.length - 1, row))] ?? -1];
    if (item) select(item);
  };
  useHotkeys({
    j: () => go(at + 1),
    ArrowDown: () => go(at + 1),
    k: () => go(at - 1),
    ArrowUp: () => go(at - 1),
    ArrowRight: () => {
      if (!current || current.end === selected + 1) return;
      if (folded.has(current.id)) fold(current, false);
      else go(at + 1);
    },
    ArrowLeft: () => {
      if (!current) return;
      if (current.end > selected + 1 && !folded.has(current.id)) fold(current, true);
      else if (current.parent >= 0) select(items[current.parent]!);
    },
    e: nextMarked,
    "/": search,
  });
  return at;
}
