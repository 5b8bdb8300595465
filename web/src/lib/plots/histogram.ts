import { type Axis, axisOf, extent } from "./axis";
import type { PlotTheme } from "./colour";
import { type PlotItem, readColumn } from "./item";
import { absenceNotes, frameOf, type Mark, type Plot, type PlotSize } from "./plot";
import type { RectShape } from "./scene";
import { binsOf } from "./stats";
import { shortNumber } from "./ticks";

export interface HistogramInput {
  items: readonly PlotItem[];
  x: string;
  logX?: boolean | undefined;
}

interface Bar {
  /** Places on the x axis. */
  from: number;
  to: number;
  name: string;
  members: readonly number[];
}

/** How many items lie in each part of a column's range, or have each of its categories. */
export function histogramPlot(
  { items, x: key, logX }: HistogramInput,
  size: PlotSize,
  theme: PlotTheme,
): Plot {
  const column = readColumn(items, key);
  const x = axisOf(column, { log: logX });
  const placed = column.readings.flatMap((reading, item) => {
    const at = x.place(reading);
    return at === undefined ? [] : [{ at, item }];
  });
  const bars: Bar[] =
    x.kind === "category"
      ? x.categories.map((name, i) => ({
          from: (i + 0.1) / x.categories.length,
          to: (i + 0.9) / x.categories.length,
          name,
          members: placed
            .filter(({ at }) => Math.floor(at * x.categories.length) === i)
            .map(({ item }) => item),
        }))
      : numberBars(placed, (at) => shortNumber(x.invert(at), 4));
  const counts = bars.map(({ members }) => members.length);
  const y = countAxis(extent(counts, 0)[1]);
  const frame = frameOf({ size, theme, x, y, lanes: { x: false, y: false } });
  const { area } = frame;
  const base = area.top + area.height;
  const rect = ({ from, to, members }: Bar): RectShape => {
    const top = frame.y({ number: members.length });
    const left = area.left + from * area.width;
    const w = Math.max(1, (to - from) * area.width - 1);
    return { kind: "rect", x: left, y: top, w, h: base - top, fill: theme.accent, alpha: 0.8 };
  };
  const marks: Mark[] = bars.map((bar) => {
    const { x: left, y: top, w } = rect(bar);
    return { ids: bar.members.map((i) => items[i]!.id), x: left + w / 2, y: top };
  });
  return {
    ...size,
    shapes: [...frame.shapes, ...bars.map(rect)],
    marks,
    hit: (px, py) => {
      if (py < area.top || py > base) return undefined;
      const at = (px - area.left) / area.width;
      const found = bars.findIndex(({ from, to }) => at >= from && at <= to);
      return found < 0 ? undefined : found;
    },
    raise: (i) => [{ ...rect(bars[i]!), alpha: 1, stroke: theme.text }],
    describe: (i) => ({
      title: bars[i]!.name,
      lines: [["count", bars[i]!.members.length.toLocaleString("en-US")]],
    }),
    key: undefined,
    notes: absenceNotes([{ column, axis: x }]),
    empty: bars.length === 0 ? `No run has a value of ${x.title}.` : undefined,
  };
}

/** From zero to the greatest count. */
function countAxis(most: number): Axis {
  const column = { key: "attributes.count", numeric: true, readings: [{ number: Math.max(1, most) }] };
  return axisOf(column, { zero: true });
}

function numberBars(placed: readonly { at: number; item: number }[], name: (at: number) => string): Bar[] {
  return binsOf(placed.map(({ at }) => at)).map(({ from, to, members }) => {
    const flat = from === to;
    return {
      from: flat ? from - 0.02 : from,
      to: flat ? to + 0.02 : to,
      name: flat ? name(from) : `${name(from)} to ${name(to)}`,
      members: members.map((i) => placed[i]!.item),
    };
  });
}
