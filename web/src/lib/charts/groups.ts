// Groups of runs that are drawn as one: by a param or tag, or by all params but the seed.
import type { Run } from "../../api/runs";
import { compareNames, isUserTag, keysOf, varyingKeys } from "../runs/columns";

export interface Grouping {
  /** "params.lr", "tags.team" or "seeds", as in the address. */
  id: string;
  label: string;
}

/** The params that tell repetitions of one experiment apart. */
export const isSeed = (key: string) => /(^|[._/-])(seed|random_state)$/i.test(key);

/** What the runs can be grouped by: repetitions first, then what differs. */
export function groupingsOf(runs: readonly Run[]): Grouping[] {
  const varying = varyingKeys(runs, "params");
  const seeds = keysOf(runs, "params").some(isSeed);
  const named = (kind: "params" | "tags", keys: readonly string[]) =>
    keys.toSorted(compareNames).map((key) => ({ id: `${kind}.${key}`, label: key }));
  return [
    ...(seeds ? [{ id: "seeds", label: "all but the seed" }] : []),
    ...named(
      "params",
      keysOf(runs, "params").filter((key) => varying.has(key)),
    ),
    ...named("tags", keysOf(runs, "tags").filter(isUserTag)),
  ];
}

/** The name of the group of each run, by run id. */
export function groupsOf(runs: readonly Run[], grouping: string): Map<string, string> {
  const dot = grouping.indexOf(".");
  const [kind, key] = [grouping.slice(0, dot), grouping.slice(dot + 1)];
  const others =
    grouping === "seeds" ? [...varyingKeys(runs, "params")].filter((k) => !isSeed(k)).sort(compareNames) : [];
  const nameOf = (run: Run) => {
    if (grouping === "seeds")
      return others.map((k) => `${k} ${run.params[k] ?? "–"}`).join(" · ") || "all runs";
    const value = kind === "params" ? run.params[key] : kind === "tags" ? run.tags[key] : undefined;
    return value === undefined ? `no ${key}` : `${key} ${value}`;
  };
  return new Map(runs.map((run) => [run.id, nameOf(run)]));
}
