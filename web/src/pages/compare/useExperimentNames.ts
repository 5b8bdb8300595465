import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { experimentDetail } from "../../api/queries";
import type { Run } from "../../api/runs";

/** The experiments whose names are worth a request each. */
const mostNames = 20;

/** The names of the runs' experiments, by id, as far as they are known. */
export function useExperimentNames(runs: readonly Run[]): Readonly<Record<string, string>> {
  const ids = [...new Set(runs.map(({ experimentID }) => experimentID))].slice(0, mostNames);
  const details = useQueries({ queries: ids.map((id) => ({ ...experimentDetail(id), retry: false })) });
  const text = JSON.stringify(ids.map((id, i) => [id, details[i]?.data?.name ?? id]));
  return useMemo(() => Object.fromEntries(JSON.parse(text) as [string, string][]), [text]);
}
