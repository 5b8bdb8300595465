import type { Cell } from "../../lib/export";
import { columnTitle, type PlotItem } from "../../lib/plots/item";

/** The values behind a plot: a header, then a row an item. */
export function rowsOf(items: readonly PlotItem[], keys: readonly string[]): (readonly Cell[])[] {
  const distinct = [...new Set(keys)];
  const titles = distinct.map(columnTitle);
  // Columns of two kinds may share a name.
  const header = distinct.map((key, i) =>
    titles.indexOf(titles[i]!) === titles.lastIndexOf(titles[i]!) ? titles[i]! : key,
  );
  return [
    ["run", ...header],
    ...items.map(({ label, values }) => [label, ...distinct.map((key) => values[key])]),
  ];
}
