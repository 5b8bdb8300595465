import { useEffect, useLayoutEffect, useRef } from "react";
import type { Run } from "../../api/runs";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { MenuItem } from "../../components/Popover";
import { type Column, searchName } from "../../lib/columns";
import { addClause, quoteValue } from "../../lib/filter";
import { exactNumber, formatDateTime } from "../../lib/format";

/** A cell that was clicked, and where on the screen it is. */
export interface CellAnchor {
  run: Run;
  column: Column;
  text: string;
  at: DOMRect;
}

interface CellMenuProps {
  cell: CellAnchor;
  filter: string;
  setFilter: (filter: string) => void;
  onClose: () => void;
}

/** The full value of a cell, and filters made from it. */
export function CellMenu({ cell, filter, setFilter, onClose }: CellMenuProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    if (!element.matches(":popover-open")) element.showPopover();
    const { width, height } = element.getBoundingClientRect();
    const below = cell.at.bottom + 2;
    element.style.left = `${Math.max(8, Math.min(cell.at.left, innerWidth - width - 8))}px`;
    element.style.top = `${below + height > innerHeight - 8 ? cell.at.top - height - 2 : below}px`;
  }, [cell]);
  useEffect(() => {
    const element = box.current!;
    const onToggle = (event: ToggleEvent) => event.newState === "closed" && onClose();
    element.addEventListener("toggle", onToggle as EventListener);
    return () => element.removeEventListener("toggle", onToggle as EventListener);
  }, [onClose]);
  const full = fullText(cell);
  return (
    <div ref={box} popover="auto" className="popover cell-menu" role="dialog" aria-label={cell.column.title}>
      <div className="cell-menu-value">
        <span className="muted">{cell.column.title}</span>
        <div>
          <span className="mono">{full}</span>
          <CopyButton text={full} label="Copy value" />
        </div>
      </div>
      {clauses(cell).map((clause) => (
        <MenuItem
          key={clause}
          onSelect={() => {
            onClose();
            setFilter(addClause(filter, clause));
          }}
        >
          <Icon name="filter" size={14} />
          <span className="mono truncate">{clause}</span>
        </MenuItem>
      ))}
    </div>
  );
}

function fullText({ run, column, text }: CellAnchor): string {
  if (column.kind === "metrics") return exactNumber(run.metrics[column.key]!);
  if (column.key === "start_time" && run.startMS) return formatDateTime(run.startMS);
  if (column.key === "duration") return text ? `${Number(text) / 1000} s` : "still running";
  if (column.key === "source") return run.tags["mlflow.source.name"] ?? text;
  return text;
}

/** Filters that make sense for the value; none where the grammar has no words for it. */
function clauses({ run, column, text }: CellAnchor): string[] {
  const name = searchName(column);
  if (!name || text === "") return [];
  if (column.kind === "metrics") {
    const value = run.metrics[column.key]!;
    if (!Number.isFinite(value) || Math.abs(value) >= Number.MAX_VALUE) return [];
    return [`${name} <= ${exactNumber(value)}`, `${name} >= ${exactNumber(value)}`];
  }
  if (column.key === "start_time") return [`${name} >= ${text}`, `${name} <= ${text}`];
  // A literal can hold one kind of quote only, and the user column may show a tag instead.
  const value = column.key === "source" ? (run.tags["mlflow.source.name"] ?? "") : text;
  if (value.includes("'") && value.includes('"')) return [];
  if (column.key === "user_id" && !run.user) return [];
  return [`${name} = ${quoteValue(value)}`, `${name} != ${quoteValue(value)}`];
}
