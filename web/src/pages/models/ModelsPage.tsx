import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { loggedModelList } from "../../api/queries";
import { Snippet } from "../../components/Copy";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { NumberText, RelativeTime } from "../../components/Values";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";
import { ModelStatus } from "./ModelStatus";
import "../run/run.css";

const maxMetricColumns = 6;

/** The logged models of an experiment, the newest first. */
export function ModelsPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const list = useInfiniteQuery(loggedModelList(experimentID));
  const models = useMemo(() => list.data?.pages.flatMap((p) => p.models) ?? [], [list.data]);
  const metricKeys = useMemo(
    () => [...new Set(models.flatMap((m) => m.metrics.map((x) => x.key)))].sort().slice(0, maxMetricColumns),
    [models],
  );
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
          <div className="card table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Status</th>
                  <th>Created</th>
                  <th>Source run</th>
                  {metricKeys.map((key) => (
                    <th key={key} className="numeric">
                      {key}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {models.map((model) => (
                  <tr key={model.id}>
                    <th scope="row">
                      <Link
                        to="/experiments/$experimentID/models/$modelID"
                        params={{ experimentID, modelID: model.id }}
                      >
                        {model.name}
                      </Link>
                    </th>
                    <td>
                      <ModelStatus model={model} />
                    </td>
                    <td>
                      <RelativeTime timeMS={model.createdMS} />
                    </td>
                    <td>
                      {model.sourceRunID && (
                        <Link
                          to="/experiments/$experimentID/runs/$runID"
                          params={{ experimentID, runID: model.sourceRunID }}
                          className="mono"
                        >
                          {model.sourceRunID.slice(0, 8)}
                        </Link>
                      )}
                    </td>
                    {metricKeys.map((key) => {
                      const metric = model.metrics.find((m) => m.key === key);
                      return (
                        <td key={key} className="numeric">
                          {metric ? <NumberText value={metric.value} /> : <span className="muted">–</span>}
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        <MoreButton pages={list} label="Load more models" />
      </div>
    </ExperimentGate>
  );
}
