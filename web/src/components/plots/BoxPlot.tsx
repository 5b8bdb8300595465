import { useCallback } from "react";
import { type BoxInput, boxPlot } from "../../lib/plots/box";
import type { PlotTheme } from "../../lib/plots/colour";
import { columnTitle } from "../../lib/plots/item";
import type { PlotSize } from "../../lib/plots/plot";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";
import { rowsOf } from "./rows";

/** The spread of one column in the groups that another makes. */
export function BoxPlot({ items, x, y, logY, label, height = 340, ...canvas }: BoxInput & PlotProps) {
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => boxPlot({ items, x, y, logY }, size, theme),
    [items, x, y, logY],
  );
  const rows = useCallback(() => rowsOf(items, [x, y]), [items, x, y]);
  const told = `Boxes of ${columnTitle(y)} by ${columnTitle(x)}, ${plural(items.length, "item")}`;
  return <PlotCanvas layOut={layOut} rows={rows} height={height} label={label ?? told} {...canvas} />;
}
