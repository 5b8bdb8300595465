import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { type Activity, type Experiment, restoreExperiment, type ViewType } from "../../api/experiments";
import { activity, experimentList } from "../../api/queries";
import { Icon } from "../../components/Icon";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, errorText, Loading } from "../../components/Notice";
import { QuickStart } from "../../components/QuickStart";
import { SearchField } from "../../components/SearchField";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import { useDeferredText, useHotkeys, useViewState } from "../../lib/browser/hooks";
import { type NamedRow, nameTree } from "../../lib/text/tree";
import { type ExperimentOrder, experimentsCodec } from "../../lib/view/experiments";
import { DeleteExperimentDialog, RenameExperimentDialog } from "./ExperimentDialogs";
import { ExperimentRow } from "./ExperimentRow";
import "./experiments.css";

const rowHeight = 34;
const stages: [ViewType, string][] = [
  ["ACTIVE_ONLY", "Active"],
  ["DELETED_ONLY", "Deleted"],
  ["ALL", "All"],
];

/** Until run counts have arrived, and beyond the loaded pages, the last change stands for activity. */
const serverOrder: Record<ExperimentOrder, string> = {
  activity: "last_update_time",
  name: "name",
  creation_time: "creation_time",
};

function byActivity(
  experiments: readonly Experiment[],
  activities: Record<string, Activity> | undefined,
  descending: boolean,
): readonly Experiment[] {
  if (!activities) return experiments;
  const time = (e: Experiment) => activities[e.id]?.lastActivityMS ?? 0;
  return [...experiments].sort((a, b) => (descending ? time(b) - time(a) : time(a) - time(b)));
}

/** Moves the focus among the names in sight; bringing one into view renders the rows after it. */
function focusName(step: number) {
  const names = [...document.querySelectorAll<HTMLElement>(".experiment-name .truncate")];
  const at = names.indexOf(document.activeElement as HTMLElement);
  names[Math.max(0, Math.min(names.length - 1, at + step))]?.focus();
}

type OpenDialog = { kind: "rename" | "delete"; experiment: Experiment };

/** The list of experiments with its search, order and grouping; used by two pages. */
export function ExperimentsList() {
  const [view, change] = useViewState(experimentsCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const [dialog, setDialog] = useState<OpenDialog>();
  const searchBox = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const toast = useToast();

  const list = useInfiniteQuery(
    experimentList({
      text: view.text,
      viewType: view.stage,
      orderBy: `${serverOrder[view.order]} ${view.descending ? "DESC" : "ASC"}`,
    }),
  );
  const loaded = useMemo(() => list.data?.pages.flatMap((p) => p.experiments) ?? [], [list.data]);
  const activities = useQuery(activity(useMemo(() => loaded.map((e) => e.id), [loaded])));
  const experiments = useMemo(
    () => (view.order === "activity" ? byActivity(loaded, activities.data, view.descending) : loaded),
    [loaded, activities.data, view.order, view.descending],
  );
  const rows = useMemo(
    () => (view.tree ? nameTree(experiments, new Set(view.folded)) : flat(experiments)),
    [experiments, view.tree, view.folded],
  );

  useHotkeys({
    "/": () => searchBox.current?.focus(),
    j: () => focusName(1),
    k: () => focusName(-1),
    r: () => void client.invalidateQueries({ queryKey: ["experiments"] }),
  });

  const sortBy = (order: ExperimentOrder) =>
    change({ order, descending: order === view.order ? !view.descending : order !== "name" });
  const fold = (path: string) => {
    const folded = view.folded.includes(path)
      ? view.folded.filter((p) => p !== path)
      : [...view.folded, path];
    change({ folded }, "replace");
  };
  const restore = async (experiment: Experiment) => {
    try {
      await restoreExperiment(experiment.id);
      toast(`Restored ${experiment.name}`);
      await client.invalidateQueries({ queryKey: ["experiments"] });
    } catch (error) {
      toast(`Could not restore ${experiment.name}: ${errorText(error)}`);
    }
  };

  return (
    <section aria-label="Experiments">
      <div className="toolbar">
        <SearchField
          label="Search experiments by name"
          placeholder="Search by name  ( / )"
          value={text}
          onChange={setText}
          inputRef={searchBox}
          className="experiment-search"
        />
        <fieldset className="segmented">
          <legend className="visually-hidden">Which experiments</legend>
          {stages.map(([stage, label]) => (
            <button
              key={stage}
              type="button"
              aria-pressed={view.stage === stage}
              onClick={() => change({ stage })}
            >
              {label}
            </button>
          ))}
        </fieldset>
        <button
          type="button"
          className="button"
          aria-pressed={view.tree}
          title="Group names by the part before a slash"
          onClick={() => change({ tree: !view.tree })}
        >
          <Icon name="folder" size={14} />
          Group by prefix
        </button>
      </div>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the experiments" retry={() => list.refetch()} />
      )}
      {list.isPending && <Loading what="Loading experiments" />}
      {list.data && rows.length === 0 && <NoExperiments searched={view.text} stage={view.stage} />}
      {rows.length > 0 && (
        <ExperimentTable
          rows={rows}
          view={view}
          activities={activities.data}
          sortBy={sortBy}
          fold={fold}
          onRename={(experiment) => setDialog({ kind: "rename", experiment })}
          onDelete={(experiment) => setDialog({ kind: "delete", experiment })}
          onRestore={restore}
        />
      )}
      <MoreButton pages={list} label="Load more experiments">
        {view.order === "activity" && (
          <span className="muted"> Sorted among the {loaded.length} that are loaded.</span>
        )}
      </MoreButton>
      {dialog?.kind === "rename" && (
        <RenameExperimentDialog experiment={dialog.experiment} onClose={() => setDialog(undefined)} />
      )}
      {dialog?.kind === "delete" && (
        <DeleteExperimentDialog
          experiment={dialog.experiment}
          runs={activities.data?.[dialog.experiment.id]?.runs ?? 0}
          onClose={() => setDialog(undefined)}
        />
      )}
    </section>
  );
}

type Row = NamedRow<Experiment>;

function flat(experiments: readonly Experiment[]): Row[] {
  return experiments.map((item) => ({
    path: item.name,
    label: item.name,
    depth: 0,
    item,
    members: [item],
    folder: false,
    open: true,
  }));
}

interface ExperimentTableProps {
  rows: Row[];
  view: { order: ExperimentOrder; descending: boolean };
  activities: Parameters<typeof ExperimentRow>[0]["activities"];
  sortBy: (order: ExperimentOrder) => void;
  fold: (path: string) => void;
  onRename: (experiment: Experiment) => void;
  onDelete: (experiment: Experiment) => void;
  onRestore: (experiment: Experiment) => void;
}

function ExperimentTable({ rows, view, sortBy, ...rowProps }: ExperimentTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const header = (order: ExperimentOrder, label: string) => (
    <span
      role="columnheader"
      aria-sort={view.order === order ? (view.descending ? "descending" : "ascending") : "none"}
    >
      <button type="button" className="sort-button" onClick={() => sortBy(order)}>
        {label}
        <span aria-hidden="true">{view.order === order ? (view.descending ? " ↓" : " ↑") : ""}</span>
      </button>
    </span>
  );
  return (
    <div
      className="card experiments"
      role="treegrid"
      aria-label="Experiments"
      aria-rowcount={rows.length + 1}
      ref={scroller}
    >
      <div className="experiment-row head" role="row" tabIndex={-1}>
        {header("name", "Name")}
        <span role="columnheader" className="numeric">
          Runs
        </span>
        {header("activity", "Last activity")}
        <span role="columnheader">Owner</span>
        <span role="columnheader">Tags</span>
        {header("creation_time", "Created")}
        <span role="columnheader">
          <span className="visually-hidden">Actions</span>
        </span>
      </div>
      <div role="presentation" className="virtual" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((v) => (
          <ExperimentRow
            key={rows[v.index]!.path}
            row={rows[v.index]!}
            index={v.index}
            top={v.start}
            {...rowProps}
          />
        ))}
      </div>
    </div>
  );
}

function NoExperiments({ searched, stage }: { searched: string; stage: ViewType }) {
  const user = useUser();
  if (searched) {
    return (
      <EmptyState title={`No experiment has “${searched}” in its name`}>
        <p>
          The search looks at names only, in any case. Try fewer letters, or show deleted experiments too.
        </p>
      </EmptyState>
    );
  }
  if (stage === "DELETED_ONLY") {
    return (
      <EmptyState title="Nothing is deleted">
        <p>Deleted experiments wait here until they are restored or purged.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title={user ? "No experiments yet, or none is shared with you" : "No experiments yet"}>
      <QuickStart />
    </EmptyState>
  );
}
