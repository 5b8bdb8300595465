import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { maxTrashSelection, type TrashItem, type TrashKind, trashSizeList } from "../../api/trash";
import { Icon } from "../../components/Icon";
import { RelativeTime } from "../../components/Values";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { formatBytes, plural } from "../../lib/text/format";

interface TrashTableProps {
  kind: TrashKind;
  items: readonly TrashItem[];
  ticked: ReadonlySet<string>;
  setTicked: (ids: ReadonlySet<string>) => void;
  onRestore: (item: TrashItem) => void;
  onPurge: (item: TrashItem) => void;
}

const about: Record<TrashKind, Column[]> = {
  run: [
    { label: "Experiment", track: "minmax(120px, 2fr)" },
    { label: "User", track: "minmax(80px, 1fr)" },
  ],
  experiment: [{ label: "Runs", track: "80px", numeric: true }],
  logged_model: [{ label: "Experiment", track: "minmax(120px, 2fr)" }],
};

export function TrashTable({ kind, items, ticked, setTicked, onRestore, onPurge }: TrashTableProps) {
  const sizes = useSizes(kind, items);
  const columns: Column[] = [
    { label: "Name", track: "minmax(180px, 3fr)" },
    ...about[kind],
    { label: "Deleted", track: "110px" },
    { label: "Size", track: "90px", numeric: true },
    { label: "Actions", track: "70px", unlabelled: true },
  ];
  const toggle = (id: string) => {
    const next = new Set(ticked);
    if (!next.delete(id)) next.add(id);
    setTicked(next);
  };
  const cells = (item: TrashItem) => [
    <label key="name" className="trash-name" title={`${item.name}  ${item.id}`}>
      <input
        type="checkbox"
        aria-label={`Select ${item.name}`}
        checked={ticked.has(item.id)}
        onChange={() => toggle(item.id)}
      />
      <span className="truncate">{item.name}</span>
    </label>,
    ...aboutCells(kind, item),
    <RelativeTime key="deleted" timeMS={item.deletedMS} />,
    <Size key="size" size={sizes[item.id]} />,
    <span key="actions" className="trash-actions">
      <button
        type="button"
        className="icon-button"
        title="Restore"
        aria-label={`Restore ${item.name}`}
        onClick={() => onRestore(item)}
      >
        <Icon name="restore" />
      </button>
      <button
        type="button"
        className="icon-button"
        title="Delete for ever"
        aria-label={`Delete ${item.name} for ever`}
        onClick={() => onPurge(item)}
      >
        <Icon name="trash" />
      </button>
    </span>,
  ];
  const all = items.length > 0 && items.every((item) => ticked.has(item.id));
  return (
    <>
      <label className="check trash-all">
        <input
          type="checkbox"
          checked={all}
          onChange={() => setTicked(new Set(all ? [] : items.map((item) => item.id)))}
        />
        Select all {items.length.toLocaleString("en-US")} loaded
      </label>
      <VirtualTable
        label="Deleted items"
        columns={columns}
        rows={items}
        rowKey={(item) => item.id}
        minWidth={640}
        cells={cells}
      />
    </>
  );
}

function aboutCells(kind: TrashKind, item: TrashItem) {
  const experiment = (
    <span key="experiment" title={item.experimentName}>
      {item.experimentName}
    </span>
  );
  switch (kind) {
    case "experiment":
      return [item.runs.toLocaleString("en-US")];
    case "logged_model":
      return [experiment];
    case "run":
      return [experiment, item.user || "–"];
  }
}

/** Sizes of the first items: each asks the artifact store for a list of files. */
function useSizes(kind: TrashKind, items: readonly TrashItem[]) {
  const ids = useMemo(() => items.slice(0, maxTrashSelection / 2).map((item) => item.id), [items]);
  return useQuery(trashSizeList(kind, ids)).data ?? {};
}

function Size({ size }: { size: { files: number; bytes: number; error: string } | undefined }) {
  if (!size) return <span className="muted">–</span>;
  if (size.error) {
    return (
      <span className="muted" title={size.error}>
        unknown
      </span>
    );
  }
  return <span title={plural(size.files, "file")}>{formatBytes(size.bytes)}</span>;
}
