import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { deleteRun, restoreRun } from "../../api/runs";
import { type TableQuery, tableRows } from "../../api/runTable";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import type { Column } from "../../lib/columns";
import { plural } from "../../lib/format";
import { join } from "../../lib/view/search";
import type { RunsViewProps } from "./runsView";

interface SelectionBarProps extends Pick<RunsViewProps, "view" | "change"> {
  experimentID: string;
  /** The rows that "all" means. */
  query: TableQuery;
  count: number;
  /** Columns of an export. */
  columns: readonly Column[];
}

/** What can be done with the selected runs. */
export function SelectionBar({ experimentID, view, change, query, count }: SelectionBarProps) {
  const [confirming, setConfirming] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const clear = () => change({ selected: [], selectAll: false }, "replace");

  const refresh = () => client.invalidateQueries({ queryKey: ["runs"] });
  const remove = async () => {
    const ids = await selectedIDs(query, view);
    await forEach(ids, deleteRun);
    clear();
    toast(`Deleted ${plural(ids.length, "run")}`, async () => {
      await forEach(ids, restoreRun);
      await refresh();
    });
    await refresh();
  };
  const restore = async () => {
    try {
      const ids = await selectedIDs(query, view);
      await forEach(ids, restoreRun);
      clear();
      toast(`Restored ${plural(ids.length, "run")}`);
    } catch (error) {
      toast(`Not all runs could be restored: ${errorText(error)}`);
    }
    await refresh();
  };

  return (
    <section className="selection-bar" aria-label="Selected runs">
      <strong>{count.toLocaleString("en-US")} selected</strong>
      {!view.selectAll && (
        <Link
          to="/compare-runs"
          search={{ runs: join(view.selected), experiments: experimentID } as never}
          className="button"
        >
          Compare
        </Link>
      )}
      {view.view !== "charts" && !view.selectAll && (
        <button type="button" className="button" onClick={() => change({ view: "charts" })}>
          Show charts
        </button>
      )}
      {view.stage === "DELETED_ONLY" ? (
        <button type="button" className="button" onClick={restore}>
          <Icon name="restore" size={14} /> Restore
        </button>
      ) : (
        <button type="button" className="button" onClick={() => setConfirming(true)}>
          <Icon name="trash" size={14} /> Delete…
        </button>
      )}
      <button type="button" className="link-button" onClick={clear}>
        Clear selection
      </button>
      {confirming && (
        <ActionDialog
          title={`Delete ${plural(count, "run")}?`}
          action="Delete"
          danger
          onClose={() => setConfirming(false)}
          run={remove}
        >
          <p>
            Metrics, parameters and artifacts are kept. You find the runs under “Deleted” and can restore them
            until they are purged.
          </p>
          <p className="hint">Child runs that are not selected stay, as rows of their own.</p>
        </ActionDialog>
      )}
    </section>
  );
}

const atOnce = 6;

/** Calls for every id, a few at a time. Fails after the batch in which something failed. */
async function forEach(ids: readonly string[], call: (id: string) => Promise<unknown>) {
  for (let i = 0; i < ids.length; i += atOnce) await Promise.all(ids.slice(i, i + atOnce).map(call));
}

/** The runs of a selection. All that match are read from the server, without nesting. */
export async function selectedIDs(
  query: TableQuery,
  view: RunsViewProps["view"],
): Promise<readonly string[]> {
  if (!view.selectAll) return view.selected;
  const flat = { ...query, tree: undefined };
  const ids: string[] = [];
  for (let total = 1; ids.length < total; ) {
    const block = await tableRows(flat, ids.length, 1000, []);
    if (block.rows.length === 0) break;
    ids.push(...block.rows.map((row) => row.id));
    total = block.bounded ? Number.POSITIVE_INFINITY : block.total;
  }
  const left = new Set(view.selected);
  return ids.filter((id) => !left.has(id));
}
