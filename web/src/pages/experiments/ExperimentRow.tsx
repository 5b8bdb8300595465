import { Link } from "@tanstack/react-router";
import type { Activity, Experiment } from "../../api/experiments";
import { Icon } from "../../components/Icon";
import { PinButton } from "../../components/PinButton";
import { MenuItem, Popover } from "../../components/Popover";
import { RelativeTime } from "../../components/Values";
import { isUserTag } from "../../lib/runs/columns";
import type { NamedRow } from "../../lib/text/tree";

interface ExperimentRowProps {
  row: NamedRow<Experiment>;
  index: number;
  top: number;
  activities: Record<string, Activity> | undefined;
  fold: (path: string) => void;
  onRename: (experiment: Experiment) => void;
  onDelete: (experiment: Experiment) => void;
  onRestore: (experiment: Experiment) => void;
}

export function ExperimentRow({ row, index, top, activities, fold, ...actions }: ExperimentRowProps) {
  const { item, folder, open, depth } = row;
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
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className="experiment-name" style={{ paddingLeft: depth * 20 }}>
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
      <span role="gridcell">
        <RelativeTime timeMS={total?.lastActivityMS} />
      </span>
      <span role="gridcell" className="truncate muted">
        {item && (item.tags["mlflow.ownerEmail"] ?? item.tags["mlflow.user"])}
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
      </span>
      <span role="gridcell">{item && <RelativeTime timeMS={item.createdMS} />}</span>
      <span role="gridcell">{item && <RowMenu experiment={item} {...actions} />}</span>
    </div>
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
