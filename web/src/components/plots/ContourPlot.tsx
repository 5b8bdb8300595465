import { useCallback } from "react";
import type { PlotTheme } from "../../lib/plots/colour";
import { type ContourInput, contourPlot } from "../../lib/plots/contour";
import { columnTitle } from "../../lib/plots/item";
import type { PlotSize } from "../../lib/plots/plot";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";
import { rowsOf } from "./rows";

/** One column as a coloured surface over two others, with a dot for each item. */
export function ContourPlot({
  items,
  x,
  y,
  z,
  logX,
  logY,
  label,
  height = 380,
  ...canvas
}: ContourInput & PlotProps) {
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => contourPlot({ items, x, y, z, logX, logY }, size, theme),
    [items, x, y, z, logX, logY],
  );
  const rows = useCallback(() => rowsOf(items, [x, y, z]), [items, x, y, z]);
  const told = `Contours of ${columnTitle(z)} over ${columnTitle(x)} and ${columnTitle(y)}, ${plural(items.length, "item")}`;
  return <PlotCanvas layOut={layOut} rows={rows} height={height} label={label ?? told} {...canvas} />;
}
