import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ModelVersion } from "../../api/registry";
import { tableCells, tableKeys } from "../../api/runTable";
import { inBatches } from "../../lib/batches";
import { column, compareNames } from "../../lib/runs/columns";
import type { RunParams } from "./versionColumns";

const nothing: RunParams = new Map();
/** The numbers of runs that one request returns cells of, and that a filter names. */
const runsPerRequest = 1000;
const maxNamed = 500;
const prefix = "params.";

/**
 * The params of the runs that versions were made of. Their keys are read when they are wanted or one of
 * the columns is a param, and the values of the columns on screen only.
 */
export function useRunParams(
  versions: readonly ModelVersion[],
  chosen: readonly string[],
  wanted: boolean,
): { keys: readonly string[]; params: RunParams } {
  const { runIDs, experimentIDs } = useMemo(() => sourcesOf(versions), [versions]);
  const shown = chosen.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
  const keys = useQuery({
    queryKey: ["registry", "param keys", runIDs],
    queryFn: async ({ signal }) => {
      const filter = `attributes.run_id IN (${runIDs
        .slice(0, maxNamed)
        .map((id) => `'${id}'`)
        .join(", ")})`;
      const found = await tableKeys({ experimentIDs, filter, viewType: "ALL" }, "", signal);
      return found.params.map((k) => k.key).sort(compareNames);
    },
    enabled: (wanted || shown.length > 0) && runIDs.length > 0,
    placeholderData: keepPreviousData,
  }).data;
  const params = useQuery({
    queryKey: ["registry", "params", runIDs, shown],
    queryFn: async ({ signal }) => {
      const columns = shown.map((key) => column("params", key));
      const parts = await Promise.all(
        inBatches(runIDs, runsPerRequest).map((ids) => tableCells(experimentIDs, ids, columns, signal)),
      );
      return new Map(parts.flatMap((part) => [...part]));
    },
    enabled: shown.length > 0 && runIDs.length > 0,
    placeholderData: keepPreviousData,
  }).data;
  return { keys: keys ?? shown, params: params ?? nothing };
}

function sourcesOf(versions: readonly ModelVersion[]) {
  const known = versions.filter((v) => v.runID && v.experimentID);
  return {
    runIDs: [...new Set(known.map((v) => v.runID))],
    experimentIDs: [...new Set(known.map((v) => v.experimentID))],
  };
}
