import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { modelFiles } from "../../api/artifacts";
import { trackingURI } from "../../api/client";
import type { LoggedModel } from "../../api/models";
import { experimentDetail, loggedModel, runDetail } from "../../api/queries";
import { CopyButton, Snippet } from "../../components/Copy";
import { FileBrowser } from "../../components/files/FileBrowser";
import { KeyValues } from "../../components/KeyValues";
import { LineageView } from "../../components/lineage/LineageView";
import { EmptyState } from "../../components/Notice";
import { experimentPath, PageHead, QueryPage } from "../../components/Page";
import { Tab, Tabs } from "../../components/Tabs";
import { NumberText, RelativeTime } from "../../components/Values";
import { useTitle, useViewState } from "../../lib/browser/hooks";
import { modelLabel, shownMetrics } from "../../lib/models/loggedModels";
import { registeredAs } from "../../lib/models/registry";
import { isUserTag } from "../../lib/runs/columns";
import { formatDateTime } from "../../lib/text/format";
import { withoutFile } from "../../lib/view/file";
import { runPageCodec } from "../../lib/view/run";
import { RegisterButton } from "../registry/RegisterDialog";
import { VersionLink } from "../registry/VersionLink";
import { ParamTable } from "../run/ParamTable";
import { ModelStatus } from "./ModelStatus";
import "../run/run.css";
import "./models.css";

/** A logged model: what it is, how good it is, how to load it, and its files. */
export function ModelPage() {
  const { experimentID = "", modelID = "", _splat = "" } = useParams({ strict: false });
  const query = useQuery(loggedModel(modelID));
  const [view, change] = useViewState(runPageCodec);
  const navigate = useNavigate();
  const files = useMemo(() => modelFiles(modelID), [modelID]);
  useTitle(query.data?.name);
  const page = (model: LoggedModel) => (
    <div className="page">
      <ModelHead model={model} experimentID={experimentID} />
      <ModelTabs experimentID={experimentID} modelID={modelID} lineage={_splat === "lineage"} />
      {_splat === "lineage" ? (
        <LineageView
          subject={{ model_id: modelID }}
          what={`model ${model.name}`}
          unfolded={view.unfolded}
          setUnfolded={(unfolded) => change({ unfolded })}
        />
      ) : (
        overview(model)
      )}
    </div>
  );
  const overview = (model: LoggedModel) => (
    <>
      <div className="overview">
        <div className="overview-main">
          <ModelMetrics model={model} />
          <ParamTable
            params={model.params}
            text={view.paramText}
            setText={(paramText) => change({ paramText }, "replace")}
          />
        </div>
        <div className="overview-side">
          <ModelFacts model={model} />
          <section className="card">
            <div className="card-head">
              <h2>Load this model</h2>
            </div>
            <div className="card-body">
              <Snippet code={loadCode(model)} label="code to load the model" />
            </div>
          </section>
          <ModelTags tags={model.tags} />
        </div>
      </div>
      <section className="model-files" aria-labelledby="files-title">
        <h2 id="files-title">Files</h2>
        <FileBrowser
          source={files}
          selected={_splat.startsWith("artifacts/") ? _splat.slice("artifacts/".length) : ""}
          initial="MLmodel"
          onSelect={(path) =>
            void navigate({
              to: "/experiments/$experimentID/models/$modelID/$",
              params: { experimentID, modelID, _splat: `artifacts/${path}` },
              search: withoutFile as never,
              replace: true,
              resetScroll: false,
            })
          }
          emptyHint={
            <EmptyState title="No files">
              <p>Nothing was uploaded for this model{model.status === "PENDING" ? " yet" : ""}.</p>
            </EmptyState>
          }
        />
      </section>
    </>
  );
  return (
    <QueryPage query={query} what={`model ${modelID}`}>
      {page}
    </QueryPage>
  );
}

interface ModelTabsProps {
  experimentID: string;
  modelID: string;
  lineage: boolean;
}

function ModelTabs({ experimentID, modelID, lineage }: ModelTabsProps) {
  const link = (splat: string) => ({
    to: "/experiments/$experimentID/models/$modelID/$" as const,
    params: { experimentID, modelID, _splat: splat },
  });
  return (
    <Tabs label="Model views">
      <Tab link={link("")} current={!lineage}>
        Overview
      </Tab>
      <Tab link={link("lineage")} current={lineage}>
        Lineage
      </Tab>
    </Tabs>
  );
}

function loadCode(model: LoggedModel): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingURI()}")
model = mlflow.pyfunc.load_model("models:/${model.id}")`;
}

/** The run that made a model, once it is known. */
function useSourceRun(model: LoggedModel) {
  return useQuery({ ...runDetail(model.sourceRunID), enabled: model.sourceRunID !== "" }).data;
}

function ModelHead({ model, experimentID }: { model: LoggedModel; experimentID: string }) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const run = useSourceRun(model);
  return (
    <PageHead
      path={experimentPath(experimentID, experiment?.name, {
        label: "Models",
        link: { to: "/experiments/$experimentID/models", params: { experimentID } },
      })}
      title={modelLabel(model, run)}
      end={<RegisterButton model={model} look="button primary" />}
    >
      <ModelStatus model={model} />
      {model.type && (
        <span className="badge" title={model.type}>
          {model.type}
        </span>
      )}
    </PageHead>
  );
}

function ModelFacts({ model }: { model: LoggedModel }) {
  const run = useSourceRun(model);
  const registered = registeredAs(model);
  return (
    <section className="card" aria-label="About this model">
      <dl className="facts">
        <dt>Model ID</dt>
        <dd>
          <code className="truncate" title={model.id}>
            {model.id}
          </code>
          <CopyButton text={model.id} label="Copy model ID" />
        </dd>
        {model.sourceRunID && (
          <>
            <dt>Source run</dt>
            <dd>
              <Link
                to="/experiments/$experimentID/runs/$runID"
                params={{ experimentID: run?.experimentID ?? model.experimentID, runID: model.sourceRunID }}
                className="truncate"
              >
                {run?.name ?? model.sourceRunID}
              </Link>
            </dd>
          </>
        )}
        <dt>Created</dt>
        <dd>
          <span>
            <span className="number">{formatDateTime(model.createdMS)}</span>{" "}
            <span className="muted">
              <RelativeTime timeMS={model.createdMS} />
            </span>
          </span>
        </dd>
        {registered.length > 0 && (
          <>
            <dt>Registered</dt>
            {registered.map(({ name, version }) => (
              <dd key={`${name} ${version}`}>
                <VersionLink name={name} version={version} />
              </dd>
            ))}
          </>
        )}
        {model.statusMessage && (
          <>
            <dt>Status</dt>
            <dd>{model.statusMessage}</dd>
          </>
        )}
        <dt>Stored at</dt>
        <dd>
          <code className="truncate" title={model.artifactURI}>
            {model.artifactURI}
          </code>
          <CopyButton text={model.artifactURI} label="Copy location" />
        </dd>
      </dl>
    </section>
  );
}

function ModelMetrics({ model }: { model: LoggedModel }) {
  const run = useSourceRun(model);
  const metrics = shownMetrics(model, run);
  return (
    <section className="card">
      <div className="card-head">
        <h2>Metrics</h2>
        <span className="muted number">{metrics.length}</span>
      </div>
      {metrics.length === 0 && (
        <p className="card-body muted">
          No metric is tied to this model. Pass <code>model_id</code> to <code>mlflow.log_metric</code> to tie
          one.
        </p>
      )}
      {metrics.length > 0 && (
        <div className="table-scroll">
          <table className="table metric-table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="numeric">Value</th>
                <th className="numeric">Step</th>
                <th>Dataset</th>
                <th>Logged</th>
              </tr>
            </thead>
            <tbody>
              {metrics.map((m) => (
                <tr key={[m.key, m.step, m.datasetName, m.datasetDigest, m.runID].join("\n")}>
                  <th scope="row" className="wrap">
                    {m.key}
                  </th>
                  <td className="numeric strong">
                    <NumberText value={m.value} />
                  </td>
                  <td className="numeric">{m.step.toLocaleString("en-US")}</td>
                  <td className="cell-name" title={`${m.datasetName} ${m.datasetDigest}`}>
                    {m.datasetName || <span className="muted">–</span>}
                  </td>
                  <td>
                    <RelativeTime timeMS={m.timeMS} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function ModelTags({ tags }: { tags: Record<string, string> }) {
  const own = Object.entries(tags).filter(([key]) => isUserTag(key));
  if (own.length === 0) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>Tags</h2>
      </div>
      <KeyValues rows={own} />
    </section>
  );
}
