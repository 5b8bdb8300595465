// What a card of a kind draws until somebody chooses: the results that matter most and the settings that differ.
import { type ColumnKind, isSystemMetric, parseColumn } from "../runs/columns";
import { isBookkeeping } from "../runs/relevance";
import { type Card, type CardKind, kindInfo, type Slot } from "./card";

export interface Choices {
  /** Ids of columns by kind, the most telling ones first. */
  columns: Readonly<Record<ColumnKind, readonly string[]>>;
  /** The runs that are drawn. */
  runs: readonly { id: string }[];
}

const lastParams = 4;

/** A card with columns in all slots that need one, as far as there are any. */
export function usualCard(id: string, kind: CardKind, { columns, runs }: Choices): Card {
  const telling = columns.metrics.filter((m) => !isSideline(m));
  const metrics = telling.length > 0 ? telling : columns.metrics;
  const settings = [...columns.params, ...metrics.slice(1), ...columns.attributes];
  const [result = "attributes.duration"] = metrics;
  const [x = "", y = ""] = settings;
  const base = kind === "difference" ? { base: runs[0]?.id } : {};
  const card = (list: readonly string[]): Card => ({ id, kind, columns: list.filter(Boolean), ...base });
  switch (kind) {
    case "line":
      return card(metrics.slice(0, 1));
    case "bar":
    case "histogram":
      return card([result]);
    case "scatter":
      return card([x, result]);
    case "box":
      return card([columns.params[0] ?? "attributes.status", result]);
    case "contour":
      return card([x, y, result]);
    case "parallel":
      return card([...settings.slice(0, lastParams), result]);
    case "difference":
      return card(metrics.slice(0, 3));
    case "images":
      return card([]);
  }
}

function isSideline(id: string): boolean {
  const key = parseColumn(id)?.key ?? "";
  return isSystemMetric(key) || isBookkeeping(key);
}

/** A card as one of another kind. It keeps the columns that the other kind can draw. */
export function asKind(card: Card, kind: CardKind, choices: Choices): Card {
  const usual = usualCard(card.id, kind, choices);
  const { slots } = kindInfo[kind];
  const fits = (slot: Slot | undefined, id: string) => {
    const column = parseColumn(id);
    return column !== undefined && slot?.kinds.includes(column.kind) === true;
  };
  const keeps =
    card.columns.length >= usual.columns.length &&
    card.columns.every((id, i) => fits(slots[Math.min(i, slots.length - 1)], id)) &&
    (slots.at(-1)?.many || card.columns.length <= slots.length);
  const columns = keeps && slots.length > 0 ? card.columns : usual.columns;
  return { ...usual, columns, ...(card.title && { title: card.title }) };
}
