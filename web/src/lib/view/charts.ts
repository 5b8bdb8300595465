import { decodeCardList, encodeCardList } from "../cards/address";
import type { Card } from "../cards/card";
import { type Spread, spreads } from "../charts/bands";
import type { XAxis } from "../charts/history";
import { type Codec, compact, join, oneOf, split } from "./search";

/** A part of an axis; an end that is missing follows the values. */
export type Range = readonly [number | undefined, number | undefined];

/** How the values of a chart are laid out. */
export interface ChartStyle {
  xLog: boolean;
  logY: boolean;
  /** The y axis shows the values from the 1st to the 99th percentile. */
  ignoreOutliers: boolean;
  yRange: Range | undefined;
}

/** What somebody set for one card; what is missing follows the page. */
export interface CardView extends Partial<ChartStyle> {
  /** The card takes the whole width. */
  wide?: boolean | undefined;
  /** The card of a metric is not shown. */
  removed?: boolean | undefined;
}

export interface ChartView extends ChartStyle {
  /** Undefined until somebody chooses: then time where steps repeat, otherwise the step. */
  axis: XAxis | undefined;
  /** The metric whose values are the x axis, in the place of steps. */
  xMetric: string | undefined;
  /** Weight of the moving average, 0 to 0.99. */
  smoothing: number;
  /** Text that metric names must contain. */
  metricText: string;
  /** Visible part of the x axis, shared by all cards. */
  zoom: readonly [number, number] | undefined;
  /** Metrics whose cards come first. */
  pinnedCards: readonly string[];
  /** Metrics whose cards somebody moved, in their order; the others follow by relevance. */
  cardOrder: readonly string[];
  /** Settings of single cards, by metric. */
  cards: Readonly<Record<string, CardView>>;
  /** Cards that somebody added; undefined until then, when the page suggests some. */
  added: readonly Card[] | undefined;
  /** What the runs are grouped by, as in lib/charts/groups; "" draws each run. */
  group: string;
  /** How far a group reaches from its mean. */
  spread: Spread;
  /** Names of groups whose runs are listed, and of those whose runs are drawn as thin lines. */
  openGroups: readonly string[];
  thinGroups: readonly string[];
  /** Ids of runs that are not drawn. */
  hidden: readonly string[];
}

const xAxes: readonly XAxis[] = ["step", "relative", "wall"];

export const chartCodec: Codec<ChartView> = {
  decode: (s) => ({
    axis: xAxes.find((axis) => axis === s.axis),
    xMetric: s.along || undefined,
    smoothing: clamp(Number(s.smooth), 0, 0.99),
    xLog: s.xlog === "1",
    logY: s.log === "1",
    ignoreOutliers: s.outliers === "0",
    yRange: decodeRange(s.yrange),
    metricText: s.metric ?? "",
    zoom: decodeZoom(s.zoom),
    pinnedCards: split(s.cpin ?? ""),
    cardOrder: split(s.corder ?? ""),
    cards: decodeCards(s.cards),
    added: decodeCardList(s),
    group: s.group ?? "",
    spread: oneOf(spreads, s.spread),
    openGroups: split(s.gopen ?? ""),
    thinGroups: split(s.glines ?? ""),
    hidden: split(s.hide ?? ""),
  }),
  encode: (v) =>
    compact({
      axis: v.axis,
      along: v.xMetric,
      smooth: v.smoothing > 0 && String(v.smoothing),
      xlog: v.xLog && "1",
      log: v.logY && "1",
      outliers: v.ignoreOutliers && "0",
      yrange: encodeRange(v.yRange),
      metric: v.metricText,
      zoom: v.zoom?.map(short).join(":"),
      cpin: join(v.pinnedCards),
      corder: join(v.cardOrder),
      cards: encodeCards(v.cards),
      ...encodeCardList(v.added),
      group: v.group,
      spread: v.spread !== "std" && v.spread,
      gopen: join(v.openGroups),
      glines: join(v.thinGroups),
      hide: join(v.hidden),
    }),
};

/** The settings of a card: its own, and those of the page where it has none. */
export function styleOf(view: ChartView, metric: string): ChartStyle {
  const own = view.cards[metric] ?? {};
  return {
    xLog: own.xLog ?? view.xLog,
    logY: own.logY ?? view.logY,
    ignoreOutliers: own.ignoreOutliers ?? view.ignoreOutliers,
    yRange: own.yRange ?? view.yRange,
  };
}

/** The settings of all cards after one of them has changed. */
export function withCard(
  cards: Readonly<Record<string, CardView>>,
  metric: string,
  part: CardView,
): Record<string, CardView> {
  return { ...cards, [metric]: { ...cards[metric], ...part } };
}

const short = (x: number) => String(Number(x.toPrecision(13)));

/** "0.1:" is from 0.1 on. */
export function decodeRange(text: string | undefined): Range | undefined {
  const [from, to, more] = (text ?? "").split(":").map((part) => {
    const value = part.trim() === "" ? Number.NaN : Number(part);
    return Number.isFinite(value) ? value : undefined;
  });
  if ((from === undefined && to === undefined) || more !== undefined) return undefined;
  return from !== undefined && to !== undefined && from >= to ? undefined : [from, to];
}

export function encodeRange(range: Range | undefined): string {
  return range ? range.map((end) => (end === undefined ? "" : short(end))).join(":") : "";
}

const flags = ["xLog", "logY", "ignoreOutliers", "wide", "removed"] as const;
const flagNames = { xLog: "x", logY: "l", ignoreOutliers: "o", wide: "w", removed: "h" } as const;

/** "l1;w0;y0:1/loss" is log y on, wide off, y from 0 to 1. Names may have any characters: they come last. */
function encodeCards(cards: Readonly<Record<string, CardView>>): string {
  const items = Object.entries(cards).flatMap(([metric, card]) => {
    const set = flags.flatMap((flag) =>
      card[flag] === undefined ? [] : [`${flagNames[flag]}${card[flag] ? "1" : "0"}`],
    );
    const range = encodeRange(card.yRange);
    if (range) set.push(`y${range}`);
    return set.length > 0 ? [`${set.join(";")}/${metric}`] : [];
  });
  return join(items);
}

function decodeCards(text: string | undefined): Record<string, CardView> {
  const cards: Record<string, CardView> = {};
  for (const item of split(text ?? "")) {
    const slash = item.indexOf("/");
    const metric = item.slice(slash + 1);
    const card: CardView = {};
    for (const part of item.slice(0, Math.max(0, slash)).split(";")) {
      const [, name, on, range] = /^(?:([xlowh])([01])|y(.*))$/.exec(part) ?? [];
      const flag = flags.find((f) => flagNames[f] === name);
      if (flag) card[flag] = on === "1";
      else if (decodeRange(range)) card.yRange = decodeRange(range);
    }
    if (metric !== "" && Object.keys(card).length > 0) cards[metric] = card;
  }
  return cards;
}

function clamp(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : least;
}

function decodeZoom(text: string | undefined): readonly [number, number] | undefined {
  const range = decodeRange(text);
  return range && range[0] !== undefined && range[1] !== undefined ? [range[0], range[1]] : undefined;
}
