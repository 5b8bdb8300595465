import { useState } from "react";
import type { ColumnKeys } from "../../../api/runTable";
import { MenuItem, Popover } from "../../../components/Popover";
import { SearchField } from "../../../components/SearchField";
import type { Grouping } from "../../../lib/charts/groups";
import { parseColumn } from "../../../lib/runs/columns";
import { tableGroupings } from "../../../lib/table/groups";
import type { RunsViewProps } from "../runsView";

interface GroupButtonProps extends Pick<RunsViewProps, "view" | "change"> {
  keys: ColumnKeys;
  /** The server lists the runs one by one, because there are too many to group them. */
  refused: boolean;
}

/** Beyond this, the search narrows the list. */
const maxListed = 100;

const noGroup: Grouping = { id: "", label: "No groups" };

/** Says what the runs are grouped by. */
export function GroupButton({ view, change, keys, refused }: GroupButtonProps) {
  const grouped = view.group !== "";
  const label = view.group === "seeds" ? "all but the seed" : (parseColumn(view.group)?.title ?? view.group);
  return (
    <Popover
      label={grouped ? `Grouped by ${label}` : "Group runs"}
      title={grouped && refused ? "Too many runs match to group them" : "Groups of runs"}
      trigger={
        <>
          {grouped ? (
            <>
              {refused ? "Not grouped by " : "Group: "}
              <span className="group-label truncate">{label}</span>
            </>
          ) : (
            "Group"
          )}{" "}
          <span aria-hidden="true">▾</span>
        </>
      }
    >
      {(close) => (
        <Choices
          groupings={tableGroupings(keys)}
          chosen={view.group}
          choose={(group) => {
            close();
            change({ group, open: [], openAll: false, folded: [] });
          }}
          openAll={
            grouped ? () => change({ open: [], openAll: !view.openAll, folded: [] }, "replace") : undefined
          }
          allOpen={view.openAll}
        />
      )}
    </Popover>
  );
}

interface ChoicesProps {
  groupings: readonly Grouping[];
  chosen: string;
  choose: (id: string) => void;
  openAll: (() => void) | undefined;
  allOpen: boolean;
}

function Choices({ groupings, chosen, choose, openAll, allOpen }: ChoicesProps) {
  const [text, setText] = useState("");
  const needle = text.trim().toLowerCase();
  const found = [noGroup, ...groupings].filter((g) => g.label.toLowerCase().includes(needle));
  return (
    <div className="group-choices">
      <SearchField label="Search what to group by" value={text} onChange={setText} />
      {openAll && (
        <label className="check">
          <input type="checkbox" checked={allOpen} onChange={openAll} /> Show the runs of all groups
        </label>
      )}
      <div role="menu" aria-label="Group by">
        {found.slice(0, maxListed).map(({ id, label }) => (
          <MenuItem key={id} onSelect={() => choose(id)}>
            <span className="menu-mark">{id === chosen ? "✓" : ""}</span>
            <span className="truncate" title={label}>
              {label}
            </span>
          </MenuItem>
        ))}
      </div>
      {found.length > maxListed && (
        <p className="muted">and {found.length - maxListed} more: search to narrow the list</p>
      )}
      {found.length === 0 && <p className="muted">Nothing to group by has “{text}” in its name.</p>}
    </div>
  );
}
