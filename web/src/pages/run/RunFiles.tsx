import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { folderNames, modelFiles, mountFiles, runFiles } from "../../api/artifacts";
import { directory, loggedModel } from "../../api/queries";
import type { Run } from "../../api/runs";
import { Snippet } from "../../components/Copy";
import { FileBrowser } from "../../components/files/FileBrowser";
import { EmptyState, Loading } from "../../components/Notice";

interface RunFilesProps {
  run: Run;
  selected: string;
  onSelect: (path: string) => void;
}

/** The files of a run, with the models it logged as folders beside them. */
export function RunFiles({ run, selected, onSelect }: RunFilesProps) {
  const own = useMemo(() => runFiles(run.id), [run.id]);
  const ids = [...new Set(run.modelOutputs.map((output) => output.modelID))];
  const models = useQueries({ queries: ids.map((id) => loggedModel(id)) });
  const root = useQuery({ ...directory(own, ""), enabled: ids.length > 0 });
  // A folder's name depends on all others, so none is shown before all are known.
  const ready = models.every((model) => !model.isPending) && (ids.length === 0 || !root.isPending);
  const known = ids.map((id, i) => ({ id, name: models[i]?.data?.name ?? id }));
  const names = folderNames(known, root.data?.map((file) => file.path) ?? []);
  const mounted = JSON.stringify(names.map((folder, i) => [folder, ids[i]]));
  const source = useMemo(() => {
    const pairs = JSON.parse(mounted) as [string, string][];
    return mountFiles(
      own,
      pairs.map(([folder, id]) => ({ folder, source: modelFiles(id) })),
    );
  }, [own, mounted]);
  return (
    <div className="run-files">
      {ready ? (
        <FileBrowser
          source={source}
          selected={selected}
          onSelect={onSelect}
          emptyHint={
            <EmptyState title="No artifacts">
              <p>Keep files, figures and tables with the run:</p>
              <Snippet
                code={`mlflow.log_artifact("confusion.png")\nmlflow.log_text("notes", "notes.txt")`}
                label="artifact example"
              />
            </EmptyState>
          }
        />
      ) : (
        <Loading what="Loading files" />
      )}
    </div>
  );
}
