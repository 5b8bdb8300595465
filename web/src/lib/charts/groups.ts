// Groups of runs that are drawn as one: by a column, or by all params but the seed.
import type { KeyInfo } from "../../api/runTable";
import type { PlotItem } from "../plots/item";
import { compareNames, parseColumn } from "../runs/columns";

export interface Grouping {
  /** A column id such as "params.lr", or "seeds", as in the address. */
  id: string;
  label: string;
}

/** The params that tell repetitions of one experiment apart. */
export const isSeed = (key: string) => /(^|[._/-])(seed|random_state)$/i.test(key);

/** Ids of the columns whose values make the groups. */
export function groupingColumns(grouping: string, keys: { params: readonly KeyInfo[] }): readonly string[] {
  if (grouping !== "seeds") return parseColumn(grouping) ? [grouping] : [];
  return keys.params
    .flatMap(({ key, varies }) => (varies && !isSeed(key) ? [key] : []))
    .sort(compareNames)
    .map((key) => `params.${key}`);
}

/** The name of the group of each run, by run id. */
export function groupsOf(items: readonly PlotItem[], columns: readonly string[]): Map<string, string> {
  const title = (id: string) => parseColumn(id)?.title ?? id;
  const [only = ""] = columns;
  const nameOf = ({ values }: PlotItem): string => {
    if (columns.length === 1 && values[only] === undefined) return `no ${title(only)}`;
    return columns.map((id) => `${title(id)} ${values[id] ?? "–"}`).join(" · ") || "all runs";
  };
  return new Map(items.map((item) => [item.id, nameOf(item)]));
}
