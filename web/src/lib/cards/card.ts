// Cards that somebody added to the charts: what kinds there are, and what each draws.
import { columnTitle } from "../plots/item";
import { type ColumnKind, parseColumn } from "../runs/columns";
import { mediaTag } from "../runs/media";

export const cardKinds = [
  "line",
  "bar",
  "scatter",
  "parallel",
  "box",
  "contour",
  "histogram",
  "difference",
  "images",
] as const;

export type CardKind = (typeof cardKinds)[number];

/** What a card may say beside its columns, as the address names it. */
export const cardOptions = ["title", "base", "key", "step", "size", "brush"] as const;

export interface Card {
  /** What the settings, the order and the pins of cards name it by. No metric has a name like this. */
  id: string;
  kind: CardKind;
  /** Ids of the columns that it draws, in the order of the slots of its kind. */
  columns: readonly string[];
  /** In the place of the usual title. */
  title?: string | undefined;
  /** The run that differences are taken from. */
  base?: string | undefined;
  /** Text that the keys of images contain. */
  key?: string | undefined;
  /** The step of images; the last one when missing. */
  step?: string | undefined;
  /** The size of images. */
  size?: string | undefined;
  /** The parts of the axes that are brushed, as lib/view/brushes writes them. */
  brush?: string | undefined;
}

/** A part of a card that takes a column, or the last one, which may take any number. */
export interface Slot {
  label: string;
  kinds: readonly ColumnKind[];
  many?: boolean;
  optional?: boolean;
}

/** What is offered first: settings for the places of runs, results for what they came to. */
const settings: readonly ColumnKind[] = ["params", "metrics", "attributes", "tags"];
const results: readonly ColumnKind[] = ["metrics", "attributes", "params", "tags"];
const slot = (label: string, more: Partial<Slot> = {}): Slot => ({ label, kinds: settings, ...more });
const value = (label = "Value") => slot(label, { kinds: results });
const metrics: readonly ColumnKind[] = ["metrics"];

export interface KindInfo {
  label: string;
  hint: string;
  slots: readonly Slot[];
}

export const kindInfo: Record<CardKind, KindInfo> = {
  line: {
    label: "Line",
    hint: "Curves of one metric or several",
    slots: [slot("Metrics", { kinds: metrics, many: true })],
  },
  bar: {
    label: "Bar",
    hint: "One value of each run, the greatest first",
    slots: [value(), slot("Colour", { optional: true })],
  },
  scatter: {
    label: "Scatter",
    hint: "A dot for each run over two values",
    slots: [slot("x"), value("y"), slot("Colour", { optional: true })],
  },
  parallel: {
    label: "Parallel coordinates",
    hint: "A line for each run across its settings and results",
    slots: [slot("Axes", { many: true })],
  },
  box: {
    label: "Box",
    hint: "The spread of a value within groups of runs",
    slots: [slot("Groups"), value()],
  },
  contour: {
    label: "Contour",
    hint: "A value as a surface over two others",
    slots: [slot("x"), slot("y"), value()],
  },
  histogram: {
    label: "Histogram",
    hint: "How many runs have which values",
    slots: [value()],
  },
  difference: {
    label: "Difference",
    hint: "How far each run is from a baseline run",
    slots: [slot("Metrics", { kinds: metrics, many: true })],
  },
  images: {
    label: "Images",
    hint: "Images, figures and tables of the runs at one step",
    slots: [],
  },
};

/** Parallel coordinates and contours need two or more columns. */
const fewest: Partial<Record<CardKind, number>> = { parallel: 2 };

/** Why a card cannot be drawn yet; undefined if it can. */
export function lacks({ kind, columns }: Card): string | undefined {
  const { slots } = kindInfo[kind];
  const wanted = slots.find((s, i) => !s.optional && !columns[i]);
  if (wanted) return wanted.many ? `Choose ${wanted.label.toLowerCase()}.` : `Choose ${wanted.label}.`;
  const least = fewest[kind];
  return least && columns.length < least ? `Choose ${least} axes or more.` : undefined;
}

/** The title that a card has until somebody gives it another. */
export function usualTitle({ kind, columns, key, base }: Card): string {
  const [first = "", second = "", third = ""] = columns.map(columnTitle);
  switch (kind) {
    case "line":
      return base ? `${namesOf(columns)}: difference` : namesOf(columns);
    case "bar":
      return first;
    case "scatter":
      return `${second} over ${first}`;
    case "parallel":
      return "Parallel coordinates";
    case "box":
      return `${second} by ${first}`;
    case "contour":
      return `${third} over ${first} and ${second}`;
    case "histogram":
      return `${first}: distribution`;
    case "difference":
      return `Difference of ${namesOf(columns)}`;
    case "images":
      return key || "Images";
  }
}

export const titleOf = (card: Card) => card.title || usualTitle(card);

function namesOf(columns: readonly string[]): string {
  const [first = "", ...rest] = columns.map(columnTitle);
  return rest.length === 0
    ? first
    : rest.length === 1
      ? `${first}, ${rest[0]}`
      : `${first} and ${rest.length} more`;
}

/** The names of the metrics whose curves a card draws. */
export function curvesOf({ kind, columns }: Card): string[] {
  return kind === "line" ? columns.flatMap((id) => parseColumn(id)?.key ?? []) : [];
}

/** Only runs that log images have a value in it. */
export const imagesColumn = `tags.${mediaTag}`;

/** The columns of which a card needs the value of each run. */
export function valuesOf({ kind, columns }: Card): readonly string[] {
  if (kind === "images") return [imagesColumn];
  return kind === "line" ? [] : columns;
}

/** The id for one more card. */
export function nextID(cards: readonly Card[]): string {
  return `*${Math.max(0, ...cards.map(({ id }) => Number(id.slice(1)))) + 1}`;
}

export const isAdded = (id: string) => /^\*\d+$/.test(id);
