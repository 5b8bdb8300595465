import type { Axis } from "./axis";
import type { ColourKey, PlotTheme } from "./colour";
import { absences, type PlotColumn, type Reading } from "./item";
import { fitText, fontSize, type Shape, textWidth } from "./scene";
import { shortNumber } from "./ticks";

/** One mark that the pointer and the arrow keys can reach. */
export interface Mark {
  /** The items it stands for. */
  ids: readonly string[];
  x: number;
  y: number;
}

export interface Description {
  title: string;
  lines: readonly (readonly [name: string, text: string])[];
}

/** A plot laid out for one size and theme. */
export interface Plot {
  width: number;
  height: number;
  shapes: readonly Shape[];
  marks: readonly Mark[];
  /** The mark at a place, or undefined. */
  hit(x: number, y: number): number | undefined;
  /** What is drawn over the plot to bring a mark forward. */
  raise(mark: number): readonly Shape[];
  describe(mark: number): Description;
  key: ColourKey | undefined;
  /** What the plot cannot place, by axis. */
  notes: readonly string[];
  /** What else there is to say. */
  remark?: string | undefined;
  /** Why there is nothing to see. */
  empty?: string | undefined;
}

export interface PlotSize {
  width: number;
  height: number;
}

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The room for marks without a value, beside an axis that needs it. */
export const lane = 22;
const gap = 10;
const tickGap = 6;

export interface Frame {
  area: Area;
  shapes: readonly Shape[];
  /** Pixels of a reading; a value without a place lies in the lane beside the axis. */
  x(reading: Reading): number;
  y(reading: Reading): number;
}

interface FrameInput {
  size: PlotSize;
  theme: PlotTheme;
  x: Axis;
  y: Axis;
  /** Whether some item has no value on the axis. */
  lanes: { x: boolean; y: boolean };
}

/** The axes, the grid and the lanes of a plot with two axes. */
export function frameOf({ size, theme, x, y, lanes }: FrameInput): Frame {
  const yTicks = y.ticks(Math.max(2, Math.floor(size.height / (y.kind === "category" ? 16 : 40))));
  const widest = Math.max(
    24,
    ...yTicks.map(({ label }) => textWidth(label)),
    lanes.y ? textWidth("no value") : 0,
  );
  const labelWidth = Math.min(widest, size.width * 0.28);
  const left = Math.round(fontSize + 8 + labelWidth + tickGap + (lanes.x ? lane + gap : 0));
  const bottom = fontSize * 2 + 16 + (lanes.y ? lane + gap : 0);
  const area = { left, top: 8, width: size.width - left - 14, height: size.height - bottom - 8 };
  const yOf = (at: number) => area.top + (1 - at) * area.height;
  const xOf = (at: number) => area.left + at * area.width;
  const laneY = area.top + area.height + gap + lane / 2;
  const laneX = area.left - gap - lane / 2;
  const frame = { area, size, theme, lanes };
  return {
    area,
    x: (reading) => placed(x.place(reading), xOf, laneX),
    y: (reading) => placed(y.place(reading), yOf, laneY),
    shapes: [
      ...laneShapes(frame, laneX, laneY),
      ...yTicks.flatMap(({ at, label }) => yTick(frame, yOf(at), fitText(label, labelWidth))),
      ...xTicks(frame, x),
      axisTitle(x, area, size, theme, "x"),
      axisTitle(y, area, size, theme, "y"),
    ],
  };
}

const placed = (at: number | undefined, pixel: (at: number) => number, aside: number) =>
  at === undefined ? aside : pixel(at);

interface FrameState {
  area: Area;
  size: PlotSize;
  theme: PlotTheme;
  lanes: { x: boolean; y: boolean };
}

function laneShapes({ area, theme, lanes }: FrameState, laneX: number, laneY: number): Shape[] {
  const band = { kind: "rect", fill: theme.line, alpha: 0.45 } as const;
  const label = { kind: "text", fill: theme.muted } as const;
  const shapes: Shape[] = [];
  // The words stand where tick labels do, beside the lane: marks may lie anywhere in it.
  if (lanes.x) {
    const y = area.top + area.height + (lanes.y ? lane + gap : 0) + tickGap;
    shapes.push({ ...band, x: laneX - lane / 2, y: area.top, w: lane, h: area.height });
    shapes.push({ ...label, text: "none", x: laneX, y, anchor: "middle", baseline: "top" });
  }
  if (lanes.y) {
    const x = area.left - (lanes.x ? lane + gap : 0) - tickGap;
    shapes.push({ ...band, x: area.left, y: laneY - lane / 2, w: area.width, h: lane });
    shapes.push({ ...label, text: "no value", x, y: laneY, anchor: "end" });
  }
  return shapes;
}

function yTick({ area, theme, lanes }: FrameState, y: number, label: string): Shape[] {
  const x = area.left - (lanes.x ? lane + gap : 0);
  return [
    { kind: "line", points: [area.left, y, area.left + area.width, y], stroke: theme.line },
    { kind: "text", x: x - tickGap, y, text: label, fill: theme.muted, anchor: "end" },
  ];
}

function xTicks({ area, size, theme, lanes }: FrameState, axis: Axis): Shape[] {
  const y = area.top + area.height + (lanes.y ? lane + gap : 0) + tickGap;
  const room = axis.kind === "category" ? 70 : 64;
  const ticks = axis.ticks(Math.max(2, Math.floor(area.width / room)));
  const width = (area.width / Math.max(1, axis.kind === "category" ? ticks.length : 1)) * 0.94;
  return ticks.flatMap(({ at, label }): Shape[] => {
    const x = area.left + at * area.width;
    const text = fitText(label, axis.kind === "category" ? width : 80);
    const half = textWidth(text) / 2;
    const inside = Math.min(size.width - half - 2, Math.max(half + 2, x));
    return [
      { kind: "line", points: [x, area.top, x, area.top + area.height], stroke: theme.line },
      { kind: "text", x: inside, y, text, fill: theme.muted, anchor: "middle", baseline: "top" },
    ];
  });
}

function axisTitle(axis: Axis, area: Area, size: PlotSize, theme: PlotTheme, side: "x" | "y"): Shape {
  const scale = axis.kind === "log" ? " (log)" : "";
  const text = fitText(axis.title, (side === "x" ? area.width : area.height) - textWidth(scale)) + scale;
  const style = { kind: "text", text, fill: theme.text, anchor: "middle" } as const;
  if (side === "x") {
    return { ...style, x: area.left + area.width / 2, y: size.height - 2, baseline: "bottom" };
  }
  return { ...style, x: fontSize / 2 + 2, y: area.top + area.height / 2, rotate: -90 };
}

/** A line for each column with values that have no place. */
export function absenceNotes(columns: readonly { column: PlotColumn; axis: Axis }[]): string[] {
  return columns.flatMap(({ column, axis }) => {
    const counts = absences(column, axis.kind === "log");
    return counts ? [`${axis.title}: ${counts}`] : [];
  });
}

/** What an item has in a column, as a tooltip tells it. */
export function readingText(reading: Reading): string {
  if ("absent" in reading) return reading.absent;
  return "number" in reading ? shortNumber(reading.number) : reading.text;
}

/** The mark whose centre is closest, at most reach away. */
export function closestMark(marks: readonly Mark[], x: number, y: number, reach: number): number | undefined {
  let best: number | undefined;
  let least = reach * reach;
  marks.forEach((mark, i) => {
    const distance = (mark.x - x) ** 2 + (mark.y - y) ** 2;
    if (distance <= least) {
      least = distance;
      best = i;
    }
  });
  return best;
}
