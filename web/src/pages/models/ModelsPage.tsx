import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import type { LoggedModel, ModelMetric } from "../../api/models";
import { loggedModelList, sourceRuns } from "../../api/queries";
import type { Run } from "../../api/runs";
import { Snippet } from "../../components/Copy";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { NumberText, RelativeTime, RunSwatch } from "../../components/Values";
import { modelLabel, modelMetricKeys, shownMetrics } from "../../lib/models/loggedModels";
import { registeredAs } from "../../lib/models/registry";
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
  const metricKeys = useMemo(() => modelMetricKeys(models).slice(0, maxMetricColumns), [models]);
  const runIDs = useMemo(() => [...new Set(models.map((m) => m.sourceRunID).filter(Boolean))], [models]);
  const runs = useQuery(sourceRuns(experimentID, runIDs)).data;
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
                  <th>Registered as</th>
                  {metricKeys.map((key) => (
                    <th key={key} className="numeric">
                      {key}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {models.map((model) => (
                  <ModelRow
                    key={model.id}
                    model={model}
                    run={runs?.get(model.sourceRunID)}
                    metricKeys={metricKeys}
                  />
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

interface ModelRowProps {
  model: LoggedModel;
  run: Run | undefined;
  metricKeys: readonly string[];
}

function ModelRow({ model, run, metricKeys }: ModelRowProps) {
  const { experimentID, id: modelID, sourceRunID } = model;
  const metrics = shownMetrics(model, run);
  const label = modelLabel(model, run);
  return (
    <tr>
      <th scope="row" className="cell-name">
        <Link
          to="/experiments/$experimentID/models/$modelID"
          params={{ experimentID, modelID }}
          title={`${label}  ${modelID}`}
        >
          {label}
        </Link>
      </th>
      <td>
        <ModelStatus model={model} />
      </td>
      <td>
        <RelativeTime timeMS={model.createdMS} />
      </td>
      <td className="cell-name">
        {sourceRunID && (
          <>
            <RunSwatch runID={sourceRunID} />{" "}
            <Link
              to="/experiments/$experimentID/runs/$runID"
              params={{ experimentID: run?.experimentID ?? experimentID, runID: sourceRunID }}
              title={`${run?.name ?? ""}  ${sourceRunID}`}
            >
              {run?.name ?? sourceRunID.slice(0, 8)}
            </Link>
          </>
        )}
      </td>
      <td className="cell-name">
        <RegisteredVersions model={model} />
      </td>
      {metricKeys.map((key) => (
        <td key={key} className="numeric">
          <MetricValues values={metrics.filter((m) => m.key === key)} />
        </td>
      ))}
    </tr>
  );
}

function RegisteredVersions({ model }: { model: LoggedModel }) {
  const versions = registeredAs(model);
  if (versions.length === 0) return <span className="muted">–</span>;
  return versions.map(({ name, version }, i) => (
    <span key={`${name} ${version}`}>
      {i > 0 && ", "}
      <Link
        to="/models/$modelName/versions/$version"
        params={{ modelName: name, version }}
        title={`${name} version ${version}`}
      >
        {name} v{version}
      </Link>
    </span>
  ));
}

/** One value, or one for each dataset. Its step says whether it is the end of a curve. */
function MetricValues({ values }: { values: readonly ModelMetric[] }) {
  if (values.length === 0) return <span className="muted">–</span>;
  return values.map((m) => (
    <div key={m.datasetName + m.datasetDigest} title={m.datasetName ? `on ${m.datasetName}` : undefined}>
      {values.length > 1 && <span className="muted">{m.datasetName || "no dataset"} </span>}
      <NumberText value={m.value} />
      {m.step > 0 && <span className="muted at-step">@{m.step.toLocaleString("en-US")}</span>}
    </div>
  ));
}
