import { runColors, runStyle } from "../charts/palette";
import { type Axis, axisOf, suitsLog } from "./axis";
import { type PlotItem, readColumn } from "./item";
import { shortNumber } from "./ticks";

/** The colours that a scene takes from the page. */
export interface PlotTheme {
  dark: boolean;
  text: string;
  muted: string;
  line: string;
  surface: string;
  accent: string;
  /** Of what has become better, and worse. */
  good: string;
  bad: string;
  font: string;
}

/** What the colours mean, for a key beside the plot. */
export interface ColourKey {
  title: string;
  /** Categories, or the two ends of the scale. */
  entries: readonly { label: string; colour: string }[];
  gradient: boolean;
}

export interface Colours {
  of(index: number): string;
  key: ColourKey | undefined;
}

const ramps = {
  light: ["#3b2f8f", "#1f6fa8", "#12897a", "#6d9a1f", "#d08c00"],
  dark: ["#837de8", "#4fa3e0", "#3dc0a4", "#9fd057", "#ffd24a"],
};

/** A ramp from blue over green to amber whose lightness rises steadily, so that it also reads in grey. */
export function rampColour(share: number, dark: boolean): string {
  const stops = dark ? ramps.dark : ramps.light;
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(at));
  const [from, to] = [stops[index]!, stops[index + 1]!];
  const part = (i: number) => {
    const [a, b] = [from, to].map((hex) => Number.parseInt(hex.slice(i, i + 2), 16)) as [number, number];
    return Math.round(a + (b - a) * (at - index))
      .toString(16)
      .padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}

/** Colours by id, or by the value of a column: a ramp for numbers, distinct ones for categories. */
export function coloursOf(items: readonly PlotItem[], by: string | undefined, theme: PlotTheme): Colours {
  if (!by) {
    const byID = items.map(({ id }) => (theme.dark ? runStyle(id).dark : runStyle(id).light));
    return { of: (i) => byID[i]!, key: undefined };
  }
  const column = readColumn(items, by);
  const axis = axisOf(column, { log: suitsLog(column) });
  const colours = column.readings.map((reading) => {
    const at = axis.place(reading);
    return at === undefined ? theme.muted : colourAt(axis, at, theme);
  });
  return { of: (i) => colours[i]!, key: keyOf(axis, theme) };
}

function colourAt(axis: Axis, at: number, { dark }: PlotTheme): string {
  if (axis.kind !== "category") return rampColour(at, dark);
  const index = Math.floor(at * axis.categories.length);
  return runColors[index % runColors.length]![dark ? 1 : 0];
}

const longestKey = runColors.length;

function keyOf(axis: Axis, theme: PlotTheme): ColourKey {
  const gradient = axis.kind !== "category";
  const ticks = gradient ? [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: "" })) : axis.ticks(1e9);
  const entries = ticks
    .slice(0, longestKey)
    .map(({ at, label }) => ({ label, colour: colourAt(axis, at, theme) }));
  if (gradient) {
    const [low, high] = axis.domain.map((value) => shortNumber(value, 4));
    entries[0]!.label = low!;
    entries.at(-1)!.label = high!;
  }
  return { title: axis.title, entries, gradient };
}
