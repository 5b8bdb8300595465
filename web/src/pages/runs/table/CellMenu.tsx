import type { TableRun } from "../../../api/runTable";
import { CopyButton } from "../../../components/Copy";
import { Icon } from "../../../components/Icon";
import { MenuItem } from "../../../components/Popover";
import type { Column } from "../../../lib/runs/columns";
import { addClause } from "../../../lib/runs/filter";
import { clausesFor, exactText } from "../../../lib/table/cells";
import { statsText } from "../../../lib/table/groups";
import { AnchoredPopover } from "./AnchoredPopover";

/** A cell that was clicked, and where on the screen it is. */
export interface CellAnchor {
  run: TableRun;
  column: Column;
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
  const stats = cell.run.group?.stats[cell.column.id];
  const full = stats ? statsText(stats, cell.column) : exactText(cell.run, cell.column);
  return (
    <AnchoredPopover label={cell.column.title} at={cell.at} className="cell-menu" onClose={onClose}>
      <div className="cell-menu-value">
        <span className="muted">{cell.column.title}</span>
        <div>
          <span className="mono">{full || "no value"}</span>
          {full && <CopyButton text={full} label="Copy value" />}
        </div>
      </div>
      {clausesFor(cell.run, cell.column).map((clause) => (
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
    </AnchoredPopover>
  );
}
