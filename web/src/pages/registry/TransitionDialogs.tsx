import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import {
  type ModelStage,
  type MonitoredModel,
  modelStages,
  type Transition,
  transitionVersion,
} from "../../api/registry";
import { ActionDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";
import { plural } from "../../lib/text/format";

export type TransitionKind = "stage" | "alias";

interface TransitionDialogProps {
  kind: TransitionKind;
  monitored: MonitoredModel;
  /** The version to begin with; the newest unless said. */
  version?: string | undefined;
  onClose: () => void;
}

/** Moves a version to a stage or an alias to a version, and keeps a word about why. */
export function TransitionDialog({ kind, ...props }: TransitionDialogProps) {
  return kind === "stage" ? <StageDialog {...props} /> : <AliasDialog {...props} />;
}

function useTransition() {
  const client = useQueryClient();
  const toast = useToast();
  return async (transition: Transition, done: string) => {
    await transitionVersion(transition);
    toast(done);
    await client.invalidateQueries({ queryKey: ["registry"] });
  };
}

/** Only these two stages are for one version at a time. */
const exclusive = (stage: ModelStage) => stage === "Staging" || stage === "Production";

function StageDialog({ monitored, version: first, onClose }: Omit<TransitionDialogProps, "kind">) {
  const { model, versions } = monitored;
  const [version, setVersion] = useState(first ?? versions[0]?.version ?? "");
  const current = versions.find((v) => v.version === version)?.stage ?? "None";
  const [chosen, setStage] = useState<ModelStage>();
  const stage = chosen ?? (current === "Production" ? "Archived" : "Production");
  const [archive, setArchive] = useState(false);
  const [comment, setComment] = useState("");
  const transition = useTransition();
  const stageID = useId();
  const others = versions.filter((v) => v.version !== version && v.stage === stage);
  const offer = exclusive(stage) && others.length > 0;
  return (
    <ActionDialog
      title={`Move a version of ${model.name}`}
      action={`Move to ${stage}`}
      disabled={!version || stage === current}
      onClose={onClose}
      run={() =>
        transition(
          { name: model.name, version, stage, archiveOthers: offer && archive, comment: comment.trim() },
          `Version ${version} is now in ${stage}`,
        )
      }
    >
      <VersionSelect monitored={monitored} version={version} setVersion={setVersion} />
      <label className="field" htmlFor={stageID}>
        Stage
      </label>
      <select
        id={stageID}
        className="input"
        value={stage}
        onChange={(e) => setStage(e.target.value as ModelStage)}
      >
        {modelStages.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <p className="hint">
        {stage === current ? `Version ${version} is in ${current} already.` : `It is in ${current} now.`}
      </p>
      {offer && (
        <label className="check dialog-check">
          <input type="checkbox" checked={archive} onChange={(e) => setArchive(e.target.checked)} />
          Archive {others.length > 3 ? plural(others.length, "other version") : versionList(others)}, now in{" "}
          {stage}
        </label>
      )}
      <Comment comment={comment} setComment={setComment} />
    </ActionDialog>
  );
}

function versionList(versions: readonly { version: string }[]): string {
  return `version ${versions.map((v) => v.version).join(", ")}`;
}

function AliasDialog({ monitored, version: first, onClose }: Omit<TransitionDialogProps, "kind">) {
  const { model, versions } = monitored;
  const [version, setVersion] = useState(first ?? versions[0]?.version ?? "");
  const [typed, setAlias] = useState("champion");
  const [comment, setComment] = useState("");
  const transition = useTransition();
  const aliasID = useId();
  const listID = useId();
  const alias = typed.trim().replace(/^@/, "");
  const holder = versions.find((v) => v.aliases.includes(alias))?.version;
  return (
    <ActionDialog
      title={`Set an alias of ${model.name}`}
      action={holder ? "Move alias" : "Set alias"}
      disabled={!version || !alias || holder === version}
      onClose={onClose}
      run={() =>
        transition(
          { name: model.name, version, alias, comment: comment.trim() },
          `@${alias} is now version ${version}`,
        )
      }
    >
      <VersionSelect monitored={monitored} version={version} setVersion={setVersion} />
      <label className="field" htmlFor={aliasID}>
        Alias
      </label>
      <input
        id={aliasID}
        className="input"
        list={listID}
        value={typed}
        maxLength={255}
        autoComplete="off"
        spellCheck={false}
        onChange={(e) => setAlias(e.target.value)}
      />
      <datalist id={listID}>
        {[...new Set(versions.flatMap((v) => v.aliases))].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <p className="hint">
        {holder === version
          ? `Version ${version} has it already.`
          : holder
            ? `It moves away from version ${holder}.`
            : "No version has it yet."}
      </p>
      <Comment comment={comment} setComment={setComment} />
    </ActionDialog>
  );
}

interface VersionSelectProps {
  monitored: MonitoredModel;
  version: string;
  setVersion: (version: string) => void;
}

function VersionSelect({ monitored, version, setVersion }: VersionSelectProps) {
  const id = useId();
  return (
    <>
      <label className="field" htmlFor={id}>
        Version
      </label>
      <select id={id} className="input" value={version} onChange={(e) => setVersion(e.target.value)}>
        {monitored.versions.map((v) => (
          <option key={v.version} value={v.version}>
            {[v.version, ...v.aliases.map((a) => `@${a}`)].join(" ")}
          </option>
        ))}
      </select>
      <div className="field-gap" />
    </>
  );
}

function Comment({ comment, setComment }: { comment: string; setComment: (text: string) => void }) {
  const id = useId();
  return (
    <>
      <div className="field-gap" />
      <label className="field" htmlFor={id}>
        Comment <span className="muted">(optional, kept in the log)</span>
      </label>
      <textarea
        id={id}
        className="input"
        rows={3}
        value={comment}
        onChange={(e) => setComment(e.target.value)}
      />
    </>
  );
}
