import { useCallback } from "react";
import type { PlotTheme } from "../../lib/plots/colour";
import {
  baselineOf,
  type DifferenceInput,
  differenceHeight,
  differencePlot,
  differencesOf,
} from "../../lib/plots/difference";
import { columnTitle } from "../../lib/plots/item";
import type { PlotSize } from "../../lib/plots/plot";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";

/** How far the values of each item are from those of a baseline. */
export function DifferencePlot({
  items,
  columns,
  base,
  label,
  height,
  ...canvas
}: DifferenceInput & PlotProps) {
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => differencePlot({ items, columns, base }, size, theme),
    [items, columns, base],
  );
  const rows = useCallback(() => tableOf({ items, columns, base }), [items, columns, base]);
  const name = baselineOf({ items, base })?.label ?? "";
  const told = `Differences of ${columns.map(columnTitle).join(", ")} from ${name}, ${plural(items.length, "item")}`;
  return (
    <PlotCanvas
      layOut={layOut}
      rows={rows}
      height={height ?? differenceHeight(items.length)}
      label={label ?? told}
      {...canvas}
    />
  );
}

/** Three columns for each metric: the value, the difference, and the difference in per cent of the baseline. */
function tableOf(input: DifferenceInput) {
  const header = input.columns.flatMap((key) => {
    const title = columnTitle(key);
    return [title, `${title}: difference`, `${title}: %`];
  });
  const number = (value: number | undefined) => (Number.isNaN(value) ? undefined : value);
  return [
    ["run", ...header],
    ...differencesOf(input).map(({ item, cells }) => [
      item.label,
      ...cells.flatMap(({ value, by, share }) => [
        number(value),
        number(by),
        number(share === undefined ? undefined : share * 100),
      ]),
    ]),
  ];
}
