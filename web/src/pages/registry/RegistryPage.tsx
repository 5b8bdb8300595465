import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { loggedModel, registeredModelList, runDetail } from "../../api/queries";
import type { ModelVersion, RegisteredModel } from "../../api/registry";
import { Snippet } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { SearchField } from "../../components/SearchField";
import { NumberText, RelativeTime } from "../../components/Values";
import { useDeferredText, useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { keyMetric, keyRunMetric } from "../../lib/models/registry";
import { registryCodec } from "../../lib/view/registry";
import { AliasChip, StageChip } from "./Chips";
import { CreateModelDialog, DeleteModelDialog } from "./ModelDialogs";
import "./registry.css";

/** All registered models, the last changed first. */
export function RegistryPage() {
  const [view, change] = useViewState(registryCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const list = useInfiniteQuery(registeredModelList(view.text));
  const models = list.data?.pages.flatMap((page) => page.models) ?? [];
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<string>();
  const search = useRef<HTMLInputElement>(null);
  useTitle("Models");
  useHotkeys({ "/": () => search.current?.focus(), r: () => void list.refetch() });
  return (
    <div className="page">
      <PageHead
        title="Models"
        end={
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" size={14} /> New model
          </button>
        }
      />
      <div className="toolbar">
        <SearchField
          label="Search models"
          placeholder="Search by name"
          value={text}
          onChange={setText}
          inputRef={search}
          className="registry-search"
        />
      </div>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the models" retry={() => list.refetch()} />
      )}
      {list.isPending && <Loading what="Loading models" />}
      {list.data && models.length === 0 && <NoModels searched={view.text} />}
      {models.length > 0 && (
        <div className="card table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="numeric">Latest version</th>
                <th>Key metric</th>
                <th>Aliases</th>
                <th>Stages</th>
                <th>Last modified</th>
                <th className="row-tool">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {models.map((model) => (
                <ModelRow key={model.name} model={model} onDelete={() => setDeleting(model.name)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton pages={list} label="Load more models" />
      {creating && <CreateModelDialog onClose={() => setCreating(false)} />}
      {deleting !== undefined && <DeleteModelDialog name={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

function ModelRow({ model, onDelete }: { model: RegisteredModel; onDelete: () => void }) {
  const newest = model.latest.toSorted((a, b) => Number(b.version) - Number(a.version))[0];
  const staged = model.latest.filter((v) => v.stage === "Production" || v.stage === "Staging");
  return (
    <tr>
      <th scope="row">
        <Link to="/models/$modelName" params={{ modelName: model.name }}>
          {model.name}
        </Link>
      </th>
      <td className="numeric">
        {newest ? (
          <Link
            to="/models/$modelName/versions/$version"
            params={{ modelName: model.name, version: newest.version }}
          >
            {newest.version}
          </Link>
        ) : (
          <span className="muted">–</span>
        )}
      </td>
      <td>{newest ? <KeyMetric version={newest} /> : <span className="muted">–</span>}</td>
      <td>
        <span className="chips">
          {model.aliases.map(({ alias, version }) => (
            <AliasChip key={alias} alias={alias} version={version} />
          ))}
        </span>
      </td>
      <td>
        <span className="chips">
          {staged.map((v) => (
            <span key={v.stage}>
              <StageChip stage={v.stage} /> <span className="muted number">{v.version}</span>
            </span>
          ))}
        </span>
      </td>
      <td>
        <RelativeTime timeMS={model.updatedMS} />
      </td>
      <td className="row-tool shown">
        <Popover
          kind="menu"
          label={`Actions for ${model.name}`}
          trigger={<Icon name="more" />}
          triggerClass="icon-button"
        >
          {(close) => (
            <MenuItem
              danger
              onSelect={() => {
                close();
                onDelete();
              }}
            >
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          )}
        </Popover>
      </td>
    </tr>
  );
}

/** The metric that says most about the newest version: of its logged model, or else of its run. */
function KeyMetric({ version }: { version: ModelVersion }) {
  const { data: model } = useQuery({ ...loggedModel(version.modelID), enabled: version.modelID !== "" });
  const own = model && keyMetric(model);
  // A value of step 0 may be the beginning of a curve, whose end the run knows.
  const vague = !own || (own.step === 0 && own.dataset === "");
  const wantRun = version.runID !== "" && vague && (version.modelID === "" || model !== undefined);
  const { data: run } = useQuery({ ...runDetail(version.runID), enabled: wantRun });
  const metric = (model && keyMetric(model, run)) ?? (run && keyRunMetric(run));
  if (!metric) return <span className="muted">–</span>;
  return (
    <>
      <span className="muted">{metric.key}</span> <NumberText value={metric.value} />
      {metric.dataset && <span className="muted"> on {metric.dataset}</span>}
    </>
  );
}

function NoModels({ searched }: { searched: string }) {
  if (searched) {
    return (
      <EmptyState title={`No model has “${searched}” in its name`}>
        <p>The search looks at names only, in any case. Try fewer letters.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No registered models yet">
      <p>
        A registered model keeps the versions of one model under one name. Register from the page of a logged
        model or from code:
      </p>
      <Snippet
        code={`mlflow.register_model(f"models:/{model_info.model_id}", "classifier")`}
        label="register_model example"
      />
    </EmptyState>
  );
}
