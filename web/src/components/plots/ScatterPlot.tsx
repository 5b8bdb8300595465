import { useCallback } from "react";
import type { PlotTheme } from "../../lib/plots/colour";
import { columnTitle } from "../../lib/plots/item";
import type { PlotSize } from "../../lib/plots/plot";
import { type ScatterInput, scatterPlot } from "../../lib/plots/scatter";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";
import { rowsOf } from "./rows";

/** One dot an item over two columns, coloured by the item or by a third column. */
export function ScatterPlot({
  items,
  x,
  y,
  logX,
  logY,
  colourBy,
  label,
  height = 340,
  ...canvas
}: ScatterInput & PlotProps) {
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => scatterPlot({ items, x, y, logX, logY, colourBy }, size, theme),
    [items, x, y, logX, logY, colourBy],
  );
  const rows = useCallback(
    () => rowsOf(items, colourBy ? [x, y, colourBy] : [x, y]),
    [items, x, y, colourBy],
  );
  const told = `Scatter plot of ${columnTitle(y)} over ${columnTitle(x)}, ${plural(items.length, "item")}`;
  return <PlotCanvas layOut={layOut} rows={rows} height={height} label={label ?? told} {...canvas} />;
}
