import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { forEachOf, inBatches } from "../lib/batches";
import { isLowerBetter } from "../lib/compare/rows";
import { type Aggregate, column, keysOf } from "../lib/runs/columns";
import type { MetricStat } from "../lib/view/compare";
import { ApiError } from "./client";
import { livePeriod } from "./queries";
import { getRun, type Run, searchRuns } from "./runs";
import { readCells } from "./tableQueries";

export interface ComparedRuns {
  /** In the order of the address. */
  runs: Run[];
  /** Ids of runs that do not exist, or that the user may not read. */
  absent: string[];
}

const perSearch = 250;

/** Runs of any number of ids. Ids are looked for in the experiments first; links may name none, or wrong ones. */
async function loadRuns(
  ids: readonly string[],
  experimentIDs: readonly string[],
  signal: AbortSignal,
): Promise<ComparedRuns> {
  const found = new Map<string, Run>();
  if (experimentIDs.length > 0) {
    await forAll(inBatches(ids, perSearch), async (part) => {
      // Ids come from the address: only those that need no quoting are searched for.
      const names = part.filter((id) => /^[\w-]+$/.test(id)).map((id) => `'${id}'`);
      if (names.length === 0) return;
      const filter = `attributes.run_id IN (${names.join(", ")})`;
      const query = { experimentIDs, filter, viewType: "ALL", orderBy: [] } as const;
      const page = await searchRuns(query, undefined, perSearch, signal).catch(unlessRefused);
      for (const run of page?.runs ?? []) found.set(run.id, run);
    });
  }
  const absent: string[] = [];
  await forAll(
    ids.filter((id) => !found.has(id)),
    async (id) => {
      const run = await getRun(id, signal).catch(unlessRefused);
      if (run) found.set(id, run);
      else absent.push(id);
    },
  );
  return { runs: ids.flatMap((id) => found.get(id) ?? []), absent };
}

/** Refusals mean that there is nothing to see; other failures are told. */
function unlessRefused(error: unknown): undefined {
  if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 401) return;
  throw error;
}

/** Acts on every item, a few at a time, and fails as soon as all are done if one has failed. */
async function forAll<T>(items: readonly T[], action: (item: T) => Promise<void>) {
  const [failure] = await forEachOf(items, action);
  if (failure) throw failure.error;
}

export const comparedRuns = (ids: readonly string[], experimentIDs: readonly string[]) =>
  queryOptions({
    queryKey: ["runs", "compared", ids, experimentIDs],
    queryFn: ({ signal }) => loadRuns(ids, experimentIDs, signal),
    enabled: ids.length > 0,
    // The more runs, the less often: a refresh reads all of them.
    refetchInterval: ({ state }) =>
      state.data?.runs.some((run) => run.status === "RUNNING")
        ? Math.max(livePeriod(), ids.length * 100)
        : false,
    placeholderData: keepPreviousData,
  });

/** Values of metrics other than the last ones, by run id and metric. */
export const metricValues = (runs: readonly Run[], stat: MetricStat) => {
  const ids = runs.map(({ id }) => id);
  const experimentIDs = [...new Set(runs.map(({ experimentID }) => experimentID))];
  return queryOptions({
    queryKey: ["runs", "values", ids, stat],
    queryFn: async ({ signal }) => {
      const found: Record<string, Record<string, number>> = {};
      const columns = keysOf(runs, "metrics").map((key) => column("metrics", key, aggregateOf(key, stat)));
      for (const [id, cells] of await readCells(experimentIDs, ids, columns, signal)) {
        found[id] = {};
        for (const { id: name, key } of columns) {
          const value = cells[name];
          if (typeof value === "number") found[id][key] = value;
        }
      }
      return found;
    },
    enabled: stat !== "last" && ids.length > 0,
    refetchInterval: runs.some((run) => run.status === "RUNNING") ? 4 * livePeriod() : false,
    staleTime: 30_000,
  });
};

const aggregateOf = (metric: string, stat: MetricStat): Aggregate =>
  stat !== "best" ? stat : isLowerBetter(metric) ? "min" : "max";
