import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import {
  datasetExperiments,
  deleteDatasetTag,
  type EvaluationDataset,
  evaluationDataset,
  setDatasetTag,
} from "../../api/genai/evaluationDatasets";
import { experimentDetail } from "../../api/queries";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { experimentPath, PageHead, QueryPage } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { TagCard } from "../../components/tags/TagCard";
import { RelativeTime } from "../../components/Values";
import { useHotkeys, useTitle } from "../../lib/browser/hooks";
import { schemaFields } from "../../lib/genai/records";
import { plural } from "../../lib/text/format";
import { DeleteDatasetDialog } from "./EvaluationDatasets";
import { RecordDialog } from "./RecordDialog";
import { RecordList } from "./RecordList";
import "../run/run.css";
import "../trace/trace.css";
import "./datasets.css";

/** A dataset for evaluations: its records, and the fields that they have. */
export function EvaluationDatasetPage() {
  const { experimentID = "", datasetID = "" } = useParams({ strict: false }) as {
    experimentID?: string;
    datasetID?: string;
  };
  const query = useQuery(evaluationDataset(datasetID));
  return (
    <QueryPage query={query} what={`dataset ${datasetID}`}>
      {(dataset) => <DatasetBody key={dataset.id} dataset={dataset} experimentID={experimentID} />}
    </QueryPage>
  );
}

interface DatasetBodyProps {
  dataset: EvaluationDataset;
  experimentID: string;
}

function DatasetBody({ dataset, experimentID }: DatasetBodyProps) {
  const [adding, setAdding] = useState(false);
  useTitle(dataset.name);
  useHotkeys({ n: () => setAdding(true) });
  return (
    <div className="page fill dataset-page">
      <DatasetHead dataset={dataset} experimentID={experimentID} add={() => setAdding(true)} />
      <RecordList dataset={dataset} experimentID={experimentID} add={() => setAdding(true)} />
      {adding && <RecordDialog datasetID={dataset.id} onClose={() => setAdding(false)} />}
    </div>
  );
}

function DatasetHead({ dataset, experimentID, add }: DatasetBodyProps & { add: () => void }) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const list = { to: "/experiments/$experimentID/datasets", params: { experimentID } } as const;
  return (
    <>
      <PageHead
        path={experimentPath(experimentID, experiment?.name, { label: "Datasets", link: list })}
        title={dataset.name}
        end={
          <button type="button" className="button primary" title="Add a record (n)" onClick={add}>
            <Icon name="plus" size={14} /> Add record
          </button>
        }
      >
        <code className="muted trace-id truncate">{dataset.id}</code>
        <CopyButton text={dataset.id} label="Copy dataset ID" />
        <Popover
          kind="menu"
          label="Dataset actions"
          trigger={<Icon name="more" />}
          triggerClass="icon-button"
        >
          {(close) => (
            <MenuItem
              danger
              onSelect={() => {
                close();
                setDeleting(true);
              }}
            >
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          )}
        </Popover>
      </PageHead>
      <DatasetFacts dataset={dataset} />
      {deleting && (
        <DeleteDatasetDialog
          dataset={dataset}
          onClose={() => setDeleting(false)}
          onDeleted={() => navigate({ ...list, search: { kind: "evaluation" } as never })}
        />
      )}
    </>
  );
}

function DatasetFacts({ dataset }: { dataset: EvaluationDataset }) {
  const { data: experiments } = useQuery(datasetExperiments(dataset.id));
  const client = useQueryClient();
  const fields = schemaFields(dataset.schema);
  const tags = Object.entries(dataset.tags);
  return (
    <>
      <dl className="trace-facts">
        <Fact label="Records">
          <span className="number">{(dataset.records ?? 0).toLocaleString("en-US")}</span>
        </Fact>
        <Fact label="Digest">
          <code>{dataset.digest}</code>
        </Fact>
        <Fact label="Created">
          <RelativeTime timeMS={dataset.createdMS} />
          {dataset.createdBy && ` by ${dataset.createdBy}`}
        </Fact>
        <Fact label="Changed">
          <RelativeTime timeMS={dataset.updatedMS} />
          {dataset.updatedBy && ` by ${dataset.updatedBy}`}
        </Fact>
        {experiments && experiments.length > 0 && (
          <Fact label={experiments.length === 1 ? "Experiment" : "Experiments"}>
            {experiments.slice(0, 10).map((id, i) => (
              <span key={id}>
                {i > 0 && ", "}
                <Link to="/experiments/$experimentID" params={{ experimentID: id }}>
                  <ExperimentName id={id} />
                </Link>
              </span>
            ))}
          </Fact>
        )}
      </dl>
      <details className="dataset-about">
        <summary>
          Schema and tags{" "}
          <span className="muted">
            {plural(fields.length, "field")}
            {tags.length > 0 && ` · ${tags.map(([key, value]) => `${key}: ${value}`).join(", ")}`}
          </span>
        </summary>
        <div className="model-notes">
          <section className="card dataset-fields">
            <div className="card-head">
              <h2>Schema</h2>
            </div>
            {fields.length === 0 ? (
              <p className="card-body muted">It comes with the first record.</p>
            ) : (
              <table className="table">
                <thead>
                  <tr>
                    <th>Part</th>
                    <th>Field</th>
                    <th>Type</th>
                  </tr>
                </thead>
                <tbody>
                  {fields.map((f) => (
                    <tr key={`${f.part} ${f.name}`}>
                      <td className="muted">{f.part}</td>
                      <th scope="row" className="mono wrap">
                        {f.name}
                      </th>
                      <td>{f.type}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </section>
          <TagCard
            tags={dataset.tags}
            editable
            set={(key, value) => setDatasetTag(dataset.id, key, value)}
            remove={(key) => deleteDatasetTag(dataset.id, key)}
            refresh={() => client.invalidateQueries({ queryKey: ["evaluation datasets"] })}
          />
        </div>
      </details>
    </>
  );
}

function ExperimentName({ id }: { id: string }) {
  const { data } = useQuery(experimentDetail(id));
  return data?.name ?? id;
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
