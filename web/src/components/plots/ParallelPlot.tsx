import { type PointerEvent, useCallback, useRef } from "react";
import type { PlotTheme } from "../../lib/plots/colour";
import { columnTitle } from "../../lib/plots/item";
import {
  type Brushes,
  type ParallelAxis,
  type ParallelInput,
  type ParallelLayout,
  parallelPlot,
} from "../../lib/plots/parallel";
import type { PlotSize } from "../../lib/plots/plot";
import { plural } from "../../lib/text/format";
import { PlotCanvas } from "./PlotCanvas";
import type { PlotProps } from "./props";
import { rowsOf } from "./rows";

interface ParallelPlotProps extends ParallelInput, PlotProps {
  /** Called while an axis is brushed; without it, there is no brushing. */
  onBrush?: ((brushes: Brushes) => void) | undefined;
}

interface Drag {
  axis: ParallelAxis;
  from: number;
}

const grip = 12;

/** A line an item across the axes. A drag along an axis chooses items; a click on the axis lets go. */
export function ParallelPlot(props: ParallelPlotProps) {
  const { items, axes, colourBy, brushes, onBrush, label, height = 340, ...canvas } = props;
  const layOut = useCallback(
    (size: PlotSize, theme: PlotTheme) => parallelPlot({ items, axes, colourBy, brushes }, size, theme),
    [items, axes, colourBy, brushes],
  );
  const rows = useCallback(() => rowsOf(items, axes), [items, axes]);
  const drag = useRef<Drag>(undefined);

  const brush = (axis: ParallelAxis, part: readonly [number, number] | undefined) => {
    const { [axis.key]: _, ...others } = brushes ?? {};
    onBrush?.(part ? { ...others, [axis.key]: part } : others);
  };
  const onPointer = (
    plot: ParallelLayout,
    event: PointerEvent<HTMLElement>,
    x: number,
    y: number,
  ): boolean => {
    if (!onBrush) return false;
    const under = plot.axes.find((axis) => Math.abs(axis.x - x) <= grip);
    event.currentTarget.classList.toggle("brushing", under !== undefined || drag.current !== undefined);
    if (event.type === "pointerdown" && under && y >= under.top - 4 && y <= under.bottom + 4) {
      drag.current = { axis: under, from: y };
      event.currentTarget.setPointerCapture(event.pointerId);
      return true;
    }
    const { axis, from } = drag.current ?? {};
    if (!axis || from === undefined) return false;
    const part = [place(axis, from), place(axis, y)].sort((a, b) => a - b) as [number, number];
    const isClick = Math.abs(from - y) < 4;
    if (event.type === "pointerup") {
      drag.current = undefined;
      if (isClick) brush(axis, undefined);
    } else if (!isClick) brush(axis, part);
    return true;
  };
  const told = `Parallel coordinates of ${axes.map(columnTitle).join(", ")}, ${plural(items.length, "item")}`;
  return (
    <PlotCanvas
      layOut={layOut}
      rows={rows}
      height={height}
      label={label ?? told}
      onPointer={onPointer}
      {...canvas}
    />
  );
}

/** The place of a pixel on an axis, to three digits: it becomes part of an address. */
function place({ top, bottom }: ParallelAxis, y: number): number {
  const at = (bottom - y) / (bottom - top);
  return Number(Math.min(1, Math.max(0, at)).toFixed(3));
}
