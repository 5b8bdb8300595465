import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { type Activity, type Experiment, restoreExperiment, type ViewType } from "../../api/experiments";
import { activity, dailyActivity, experimentList, managersOf } from "../../api/queries";
import { Icon } from "../../components/Icon";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, errorText, Loading } from "../../components/Notice";
import { QuickStart } from "../../components/QuickStart";
import { SearchField } from "../../components/SearchField";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import { useDeferredText, useHotkeys, useNow, useViewState } from "../../lib/browser/hooks";
import { useRowKeys } from "../../lib/browser/rowKeys";
import { type NamedRow, nameTree } from "../../lib/text/tree";
import { type ExperimentOrder, experimentsCodec } from "../../lib/view/experiments";
import { DeleteExperimentDialog, RenameExperimentDialog } from "./ExperimentDialogs";
import { ExperimentSelection } from "./ExperimentSelection";
import { ExperimentTable } from "./ExperimentTable";
import "./experiments.css";

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

type OpenDialog = { kind: "rename" | "delete"; experiment: Experiment };

/** The list of experiments with its search, order and grouping; used by two pages. */
export function ExperimentsList() {
  const [view, change] = useViewState(experimentsCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const [dialog, setDialog] = useState<OpenDialog>();
  const searchBox = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const toast = useToast();
  const user = useUser();

  const list = useInfiniteQuery(
    experimentList({
      text: view.text,
      viewType: view.stage,
      orderBy: `${serverOrder[view.order]} ${view.descending ? "DESC" : "ASC"}`,
    }),
  );
  const loaded = useMemo(() => list.data?.pages.flatMap((p) => p.experiments) ?? [], [list.data]);
  const ids = useMemo(() => loaded.map((e) => e.id), [loaded]);
  const activities = useQuery(activity(ids));
  const daily = useQuery(dailyActivity(ids, useNow())).data;
  const managers = useQuery({ ...managersOf(ids), enabled: user !== undefined && ids.length > 0 }).data;
  const experiments = useMemo(
    () => (view.order === "activity" ? byActivity(loaded, activities.data, view.descending) : loaded),
    [loaded, activities.data, view.order, view.descending],
  );
  const rows = useMemo(
    () => (view.tree ? nameTree(experiments, new Set(view.folded)) : flat(experiments)),
    [experiments, view.tree, view.folded],
  );

  useRowKeys();
  useHotkeys({
    "/": () => searchBox.current?.focus(),
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
  const selected = useMemo(() => new Set(view.selected), [view.selected]);
  const toggle = (members: readonly string[]) => {
    const next = new Set(selected);
    const all = members.every((id) => next.has(id));
    for (const id of members) all ? next.delete(id) : next.add(id);
    change({ selected: [...next] }, "replace");
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
      {selected.size > 0 && (
        <ExperimentSelection
          experiments={loaded.filter((e) => selected.has(e.id))}
          clear={() => change({ selected: [] }, "replace")}
        />
      )}
      {rows.length > 0 && (
        <ExperimentTable
          rows={rows}
          view={view}
          activities={activities.data}
          daily={daily}
          managers={managers}
          selected={selected}
          toggle={toggle}
          toggleAll={() => toggle(ids)}
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

function flat(experiments: readonly Experiment[]): NamedRow<Experiment>[] {
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
