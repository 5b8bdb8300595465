import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Activity, deleteExperimentTag, type Experiment, setExperimentTag } from "../../api/experiments";
import { ActivityBars } from "../../components/activity/ActivityBars";
import { Icon } from "../../components/Icon";
import { PinButton } from "../../components/PinButton";
import { MenuItem, Popover } from "../../components/Popover";
import { TagCard } from "../../components/tags/TagCard";
import { RelativeTime } from "../../components/Values";
import { sumDays } from "../../lib/experiments/activity";
import { summaryOf } from "../../lib/experiments/description";
import { isUserTag } from "../../lib/runs/columns";
import type { NamedRow } from "../../lib/text/tree";

interface ExperimentRowProps {
  row: NamedRow<Experiment>;
  index: number;
  top: number;
  activities: Record<string, Activity> | undefined;
  /** Runs per day, and who manages them, by experiment. */
  daily: Readonly<Record<string, number[]>> | undefined;
  managers: Readonly<Record<string, string[]>> | undefined;
  selected: ReadonlySet<string>;
  toggle: (ids: readonly string[]) => void;
  fold: (path: string) => void;
  onRename: (experiment: Experiment) => void;
  onDelete: (experiment: Experiment) => void;
  onRestore: (experiment: Experiment) => void;
}

export function ExperimentRow(props: ExperimentRowProps) {
  const { row, index, top, activities, daily, managers, selected, toggle, fold, ...actions } = props;
  const { item, folder, open, depth } = row;
  const members = row.members.map((e) => e.id);
  const total = sum(row.members, activities);
  const deleted = item?.stage === "deleted";
  return (
    <div
      role="row"
      tabIndex={-1}
      className={deleted ? "experiment-row deleted" : "experiment-row"}
      aria-level={depth + 1}
      aria-rowindex={index + 2}
      aria-expanded={folder ? open : undefined}
      aria-selected={item && selected.has(item.id)}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell">
        <SelectBox
          label={`Select ${item && !folder ? item.name : `all in ${row.path}`}`}
          members={members}
          selected={selected}
          toggle={() => toggle(members)}
        />
      </span>
      <span role="gridcell" data-row-name className="experiment-name" style={{ paddingLeft: depth * 20 }}>
        {folder ? (
          <button
            type="button"
            className="fold"
            onClick={() => fold(row.path)}
            aria-label={`Fold ${row.path}`}
          >
            <span className={open ? "turned" : ""}>
              <Icon name="chevron" size={12} />
            </span>
            <Icon name="folder" size={14} />
          </button>
        ) : (
          <span className="fold-space" />
        )}
        {item ? (
          <Link
            to="/experiments/$experimentID"
            params={{ experimentID: item.id }}
            className="truncate"
            title={item.name}
          >
            {row.label}
          </Link>
        ) : (
          <button type="button" className="folder-name truncate" onClick={() => fold(row.path)}>
            {row.label}
          </button>
        )}
        {item && !deleted && <PinButton id={item.id} name={item.name} />}
        {deleted && <span className="badge">Deleted</span>}
        {item && <Description tags={item.tags} />}
      </span>
      <span role="gridcell" className="numeric number">
        {total ? (
          <>
            {total.running > 0 && (
              <span className="running-count" title={`${total.running} running now`}>
                <span aria-hidden="true">● </span>
                {total.running} running
              </span>
            )}
            <span className={total.runs ? "" : "muted"}>{total.runs.toLocaleString("en-US")}</span>
          </>
        ) : (
          <span className="muted">…</span>
        )}
      </span>
      <span role="gridcell">{daily && <ActivityBars days={sumDays(members.map((id) => daily[id]))} />}</span>
      <span role="gridcell">
        <RelativeTime timeMS={total?.lastActivityMS} />
      </span>
      <span role="gridcell" className="truncate muted">
        {item && <Owner tags={item.tags} managers={managers?.[item.id]} />}
      </span>
      <span role="gridcell" className="truncate experiment-tags">
        {item &&
          Object.entries(item.tags)
            .filter(([key]) => isUserTag(key))
            .map(([key, value]) => (
              <span key={key} className="chip truncate" title={`${key}: ${value}`}>
                {key}: {value}
              </span>
            ))}
        {item && !deleted && <EditTags experiment={item} />}
      </span>
      <span role="gridcell">{item && <RelativeTime timeMS={item.createdMS} />}</span>
      <span role="gridcell">{item && <RowMenu experiment={item} {...actions} />}</span>
    </div>
  );
}

interface SelectBoxProps {
  label: string;
  /** Ids of what the box stands for. */
  members: readonly string[];
  selected: ReadonlySet<string>;
  toggle: () => void;
}

/** A check box of one experiment or of many, some of which may be selected. */
export function SelectBox({ label, members, selected, toggle }: SelectBoxProps) {
  const count = members.filter((id) => selected.has(id)).length;
  return (
    <input
      type="checkbox"
      aria-label={label}
      checked={count > 0 && count === members.length}
      ref={(box) => {
        if (box) box.indeterminate = count > 0 && count < members.length;
      }}
      onChange={toggle}
    />
  );
}

function Description({ tags }: { tags: Experiment["tags"] }) {
  const text = summaryOf(tags);
  if (!text) return null;
  return (
    <span className="experiment-summary truncate muted" title={text}>
      {text}
    </span>
  );
}

interface OwnerProps {
  tags: Experiment["tags"];
  managers: readonly string[] | undefined;
}

/** Who may manage an experiment or, if nobody has a grant for it, whom its tags name. */
function Owner({ tags, managers = [] }: OwnerProps) {
  const tagged = tags["mlflow.ownerEmail"] ?? tags["mlflow.user"];
  if (managers.length === 0) return tagged;
  const [first, ...others] = managers;
  return (
    <span title={`Managed by ${managers.join(", ")}`}>
      {first}
      {others.length > 0 && ` +${others.length}`}
    </span>
  );
}

function EditTags({ experiment: { id, name, tags } }: { experiment: Experiment }) {
  const client = useQueryClient();
  return (
    <Popover
      label={`Tags of ${name}`}
      title="Edit tags"
      trigger={<Icon name="pencil" size={12} />}
      triggerClass="icon-button edit-tags"
    >
      {() => (
        <TagCard
          tags={tags}
          editable
          set={(key, value) => setExperimentTag(id, key, value)}
          remove={(key) => deleteExperimentTag(id, key)}
          refresh={() => client.invalidateQueries({ queryKey: ["experiments"] })}
        />
      )}
    </Popover>
  );
}

type Actions = Pick<ExperimentRowProps, "onRename" | "onDelete" | "onRestore">;

function RowMenu({ experiment, onRename, onDelete, onRestore }: Actions & { experiment: Experiment }) {
  return (
    <Popover
      kind="menu"
      label={`Actions for ${experiment.name}`}
      trigger={<Icon name="more" />}
      triggerClass="icon-button"
    >
      {(close) => {
        const choose = (action: (e: Experiment) => void) => () => {
          close();
          action(experiment);
        };
        return experiment.stage === "deleted" ? (
          <MenuItem onSelect={choose(onRestore)}>
            <Icon name="restore" size={14} /> Restore
          </MenuItem>
        ) : (
          <>
            <MenuItem onSelect={choose(onRename)}>
              <Icon name="pencil" size={14} /> Rename…
            </MenuItem>
            <MenuItem danger onSelect={choose(onDelete)}>
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          </>
        );
      }}
    </Popover>
  );
}

/** Totals over a folder. Undefined until the numbers have arrived. */
function sum(members: readonly Experiment[], activities: Record<string, Activity> | undefined) {
  if (!activities) return undefined;
  const total: Activity = { runs: 0, running: 0, lastActivityMS: 0 };
  for (const { id } of members) {
    const one = activities[id];
    if (!one) continue;
    total.runs += one.runs;
    total.running += one.running;
    total.lastActivityMS = Math.max(total.lastActivityMS, one.lastActivityMS);
  }
  return total;
}
