import { useMemo } from "react";
import type { Card } from "../../../lib/cards/card";
import { suitsLog } from "../../../lib/plots/axis";
import { type PlotItem, readColumn } from "../../../lib/plots/item";
import { brushed } from "../../../lib/plots/parallel";
import { parseColumn } from "../../../lib/runs/columns";
import { decodeBrushes, encodeBrushes } from "../../../lib/view/brushes";
import type { CardView } from "../../../lib/view/charts";
import { BarPlot } from "../../plots/BarPlot";
import { BoxPlot } from "../../plots/BoxPlot";
import { ContourPlot } from "../../plots/ContourPlot";
import { DifferencePlot } from "../../plots/DifferencePlot";
import { HistogramPlot } from "../../plots/HistogramPlot";
import { ParallelPlot } from "../../plots/ParallelPlot";
import type { PlotProps } from "../../plots/props";
import { ScatterPlot } from "../../plots/ScatterPlot";

interface PlotDrawingProps extends Pick<PlotProps, "focusID" | "onPick" | "onHover"> {
  card: Card;
  items: readonly PlotItem[];
  logs: { xLog: boolean; logY: boolean };
  height: number;
  /** Keeps the parts of axes that are brushed; without it there is no brushing. */
  onBrush?: ((brush: string) => void) | undefined;
}

/** What a card draws of the values of runs. */
export function PlotDrawing({ card, items, logs, height, onBrush, ...canvas }: PlotDrawingProps) {
  const { kind, columns } = card;
  const [first = "", second = "", third] = columns;
  const shared = { items, ...canvas };
  const brushes = useMemo(() => decodeBrushes(card.brush), [card.brush]);
  switch (kind) {
    case "bar":
      return <BarPlot {...shared} y={first} colourBy={second || undefined} />;
    case "scatter":
      return (
        <ScatterPlot {...shared} x={first} y={second} colourBy={third} {...axisLogs(logs)} height={height} />
      );
    case "parallel":
      return (
        <ParallelPlot
          {...shared}
          axes={columns}
          colourBy={columns.findLast((id) => parseColumn(id)?.kind === "metrics") ?? columns.at(-1)}
          brushes={brushes}
          onBrush={onBrush && ((next) => onBrush(encodeBrushes(next)))}
          height={height}
        />
      );
    case "box":
      return <BoxPlot {...shared} x={first} y={second} logY={logs.logY} height={height} />;
    case "contour":
      return (
        <ContourPlot {...shared} x={first} y={second} z={third ?? ""} {...axisLogs(logs)} height={height} />
      );
    case "histogram":
      return <HistogramPlot {...shared} x={first} logX={logs.xLog} height={height} />;
    case "difference":
      return <DifferencePlot {...shared} columns={columns} base={card.base ?? ""} />;
    default:
      return null;
  }
}

const axisLogs = ({ xLog, logY }: { xLog: boolean; logY: boolean }) => ({ logX: xLog, logY });

/** The logarithmic axes that a card can have. */
export function logsOf({ kind }: Card): readonly ("xLog" | "logY")[] {
  if (kind === "scatter" || kind === "contour") return ["xLog", "logY"];
  return kind === "histogram" ? ["xLog"] : kind === "box" ? ["logY"] : [];
}

/** Which axes are logarithmic: those that somebody set, and otherwise those whose values ask for it. */
export function chosenLogs(card: Card, items: readonly PlotItem[], own: CardView) {
  const suits = (id: string | undefined) => id !== undefined && suitsLog(readColumn(items, id));
  const [first, second] = card.columns;
  return { xLog: own.xLog ?? suits(first), logY: own.logY ?? suits(second) };
}

/** The runs inside of all brushes of a card; undefined while none of its axes is brushed. */
export function brushedRuns(card: Card, items: readonly PlotItem[]): readonly PlotItem[] | undefined {
  const brushes = decodeBrushes(card.brush);
  return card.columns.some((id) => brushes[id]) ? brushed(items, card.columns, brushes) : undefined;
}
