import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { datasetRecords, deleteRecords, type EvaluationDataset } from "../../api/genai/evaluationDatasets";
import { Snippet } from "../../components/Copy";
import { textCell } from "../../components/columns/textColumns";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { SearchField } from "../../components/SearchField";
import { SelectionBar } from "../../components/SelectionBar";
import { useToast } from "../../components/Toasts";
import { RelativeTime } from "../../components/Values";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { useDeferredText, useHotkeys, useReadOn, useViewState } from "../../lib/browser/hooks";
import { tagsText } from "../../lib/columns/columns";
import { type DatasetRecord, filterRecords, sourceName, valueText } from "../../lib/genai/records";
import { plural } from "../../lib/text/format";
import { type RecordsView, recordsCodec } from "../../lib/view/datasets";
import { RecordPanel } from "./RecordPanel";

interface RecordListProps {
  dataset: EvaluationDataset;
  experimentID: string;
  add: () => void;
}

/** A filter reads no more records than these. */
const mostFiltered = 20_000;

const inputs: Column = { label: "Inputs", track: "minmax(160px, 3fr)" };
const others: Readonly<Record<string, Column>> = {
  outputs: { label: "Outputs", track: "minmax(120px, 2fr)" },
  expectations: { label: "Expectations", track: "minmax(130px, 2fr)" },
  tags: { label: "Tags", track: "minmax(80px, 1fr)" },
  source: { label: "Source", track: "80px" },
  changed: { label: "Changed", track: "var(--time-width)", numeric: true },
};

/** The columns that have values; with a record beside the table, there is room for few. */
function columnsOf(records: readonly DatasetRecord[], narrow: boolean): string[] {
  return [
    ...(records.some((r) => r.outputs !== undefined) && !narrow ? ["outputs"] : []),
    "expectations",
    ...(records.some((r) => Object.keys(r.tags).length > 0) && !narrow ? ["tags"] : []),
    "source",
    ...(narrow ? [] : ["changed"]),
  ];
}

/** The records that are read, and those of them that are shown. */
function useRecords(datasetID: string, { text, source, record }: RecordsView) {
  const list = useInfiniteQuery(datasetRecords(datasetID));
  const records = useMemo(() => list.data?.pages.flatMap((page) => page.records) ?? [], [list.data]);
  const shown = useMemo(() => filterRecords(records, { text, source }), [records, text, source]);
  const filtered = text !== "" || source !== "";
  const { hasNextPage } = list;
  const more = useReadOn(list);
  const at = shown.findIndex((r) => r.id === record);
  // The server does not search in records: a filter, or a link to a record, reads on.
  const reading = (filtered || (record !== "" && at < 0)) && hasNextPage && records.length < mostFiltered;
  useEffect(() => {
    if (reading) more();
  }, [reading, more]);
  return { list, records, shown, filtered, more, at, reading };
}

/** The records of a dataset, which are read as one scrolls, and the open one beside them. */
export function RecordList({ dataset, experimentID, add }: RecordListProps) {
  const [view, change] = useViewState(recordsCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const { list, records, shown, filtered, more, at, reading } = useRecords(dataset.id, view);
  // Thousands of ids are too much for an address.
  const [selected, setSelected] = useState<readonly string[]>([]);
  const search = useRef<HTMLInputElement>(null);
  const open = (record: string) => change({ record }, "replace");
  useHotkeys({
    "/": () => search.current?.focus(),
    r: () => void list.refetch(),
    Escape: () => open(""),
  });
  const record = shown[at];
  const keys = columnsOf(records, record !== undefined);
  const sources = [...new Set(records.map((r) => r.sourceType))].filter(Boolean).sort();
  if (list.data && records.length === 0) return <NoRecords datasetID={dataset.id} add={add} />;
  return (
    <>
      <div className="toolbar">
        <SearchField
          label="Filter records"
          placeholder="Words in the records  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
          className="dataset-search"
        />
        {(sources.length > 1 || view.source !== "") && (
          <select
            className="input"
            aria-label="Source"
            value={view.source}
            onChange={(e) => change({ source: e.target.value }, "replace")}
          >
            <option value="">Any source</option>
            {[...new Set([...sources, view.source])].filter(Boolean).map((s) => (
              <option key={s} value={s}>
                {sourceName(s)}
              </option>
            ))}
          </select>
        )}
        <span className="muted" role="status">
          {list.data && countText(shown.length, records.length, filtered, list.hasNextPage, reading)}
        </span>
      </div>
      {selected.length > 0 && (
        <Selection datasetID={dataset.id} selected={selected} clear={() => setSelected([])} />
      )}
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the records" retry={list.refetch} />
      )}
      {list.isPending && <Loading what="Loading records" />}
      {shown.length === 0 && records.length > 0 && !reading && (
        <EmptyState title="No record matches">
          <p>All words must occur in one record: in its inputs, outputs, expectations or tags.</p>
          <button
            type="button"
            className="button"
            onClick={() => {
              setText("");
              change({ text: "", source: "" });
            }}
          >
            Clear the filter
          </button>
        </EmptyState>
      )}
      {shown.length > 0 && (
        <div className={record ? "record-split open" : "record-split"}>
          <VirtualTable
            label="Records"
            columns={[inputs, ...keys.map((key) => others[key]!)]}
            rows={shown}
            rowKey={(r) => r.id}
            minWidth={record ? 380 : 620}
            cells={(r) => cells(r, keys, open)}
            current={view.record || undefined}
            ticks={{
              selected: new Set(selected),
              label: (r) => `Select record ${valueText(r.inputs, 60)}`,
              allLabel: "Select all records in the list",
              choose: (keys) => setSelected(keys as string[]),
            }}
            onEnd={filtered ? undefined : more}
          />
          {record && (
            <RecordPanel
              key={record.id}
              record={record}
              datasetID={dataset.id}
              experimentID={experimentID}
              number={at + 1}
              count={shown.length}
              go={(step) => {
                const next = shown[at + step];
                if (next) open(next.id);
              }}
              close={() => open("")}
            />
          )}
        </div>
      )}
    </>
  );
}

function NoRecords({ datasetID, add }: { datasetID: string; add: () => void }) {
  return (
    <EmptyState title="No records yet">
      <p>
        Add one by hand, tick traces in their list and add them to this dataset, or send records from code:
      </p>
      <Snippet
        code={`dataset = mlflow.genai.datasets.get_dataset(dataset_id="${datasetID}")\ndataset.merge_records([\n    {"inputs": {"question": "What is MLflow?"}, "expectations": {"expected_response": "A tracker"}},\n])`}
        label="merge_records example"
      />
      <button type="button" className="button primary" onClick={add}>
        <Icon name="plus" size={14} /> Add record
      </button>
    </EmptyState>
  );
}

function countText(shown: number, read: number, filtered: boolean, more: boolean, reading: boolean): string {
  if (!filtered) return `${plural(read, "record")}${more ? " and more" : ""}`;
  const of = `${shown.toLocaleString("en-US")} of ${plural(read, "record")}`;
  return reading ? `${of}, reading on…` : more ? `${of} that were read` : of;
}

function cells(r: DatasetRecord, keys: readonly string[], open: (id: string) => void) {
  const all: Readonly<Record<string, () => ReactNode>> = {
    outputs: () => textCell(valueText(r.outputs)),
    expectations: () => textCell(valueText(r.expectations)),
    tags: () => textCell(tagsText(r.tags)),
    source: () => sourceName(r.sourceType),
    changed: () => <RelativeTime timeMS={r.updatedMS} />,
  };
  const text = valueText(r.inputs);
  return [
    <button
      key="inputs"
      type="button"
      className="link-button truncate"
      title={text}
      onClick={() => open(r.id)}
    >
      {text || "{}"}
    </button>,
    ...keys.map((key) => all[key]!()),
  ];
}

interface SelectionProps {
  datasetID: string;
  selected: readonly string[];
  clear: () => void;
}

/** What can be done with the selected records. */
function Selection({ datasetID, selected, clear }: SelectionProps) {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const what = plural(selected.length, "record");
  return (
    <SelectionBar label="Selected records" what={what} clear={clear}>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        <Icon name="trash" size={14} /> Delete…
      </button>
      {asking && (
        <ActionDialog
          title={`Delete ${what}?`}
          action="Delete"
          danger
          onClose={() => setAsking(false)}
          run={async () => {
            const count = await deleteRecords(datasetID, selected);
            clear();
            await client.invalidateQueries({ queryKey: ["evaluation datasets"] });
            toast(`Deleted ${plural(count, "record")}`);
          }}
        >
          <p>This can't be undone. The traces that they come from stay.</p>
        </ActionDialog>
      )}
    </SelectionBar>
  );
}
