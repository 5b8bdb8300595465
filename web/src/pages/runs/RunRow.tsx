import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Run } from "../../api/runs";
import { Icon } from "../../components/Icon";
import {
  Duration,
  NumberText,
  RelativeTime,
  RunSwatch,
  StatusGlyph,
  statusLabels,
} from "../../components/Values";
import { type Column, cellText } from "../../lib/columns";
import type { CellAnchor } from "./CellMenu";

interface RunRowProps {
  run: Run;
  depth: number;
  childCount: number;
  open: boolean;
  columns: readonly Column[];
  index: number;
  top: number;
  selected: boolean;
  active: boolean;
  /** Whether the Tab key stops at this row. */
  tabStop: boolean;
  toggle: (id: string, range: boolean) => void;
  fold: (id: string) => void;
  setActive: (id: string) => void;
  openCell: (cell: CellAnchor) => void;
}

/** The first column of each kind begins a band; numbers line up at the right. */
export function cellClass(column: Column, previous: Column | undefined): string {
  const first = column.kind === previous?.kind ? "" : " first";
  return `${column.kind}${first}${column.numeric ? " numeric" : ""}`;
}

/** One run. Memoised: a refresh that brings nothing new for a run does not render its row again. */
export const RunRow = memo(function RunRow(props: RunRowProps) {
  const { run, depth, childCount, open, columns, index, top, selected, active, tabStop } = props;
  const states = `${selected ? " selected" : ""}${active ? " active" : ""}`;
  return (
    <div
      role="row"
      className={`runs-row${states}`}
      data-run={run.id}
      tabIndex={tabStop ? 0 : -1}
      aria-rowindex={index + 2}
      aria-level={depth + 1}
      aria-expanded={childCount > 0 ? open : undefined}
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
      <span role="gridcell" className="pin-name" style={{ paddingLeft: 4 + depth * 18 }}>
        {childCount > 0 ? (
          <button
            type="button"
            className="expander"
            tabIndex={-1}
            aria-label={`${open ? "Hide" : "Show"} ${childCount} child runs of ${run.name}`}
            onClick={() => props.fold(run.id)}
          >
            <span className={open ? "turned" : ""}>
              <Icon name="chevron" size={12} />
            </span>
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
        {childCount > 0 && <span className="muted number child-count">{childCount}</span>}
      </span>
      {columns.map((column, i) => (
        <Cell
          key={column.id}
          run={run}
          column={column}
          className={cellClass(column, columns[i - 1])}
          openCell={props.openCell}
        />
      ))}
    </div>
  );
});

interface CellProps {
  run: Run;
  column: Column;
  className: string;
  openCell: (cell: CellAnchor) => void;
}

function Cell({ run, column, className, openCell }: CellProps) {
  const text = cellText(run, column);
  const running = run.status === "RUNNING";
  const empty = text === "" && !(column.key === "duration" && running);
  return (
    <span role="gridcell" className={className}>
      {!empty && (
        <button
          type="button"
          tabIndex={-1}
          className="cell truncate"
          onClick={(e) => openCell({ run, column, text, at: e.currentTarget.getBoundingClientRect() })}
        >
          <CellValue run={run} column={column} text={text} />
        </button>
      )}
    </span>
  );
}

function CellValue({ run, column, text }: { run: Run; column: Column; text: string }) {
  if (column.kind === "metrics") return <NumberText value={run.metrics[column.key]!} />;
  if (column.kind === "attributes") {
    if (column.key === "start_time") return <RelativeTime timeMS={run.startMS} />;
    if (column.key === "status") return statusLabels[run.status];
    if (column.key === "duration") {
      return <Duration startMS={run.startMS} endMS={run.endMS} running={run.status === "RUNNING"} />;
    }
  }
  return <span title={text}>{text}</span>;
}
