import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { TableRun } from "../../../api/runTable";
import { Icon } from "../../../components/Icon";
import { Duration, RelativeTime, RunSwatch, StatusGlyph, statusLabels } from "../../../components/Values";
import { cellValue, metricText, parameterText } from "../../../lib/table/cells";
import type { Placed } from "../../../lib/table/layout";
import { plural } from "../../../lib/text/format";

interface RunRowProps {
  run: TableRun;
  /** Pinned columns, and those in sight. */
  pinned: readonly Placed[];
  scrolling: readonly Placed[];
  numeric: ReadonlySet<string>;
  index: number;
  top: number;
  selected: boolean;
  active: boolean;
  activeColumn: string | undefined;
  /** Whether the Tab key stops at this row. */
  tabStop: boolean;
  toggle: (id: string, range: boolean) => void;
  fold: (run: TableRun) => void;
  setActive: (id: string) => void;
}

const indent = 18;
const mostIndent = 7;

/** One run. Memoised: a refresh that brings nothing new for a run does not render its row again. */
export const RunRow = memo(function RunRow(props: RunRowProps) {
  const { run, pinned, scrolling, numeric, index, top, selected, active, activeColumn, tabStop } = props;
  const states = `${selected ? " selected" : ""}${active ? " active" : ""}${run.context ? " context" : ""}`;
  const cell = (placed: Placed, isPinned: boolean, track: number | undefined) => (
    <Cell
      key={placed.column.id}
      run={run}
      placed={placed}
      isPinned={isPinned}
      numeric={numeric.has(placed.column.id)}
      active={active && activeColumn === placed.column.id}
      track={track}
    />
  );
  return (
    <div
      role="row"
      className={`runs-row${states}`}
      data-run={run.id}
      tabIndex={tabStop ? 0 : -1}
      aria-rowindex={index + 2}
      aria-level={run.depth + 1}
      aria-expanded={run.children > 0 ? run.open : undefined}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={(e) => e.target === e.currentTarget && props.setActive(run.id)}
    >
      <span role="gridcell" className="pin-select">
        <input
          type="checkbox"
          aria-label={`Select ${run.name}`}
          checked={selected}
          tabIndex={-1}
          readOnly
          onClick={(e) => props.toggle(run.id, e.shiftKey)}
        />
      </span>
      <span
        role="gridcell"
        className="pin-name"
        style={{ paddingLeft: 4 + Math.min(run.depth, mostIndent) * indent }}
        title={run.context ? "The filter matches runs below this one, not the run itself" : undefined}
      >
        {run.children > 0 ? (
          <button
            type="button"
            className={run.open ? "expander turned" : "expander"}
            tabIndex={-1}
            aria-label={`${run.open ? "Hide" : "Show"} ${plural(run.children, "child run")} of ${run.name}`}
            onClick={() => props.fold(run)}
          >
            <Icon name="chevron" size={12} />
          </button>
        ) : (
          <span className="expander" />
        )}
        <StatusGlyph status={run.status} />
        <RunSwatch runID={run.id} />
        <Link
          to="/experiments/$experimentID/runs/$runID"
          params={{ experimentID: run.experimentID, runID: run.id }}
          className="truncate"
          title={run.name}
          tabIndex={-1}
        >
          {run.name}
        </Link>
        {run.children > 0 && <span className="muted number child-count">{run.children}</span>}
      </span>
      {pinned.map((placed) => cell(placed, true, undefined))}
      {scrolling.map((placed, i) => cell(placed, false, i === 0 ? pinned.length + 4 : undefined))}
    </div>
  );
});

interface CellProps {
  run: TableRun;
  placed: Placed;
  isPinned: boolean;
  numeric: boolean;
  active: boolean;
  /** The track in the grid of the first cell after the gap of columns out of sight. */
  track: number | undefined;
}

function Cell({ run, placed, isPinned, numeric, active, track }: CellProps) {
  const { column, left } = placed;
  const value = cellValue(run, column);
  const classes = `cell truncate${numeric ? " numeric" : ""}${isPinned ? " pinned" : ""}${active ? " at" : ""}`;
  return (
    <span
      role="gridcell"
      className={classes}
      data-column={column.id}
      tabIndex={-1}
      title={typeof value === "string" && value.length > 8 ? value : undefined}
      style={
        track === undefined && !isPinned
          ? undefined
          : { gridColumnStart: track, left: isPinned ? left : undefined }
      }
    >
      <CellValue run={run} placed={placed} numeric={numeric} />
    </span>
  );
}

function CellValue({ run, placed: { column }, numeric }: Pick<CellProps, "run" | "placed" | "numeric">) {
  const value = cellValue(run, column);
  if (column.kind === "attributes") {
    if (column.key === "start_time") return <RelativeTime timeMS={run.startMS} />;
    if (column.key === "end_time") return <RelativeTime timeMS={run.endMS} />;
    if (column.key === "status") return statusLabels[run.status];
    if (column.key === "duration") {
      return <Duration startMS={run.startMS} endMS={run.endMS} running={run.status === "RUNNING"} />;
    }
  }
  if (typeof value === "number") return metricText(value);
  return numeric && value ? parameterText(value) : value;
}

/** A row whose run is not loaded yet. */
export function EmptyRow({ index, top }: { index: number; top: number }) {
  return (
    <div
      role="row"
      tabIndex={-1}
      className="runs-row unloaded"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className="pin-name">
        <span className="visually-hidden">Loading</span>
      </span>
    </div>
  );
}
