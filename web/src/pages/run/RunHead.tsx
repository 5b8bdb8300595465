import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { experimentDetail, runDetail } from "../../api/queries";
import { deleteRun, type Run, renameRun, restoreRun } from "../../api/runs";
import { ActionDialog, NameDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { LiveControl } from "../../components/LiveControl";
import { errorText } from "../../components/Notice";
import { MenuItem, Popover } from "../../components/Popover";
import { useToast } from "../../components/Toasts";
import { RunSwatch, StatusBadge } from "../../components/Values";

interface RunHeadProps {
  run: Run;
  experimentID: string;
  live: boolean | undefined;
  updatedMS: number;
  busy: boolean;
  setLive: (live: boolean) => void;
  refresh: () => void;
}

const maxAncestors = 6;

/** The parent of a run after its own ancestors. Parents can form a ring, so the levels are counted. */
function Ancestors({ run, levels }: { run: Run; levels: number }) {
  const parentID = run.tags["mlflow.parentRunId"];
  const { data: parent } = useQuery({
    ...runDetail(parentID ?? ""),
    enabled: Boolean(parentID),
    retry: false,
  });
  if (!parentID) return null;
  return (
    <>
      {parent && levels > 1 && <Ancestors run={parent} levels={levels - 1} />}
      <span aria-hidden="true">/</span>
      <Link
        to="/experiments/$experimentID/runs/$runID"
        params={{ experimentID: parent?.experimentID ?? run.experimentID, runID: parentID }}
        title="Parent run"
        className="truncate"
      >
        {parent?.name ?? "Parent run"}
      </Link>
    </>
  );
}

/** Where the run belongs, its name and state, and what can be done with it. */
export function RunHead({ run, experimentID, ...liveControl }: RunHeadProps) {
  const [dialog, setDialog] = useState<"rename" | "delete">();
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const client = useQueryClient();
  const toast = useToast();
  const deleted = run.stage === "deleted";
  const close = () => setDialog(undefined);
  const refreshRuns = () => client.invalidateQueries({ queryKey: ["runs"] });
  const restore = async () => {
    try {
      await restoreRun(run.id);
      toast(`Restored ${run.name}`);
    } catch (error) {
      toast(`Could not restore the run: ${errorText(error)}`);
    }
    await refreshRuns();
  };
  return (
    <>
      <nav className="breadcrumb" aria-label="Breadcrumb">
        <Link to="/experiments">Experiments</Link>
        <span aria-hidden="true">/</span>
        <Link to="/experiments/$experimentID" params={{ experimentID }}>
          {experiment?.name ?? experimentID}
        </Link>
        <Ancestors run={run} levels={maxAncestors} />
      </nav>
      <div className="page-head">
        <RunSwatch runID={run.id} />
        <h1>{run.name}</h1>
        <StatusBadge status={run.status} />
        {deleted && <span className="badge">Deleted</span>}
        <Popover kind="menu" label="Run actions" trigger={<Icon name="more" />} triggerClass="icon-button">
          {(closeMenu) => {
            const choose = (action: () => void) => () => {
              closeMenu();
              action();
            };
            return deleted ? (
              <MenuItem onSelect={choose(restore)}>
                <Icon name="restore" size={14} /> Restore
              </MenuItem>
            ) : (
              <>
                <MenuItem onSelect={choose(() => setDialog("rename"))}>
                  <Icon name="pencil" size={14} /> Rename…
                </MenuItem>
                <MenuItem danger onSelect={choose(() => setDialog("delete"))}>
                  <Icon name="trash" size={14} /> Delete…
                </MenuItem>
              </>
            );
          }}
        </Popover>
        <span className="spacer" />
        <LiveControl {...liveControl} />
      </div>
      {dialog === "rename" && (
        <NameDialog
          title="Rename run"
          action="Rename"
          label="Name"
          initial={run.name}
          onClose={close}
          save={async (name) => {
            await renameRun(run.id, name);
            await refreshRuns();
          }}
        />
      )}
      {dialog === "delete" && (
        <ActionDialog
          title="Delete run?"
          action="Delete"
          danger
          onClose={close}
          run={async () => {
            await deleteRun(run.id);
            toast(`Deleted ${run.name}`, async () => {
              await restoreRun(run.id);
              await refreshRuns();
            });
            await refreshRuns();
          }}
        >
          <p>
            <strong>{run.name}</strong> will move to the deleted runs of its experiment. Its data is kept, and
            you can restore it until it is purged.
          </p>
        </ActionDialog>
      )}
    </>
  );
}
