import { directionOf } from "../compare/rows";
import { parseColumn } from "../runs/columns";
import { plural } from "../text/format";
import type { PlotTheme } from "./colour";
import { columnTitle, type PlotItem, readColumn } from "./item";
import type { Mark, Plot, PlotSize } from "./plot";
import { fitText, type Shape, textWidth } from "./scene";
import { shortNumber } from "./ticks";

export interface DifferenceInput {
  items: readonly PlotItem[];
  /** Ids of the metrics; the first one orders the runs. */
  columns: readonly string[];
  /** The id of the run that all others are compared with; the first run if there is none of the id. */
  base: string;
}

export interface Difference {
  item: PlotItem;
  /** By column: the value, how far it is from the baseline, and that as a share of the baseline. */
  cells: readonly { value: number; by: number; share: number | undefined }[];
}

const head = 24;
const row = 20;
/** A bar needs so much room for itself and its number. */
const narrowest = 84;
const gap = 14;

export function differenceHeight(items: number): number {
  return head + Math.min(mostRows, Math.max(2, items - 1)) * row + 8;
}

/** The run that the others are compared with. */
export const baselineOf = ({ items, base }: Pick<DifferenceInput, "items" | "base">) =>
  items.find(({ id }) => id === base) ?? items[0];

/** So many runs have a row; a table has all of them. */
const mostRows = 100;

/** The rows of a plot: if there are too many, those of the runs that differ most. */
export function shownDifferences(input: DifferenceInput): Difference[] {
  const all = differencesOf(input);
  if (all.length <= mostRows) return all;
  const size = ({ cells: [first] }: Difference) => magnitude(first?.by ?? Number.NaN);
  const kept = new Set([...all].sort((a, b) => size(b) - size(a)).slice(0, mostRows));
  return all.filter((difference) => kept.has(difference));
}

/** How far each run is from the baseline, the greatest difference upwards first; runs without one come last. */
export function differencesOf({ items, columns, base }: DifferenceInput): Difference[] {
  const baseline = baselineOf({ items, base });
  if (!baseline) return [];
  const numbers = columns.map((key) => {
    const { readings } = readColumn(items, key);
    return new Map(
      items.flatMap(({ id }, i) => {
        const reading = readings[i]!;
        return "number" in reading ? [[id, reading.number] as const] : [];
      }),
    );
  });
  const found = items
    .filter((item) => item !== baseline)
    .map((item): Difference => {
      const cells = numbers.map((column) => {
        const value = column.get(item.id) ?? Number.NaN;
        const from = column.get(baseline.id) ?? Number.NaN;
        return { value, by: value - from, share: from === 0 ? undefined : (value - from) / Math.abs(from) };
      });
      return { item, cells };
    });
  const size = ({ cells: [first] }: Difference) =>
    first && !Number.isNaN(first.by) ? first.by : Number.NEGATIVE_INFINITY;
  return found.sort((a, b) => size(b) - size(a) || 0);
}

/** A row for each run with a bar for each metric: how far the run is from the baseline, and which way. */
export function differencePlot(input: DifferenceInput, size: PlotSize, theme: PlotTheme): Plot {
  const { items, columns } = input;
  const rows = shownDifferences(input);
  const longest = Math.max(40, ...rows.map(({ item }) => textWidth(item.label)));
  const left = Math.min(longest, size.width * 0.3) + 12;
  const count = Math.max(1, Math.min(columns.length, Math.floor((size.width - left) / narrowest)));
  const width = (size.width - left) / count - gap;
  const panels = columns.slice(0, count).map((key, i): Panel => {
    const most = Math.max(...rows.map(({ cells }) => magnitude(cells[i]!.by)), 0);
    const direction = directionOf(parseColumn(key)?.key ?? key);
    return { key, i, left: left + i * (width + gap), width, most: most || 1, direction };
  });
  const middle = (at: number) => head + (at + 0.5) * row;
  const bars = rows.map((difference, at) => panels.flatMap((p) => barOf(p, difference, middle(at), theme)));
  const names = rows.map(
    ({ item }, at): Shape => ({
      ...{ kind: "text", x: left - 8, y: middle(at), anchor: "end", fill: theme.text },
      text: fitText(item.label, left - 12),
    }),
  );
  const marks = rows.map(({ item }, at): Mark => ({ ids: [item.id], x: left, y: middle(at) }));
  const hidden = columns.length - count;
  return {
    ...size,
    shapes: [...panels.flatMap((p) => panelFrame(p, rows.length, theme)), ...names, ...bars.flat()],
    marks,
    hit: (_, py) => {
      const at = Math.floor((py - head) / row);
      return at >= 0 && at < rows.length ? at : undefined;
    },
    raise: (at) => [
      {
        ...{ kind: "rect", x: 0, y: middle(at) - row / 2, w: size.width, h: row, fill: theme.accent },
        alpha: 0.12,
      },
    ],
    describe: (at) => ({
      title: rows[at]!.item.label,
      lines: columns.map((key, i) => [columnTitle(key), cellText(rows[at]!.cells[i]!)]),
    }),
    key: undefined,
    notes: [],
    remark: remarkOf(hidden, items.length - 1 - rows.length),
    empty: items.length < 2 ? "A difference needs two runs with values." : undefined,
  };
}

interface Panel {
  key: string;
  i: number;
  left: number;
  width: number;
  /** The greatest difference of any run. */
  most: number;
  direction: -1 | 0 | 1;
}

const magnitude = (by: number) => (Number.isFinite(by) ? Math.abs(by) : 0);

function panelFrame({ key, left, width }: Panel, rows: number, theme: PlotTheme): Shape[] {
  const centre = left + width / 2;
  return [
    {
      ...{ kind: "text", x: centre, y: head / 2, anchor: "middle", bold: true, fill: theme.text },
      text: fitText(columnTitle(key), width),
    },
    { kind: "line", points: [centre, head, centre, head + rows * row], stroke: theme.line },
  ];
}

/** Better is green and worse is red where the name of the metric tells which is which. */
function barOf(
  { i, left, width, most, direction }: Panel,
  { cells }: Difference,
  y: number,
  theme: PlotTheme,
) {
  const { by, share } = cells[i]!;
  const centre = left + width / 2;
  if (Number.isNaN(by)) {
    const text: Shape = { kind: "text", x: centre, y, anchor: "middle", fill: theme.muted, text: "no value" };
    return [text];
  }
  const half = width / 2;
  const both = share === undefined ? signed(by) : `${signed(by)} (${percent(share)})`;
  const text = share === undefined || textWidth(both) < half - 6 ? both : percent(share);
  const length = (magnitude(by) / most) * half;
  const towards = Math.sign(by) * direction;
  const fill = towards > 0 ? theme.good : towards < 0 ? theme.bad : theme.accent;
  // The number stands on the other side of the middle, where no bar is.
  const beside =
    by > 0 ? { x: centre - 5, anchor: "end" as const } : { x: centre + 5, anchor: "start" as const };
  const shapes: Shape[] = [
    { kind: "rect", x: by < 0 ? centre - length : centre, y: y - 6, w: Math.max(1, length), h: 12, fill },
    { kind: "text", ...beside, y, fill: theme.text, text: fitText(text, half - 6) },
  ];
  return shapes;
}

function remarkOf(hiddenColumns: number, hiddenRows: number): string | undefined {
  const parts = [
    hiddenRows > 0 ? `The ${mostRows} runs that differ most; the table has ${hiddenRows} more.` : "",
    hiddenColumns > 0
      ? `${plural(hiddenColumns, "more metric needs", "more metrics need")} a wider card.`
      : "",
  ];
  return parts.filter(Boolean).join(" ") || undefined;
}

function cellText({ value, by, share }: Difference["cells"][number]): string {
  if (Number.isNaN(by)) return "no value";
  return `${shortNumber(value)}, ${signed(by)}${share === undefined ? "" : ` (${percent(share)})`}`;
}

const signed = (by: number) => `${by > 0 ? "+" : ""}${shortNumber(by, 3)}`;

const percent = (share: number) => `${share > 0 ? "+" : ""}${shortNumber(share * 100, 3)} %`;
