// Added cards in an address: "c1=scatter,p.lr,m.loss" is a card with a column in each of its slots.
import { parseColumn } from "../runs/columns";
import { join, type Search, split } from "../view/search";
import { type Card, cardKinds, cardOptions, lacks } from "./card";

const parameter = /^c(\d{1,3})$/;

/** Stands for the choice of no cards at all, which is not the same as no choice. */
const none = "c0";

export function encodeCardList(cards: readonly Card[] | undefined): Search {
  if (!cards) return {};
  if (cards.length === 0) return { [none]: "-" };
  return Object.fromEntries(
    cards.map((card) => {
      const set = cardOptions.flatMap((name) => (card[name] ? [`${name}=${card[name]}`] : []));
      return [`c${card.id.slice(1)}`, join([card.kind, ...card.columns.map(shorten), ...set])];
    }),
  );
}

/** Undefined if nobody has chosen cards. What makes no sense is left out: addresses are edited by hand. */
export function decodeCardList(search: Search): readonly Card[] | undefined {
  const keys = Object.keys(search).filter((key) => parameter.test(key));
  if (keys.length === 0) return undefined;
  return keys.flatMap((key) => {
    const card = key === none ? undefined : decodeCard(`*${Number(key.slice(1))}`, search[key]!);
    return card ? [card] : [];
  });
}

function decodeCard(id: string, text: string): Card | undefined {
  const [name, ...parts] = split(text);
  const kind = cardKinds.find((k) => k === name);
  if (!kind) return undefined;
  const columns: string[] = [];
  const card: Card = { id, kind, columns };
  for (const part of parts) {
    const column = parseColumn(lengthen(part));
    const option = cardOptions.find((o) => part.startsWith(`${o}=`));
    if (column) columns.push(column.id);
    else if (option) card[option] = part.slice(option.length + 1);
  }
  return lacks(card) ? undefined : card;
}

const kinds = ["metrics", "params", "tags", "attributes"];

/** "min:metrics.loss" as "min:m.loss". */
function shorten(id: string): string {
  return id.replace(
    /^((?:(?:first|min|max)(?:@[^:]*)?:)?)(metrics|params|tags|attributes)\./,
    (_, how, kind) => {
      return `${how}${kind[0]}.`;
    },
  );
}

function lengthen(text: string): string {
  return text.replace(/^((?:(?:first|min|max)(?:@[^:]*)?:)?)([mpta])\./, (_, how, letter) => {
    return `${how}${kinds.find((kind) => kind[0] === letter)}.`;
  });
}
