import { useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { deleteRun, type Run, restoreRun } from "../../api/runs";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { plural } from "../../lib/format";
import { join } from "../../lib/view/search";
import type { RunsViewProps } from "./runsView";

/** What can be done with the selected runs. */
export function SelectionBar({
  runs,
  view,
  change,
}: Pick<RunsViewProps, "view" | "change"> & { runs: readonly Run[] }) {
  const { experimentID } = useParams({ strict: false });
  const [confirming, setConfirming] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const ids = view.selected;
  const children = runs.filter(
    (run) => ids.includes(run.tags["mlflow.parentRunId"] ?? "") && !ids.includes(run.id),
  ).length;

  const refresh = () => client.invalidateQueries({ queryKey: ["runs"] });
  const remove = async () => {
    await forEach(ids, deleteRun);
    change({ selected: [] }, "replace");
    toast(`Deleted ${plural(ids.length, "run")}`, async () => {
      await forEach(ids, restoreRun);
      await refresh();
    });
    await refresh();
  };
  const restore = async () => {
    try {
      await forEach(ids, restoreRun);
      change({ selected: [] }, "replace");
      toast(`Restored ${plural(ids.length, "run")}`);
    } catch (error) {
      toast(`Not all runs could be restored: ${errorText(error)}`);
    }
    await refresh();
  };

  return (
    <section className="selection-bar" aria-label="Selected runs">
      <strong>{ids.length} selected</strong>
      <Link
        to="/compare-runs"
        search={{ runs: join(ids), experiments: experimentID } as never}
        className="button"
      >
        Compare
      </Link>
      {view.view !== "charts" && (
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
      <button type="button" className="link-button" onClick={() => change({ selected: [] }, "replace")}>
        Clear selection
      </button>
      {confirming && (
        <ActionDialog
          title={`Delete ${plural(ids.length, "run")}?`}
          action="Delete"
          danger
          onClose={() => setConfirming(false)}
          run={remove}
        >
          <p>
            Metrics, parameters and artifacts are kept. You find the runs under “Deleted” and can restore them
            until they are purged.
          </p>
          {children > 0 && (
            <p className="hint">
              {plural(children, "child run", "child runs")} of these will stay, as rows of their own.
            </p>
          )}
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
