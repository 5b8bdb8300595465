import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { type FileSource, folderNames, modelFiles, mountFiles, runFiles } from "../../api/artifacts";
import { directory, loggedModel } from "../../api/queries";
import type { Run } from "../../api/runs";

/** Where the files of each run come from: its artifacts, with the models that it logged as folders beside them. */
export function useRunSources(runs: readonly Run[]): { sources: readonly FileSource[]; pending: boolean } {
  const modelIDs = [...new Set(runs.flatMap(modelsOf))];
  const models = useQueries({ queries: modelIDs.map((id) => ({ ...loggedModel(id), retry: false })) });
  const roots = useQueries({
    queries: runs.map((run) => ({
      ...directory(runFiles(run.id), ""),
      enabled: run.modelOutputs.length > 0,
      retry: false,
    })),
  });
  const pending =
    models.some((model) => model.isPending) ||
    roots.some((root, i) => runs[i]!.modelOutputs.length > 0 && root.isPending);
  const names = new Map(modelIDs.map((id, i) => [id, models[i]?.data?.name ?? id]));
  const mounted = JSON.stringify(
    runs.map((run, i) => {
      const known = modelsOf(run).map((id) => ({ id, name: names.get(id)! }));
      const folders = folderNames(known, roots[i]?.data?.map((file) => file.path) ?? []);
      return { run: run.id, models: known.map(({ id }, j) => ({ id, folder: folders[j]! })) };
    }),
  );
  const sources = useMemo(() => {
    const all = JSON.parse(mounted) as { run: string; models: { id: string; folder: string }[] }[];
    return all.map((one) =>
      mountFiles(
        runFiles(one.run),
        one.models.map(({ id, folder }) => ({ folder, source: modelFiles(id) })),
      ),
    );
  }, [mounted]);
  return { sources, pending };
}

const modelsOf = (run: Run) => [...new Set(run.modelOutputs.map(({ modelID }) => modelID))];
