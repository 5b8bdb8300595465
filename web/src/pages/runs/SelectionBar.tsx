import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { deleteRuns, type RunSelection, restoreRuns } from "../../api/runBulk";
import type { TableQuery } from "../../api/runTable";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { csvOf, saveText } from "../../lib/export";
import type { Column } from "../../lib/runs/columns";
import { csvRows } from "../../lib/table/csv";
import { plural } from "../../lib/text/format";
import { join } from "../../lib/view/search";
import type { RunsViewProps } from "./runsView";
import { MoveRunsDialog, RenameRunsDialog, TagRunsDialog } from "./selection/Dialogs";
import { readSelection } from "./selection/readSelection";

interface SelectionBarProps extends Pick<RunsViewProps, "view" | "change"> {
  experimentID: string;
  /** The rows that "all" means. */
  query: TableQuery;
  count: number;
  /** Columns of an export. */
  columns: readonly Column[];
}

type DialogName = "tag" | "rename" | "move" | "delete";

/** What can be done with the selected runs. */
export function SelectionBar({ experimentID, view, change, query, count, columns }: SelectionBarProps) {
  const [dialog, setDialog] = useState<DialogName>();
  const [exporting, setExporting] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const deleted = view.stage === "DELETED_ONLY";
  const selection: RunSelection = {
    experimentID,
    ids: view.selectAll ? undefined : view.selected,
    filter: query.filter,
    viewType: view.stage,
    except: view.selectAll ? view.selected : [],
  };
  const clear = () => change({ selected: [], selectAll: false }, "replace");
  const close = () => setDialog(undefined);
  const refresh = () => client.invalidateQueries({ queryKey: ["runs"] });
  const done = async (message: string, gone = false) => {
    if (gone) clear();
    toast(message);
    await refresh();
  };
  const remove = async () => {
    const ids = await deleteRuns(selection);
    clear();
    toast(`Deleted ${plural(ids.length, "run")}`, async () => {
      await restoreEach(experimentID, ids);
      await refresh();
    });
    await refresh();
  };
  const restore = async () => {
    try {
      const ids = await restoreRuns(selection);
      await done(`Restored ${plural(ids.length, "run")}`, true);
    } catch (error) {
      toast(`The runs could not be restored: ${errorText(error)}`);
    }
  };
  const save = async () => {
    setExporting(true);
    try {
      const rows = await readSelection(query, view.selected, view.selectAll, columns);
      saveText(`runs-${experimentID}.csv`, "text/csv", csvOf(csvRows(rows, columns)));
    } catch (error) {
      toast(`The export failed: ${errorText(error)}`);
    } finally {
      setExporting(false);
    }
  };
  const open = (name: DialogName, label: string) => (
    <button type="button" className="button" onClick={() => setDialog(name)}>
      {name === "delete" && <Icon name="trash" size={14} />} {label}
    </button>
  );
  const shared = { selection, count, onClose: close, done };
  return (
    <section className="selection-bar" aria-label="Selected runs">
      <strong>{count.toLocaleString("en-US")} selected</strong>
      {!view.selectAll && (
        <>
          <Link
            to="/compare-runs"
            search={{ runs: join(view.selected), experiments: experimentID } as never}
            className="button"
          >
            Compare
          </Link>
          <button type="button" className="button" onClick={() => change({ view: "charts" })}>
            Show charts
          </button>
        </>
      )}
      <button type="button" className="button" disabled={exporting} onClick={save}>
        {exporting ? "Exporting…" : "Export CSV"}
      </button>
      {deleted ? (
        <button type="button" className="button" onClick={restore}>
          <Icon name="restore" size={14} /> Restore
        </button>
      ) : (
        <>
          {open("tag", "Tag…")}
          {open("rename", "Rename…")}
          {open("move", "Move…")}
          {open("delete", "Delete…")}
        </>
      )}
      <button type="button" className="link-button" onClick={clear}>
        Clear selection
      </button>
      {dialog === "tag" && <TagRunsDialog {...shared} />}
      {dialog === "rename" && <RenameRunsDialog {...shared} />}
      {dialog === "move" && <MoveRunsDialog {...shared} />}
      {dialog === "delete" && (
        <ActionDialog
          title={`Delete ${plural(count, "run")}?`}
          action="Delete"
          danger
          onClose={close}
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

/** The number of runs that a request may name. */
const maxNamed = 10_000;

async function restoreEach(experimentID: string, ids: readonly string[]) {
  for (let i = 0; i < ids.length; i += maxNamed) {
    const part = ids.slice(i, i + maxNamed);
    await restoreRuns({ experimentID, ids: part, filter: "", viewType: "ALL", except: [] });
  }
}
