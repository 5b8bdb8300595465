import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Experiment } from "../../api/experiments";
import { activityDays } from "../../lib/experiments/activity";
import { rowHeight } from "../../lib/text/preferences";
import type { NamedRow } from "../../lib/text/tree";
import type { ExperimentOrder, ExperimentsView } from "../../lib/view/experiments";
import { ExperimentRow, SelectBox } from "./ExperimentRow";

interface ExperimentTableProps {
  rows: NamedRow<Experiment>[];
  view: Pick<ExperimentsView, "order" | "descending">;
  activities: Parameters<typeof ExperimentRow>[0]["activities"];
  daily: Readonly<Record<string, number[]>> | undefined;
  managers: Readonly<Record<string, string[]>> | undefined;
  selected: ReadonlySet<string>;
  toggle: (ids: readonly string[]) => void;
  toggleAll: () => void;
  sortBy: (order: ExperimentOrder) => void;
  fold: (path: string) => void;
  onRename: (experiment: Experiment) => void;
  onDelete: (experiment: Experiment) => void;
  onRestore: (experiment: Experiment) => void;
}

/** The rows in sight of a list of any length. */
export function ExperimentTable({ rows, view, sortBy, toggleAll, ...rowProps }: ExperimentTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = rowHeight() + 4;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
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
        <span role="columnheader">
          <SelectBox
            label="Select all that are loaded"
            members={rows.flatMap((row) => row.item?.id ?? [])}
            selected={rowProps.selected}
            toggle={toggleAll}
          />
        </span>
        {header("name", "Name")}
        <span role="columnheader" className="numeric">
          Runs
        </span>
        <span role="columnheader">{activityDays} days</span>
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
