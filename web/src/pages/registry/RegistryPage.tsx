import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { registeredModelList } from "../../api/queries";
import { Snippet } from "../../components/Copy";
import { ColumnChooser } from "../../components/columns/ColumnChooser";
import { DataTable } from "../../components/columns/DataTable";
import { Icon } from "../../components/Icon";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { SearchField } from "../../components/SearchField";
import { useDeferredText, useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { shownColumns, sortRows } from "../../lib/columns/columns";
import { registryCodec } from "../../lib/view/registry";
import { CreateModelDialog, DeleteModelDialog } from "./ModelDialogs";
import { automaticColumns, nameColumn, registryCatalogue } from "./registryColumns";
import "./registry.css";

const serverOrder: Record<string, string> = { name: "name", updated: "last_updated_timestamp" };

/** All registered models, the last changed first. */
export function RegistryPage() {
  const [view, change] = useViewState(registryCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  // The server sorts by what it has an order of; the rest is sorted here.
  const sorted = view.sort in serverOrder;
  const order = `${serverOrder[view.sort] ?? "last_updated_timestamp"} ${!sorted || view.descending ? "DESC" : "ASC"}`;
  const list = useInfiniteQuery(registeredModelList(view.text, order));
  const models = useMemo(() => list.data?.pages.flatMap((page) => page.models) ?? [], [list.data]);
  const catalogue = useMemo(() => registryCatalogue(models), [models]);
  const columns = shownColumns(catalogue, view.columns, automaticColumns);
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
        {models.length > 0 && (
          <ColumnChooser
            catalogue={catalogue}
            shown={columns}
            automatic={view.columns === undefined}
            choose={(ids) => change({ columns: ids }, "replace")}
          />
        )}
      </div>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the models" retry={() => list.refetch()} />
      )}
      {list.isPending && <Loading what="Loading models" />}
      {list.data && models.length === 0 && <NoModels searched={view.text} />}
      {models.length > 0 && (
        <DataTable
          label="Registered models"
          rows={sorted ? models : sortRows(models, catalogue, view)}
          rowKey={(model) => model.name}
          name={nameColumn}
          columns={columns}
          view={view}
          change={(part) => change(part, "replace")}
          after={{
            title: "Actions",
            cell: (model) => <ModelMenu name={model.name} onDelete={() => setDeleting(model.name)} />,
          }}
        />
      )}
      <MoreButton pages={list} label="Load more models">
        {view.sort && !sorted && (
          <span className="muted"> Sorted among the {models.length} that are loaded.</span>
        )}
      </MoreButton>
      {creating && <CreateModelDialog onClose={() => setCreating(false)} />}
      {deleting !== undefined && <DeleteModelDialog name={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

function ModelMenu({ name, onDelete }: { name: string; onDelete: () => void }) {
  return (
    <Popover
      kind="menu"
      label={`Actions for ${name}`}
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
