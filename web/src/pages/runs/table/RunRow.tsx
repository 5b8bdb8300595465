import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { TableRun } from "../../../api/runTable";
import { Duration, RelativeTime, RunSwatch, StatusGlyph, statusLabels } from "../../../components/Values";
import type { Column } from "../../../lib/runs/columns";
import { cellValue, metricText, parameterText } from "../../../lib/table/cells";
import { plural } from "../../../lib/text/format";
import { Expander, Row, type RowProps } from "./Row";

/** One run. Memoised: a refresh that brings nothing new for a run does not render its row again. */
export const RunRow = memo(function RunRow(props: RowProps) {
  const { run, numeric, selected } = props;
  return (
    <Row
      {...props}
      className={run.context ? " context" : ""}
      nameTitle={run.context ? "The filter matches runs below this one, not the run itself" : undefined}
      select={
        <input
          type="checkbox"
          aria-label={`Select ${run.name}`}
          checked={selected}
          tabIndex={-1}
          readOnly
          onClick={(e) => props.toggle(run.id, e.shiftKey)}
        />
      }
      name={
        <>
          {run.children > 0 ? (
            <Expander
              open={run.open}
              label={`${run.open ? "Hide" : "Show"} ${plural(run.children, "child run")} of ${run.name}`}
              onClick={() => props.fold(run)}
            />
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
        </>
      }
      cell={(column) => {
        const value = cellValue(run, column);
        return {
          content: <CellValue run={run} column={column} numeric={numeric.has(column.id)} />,
          title: typeof value === "string" && value.length > 8 ? value : undefined,
        };
      }}
    />
  );
});

/** A value of a run as the table shows it. */
export function CellValue({ run, column, numeric }: { run: TableRun; column: Column; numeric: boolean }) {
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
