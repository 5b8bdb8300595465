import { useCallback } from "react";
import { type BarInput, barHeight, barPlot } from "../../lib/plots/bar";
import type { PlotTheme } from "../../lib/plots/colour";
import { columnTitle } from "../../lib/plots/item";
import type { PlotSize } from "../../lib/plots/plot";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";
import { rowsOf } from "./rows";

/** A bar an item, the greatest first. */
export function BarPlot({ items, y, colourBy, label, height, ...canvas }: BarInput & PlotProps) {
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => barPlot({ items, y, colourBy }, size, theme),
    [items, y, colourBy],
  );
  const rows = useCallback(() => rowsOf(items, colourBy ? [y, colourBy] : [y]), [items, y, colourBy]);
  const told = `Bars of ${columnTitle(y)}, ${plural(items.length, "item")}`;
  return (
    <PlotCanvas
      layOut={layOut}
      rows={rows}
      height={height ?? barHeight(items.length)}
      label={label ?? told}
      {...canvas}
    />
  );
}
