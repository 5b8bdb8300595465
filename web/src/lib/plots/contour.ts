import { axisOf, suitsLog } from "./axis";
import { type PlotTheme, rampColour } from "./colour";
import { type Grid, interpolate, isoline, type Sample } from "./grid";
import { readColumn } from "./item";
import { type Area, absenceNotes, frameOf, type Plot } from "./plot";
import { type ScatterInput, scatterPlot } from "./scatter";
import type { RectShape, Shape } from "./scene";

export interface ContourInput extends Omit<ScatterInput, "colourBy"> {
  z: string;
}

const levels = 8;

/** A column as colour over two others. The surface is interpolated and ends at the hull of the items. */
export function contourPlot(
  input: ContourInput,
  size: { width: number; height: number },
  theme: PlotTheme,
): Plot {
  const { items, z: zKey } = input;
  const dots = scatterPlot({ ...input, colourBy: zKey }, size, theme);
  const columns = {
    x: readColumn(items, input.x),
    y: readColumn(items, input.y),
    z: readColumn(items, zKey),
  };
  const x = axisOf(columns.x, { log: input.logX, padded: true });
  const y = axisOf(columns.y, { log: input.logY, padded: true });
  const z = axisOf(columns.z, { log: suitsLog(columns.z) });
  if (z.kind === "category") {
    return { ...dots, notes: [...dots.notes, `${z.title} has no numbers, so there is no surface.`] };
  }
  const samples = items.flatMap((_, i): Sample[] => {
    const [px, py, pz] = [x, y, z].map((axis, j) =>
      axis.place([columns.x, columns.y, columns.z][j]!.readings[i]!),
    );
    return px === undefined || py === undefined || pz === undefined ? [] : [{ x: px, y: py, z: pz }];
  });
  const grid = interpolate(samples);
  const lanes = {
    x: columns.x.readings.some((reading) => x.place(reading) === undefined),
    y: columns.y.readings.some((reading) => y.place(reading) === undefined),
  };
  const { area } = frameOf({ size, theme, x, y, lanes });
  const surface = surfaceShapes(grid, area, theme);
  const notes = [...dots.notes, ...absenceNotes([{ column: columns.z, axis: z }])];
  if (surface.length === 0) {
    notes.push("A surface needs three runs that are not on one line.");
  }
  const frame = dots.shapes.slice(0, dots.shapes.length - items.length);
  // The dots have the colour of the surface, so they stand out by a darker edge.
  const marks = dots.shapes
    .slice(frame.length)
    .map((shape) =>
      shape.kind === "circle" && shape.stroke === theme.surface
        ? { ...shape, stroke: theme.text, alpha: 1 }
        : shape,
    );
  return { ...dots, shapes: [...frame, ...surface, ...marks], notes };
}

function surfaceShapes(grid: Grid, area: Area, theme: PlotTheme): Shape[] {
  const { size, values } = grid;
  const cell = { w: area.width / (size - 1), h: area.height / (size - 1) };
  const shapes: Shape[] = [];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = values[row * size + column]!;
      if (Number.isNaN(value)) continue;
      shapes.push(cellShape(row, column, value, area, cell, theme));
    }
  }
  for (let level = 1; level < levels; level++) {
    for (const [x0, y0, x1, y1] of isoline(grid, level / levels)) {
      const points = [
        ...[area.left + x0 * area.width, area.top + (1 - y0) * area.height],
        ...[area.left + x1 * area.width, area.top + (1 - y1) * area.height],
      ];
      shapes.push({ kind: "line", points, stroke: theme.surface, alpha: 0.7 });
    }
  }
  return shapes;
}

/** Cells are drawn in steps, as contours are; they overlap by a little so that no seams show. */
function cellShape(
  row: number,
  column: number,
  value: number,
  area: Area,
  cell: { w: number; h: number },
  theme: PlotTheme,
): RectShape {
  const step = Math.min(levels - 1, Math.floor(value * levels));
  const left = area.left + (column - 0.5) * cell.w;
  const top = area.top + area.height - (row + 0.5) * cell.h;
  const [x0, y0] = [Math.max(area.left, left), Math.max(area.top, top)];
  const w = Math.min(left + cell.w, area.left + area.width) - x0 + 0.4;
  const h = Math.min(top + cell.h, area.top + area.height) - y0 + 0.4;
  return { kind: "rect", x: x0, y: y0, w, h, fill: rampColour((step + 0.5) / levels, theme.dark) };
}
