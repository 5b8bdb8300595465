import type { ReactNode } from "react";
import type { TableRun } from "../../../api/runTable";
import { Icon } from "../../../components/Icon";
import type { Column } from "../../../lib/runs/columns";
import type { Placed } from "../../../lib/table/layout";

/** What each row of the table gets, whether it is a run or a group. */
export interface RowProps {
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

export interface CellContent {
  content: ReactNode;
  title: string | undefined;
}

interface FrameProps extends RowProps {
  className: string;
  select: ReactNode;
  name: ReactNode;
  nameTitle?: string | undefined;
  cell: (column: Column) => CellContent;
}

const indent = 18;
const mostIndent = 7;

/** The grid of a row: the first two cells, the pinned ones and those in sight. */
export function Row(props: FrameProps) {
  const { run, pinned, scrolling, index, selected, active } = props;
  const states = `${selected ? " selected" : ""}${active ? " active" : ""}`;
  return (
    <div
      role="row"
      className={`runs-row${states}${props.className}`}
      data-run={run.id}
      tabIndex={props.tabStop ? 0 : -1}
      aria-rowindex={index + 2}
      aria-level={run.depth + 1}
      aria-expanded={run.children > 0 ? run.open : undefined}
      aria-selected={selected}
      style={{ transform: `translateY(${props.top}px)` }}
      onFocus={(e) => e.target === e.currentTarget && props.setActive(run.id)}
    >
      <span role="gridcell" className="pin-select">
        {props.select}
      </span>
      <span
        role="gridcell"
        className="pin-name"
        style={{ paddingLeft: 4 + Math.min(run.depth, mostIndent) * indent }}
        title={props.nameTitle}
      >
        {props.name}
      </span>
      {pinned.map((placed) => (
        <Cell key={placed.column.id} {...props} placed={placed} isPinned track={undefined} />
      ))}
      {scrolling.map((placed, i) => (
        <Cell
          key={placed.column.id}
          {...props}
          placed={placed}
          isPinned={false}
          track={i === 0 ? pinned.length + 4 : undefined}
        />
      ))}
    </div>
  );
}

interface CellProps extends Pick<FrameProps, "numeric" | "active" | "activeColumn" | "cell"> {
  placed: Placed;
  isPinned: boolean;
  /** The track in the grid of the first cell after the gap of columns out of sight. */
  track: number | undefined;
}

function Cell({ placed: { column, left }, isPinned, numeric, active, activeColumn, track, cell }: CellProps) {
  const { content, title } = cell(column);
  const at = active && activeColumn === column.id;
  const isNumeric = numeric.has(column.id);
  const classes = `cell truncate${isNumeric ? " numeric" : ""}${isPinned ? " pinned" : ""}${at ? " at" : ""}`;
  return (
    <span
      role="gridcell"
      className={classes}
      data-column={column.id}
      tabIndex={-1}
      title={title}
      style={
        track === undefined && !isPinned
          ? undefined
          : { gridColumnStart: track, left: isPinned ? left : undefined }
      }
    >
      {content}
    </span>
  );
}

interface ExpanderProps {
  open: boolean;
  label: string;
  onClick: () => void;
}

/** Shows or hides what is below a row. */
export function Expander({ open, label, onClick }: ExpanderProps) {
  return (
    <button
      type="button"
      className={open ? "expander turned" : "expander"}
      tabIndex={-1}
      aria-label={label}
      onClick={onClick}
    >
      <Icon name="chevron" size={12} />
    </button>
  );
}
