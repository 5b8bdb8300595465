import { useMemo, useState } from "react";
import { type Card, isAdded, nextID, valuesOf } from "../../../lib/cards/card";
import { usualCard } from "../../../lib/cards/defaults";
import { candidatesOf, suggestedCards } from "../../../lib/cards/suggest";
import type { Panel } from "../../../lib/runs/system";
import { type ChartView, withCard } from "../../../lib/view/charts";
import type { ChartRun } from "../useSeries";
import { type ChartSource, useItems } from "./source";

/** A card in the dialog: a new one, or one that takes the place of another. */
export interface Draft {
  card: Card;
  /** The id of an added card, or the metric whose card is replaced. */
  replaces?: string | undefined;
}

interface Input {
  runs: readonly ChartRun[];
  metrics: readonly string[];
  view: ChartView;
  change: (part: Partial<ChartView>, how?: "push" | "replace") => void;
  source: ChartSource | undefined;
  panels: readonly Panel[] | undefined;
  refetchInterval: number | false;
}

const noCards: readonly Card[] = [];

/** The added cards of a page with the values that they draw. Until somebody adds one, the page suggests some. */
export function useCards(input: Input) {
  const { runs, metrics, view, change, source, panels, refetchInterval } = input;
  const [draft, setDraft] = useState<Draft>();
  const { added } = view;
  const candidates = useMemo(
    () => (source && !added ? candidatesOf({ params: source.params, metrics }, runs.length) : []),
    [source, added, metrics, runs.length],
  );
  const columns = added ? added.flatMap(valuesOf) : candidates;
  const found = useItems(source, runs, columns, refetchInterval);
  const suggested = useMemo(() => suggestedCards(found.items, candidates), [found.items, candidates]);
  const cards = added ?? (candidates.length > 0 ? suggested : noCards);
  /** A card to begin the dialog with. */
  const fresh = (): Card => {
    const columns = { metrics: metrics.map((key) => `metrics.${key}`), params: [], attributes: [], tags: [] };
    return usualCard(nextID(cards), "line", { columns, runs });
  };
  return { cards, found, draft, setDraft, fresh, ...cardChanges({ cards, view, change, panels, setDraft }) };
}

interface Changes extends Pick<Input, "view" | "change" | "panels"> {
  cards: readonly Card[];
  setDraft: (draft: Draft | undefined) => void;
}

/** What people do with cards, those of metrics included. */
function cardChanges({ cards, view, change, panels, setDraft }: Changes) {
  /** The curves of a metric's card or of a panel, as a card of its own. */
  const lineOf = (id: string): Omit<Card, "id"> => {
    const panel = panels?.find((other) => other.id === id);
    const columns = (panel?.metrics ?? [id]).map((metric) => `metrics.${metric}`);
    return { kind: "line", columns, ...(panel && { title: panel.title }) };
  };
  const find = (id: string) => (isAdded(id) ? cards.find((card) => card.id === id) : undefined);
  const copyOf = (id: string): Card => ({ ...(find(id) ?? lineOf(id)), id: nextID(cards) });
  const removed = (metric: string) => ({ cards: withCard(view.cards, metric, { removed: true }) });
  return {
    edit: (id: string) => {
      const card = find(id);
      setDraft({ card: card ?? { ...lineOf(id), id: nextID(cards) }, replaces: id });
    },
    duplicate: (id: string) => {
      const at = cards.findIndex((card) => card.id === id);
      change({ added: at < 0 ? [...cards, copyOf(id)] : cards.toSpliced(at + 1, 0, copyOf(id)) });
    },
    remove: (id: string) => {
      if (!isAdded(id)) return change(removed(id));
      const { [id]: _, ...others } = view.cards;
      change({
        added: cards.filter((card) => card.id !== id),
        cards: others,
        pinnedCards: view.pinnedCards.filter((other) => other !== id),
        cardOrder: view.cardOrder.filter((other) => other !== id),
      });
    },
    /** Keeps a card that the dialog has made. */
    save: ({ card, replaces }: Draft) => {
      const isKnown = cards.some(({ id }) => id === card.id);
      const added = isKnown ? cards.map((c) => (c.id === card.id ? card : c)) : [...cards, card];
      change({ added, ...(replaces !== undefined && !isAdded(replaces) && removed(replaces)) });
    },
    /** Changes a card in passing, as while an axis is brushed. */
    update: (card: Card) =>
      change({ added: cards.map((other) => (other.id === card.id ? card : other)) }, "replace"),
  };
}
