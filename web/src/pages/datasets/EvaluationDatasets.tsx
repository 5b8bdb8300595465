import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo, useRef, useState } from "react";
import {
  deleteDataset,
  type EvaluationDataset,
  evaluationDatasetList,
} from "../../api/genai/evaluationDatasets";
import { Snippet } from "../../components/Copy";
import { noValue, textCell } from "../../components/columns/textColumns";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { ListCount } from "../../components/ListCount";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { MenuItem, Popover } from "../../components/Popover";
import { SearchField } from "../../components/SearchField";
import { useToast } from "../../components/Toasts";
import { RelativeTime } from "../../components/Values";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { useDeferredText, useHotkeys, useReadOn, useViewState } from "../../lib/browser/hooks";
import { tagsText } from "../../lib/columns/columns";
import { schemaFields } from "../../lib/genai/records";
import { plural } from "../../lib/text/format";
import { datasetsCodec } from "../../lib/view/datasets";
import "./datasets.css";

const columns: readonly Column[] = [
  { label: "Name", track: "minmax(160px, 2fr)", sortKey: "name" },
  { label: "Records", track: "80px", numeric: true },
  { label: "Fields", track: "minmax(140px, 2fr)" },
  { label: "Tags", track: "minmax(90px, 1fr)" },
  { label: "Created by", track: "minmax(90px, 0.8fr)" },
  { label: "Changed", track: "var(--time-width)", numeric: true, sortKey: "last_update_time" },
  { label: "Actions", track: "34px", unlabelled: true },
];

export const defaultDatasetOrder = "last_update_time DESC";

interface EvaluationDatasetsProps {
  experimentID: string;
  /** Stands at the beginning of the toolbar. */
  children: ReactNode;
}

/** The datasets of examples for evaluations. */
export function EvaluationDatasets({ experimentID, children }: EvaluationDatasetsProps) {
  const [view, change] = useViewState(datasetsCodec);
  const [order, setOrder] = useState(defaultDatasetOrder);
  const list = useInfiniteQuery(evaluationDatasetList(experimentID, view.text, order));
  const datasets = useMemo(() => list.data?.pages.flatMap((page) => page.datasets) ?? [], [list.data]);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const [leaving, setLeaving] = useState<EvaluationDataset>();
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus(), r: () => void list.refetch() });
  const more = useReadOn(list);
  const none = list.data && datasets.length === 0;
  const [key = "", direction] = order.split(" ");
  return (
    <>
      <div className="toolbar">
        {children}
        {!(none && view.text === "") && (
          <SearchField
            label="Search evaluation datasets"
            placeholder="Search by name, or env=test for a tag  ( / )"
            value={text}
            onChange={setText}
            inputRef={search}
            className="dataset-search"
          />
        )}
        <ListCount shown={datasets.length} one="dataset" more={list.hasNextPage} />
      </div>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the datasets" retry={list.refetch} />
      )}
      {list.isPending && <Loading what="Loading datasets" />}
      {none &&
        (view.text === "" ? (
          <NoEvaluationDatasets />
        ) : (
          <EmptyState title={`No dataset matches “${view.text}”`}>
            <p>
              Words must occur in the name, in any case. <code>key=value</code> finds datasets with a tag.
            </p>
          </EmptyState>
        ))}
      {datasets.length > 0 && (
        <VirtualTable
          label="Evaluation datasets"
          columns={columns}
          rows={datasets}
          rowKey={(d) => d.id}
          minWidth={760}
          cells={(d) => cells(d, experimentID, setLeaving)}
          sort={{
            key,
            descending: direction === "DESC",
            choose: (next, descending) => setOrder(`${next} ${descending ? "DESC" : "ASC"}`),
          }}
          onEnd={more}
        />
      )}
      {leaving && (
        <DeleteDatasetDialog
          dataset={leaving}
          onClose={() => setLeaving(undefined)}
          onDeleted={() => undefined}
        />
      )}
    </>
  );
}

function cells(d: EvaluationDataset, experimentID: string, remove: (d: EvaluationDataset) => void) {
  const fields = schemaFields(d.schema);
  return [
    <Link
      key="name"
      to="/experiments/$experimentID/datasets/$datasetID"
      params={{ experimentID, datasetID: d.id }}
      title={d.name}
    >
      {d.name}
    </Link>,
    d.records === undefined ? "0" : d.records.toLocaleString("en-US"),
    fields.length === 0 ? (
      noValue
    ) : (
      <span key="fields" title={fields.map((f) => `${f.part}.${f.name}: ${f.type}`).join("\n")}>
        {fields.slice(0, 12).map((f) => (
          <span key={`${f.part} ${f.name}`} className={`chip field-${f.part}`}>
            {f.name}
          </span>
        ))}
      </span>
    ),
    textCell(tagsText(d.tags)),
    textCell(d.createdBy),
    <RelativeTime key="changed" timeMS={d.updatedMS} />,
    <Popover
      key="actions"
      kind="menu"
      label={`Actions for ${d.name}`}
      trigger={<Icon name="more" />}
      triggerClass="icon-button"
    >
      {(close) => (
        <MenuItem
          danger
          onSelect={() => {
            close();
            remove(d);
          }}
        >
          <Icon name="trash" size={14} /> Delete…
        </MenuItem>
      )}
    </Popover>,
  ];
}

interface DeleteDatasetProps {
  dataset: EvaluationDataset;
  onClose: () => void;
  onDeleted: () => unknown;
}

export function DeleteDatasetDialog({ dataset, onClose, onDeleted }: DeleteDatasetProps) {
  const client = useQueryClient();
  const toast = useToast();
  return (
    <ActionDialog
      title="Delete this dataset?"
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteDataset(dataset.id);
        toast(`Deleted ${dataset.name}`);
        client.removeQueries({ queryKey: ["evaluation datasets", "detail", dataset.id] });
        await onDeleted();
        await client.invalidateQueries({ queryKey: ["evaluation datasets", "list"] });
      }}
    >
      <p>
        <strong>{dataset.name}</strong> and its {plural(dataset.records ?? 0, "record")} are deleted for good,
        in all experiments that it belongs to. The traces that they come from stay.
      </p>
    </ActionDialog>
  );
}

function NoEvaluationDatasets() {
  return (
    <EmptyState title="No evaluation datasets">
      <HowToCreate />
    </EmptyState>
  );
}

/** How evaluation datasets come about. */
export function HowToCreate() {
  return (
    <>
      <p>
        An evaluation dataset has inputs with what is expected of the answers. Create one with the button
        above, from ticked traces, or from code:
      </p>
      <Snippet
        code={`dataset = mlflow.genai.datasets.create_dataset(name="questions", experiment_id=[experiment_id])\ndataset.merge_records([\n    {"inputs": {"question": "What is MLflow?"}, "expectations": {"expected_response": "A tracker"}},\n])`}
        label="create_dataset example"
      />
    </>
  );
}
