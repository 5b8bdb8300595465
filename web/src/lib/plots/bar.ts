import { axisOf } from "./axis";
import { coloursOf, type PlotTheme } from "./colour";
import { type PlotItem, readColumn } from "./item";
import { absenceNotes, type Mark, type Plot, type PlotSize, readingText } from "./plot";
import { fitText, fontSize, type RectShape, type Shape, textWidth } from "./scene";

export interface BarInput {
  items: readonly PlotItem[];
  y: string;
  colourBy?: string | undefined;
}

const row = 20;
const tallest = 900;

/** The height at which every bar has a label, up to a limit; beyond it bars are thinner. */
export function barHeight(count: number): number {
  return Math.min(tallest, Math.max(4, count) * row + 48);
}

/** A bar an item, the greatest first; items without a number come last, marked. */
export function barPlot({ items, y: key, colourBy }: BarInput, size: PlotSize, theme: PlotTheme): Plot {
  const column = readColumn(items, key);
  const axis = axisOf(column, { zero: true });
  const value = (i: number) => {
    const reading = column.readings[i]!;
    return "number" in reading ? reading.number : Number.NEGATIVE_INFINITY;
  };
  const order = items.map((_, i) => i).sort((a, b) => value(b) - value(a) || a - b);
  const labels = Math.min(size.width * 0.32, Math.max(24, ...items.map(({ label }) => textWidth(label))));
  const left = labels + 12;
  const right = 64;
  const area = { left, top: 4, width: Math.max(20, size.width - left - right), height: size.height - 44 };
  const step = area.height / Math.max(1, items.length);
  const colours = coloursOf(items, colourBy, theme);
  const xOf = (number: number) => area.left + (axis.place({ number }) ?? 0) * area.width;
  const zero = axis.kind === "category" ? area.left : xOf(0);
  const middle = (at: number) => area.top + (at + 0.5) * step;
  // Thin bars of many colours tell less than one colour does.
  const colour = (i: number) => (!colourBy && step < 8 ? theme.accent : colours.of(i));
  const rect = (at: number): RectShape => {
    const i = order[at]!;
    const reading = column.readings[i]!;
    const end = "number" in reading ? xOf(reading.number) : zero;
    const h = Math.max(1, step * (step > 6 ? 0.7 : 1));
    const box = { x: Math.min(zero, end), y: middle(at) - h / 2, w: Math.max(1, Math.abs(end - zero)), h };
    return { kind: "rect", ...box, fill: colour(i) };
  };
  const every = Math.max(1, Math.ceil(14 / step));
  const shapes: Shape[] = order.flatMap((i, at): Shape[] => {
    const reading = column.readings[i]!;
    const bar: Shape[] = "number" in reading ? [rect(at)] : [];
    if (at % every !== 0) return bar;
    const y = middle(at);
    const text = fitText(items[i]!.label, labels);
    const end = rect(at);
    const beside = "number" in reading && reading.number < 0 ? zero : end.x + end.w;
    return [
      ...bar,
      { kind: "text", x: left - 6, y, text, fill: theme.text, anchor: "end" },
      { kind: "text", x: beside + 5, y, text: readingText(reading), fill: theme.muted },
    ];
  });
  const marks = order.map((i, at): Mark => {
    const bar = rect(at);
    return { ids: [items[i]!.id], x: bar.x + bar.w, y: middle(at) };
  });
  return {
    ...size,
    shapes: [
      ...gridShapes(axis.ticks(Math.max(2, Math.floor(area.width / 70))), area, axis.title, size, theme),
      ...shapes,
    ],
    marks,
    hit: (_, py) => {
      const at = Math.floor((py - area.top) / step);
      return at >= 0 && at < items.length ? at : undefined;
    },
    raise: (at) => [{ ...rect(at), stroke: theme.text, width: 1.5 }],
    describe: (at) => ({
      title: items[order[at]!]!.label,
      lines: [[axis.title, readingText(column.readings[order[at]!]!)]],
    }),
    key: colours.key,
    notes: absenceNotes([{ column, axis }]),
    empty: column.numeric ? undefined : `${axis.title} has no numbers to draw bars of.`,
  };
}

function gridShapes(
  ticks: readonly { at: number; label: string }[],
  area: { left: number; top: number; width: number; height: number },
  title: string,
  size: PlotSize,
  theme: PlotTheme,
): Shape[] {
  const bottom = area.top + area.height;
  return [
    ...ticks.flatMap(({ at, label }): Shape[] => {
      const x = area.left + at * area.width;
      return [
        { kind: "line", points: [x, area.top, x, bottom], stroke: theme.line },
        { kind: "text", x, y: bottom + 4, text: label, fill: theme.muted, anchor: "middle", baseline: "top" },
      ];
    }),
    {
      kind: "text",
      x: area.left + area.width / 2,
      y: size.height - 2 - fontSize / 2,
      text: fitText(title, area.width),
      fill: theme.text,
      anchor: "middle",
    },
  ];
}
