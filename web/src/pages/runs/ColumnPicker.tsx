import { useMemo, useState } from "react";
import { Icon } from "../../components/Icon";
import { Popover } from "../../components/Popover";
import { SearchField } from "../../components/SearchField";
import type { Column, ColumnKind } from "../../lib/columns";

interface ColumnPickerProps {
  available: readonly Column[];
  shown: readonly Column[];
  automatic: boolean;
  /** undefined goes back to the automatic choice. */
  choose: (ids: string[] | undefined) => void;
}

const kinds: [ColumnKind, string][] = [
  ["attributes", "Attributes"],
  ["metrics", "Metrics"],
  ["params", "Parameters"],
  ["tags", "Tags"],
];

/** Rendering thousands of check boxes helps nobody: beyond this, the search narrows the list. */
const maxListed = 200;

export function ColumnPicker(props: ColumnPickerProps) {
  return (
    <Popover
      label="Columns"
      trigger={
        <>
          <Icon name="columns" size={14} /> Columns
          <span className="muted number">{props.shown.length}</span>
        </>
      }
    >
      {() => <Choices {...props} />}
    </Popover>
  );
}

function Choices({ available, shown, automatic, choose }: ColumnPickerProps) {
  const [text, setText] = useState("");
  const shownIDs = useMemo(() => new Set(shown.map((c) => c.id)), [shown]);
  const needle = text.trim().toLowerCase();
  const matching = available.filter((c) => c.title.toLowerCase().includes(needle));
  // Chosen columns keep their order; new ones go to the end of their kind.
  const store = (ids: Set<string>) => {
    const known = [...shown.filter((c) => ids.has(c.id)), ...available.filter((c) => ids.has(c.id))];
    const unique = [...new Map(known.map((c) => [c.id, c])).values()];
    choose(kinds.flatMap(([kind]) => unique.filter((c) => c.kind === kind).map((c) => c.id)));
  };
  const set = (columns: readonly Column[], on: boolean) => {
    const ids = new Set(shownIDs);
    for (const { id } of columns) {
      if (on) ids.add(id);
      else ids.delete(id);
    }
    store(ids);
  };
  return (
    <div className="column-picker">
      <div className="toolbar">
        <SearchField label="Search columns" value={text} onChange={setText} />
        <button type="button" className="button" disabled={automatic} onClick={() => choose(undefined)}>
          Automatic
        </button>
      </div>
      <div className="column-choices">
        {kinds.map(([kind, title]) => {
          const members = matching.filter((c) => c.kind === kind);
          if (members.length === 0) return null;
          const on = members.filter((c) => shownIDs.has(c.id)).length;
          return (
            <fieldset key={kind}>
              <legend>
                {title}{" "}
                <span className="muted number">
                  {on} of {members.length}
                </span>
                <button
                  type="button"
                  className="link-button"
                  onClick={() => set(members.slice(0, maxListed), on === 0)}
                >
                  {on === 0 ? "Show all" : "Hide all"}
                </button>
              </legend>
              {members.slice(0, maxListed).map((c) => (
                <label key={c.id} className="check">
                  <input
                    type="checkbox"
                    checked={shownIDs.has(c.id)}
                    onChange={(e) => set([c], e.target.checked)}
                  />
                  <span className="truncate" title={c.key}>
                    {c.title}
                  </span>
                </label>
              ))}
              {members.length > maxListed && (
                <p className="muted">and {members.length - maxListed} more: search to narrow the list</p>
              )}
            </fieldset>
          );
        })}
        {matching.length === 0 && <p className="muted">No column has “{text}” in its name.</p>}
      </div>
    </div>
  );
}
