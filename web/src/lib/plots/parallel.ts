import { type Axis, axisOf, suitsLog } from "./axis";
import { coloursOf, type PlotTheme } from "./colour";
import { type PlotColumn, type PlotItem, readColumn } from "./item";
import { absenceNotes, type Mark, type Plot, type PlotSize, readingText } from "./plot";
import { fitText, type LineShape, type Shape, textWidth } from "./scene";

/** The chosen part of an axis, as places between 0 and 1. */
export type Brush = readonly [from: number, to: number];
export type Brushes = Readonly<Record<string, Brush>>;

export interface ParallelInput {
  items: readonly PlotItem[];
  axes: readonly string[];
  colourBy?: string | undefined;
  /** By column id. Items outside of any are faded. */
  brushes?: Brushes | undefined;
}

export interface ParallelAxis {
  key: string;
  x: number;
  top: number;
  bottom: number;
}

export interface ParallelLayout extends Plot {
  axes: readonly ParallelAxis[];
}

const head = 26;
const foot = 30;
const reach = 10;

/** A line an item across one axis a column. Values without a place lie below their axis. */
export function parallelPlot(input: ParallelInput, size: PlotSize, theme: PlotTheme): ParallelLayout {
  const { items, colourBy, brushes = {} } = input;
  const columns = input.axes.map((key) => readColumn(items, key));
  const scales = columns.map((column) => axisOf(column, { log: suitsLog(column) }));
  const axes = place(scales, size);
  const heights = items.map((_, i) =>
    scales.map((scale, a) => {
      const at = scale.place(columns[a]!.readings[i]!);
      const { top, bottom } = axes[a]!;
      return at === undefined ? bottom + 14 : bottom - at * (bottom - top);
    }),
  );
  const isChosen = items.map((_, i) => scales.every((scale, a) => isInside(scale, columns[a]!, i, brushes)));
  const colours = coloursOf(items, colourBy, theme);
  const crowd = Math.max(0.12, Math.min(0.85, 40 / items.length));
  const line = (i: number): LineShape => ({
    kind: "line",
    points: axes.flatMap(({ x }, a) => [x, heights[i]![a]!]),
    stroke: isChosen[i] ? colours.of(i) : theme.muted,
    width: 1.25,
    alpha: isChosen[i] ? crowd : Math.min(0.12, crowd / 2),
  });
  // Faded lines lie below the chosen ones.
  const order = items.map((_, i) => i).sort((a, b) => Number(isChosen[a]) - Number(isChosen[b]));
  const marks = items.map(
    ({ id }, i): Mark => ({ ids: [id], x: axes.at(-1)?.x ?? 0, y: heights[i]!.at(-1) ?? 0 }),
  );
  return {
    ...size,
    axes,
    shapes: [
      ...order.map(line),
      ...axes.flatMap((axis, a) => axisShapes(axis, scales[a]!, columns[a]!, theme, axes.length, size)),
      ...axes.flatMap(({ key, x, top, bottom }): Shape[] => {
        const brush = brushes[key];
        if (!brush) return [];
        const [y0, y1] = [bottom - brush[1] * (bottom - top), bottom - brush[0] * (bottom - top)];
        const box = { x: x - 6, y: y0, w: 12, h: Math.max(2, y1 - y0) };
        return [{ kind: "rect", ...box, fill: theme.accent, alpha: 0.35 }];
      }),
    ],
    marks,
    hit: (px, py) => closestLine(axes, heights, isChosen, px, py),
    raise: (i) => [{ ...line(i), alpha: 1, width: 3, stroke: colours.of(i) }],
    describe: (i) => ({
      title: items[i]!.label,
      lines: scales.map((scale, a) => [scale.title, readingText(columns[a]!.readings[i]!)] as const),
    }),
    key: colours.key,
    notes: absenceNotes(columns.map((column, a) => ({ column, axis: scales[a]! }))),
    empty: axes.length < 2 ? "Choose two columns or more." : undefined,
  };
}

/** The items inside all brushes. */
export function brushed(
  items: readonly PlotItem[],
  keys: readonly string[],
  brushes: Brushes,
): readonly PlotItem[] {
  const columns = keys.filter((key) => brushes[key]).map((key) => readColumn(items, key));
  const scales = columns.map((column) => axisOf(column, { log: suitsLog(column) }));
  return items.filter((_, i) => scales.every((scale, a) => isInside(scale, columns[a]!, i, brushes)));
}

function place(scales: readonly Axis[], { width, height }: PlotSize): ParallelAxis[] {
  const sides = Math.min(70, width * 0.12);
  const step = (width - 2 * sides) / Math.max(1, scales.length - 1);
  return scales.map(({ key }, i) => ({ key, x: sides + i * step, top: head, bottom: height - foot }));
}

/** Whether an item lies inside the brush of an axis, if it has one. A value without a place never does. */
function isInside(scale: Axis, column: PlotColumn, item: number, brushes: Brushes): boolean {
  const brush = brushes[scale.key];
  if (!brush) return true;
  const at = scale.place(column.readings[item]!);
  return at !== undefined && at >= brush[0] - 1e-9 && at <= brush[1] + 1e-9;
}

function axisShapes(
  { x, top, bottom }: ParallelAxis,
  scale: Axis,
  column: PlotColumn,
  theme: PlotTheme,
  count: number,
  size: PlotSize,
): Shape[] {
  const room = Math.max(40, (size.width / Math.max(1, count)) * 0.9);
  const title = fitText(scale.title, room);
  const half = textWidth(title) / 2;
  const titleX = Math.min(size.width - half - 2, Math.max(half + 2, x));
  const ticks = scale.ticks(Math.max(2, Math.floor((bottom - top) / (scale.kind === "category" ? 16 : 44))));
  const absent = column.readings.some((reading) => scale.place(reading) === undefined);
  return [
    { kind: "line", points: [x, top, x, bottom], stroke: theme.muted },
    {
      kind: "text",
      x: titleX,
      y: 3,
      text: title,
      fill: theme.text,
      anchor: "middle",
      baseline: "top",
      bold: true,
    },
    ...ticks.flatMap(({ at, label }): Shape[] => {
      const y = bottom - at * (bottom - top);
      // At the last axis there is room on the left only.
      const last = x > size.width - 90 && count > 1;
      const text = fitText(label, room * 0.7);
      return [
        { kind: "line", points: [x - 3, y, x + 3, y], stroke: theme.muted },
        ...labelShapes(text, last ? x - 7 : x + 7, y, last ? "end" : "start", theme),
      ];
    }),
    ...(absent
      ? ([
          { kind: "circle", x, y: bottom + 14, r: 2, fill: theme.muted },
          { kind: "text", x: titleX, y: bottom + 24, text: "no value", fill: theme.muted, anchor: "middle" },
        ] as const)
      : []),
  ];
}

/** Text over lines is read only in front of the surface. */
function labelShapes(text: string, x: number, y: number, anchor: "start" | "end", theme: PlotTheme): Shape[] {
  const width = textWidth(text) + 4;
  const left = anchor === "start" ? x - 2 : x - width + 2;
  return [
    { kind: "rect", x: left, y: y - 6.5, w: width, h: 13, fill: theme.surface, alpha: 0.8 },
    { kind: "text", x, y, text, fill: theme.text, anchor },
  ];
}

function closestLine(
  axes: readonly ParallelAxis[],
  heights: readonly (readonly number[])[],
  isChosen: readonly boolean[],
  px: number,
  py: number,
): number | undefined {
  const right = axes.findIndex(({ x }) => x >= px);
  if (right < 1) return undefined;
  const [from, to] = [axes[right - 1]!, axes[right]!];
  const share = (px - from.x) / (to.x - from.x);
  let best: number | undefined;
  let least = reach;
  heights.forEach((ys, i) => {
    if (!isChosen[i]) return;
    const distance = Math.abs(ys[right - 1]! + (ys[right]! - ys[right - 1]!) * share - py);
    if (distance <= least) {
      least = distance;
      best = i;
    }
  });
  return best;
}
