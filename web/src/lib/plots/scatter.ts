import { type Axis, axisOf } from "./axis";
import { coloursOf, type PlotTheme } from "./colour";
import { absenceOf, type PlotItem, readColumn } from "./item";
import { absenceNotes, closestMark, frameOf, type Plot, type PlotSize, readingText } from "./plot";
import type { CircleShape } from "./scene";

export interface ScatterInput {
  items: readonly PlotItem[];
  x: string;
  y: string;
  logX?: boolean | undefined;
  logY?: boolean | undefined;
  colourBy?: string | undefined;
}

/** One dot an item. A hollow dot in a lane beside an axis has no value there. */
export function scatterPlot(input: ScatterInput, size: PlotSize, theme: PlotTheme): Plot {
  const { items, colourBy } = input;
  const xColumn = readColumn(items, input.x);
  const yColumn = readColumn(items, input.y);
  const x = axisOf(xColumn, { log: input.logX, padded: true });
  const y = axisOf(yColumn, { log: input.logY, padded: true });
  const isAbsent = (axis: Axis, i: number, column = axis === x ? xColumn : yColumn) =>
    absenceOf(column.readings[i]!, axis.kind === "log") !== undefined;
  const some = (axis: Axis) => items.some((_, i) => isAbsent(axis, i));
  const frame = frameOf({ size, theme, x, y, lanes: { x: some(x), y: some(y) } });
  const colours = coloursOf(items, colourBy, theme);
  const r = items.length > 1000 ? 2.5 : items.length > 200 ? 3 : 4;
  const marks = items.map(({ id }, i) => ({
    ids: [id],
    x: frame.x(xColumn.readings[i]!),
    y: frame.y(yColumn.readings[i]!),
  }));
  const dot = (i: number): CircleShape => {
    const { x: cx, y: cy } = marks[i]!;
    const hollow = isAbsent(x, i) || isAbsent(y, i);
    const colour = colours.of(i);
    return hollow
      ? { kind: "circle", x: cx, y: cy, r, stroke: colour, width: 1.5, fill: theme.surface }
      : { kind: "circle", x: cx, y: cy, r, fill: colour, stroke: theme.surface, alpha: 0.85 };
  };
  return {
    ...size,
    shapes: [...frame.shapes, ...items.map((_, i) => dot(i))],
    marks,
    hit: (px, py) => closestMark(marks, px, py, 14),
    raise: (i) => [{ ...dot(i), r: r + 2.5, alpha: 1, stroke: theme.text, width: 1.5 }],
    describe: (i) => ({
      title: items[i]!.label,
      lines: [
        [x.title, readingText(xColumn.readings[i]!)],
        [y.title, readingText(yColumn.readings[i]!)],
        ...(colourBy ? [[colours.key!.title, String(items[i]!.values[colourBy] ?? "missing")] as const] : []),
      ],
    }),
    key: colours.key,
    notes: absenceNotes([
      { column: xColumn, axis: x },
      { column: yColumn, axis: y },
    ]),
  };
}
