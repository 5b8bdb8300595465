// Groups of runs that are drawn as one: by a param or tag, or by all params but the seed.
import type { KeyInfo } from "../../api/runTable";
import { columnTitle, type PlotItem } from "../plots/item";
import { compareNames, isUserTag } from "../runs/columns";

export interface Grouping {
  /** "params.lr", "tags.team" or "seeds", as in the address. */
  id: string;
  label: string;
  /** Ids of the columns whose values make the groups. */
  columns: readonly string[];
}

/** The params that tell repetitions of one experiment apart. */
export const isSeed = (key: string) => /(^|[._/-])(seed|random_state)$/i.test(key);

/** What the runs can be grouped by: repetitions first, then what differs. */
export function groupingsOf(keys: {
  params: readonly KeyInfo[];
  tags: readonly KeyInfo[];
}): readonly Grouping[] {
  const named = (kind: "params" | "tags", list: readonly KeyInfo[]) =>
    list
      .map(({ key }) => key)
      .sort(compareNames)
      .map((key): Grouping => ({ id: `${kind}.${key}`, label: key, columns: [`${kind}.${key}`] }));
  const varying = named(
    "params",
    keys.params.filter((k) => k.varies),
  );
  const others = varying.filter(({ label }) => !isSeed(label)).flatMap(({ columns }) => columns);
  const seeds = keys.params.some(({ key }) => isSeed(key));
  return [
    ...(seeds ? [{ id: "seeds", label: "all but the seed", columns: others }] : []),
    ...varying,
    ...named(
      "tags",
      keys.tags.filter(({ key }) => isUserTag(key)),
    ),
  ];
}

/** The name of the group of each run, by run id. */
export function groupsOf(items: readonly PlotItem[], grouping: Grouping): Map<string, string> {
  const { columns } = grouping;
  const nameOf = ({ values }: PlotItem): string => {
    if (grouping.id === "seeds")
      return columns.map((c) => `${columnTitle(c)} ${values[c] ?? "–"}`).join(" · ") || "all runs";
    const value = values[columns[0]!];
    return value === undefined ? `no ${grouping.label}` : `${grouping.label} ${value}`;
  };
  return new Map(items.map((item) => [item.id, nameOf(item)]));
}
