import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { forEachOf, inBatches } from "../lib/batches";
import { ApiError } from "./client";
import type { MetricSummary } from "./metrics";
import { metricSummary } from "./metrics";
import { livePeriodMS } from "./queries";
import { getRun, type Run, searchRuns } from "./runs";

export interface ComparedRuns {
  /** In the order of the address. */
  runs: Run[];
  /** Ids of runs that do not exist, or that the user may not read. */
  absent: string[];
}

const perSearch = 100;

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
        ? Math.max(livePeriodMS, ids.length * 100)
        : false,
    placeholderData: keepPreviousData,
  });

/** Least, greatest and first values of all metrics, by run id. */
export const metricSummaries = (ids: readonly string[], enabled: boolean) =>
  queryOptions({
    queryKey: ["runs", "summaries", ids],
    queryFn: async ({ signal }) => {
      const found: Record<string, MetricSummary[]> = {};
      await forAll(ids, async (id) => {
        found[id] = await metricSummary(id, signal);
      });
      return found;
    },
    enabled: enabled && ids.length > 0,
    staleTime: 30_000,
  });
