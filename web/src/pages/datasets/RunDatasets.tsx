import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo, useRef } from "react";
import { type DatasetUsage, datasetList } from "../../api/datasets";
import { Snippet } from "../../components/Copy";
import { ListCount } from "../../components/ListCount";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { SearchField } from "../../components/SearchField";
import { RelativeTime } from "../../components/Values";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { useDeferredText, useHotkeys, useViewState } from "../../lib/browser/hooks";
import { runsWithDataset } from "../../lib/runs/datasets";
import { type DatasetsView, datasetsCodec } from "../../lib/view/datasets";
import { DatasetPanel } from "./DatasetPanel";
import "../run/run.css";
import "./datasets.css";

const columns: readonly Column[] = [
  { label: "Name", track: "minmax(160px, 3fr)" },
  { label: "Digest", track: "minmax(90px, 1fr)" },
  { label: "Used for", track: "minmax(90px, 1fr)" },
  { label: "Source", track: "minmax(80px, 1fr)" },
  { label: "Runs", track: "80px", numeric: true },
  { label: "Models", track: "80px", numeric: true },
  { label: "Last used", track: "110px" },
];

interface RunDatasetsProps {
  experimentID: string;
  /** Stands at the beginning of the toolbar. */
  children: ReactNode;
}

/** The datasets that runs and models of an experiment use. */
export function RunDatasets({ experimentID, children }: RunDatasetsProps) {
  const [view, change] = useViewState(datasetsCodec);
  const list = useInfiniteQuery(datasetList(experimentID, view.text));
  const datasets = useMemo(() => list.data?.pages.flatMap((page) => page.datasets) ?? [], [list.data]);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus(), r: () => void list.refetch() });
  if (list.data && datasets.length === 0 && !view.text) {
    return (
      <>
        <div className="toolbar">{children}</div>
        <NoRunDatasets />
      </>
    );
  }
  return (
    <>
      <div className="toolbar">
        {children}
        <SearchField
          label="Search datasets by name or digest"
          placeholder="Search by name or digest  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
          className="dataset-search"
        />
        <ListCount shown={datasets.length} one="dataset" more={list.hasNextPage} />
      </div>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the datasets" retry={list.refetch} />
      )}
      {list.isPending && <Loading what="Loading datasets" />}
      {list.data && datasets.length === 0 && (
        <EmptyState title={`No dataset matches “${view.text}”`}>
          <p>The search looks in names and digests, in any case.</p>
        </EmptyState>
      )}
      {view.name && (
        <DatasetPanel
          experimentID={experimentID}
          name={view.name}
          digest={view.digest}
          onClose={() => change({ name: "", digest: "" })}
        />
      )}
      {datasets.length > 0 && (
        <VirtualTable
          label="Datasets"
          columns={columns}
          rows={datasets}
          rowKey={(d) => `${d.name}\n${d.digest}`}
          minWidth={720}
          cells={(d) => cells(d, experimentID, change)}
        />
      )}
      <MoreButton pages={list} label="Load more datasets" />
    </>
  );
}

function cells(d: DatasetUsage, experimentID: string, change: (part: Partial<DatasetsView>) => void) {
  return [
    <button
      key="name"
      type="button"
      className="link-button truncate"
      title={d.name}
      onClick={() => change({ name: d.name, digest: d.digest })}
    >
      {d.name}
    </button>,
    <code key="digest" title={d.digest}>
      {d.digest}
    </code>,
    d.contexts.length === 0 ? (
      <span key="contexts" className="muted">
        –
      </span>
    ) : (
      <span key="contexts" className="chips">
        {d.contexts.map((context) => (
          <span key={context} className="chip">
            {context}
          </span>
        ))}
      </span>
    ),
    d.sourceType || "–",
    d.runs > 0 ? (
      <Link
        key="runs"
        to="/experiments/$experimentID"
        params={{ experimentID }}
        search={{ q: runsWithDataset(d.name, d.digest) } as never}
        title="Show these runs"
      >
        {d.runs.toLocaleString("en-US")}
      </Link>
    ) : (
      "0"
    ),
    d.models.toLocaleString("en-US"),
    <RelativeTime key="used" timeMS={d.lastUsedMS} />,
  ];
}

function NoRunDatasets() {
  return (
    <EmptyState title="No datasets of runs">
      <HowToLog />
    </EmptyState>
  );
}

/** How datasets of runs come about. */
export function HowToLog() {
  return (
    <>
      <p>Say which data a run uses, and it is listed here with its digest, schema and profile:</p>
      <Snippet
        code={`dataset = mlflow.data.from_pandas(frame, name="train")\nmlflow.log_input(dataset, context="training")`}
        label="log_input example"
      />
    </>
  );
}
