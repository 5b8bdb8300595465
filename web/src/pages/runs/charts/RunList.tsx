import { useMemo } from "react";
import type { TableRun } from "../../../api/runTable";
import { describeDrawn } from "../../../lib/charts/drawn";
import { columnTitle, type PlotItem } from "../../../lib/plots/item";
import { compareNames } from "../../../lib/runs/columns";
import { settingText } from "../../../lib/table/cells";
import type { RunsViewProps } from "../runsView";
import { GroupListRow, RunListRow } from "./RunListRow";

interface RunListProps extends Pick<RunsViewProps, "view" | "change"> {
  runs: readonly TableRun[];
  drawn: readonly TableRun[];
  setFocusID: (id: string | undefined) => void;
  /** Ids of the columns that tell the runs apart, and their values as far as they are known. */
  named: readonly string[];
  items: readonly PlotItem[];
  /** The group of each run, by run id, where runs are grouped. */
  groups: ReadonlyMap<string, string> | undefined;
  /** Runs that match, whether they are loaded or not. */
  matching: number;
  loadMore: (() => void) | undefined;
}

/** The runs beside their charts: which of them are drawn, and in which colour. */
export function RunList(props: RunListProps) {
  const { runs, drawn, view, change, setFocusID, named, items, groups, matching, loadMore } = props;
  const selected = new Set(
    runs.map((run) => run.id).filter((id) => view.selectAll !== view.selected.includes(id)),
  );
  const hidden = new Set(view.hidden.filter((id) => runs.some((run) => run.id === id)));
  const captions = useMemo(
    () => new Map(items.map((item) => [item.id, captionOf(item, named)])),
    [items, named],
  );
  const toggle = (id: string) => {
    const next = new Set(view.selected); // Those that are chosen or, with selectAll, those that are not.
    if (!next.delete(id)) next.add(id);
    change({ selected: [...next] }, "replace");
  };
  const row = (run: TableRun) => (
    <RunListRow
      key={run.id}
      run={run}
      caption={captions.get(run.id)}
      selected={selected.has(run.id)}
      hidden={hidden.has(run.id)}
      toggle={() => toggle(run.id)}
      hide={() => change({ hidden: toggled(view.hidden, run.id) }, "replace")}
      setFocusID={setFocusID}
    />
  );
  const grouped = useMemo(() => membersOf(runs, groups), [runs, groups]);
  return (
    <aside className="card run-list" aria-label="Runs in the charts">
      <p className="run-list-head">
        {selected.size > 0 ? (
          <>
            {drawn.length} selected{" "}
            <button
              type="button"
              className="link-button"
              onClick={() => change({ selected: [], selectAll: false }, "replace")}
            >
              Show all
            </button>
          </>
        ) : (
          describeDrawn(drawn.length, Math.max(matching, runs.length))
        )}
        {hidden.size > 0 && (
          <>
            {" "}
            {hidden.size} hidden
            <button type="button" className="link-button" onClick={() => change({ hidden: [] }, "replace")}>
              Show them
            </button>
          </>
        )}
      </p>
      <ul>
        {groups
          ? [...grouped].map(([name, members]) => (
              <GroupListRow
                key={name}
                name={name}
                count={members.length}
                open={view.openGroups.includes(name)}
                hidden={members.every(({ id }) => hidden.has(id))}
                thin={view.thinGroups.includes(name)}
                toggle={() => change({ openGroups: toggled(view.openGroups, name) }, "replace")}
                hide={() => change({ hidden: hiddenWith(view.hidden, members) }, "replace")}
                draw={() => change({ thinGroups: toggled(view.thinGroups, name) }, "replace")}
              >
                {members.map(row)}
              </GroupListRow>
            ))
          : runs.map(row)}
      </ul>
      {loadMore && (
        <p className="more">
          <button type="button" className="button" onClick={loadMore}>
            Load more runs
          </button>
        </p>
      )}
    </aside>
  );
}

/** A list with an item taken out of it, or put into it. */
const toggled = (list: readonly string[], item: string) =>
  list.includes(item) ? list.filter((other) => other !== item) : [...list, item];

/** The hidden runs after a group was hidden or, if all of it was hidden, shown again. */
function hiddenWith(hidden: readonly string[], members: readonly TableRun[]): string[] {
  const ids = members.map(({ id }) => id);
  const others = hidden.filter((id) => !ids.includes(id));
  return ids.every((id) => hidden.includes(id)) ? others : [...others, ...ids];
}

/** The runs of each group, in the order of the names of the groups. */
function membersOf(runs: readonly TableRun[], groups: ReadonlyMap<string, string> | undefined) {
  const members = new Map<string, TableRun[]>();
  for (const run of runs) {
    const name = groups?.get(run.id);
    if (name !== undefined) members.set(name, [...(members.get(name) ?? []), run]);
  }
  return new Map([...members].sort(([a], [b]) => compareNames(a, b)));
}

/** The settings that tell a run apart. */
function captionOf({ values }: PlotItem, named: readonly string[]): string {
  return named
    .flatMap((id) => (values[id] === undefined ? [] : [`${columnTitle(id)} ${settingText(values[id])}`]))
    .join(" · ");
}
