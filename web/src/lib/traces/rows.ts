// Rows of a tree that is stored as a list, each item before its descendants.

export interface TreeItem {
  id: string;
  /** The index of the parent in the list, or -1. */
  parent: number;
  /** The index after the last descendant. */
  end: number;
}

/**
 * The indexes of the rows on screen. A search shows the items that match, with their ancestors, whether these are folded
 * or not.
 *
 * @param folded ids of items whose descendants are hidden
 * @param wanted what is searched for; undefined for everything
 */
export function visibleRows<T extends TreeItem>(
  items: readonly T[],
  folded: ReadonlySet<string>,
  wanted: ((item: T) => boolean) | undefined,
): number[] {
  const rows: number[] = [];
  if (!wanted) {
    for (let i = 0; i < items.length; ) {
      rows.push(i);
      i = folded.has(items[i]!.id) ? items[i]!.end : i + 1;
    }
    return rows;
  }
  const shown = new Set<number>();
  for (const [i, item] of items.entries()) {
    if (!wanted(item)) continue;
    for (let at = i; at >= 0 && !shown.has(at); at = items[at]!.parent) shown.add(at);
  }
  return [...shown].sort((a, b) => a - b);
}
