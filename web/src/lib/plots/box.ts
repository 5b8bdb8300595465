import { compareNames } from "../runs/columns";
import { type Axis, axisOf } from "./axis";
import type { PlotTheme } from "./colour";
import { type PlotColumn, type PlotItem, readColumn } from "./item";
import { absenceNotes, type Frame, frameOf, type Mark, type Plot, type PlotSize, readingText } from "./plot";
import type { Shape } from "./scene";
import { type Box, binsOf, boxOf } from "./stats";
import { shortNumber } from "./ticks";

export interface BoxInput {
  items: readonly PlotItem[];
  /** The column that makes the groups: its categories, or ranges of its numbers. */
  x: string;
  y: string;
  logY?: boolean | undefined;
}

const mostGroups = 24;
const ranges = 8;
const mostDots = 400;

interface Group {
  name: string;
  /** Positions of the items that have a place on the y axis. */
  members: readonly number[];
  box: Box | undefined;
}

/** The spread of a column in groups of another: median, quartiles, whiskers, and the items as dots. */
export function boxPlot({ items, x: xKey, y: yKey, logY }: BoxInput, size: PlotSize, theme: PlotTheme): Plot {
  const xColumn = readColumn(items, xKey);
  const yColumn = readColumn(items, yKey);
  const y = axisOf(yColumn, { log: logY, padded: true });
  const groups = groupsOf(xColumn).map(({ name, members }): Group => {
    const drawn = members.filter((i) => y.place(yColumn.readings[i]!) !== undefined);
    const numbers = drawn.flatMap((i) => {
      const reading = yColumn.readings[i]!;
      return "number" in reading ? [reading.number] : [];
    });
    return { name, members: drawn, box: boxOf(numbers) };
  });
  const names = groups.map(({ name }) => name);
  const x = groupAxis(xKey, names);
  const frame = frameOf({ size, theme, x, y, lanes: { x: false, y: false } });
  const step = frame.area.width / Math.max(1, groups.length);
  const centre = (i: number) => frame.area.left + (i + 0.5) * step;
  const half = Math.min(28, step * 0.32);
  const dotted = items.length <= mostDots;
  const draw = (group: Group, i: number, strong: boolean): Shape[] => [
    ...boxShapes(group.box, centre(i), half, frame, theme, strong),
    ...(dotted ? group.members : outside(group, yColumn)).map((item): Shape => {
      const shift = ((item * 0.618034) % 1) - 0.5;
      const place = { x: centre(i) + shift * half, y: frame.y(yColumn.readings[item]!) };
      return { kind: "circle", ...place, r: 2.2, fill: theme.accent, alpha: 0.75 };
    }),
  ];
  const marks = groups.map(
    (group, i): Mark => ({
      ids: group.members.map((item) => items[item]!.id),
      x: centre(i),
      y: group.box ? frame.y({ number: group.box.median }) : frame.area.top,
    }),
  );
  return {
    ...size,
    shapes: [...frame.shapes, ...groups.flatMap((group, i) => draw(group, i, false))],
    marks,
    hit: (px) => {
      const at = Math.floor((px - frame.area.left) / step);
      return at >= 0 && at < groups.length ? at : undefined;
    },
    raise: (i) => draw(groups[i]!, i, true),
    describe: (i) => describeGroup(groups[i]!, x.title),
    key: undefined,
    notes: absenceNotes([
      { column: xColumn, axis: axisOf(xColumn) },
      { column: yColumn, axis: y },
    ]),
    empty: yColumn.numeric ? undefined : `${y.title} has no numbers to draw boxes of.`,
  };
}

/** The groups keep their order, and two of them may share a name. */
function groupAxis(key: string, names: readonly string[]): Axis {
  return {
    ...axisOf({ key, numeric: false, readings: [] }),
    categories: names,
    ticks: (count) => {
      const every = Math.max(1, Math.ceil(names.length / Math.max(1, count)));
      return names.flatMap((label, i) => (i % every === 0 ? [{ at: (i + 0.5) / names.length, label }] : []));
    },
  };
}

interface Members {
  name: string;
  members: number[];
}

function groupsOf(column: PlotColumn): Members[] {
  const byName = new Map<string, number[]>();
  const absent: number[] = [];
  column.readings.forEach((reading, i) => {
    if ("absent" in reading) {
      absent.push(i);
      return;
    }
    const name = "number" in reading ? readingText(reading) : reading.text;
    const members = byName.get(name);
    if (members) members.push(i);
    else byName.set(name, [i]);
  });
  const apart = absent.length > 0 ? [{ name: "no value", members: absent }] : [];
  if (byName.size <= (column.numeric ? 12 : mostGroups)) {
    const names = [...byName.keys()].sort(compareNames);
    return [...names.map((name) => ({ name, members: byName.get(name)! })), ...apart];
  }
  return [...(column.numeric ? rangesOf(column) : largest(byName)), ...apart];
}

/** The categories with most items; the others share one box. */
function largest(byName: ReadonlyMap<string, number[]>): Members[] {
  const all = [...byName].map(([name, members]) => ({ name, members }));
  all.sort((a, b) => b.members.length - a.members.length);
  const others = all.splice(mostGroups - 1);
  return [...all, { name: `${others.length} others`, members: others.flatMap(({ members }) => members) }];
}

function rangesOf(column: PlotColumn): Members[] {
  const numbers: number[] = [];
  const positions: number[] = [];
  column.readings.forEach((reading, i) => {
    if (!("number" in reading)) return;
    numbers.push(reading.number);
    positions.push(i);
  });
  return binsOf(numbers, ranges).map(({ from, to, members }) => ({
    name: `${shortNumber(from, 3)}–${shortNumber(to, 3)}`,
    members: members.map((i) => positions[i]!),
  }));
}

/** Members beyond the whiskers. */
function outside({ members, box }: Group, column: PlotColumn): readonly number[] {
  if (!box) return [];
  return members.filter((i) => {
    const reading = column.readings[i]!;
    return "number" in reading && (reading.number < box.whiskers[0] || reading.number > box.whiskers[1]);
  });
}

function boxShapes(
  box: Box | undefined,
  x: number,
  half: number,
  frame: Frame,
  theme: PlotTheme,
  strong: boolean,
): Shape[] {
  if (!box) return [];
  const y = (number: number) => frame.y({ number });
  const [low, high] = box.whiskers;
  const line = { kind: "line", stroke: theme.text, width: strong ? 1.75 : 1 } as const;
  const [top, bottom] = [y(box.q3), y(box.q1)];
  return [
    { ...line, points: [x, y(high), x, top] },
    { ...line, points: [x, bottom, x, y(low)] },
    { ...line, points: [x - half / 2, y(high), x + half / 2, y(high)] },
    { ...line, points: [x - half / 2, y(low), x + half / 2, y(low)] },
    {
      kind: "rect",
      x: x - half,
      y: top,
      w: 2 * half,
      h: Math.max(1, bottom - top),
      fill: theme.accent,
      alpha: 0.25,
    },
    { kind: "rect", x: x - half, y: top, w: 2 * half, h: Math.max(1, bottom - top), stroke: theme.text },
    { ...line, points: [x - half, y(box.median), x + half, y(box.median)], width: 2 },
  ];
}

function describeGroup({ name, members, box }: Group, title: string) {
  return {
    title: `${title}: ${name}`,
    lines: [
      ["runs", members.length.toLocaleString("en-US")],
      ...(box
        ? ([
            ["max", shortNumber(box.max)],
            ["upper quartile", shortNumber(box.q3)],
            ["median", shortNumber(box.median)],
            ["mean", shortNumber(box.mean)],
            ["lower quartile", shortNumber(box.q1)],
            ["min", shortNumber(box.min)],
          ] as const)
        : []),
    ] as const,
  };
}
