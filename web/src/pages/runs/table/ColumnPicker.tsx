import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { ColumnKeys, KeyQuery } from "../../../api/runTable";
import { runKeys } from "../../../api/tableQueries";
import { ColumnGroup } from "../../../components/columns/ColumnGroup";
import { Icon } from "../../../components/Icon";
import { Popover } from "../../../components/Popover";
import { SearchField } from "../../../components/SearchField";
import { useDebounced } from "../../../lib/browser/hooks";
import { changeShown } from "../../../lib/columns/columns";
import type { Column, ColumnKind } from "../../../lib/runs/columns";
import { availableColumns } from "../../../lib/table/choice";
import { plural } from "../../../lib/text/format";
import "../../../components/columns/columns.css";

interface ColumnPickerProps {
  query: KeyQuery;
  keys: ColumnKeys;
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
      label={`Columns ${props.shown.length}`}
      trigger={
        <>
          <Icon name="columns" size={14} /> Columns <span className="muted number">{props.shown.length}</span>
        </>
      }
    >
      {() => <Choices {...props} />}
    </Popover>
  );
}

function Choices({ query, keys, shown, automatic, choose }: ColumnPickerProps) {
  const [text, setText] = useState("");
  const needle = useDebounced(text.trim()).toLowerCase();
  // The server searches, since it knows keys that are not in the list.
  const found =
    useQuery({ ...runKeys(query, false, needle), placeholderData: keepPreviousData }).data ?? keys;
  const shownIDs = useMemo(() => new Set(shown.map((c) => c.id)), [shown]);
  const available = useMemo(() => {
    const plain = availableColumns(found).filter((c) => c.title.toLowerCase().includes(needle));
    // Columns with an aggregate are offered only while they are shown.
    const special = shown.filter((c) => c.aggregate !== "last" && c.title.toLowerCase().includes(needle));
    return [...special, ...plain];
  }, [found, needle, shown]);
  const counts: Record<ColumnKind, number | undefined> = { ...found.counts, attributes: undefined };
  const set = (columns: readonly Column[], on: boolean) =>
    choose(changeShown(shown, columns, on, (c) => c.kind));
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
          const members = available.filter((c) => c.kind === kind);
          if (members.length === 0) return null;
          const on = members.filter((c) => shownIDs.has(c.id)).length;
          const count = counts[kind] ?? members.length;
          return (
            <ColumnGroup
              key={kind}
              title={title}
              on={on}
              count={count}
              columns={members.slice(0, maxListed)}
              isShown={(id) => shownIDs.has(id)}
              set={set}
            >
              {count > maxListed && (
                <p className="muted">
                  and {(count - maxListed).toLocaleString("en-US")} more: search to narrow the list
                </p>
              )}
            </ColumnGroup>
          );
        })}
        {available.length === 0 && <p className="muted">No column has “{text}” in its name.</p>}
        {keys.bounded && (
          <p className="muted">These are the columns of the newest {plural(keys.runs, "run")} that match.</p>
        )}
      </div>
    </div>
  );
}
