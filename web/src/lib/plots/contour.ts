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
    return { ...dots, remark: `${z.title} has no numbers, so there is no surface.` };
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
  const remark = surface.length === 0 ? "A surface needs three runs that are not on one line." : undefined;
  const frame = dots.shapes.slice(0, dots.shapes.length - items.length);
  // The dots have the colour of the surface, so they stand out by a darker edge.
  const marks = dots.shapes
    .slice(frame.length)
    .map((shape) =>
      shape.kind === "circle" && shape.stroke === theme.surface
        ? { ...shape, stroke: theme.text, alpha: 1 }
        : shape,
    );
  return { ...dots, shapes: [...frame, ...surface, ...marks], notes, remark };
}

/** The surface in steps, as contours are, and the lines between them. */
function surfaceShapes(grid: Grid, area: Area, theme: PlotTheme): Shape[] {
  const shapes: Shape[] = [];
  for (let row = 0; row < grid.size; row++) shapes.push(...rowShapes(grid, row, area, theme));
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

/** Neighbours in one step share a rectangle. Edges lie on whole pixels, so that no seams show. */
function rowShapes({ size, values }: Grid, row: number, area: Area, theme: PlotTheme): RectShape[] {
  const stepAt = (column: number) => {
    const value = values[row * size + column];
    return value === undefined || Number.isNaN(value) ? -1 : Math.min(levels - 1, Math.floor(value * levels));
  };
  const inside = (at: number) => Math.min(1, Math.max(0, at / (size - 1)));
  const x = (column: number) => Math.round(area.left + inside(column - 0.5) * area.width);
  const y = (at: number) => Math.round(area.top + (1 - inside(at - 0.5)) * area.height);
  const shapes: RectShape[] = [];
  for (let from = 0; from < size; ) {
    const step = stepAt(from);
    let to = from + 1;
    while (to < size && stepAt(to) === step) to++;
    if (step >= 0) {
      const fill = rampColour((step + 0.5) / levels, theme.dark);
      const box = { x: x(from), y: y(row + 1), w: x(to) - x(from), h: y(row) - y(row + 1) };
      shapes.push({ kind: "rect", ...box, fill });
    }
    from = to;
  }
  return shapes;
}
