import { keepPreviousData, queryOptions } from "@tanstack/react-query";
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
const atOnce = 6;

/** Runs of any number of ids. Ids are looked for in the experiments first; links may name none, or wrong ones. */
async function loadRuns(
  ids: readonly string[],
  experimentIDs: readonly string[],
  signal: AbortSignal,
): Promise<ComparedRuns> {
  const found = new Map<string, Run>();
  if (experimentIDs.length > 0) {
    await inBatches(chunks(ids, perSearch), async (part) => {
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
  await inBatches(
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

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** A few calls at a time: the browser would queue the others, and they would delay everything else. */
async function inBatches<T>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const work = async () => {
    for (const item of queue) await call(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
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
      await inBatches(ids, async (id) => {
        found[id] = await metricSummary(id, signal);
      });
      return found;
    },
    enabled: enabled && ids.length > 0,
    staleTime: 30_000,
  });
