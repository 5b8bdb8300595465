// Where the columns of the table are, and which of them are in sight.
import type { Column } from "../runs/columns";
import { preferences } from "../text/preferences";

export const selectWidth = 34;
const leastName = 230;
const leastNameNarrow = 170;
/** Names of groups have the values of several params. */
const leastGroupName = 340;
const narrow = 600;
const mostName = 460;
export const leastWidth = 56;
const mostWidth = 900;

const attributeWidths: Record<string, number> = {
  start_time: 108,
  end_time: 108,
  duration: 104,
  user_id: 96,
  source: 130,
  status: 90,
  dataset: 150,
};

/** A date with the time to the second and a zone. */
const dateWidth = 190;

export interface Placed {
  column: Column;
  width: number;
  /** From the left edge of the row. */
  left: number;
}

export interface Layout {
  nameWidth: number;
  /** Columns that stay in sight, after the name. */
  pinned: Placed[];
  scrolling: Placed[];
  /** Where the scrolling columns begin. */
  pinnedEnd: number;
  width: number;
}

/** As wide as the title and the button of its menu need, within reason; six digits always fit. */
export function defaultWidth(c: Column): number {
  if (c.kind === "attributes") {
    const isTime = c.key === "start_time" || c.key === "end_time";
    return isTime && preferences().times === "absolute" ? dateWidth : (attributeWidths[c.key] ?? 100);
  }
  return Math.round(Math.min(220, Math.max(112, c.title.length * 7.4 + 58)));
}

/** Fits a mean with its deviation. */
const meanWidth = 140;

export const clampWidth = (width: number) => Math.round(Math.min(mostWidth, Math.max(leastWidth, width)));

/**
 * nameID is the column of the run's name, whose width may be chosen like any other. Where runs are grouped,
 * metrics have room for their deviation.
 */
export function layoutOf(
  columns: readonly Column[],
  pinnedIDs: readonly string[],
  widths: Readonly<Record<string, number>>,
  available: number,
  nameID: string,
  grouped = false,
): Layout {
  const widthOf = (c: Column) =>
    widths[c.id] ?? Math.max(defaultWidth(c), grouped && c.kind === "metrics" ? meanWidth : 0);
  const isPinned = new Set(pinnedIDs);
  const others = columns.reduce((sum, c) => sum + widthOf(c), 0);
  // The name takes what is left over, so that a table of few columns fills its card.
  const least = available < narrow ? leastNameNarrow : grouped ? leastGroupName : leastName;
  const rest = Math.min(mostName, Math.max(least, available - selectWidth - others));
  const nameWidth = widths[nameID] ?? Math.floor(rest);
  let left = selectWidth + nameWidth;
  const place = (list: readonly Column[]) =>
    list.map((column) => {
      const placed = { column, width: widthOf(column), left };
      left += placed.width;
      return placed;
    });
  const pinned = place(columns.filter((c) => isPinned.has(c.id)));
  const pinnedEnd = left;
  const scrolling = place(columns.filter((c) => !isPinned.has(c.id)));
  return { nameWidth, pinned, scrolling, pinnedEnd, width: left };
}

/** The first and the last scrolling column that are in sight or near it; empty as [0, -1]. */
export function columnsInSight(layout: Layout, scrollLeft: number, viewWidth: number): [number, number] {
  const margin = 200;
  const from = scrollLeft + layout.pinnedEnd - margin;
  const to = scrollLeft + Math.max(viewWidth, layout.pinnedEnd) + margin;
  const list = layout.scrolling;
  let first = list.findIndex((p) => p.left + p.width > from);
  if (first < 0) first = list.length;
  let last = first - 1;
  while (last + 1 < list.length && list[last + 1]!.left < to) last++;
  return [first, last];
}
