import { useCallback } from "react";
import type { PlotTheme } from "../../lib/plots/colour";
import { type HistogramInput, histogramPlot } from "../../lib/plots/histogram";
import { columnTitle } from "../../lib/plots/item";
import type { PlotSize } from "../../lib/plots/plot";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";
import { rowsOf } from "./rows";

/** How many items lie in each part of a column's range. */
export function HistogramPlot({
  items,
  x,
  logX,
  label,
  height = 260,
  ...canvas
}: HistogramInput & PlotProps) {
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => histogramPlot({ items, x, logX }, size, theme),
    [items, x, logX],
  );
  const rows = useCallback(() => rowsOf(items, [x]), [items, x]);
  const told = `Histogram of ${columnTitle(x)}, ${plural(items.length, "item")}`;
  return <PlotCanvas layOut={layOut} rows={rows} height={height} label={label ?? told} {...canvas} />;
}
