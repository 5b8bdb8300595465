import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { restoreExperiment, setExperimentTag } from "../../api/experiments";
import { experimentDetail } from "../../api/queries";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { NoteEditor } from "../../components/notes/NoteEditor";
import { MenuItem, Popover } from "../../components/Popover";
import { ShareButton } from "../../components/share/ShareButton";
import { Tab, Tabs } from "../../components/Tabs";
import { useToast } from "../../components/Toasts";
import { useTitle } from "../../lib/browser/hooks";
import { runsCodec } from "../../lib/view/runs";
import type { Search } from "../../lib/view/search";
import { DeleteExperimentDialog, RenameExperimentDialog } from "../experiments/ExperimentDialogs";
import "./experimentHead.css";

export type ExperimentTab =
  | "overview"
  | "runs"
  | "charts"
  | "media"
  | "models"
  | "prompts"
  | "datasets"
  | "traces";

interface ExperimentHeadProps {
  experimentID: string;
  tab: ExperimentTab;
  /** Shown at the right of the title. */
  children?: ReactNode;
}

/** Title, description and tabs of an experiment. */
export function ExperimentHead({ experimentID, tab, children }: ExperimentHeadProps) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const [dialog, setDialog] = useState<"rename" | "delete">();
  const [noteOpen, setNoteOpen] = useState(false);
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  useTitle(experiment?.name);

  const deleted = experiment?.stage === "deleted";
  const restore = async () => {
    try {
      await restoreExperiment(experimentID);
      await client.invalidateQueries();
    } catch (failure) {
      toast(`Could not restore the experiment: ${errorText(failure)}`);
    }
  };
  const note = experiment?.tags["mlflow.note.content"] ?? "";
  return (
    <>
      <nav className="breadcrumb" aria-label="Breadcrumb">
        <Link to="/experiments">Experiments</Link>
        <span aria-hidden="true">/</span>
        <span>ID {experimentID}</span>
        <CopyButton text={experimentID} label="Copy experiment ID" />
      </nav>
      <div className="page-head">
        <h1>{experiment?.name ?? "…"}</h1>
        {deleted && <span className="badge">Deleted</span>}
        {experiment && (
          <Popover
            kind="menu"
            label="Experiment actions"
            trigger={<Icon name="more" />}
            triggerClass="icon-button"
          >
            {(close) => (
              <>
                <MenuItem
                  onSelect={() => {
                    close();
                    setNoteOpen(!noteOpen);
                  }}
                >
                  <Icon name="file" size={14} /> {noteOpen ? "Hide description" : "Description"}
                </MenuItem>
                {deleted ? (
                  <MenuItem onSelect={restore}>
                    <Icon name="restore" size={14} /> Restore
                  </MenuItem>
                ) : (
                  <>
                    <MenuItem
                      onSelect={() => {
                        close();
                        setDialog("rename");
                      }}
                    >
                      <Icon name="pencil" size={14} /> Rename…
                    </MenuItem>
                    <MenuItem
                      danger
                      onSelect={() => {
                        close();
                        setDialog("delete");
                      }}
                    >
                      <Icon name="trash" size={14} /> Delete…
                    </MenuItem>
                  </>
                )}
              </>
            )}
          </Popover>
        )}
        {note && !noteOpen && (
          <button type="button" className="note-preview truncate" onClick={() => setNoteOpen(true)}>
            {note
              .replace(/[#*`>]/g, "")
              .replace(/\s+/g, " ")
              .trim()}
          </button>
        )}
        <span className="spacer" />
        {children}
        {experiment && <ShareButton type="experiment" id={experimentID} name={experiment.name} />}
      </div>
      {noteOpen && experiment && (
        <div className="card experiment-note">
          <div className="card-head">
            <h2>Description</h2>
            <span className="spacer" />
            <button
              type="button"
              className="icon-button"
              aria-label="Hide description"
              onClick={() => setNoteOpen(false)}
            >
              <Icon name="close" size={14} />
            </button>
          </div>
          <div className="card-body">
            <NoteEditor
              note={note}
              subject={experiment.name}
              readOnly={deleted}
              save={async (text) => {
                await setExperimentTag(experimentID, "mlflow.note.content", text);
                await client.invalidateQueries({ queryKey: ["experiments"] });
              }}
            />
          </div>
        </div>
      )}
      <ExperimentTabs experimentID={experimentID} tab={tab} />
      {dialog === "rename" && experiment && (
        <RenameExperimentDialog experiment={experiment} onClose={() => setDialog(undefined)} />
      )}
      {dialog === "delete" && experiment && (
        <DeleteExperimentDialog
          experiment={experiment}
          onClose={() => {
            setDialog(undefined);
            const now = client.getQueryData(experimentDetail(experimentID).queryKey);
            if (now?.stage === "deleted") void navigate({ to: "/experiments" });
          }}
        />
      )}
    </>
  );
}

/** Runs and charts are two views of one list, so going from one to the other keeps filter and selection. */
function ExperimentTabs({ experimentID, tab }: { experimentID: string; tab: ExperimentTab }) {
  const params = { experimentID };
  const withView = (view: "table" | "charts") =>
    ((search: Search) => runsCodec.encode({ ...runsCodec.decode(search), view })) as never;
  const runs = "/experiments/$experimentID" as const;
  return (
    <Tabs label="Experiment views">
      <Tab link={{ to: runs, params, search: withView("table") }} current={tab === "runs"}>
        Runs
      </Tab>
      <Tab link={{ to: runs, params, search: withView("charts") }} current={tab === "charts"}>
        Charts
      </Tab>
      <Tab link={{ to: "/experiments/$experimentID/traces", params }} current={tab === "traces"}>
        Traces
      </Tab>
      <Tab link={{ to: "/experiments/$experimentID/overview", params }} current={tab === "overview"}>
        Overview
      </Tab>
      <Tab link={{ to: "/experiments/$experimentID/media", params }} current={tab === "media"}>
        Media
      </Tab>
      <Tab link={{ to: "/experiments/$experimentID/models", params }} current={tab === "models"}>
        Models
      </Tab>
      <Tab link={{ to: "/experiments/$experimentID/prompts", params }} current={tab === "prompts"}>
        Prompts
      </Tab>
      <Tab link={{ to: "/experiments/$experimentID/datasets", params }} current={tab === "datasets"}>
        Datasets
      </Tab>
    </Tabs>
  );
}
