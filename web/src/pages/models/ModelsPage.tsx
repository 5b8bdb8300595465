import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { loggedModelList, sourceRuns } from "../../api/queries";
import { Snippet } from "../../components/Copy";
import { ColumnChooser } from "../../components/columns/ColumnChooser";
import { DataTable } from "../../components/columns/DataTable";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { useViewState } from "../../lib/browser/hooks";
import { shownColumns, sortRows } from "../../lib/columns/columns";
import { modelsCodec } from "../../lib/view/registry";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";
import { automaticColumns, type ModelRow, modelCatalogue, nameColumn, rowOf } from "./modelColumns";
import "../run/run.css";

/** The logged models of an experiment, the newest first. */
export function ModelsPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const list = useInfiniteQuery(loggedModelList(experimentID));
  const models = useMemo(() => list.data?.pages.flatMap((p) => p.models) ?? [], [list.data]);
  const runIDs = useMemo(() => [...new Set(models.map((m) => m.sourceRunID).filter(Boolean))], [models]);
  const runs = useQuery(sourceRuns(experimentID, runIDs)).data;
  const [view, change] = useViewState(modelsCodec);
  const rows = useMemo(
    () => models.map((model): ModelRow => rowOf(model, runs?.get(model.sourceRunID))),
    [models, runs],
  );
  const catalogue = useMemo(() => modelCatalogue(rows), [rows]);
  const columns = shownColumns(catalogue, view.columns, automaticColumns(rows));
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page">
        <ExperimentHead experimentID={experimentID} tab="models" />
        {list.error && (
          <ErrorNotice error={list.error} what="Could not load the models" retry={() => list.refetch()} />
        )}
        {list.isPending && <Loading what="Loading models" />}
        {list.data && models.length === 0 && (
          <EmptyState title="No logged models">
            <p>A model that a run logs is listed here with its metrics and files:</p>
            <Snippet
              code={`with mlflow.start_run():\n    mlflow.sklearn.log_model(model, name="classifier")`}
              label="log_model example"
            />
          </EmptyState>
        )}
        {models.length > 0 && (
          <>
            <div className="toolbar">
              <ColumnChooser
                catalogue={catalogue}
                shown={columns}
                automatic={view.columns === undefined}
                choose={(ids) => change({ columns: ids }, "replace")}
              />
            </div>
            <DataTable
              label="Logged models"
              rows={sortRows(rows, [nameColumn, ...catalogue], view)}
              rowKey={({ model }) => model.id}
              name={nameColumn}
              columns={columns}
              view={view}
              change={(part) => change(part, "replace")}
            />
          </>
        )}
        <MoreButton pages={list} label="Load more models">
          {view.sort && <span className="muted"> Sorted among the {models.length} that are loaded.</span>}
        </MoreButton>
      </div>
    </ExperimentGate>
  );
}
