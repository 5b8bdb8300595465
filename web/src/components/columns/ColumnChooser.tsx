import { useEffect, useState } from "react";
import { changeShown, type DataColumn } from "../../lib/columns/columns";
import { Icon } from "../Icon";
import { Popover } from "../Popover";
import { SearchField } from "../SearchField";
import "./columns.css";
import { ColumnGroup } from "./ColumnGroup";

interface ColumnChooserProps<Row> {
  catalogue: readonly DataColumn<Row>[];
  shown: readonly DataColumn<Row>[];
  automatic: boolean;
  /** undefined goes back to the automatic choice. */
  choose: (ids: string[] | undefined) => void;
  /** Called when the list is opened, for columns that are read when they are asked for. */
  onOpen?: () => void;
}

/** The columns of a table with check boxes, by group. */
export function ColumnChooser<Row>(props: ColumnChooserProps<Row>) {
  const { shown } = props;
  return (
    <Popover
      label={`Columns ${shown.length}`}
      trigger={
        <>
          <Icon name="columns" size={14} /> Columns <span className="muted number">{shown.length}</span>
        </>
      }
    >
      {() => <Choices {...props} />}
    </Popover>
  );
}

function Choices<Row>({ catalogue, shown, automatic, choose, onOpen }: ColumnChooserProps<Row>) {
  const [text, setText] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is called once
  useEffect(() => onOpen?.(), []);
  const needle = text.trim().toLowerCase();
  const on = new Set(shown.map((c) => c.id));
  const found = catalogue.filter((c) => c.title.toLowerCase().includes(needle));
  const groups = [...new Set(found.map((c) => c.group))];
  const set = (columns: readonly DataColumn<Row>[], show: boolean) =>
    choose(changeShown(shown, columns, show, (c) => c.group));
  return (
    <div className="column-picker">
      <div className="toolbar">
        <SearchField label="Search columns" value={text} onChange={setText} />
        <button type="button" className="button" disabled={automatic} onClick={() => choose(undefined)}>
          Automatic
        </button>
      </div>
      <div className="column-choices">
        {groups.map((group) => {
          const members = found.filter((c) => c.group === group);
          const count = members.filter((c) => on.has(c.id)).length;
          return (
            <ColumnGroup
              key={group}
              title={group}
              on={count}
              count={members.length}
              columns={members}
              isShown={(id) => on.has(id)}
              set={set}
            />
          );
        })}
        {found.length === 0 && <p className="muted">No column has “{text}” in its name.</p>}
      </div>
    </div>
  );
}
