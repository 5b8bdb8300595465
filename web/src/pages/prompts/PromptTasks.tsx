import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import {
  deletePrompt,
  deletePromptVersion,
  type Prompt,
  removePromptAlias,
  setPromptAlias,
} from "../../api/genai/prompts";
import { ActionDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";
import { aliasFault } from "../../lib/genai/promptRules";

/** What a dialog asks about. */
export type PromptTask =
  | { kind: "delete prompt" }
  | { kind: "delete version"; version: string }
  | { kind: "set alias"; version: string }
  | { kind: "remove alias"; alias: string; version: string };

interface PromptTasksProps {
  prompt: Prompt;
  task: PromptTask | undefined;
  experimentID: string;
  close: () => void;
}

export function PromptTasks({ prompt, task, experimentID, close }: PromptTasksProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const refresh = () => client.invalidateQueries({ queryKey: ["prompts"] });
  if (!task) return null;
  if (task.kind === "set alias") return <AliasDialog prompt={prompt} version={task.version} close={close} />;
  if (task.kind === "remove alias") {
    return (
      <ActionDialog
        title={`Remove @${task.alias}?`}
        action="Remove"
        danger
        onClose={close}
        run={async () => {
          await removePromptAlias(prompt.name, task.alias);
          await refresh();
          toast(`Removed @${task.alias}`, async () => {
            await setPromptAlias(prompt.name, task.alias, task.version);
            await refresh();
          });
        }}
      >
        <p>Programs that load the prompt by this alias fail until it is set again.</p>
      </ActionDialog>
    );
  }
  if (task.kind === "delete version") {
    return (
      <ActionDialog
        title={`Delete version ${task.version}?`}
        action="Delete"
        danger
        onClose={close}
        run={async () => {
          await deletePromptVersion(prompt.name, task.version);
          toast(`Deleted version ${task.version} of ${prompt.name}`);
          await navigate({ to: ".", search: {} } as never);
          await refresh();
        }}
      >
        <p>
          Version {task.version} is deleted for good, with its aliases. Its number is not used again. Programs
          that load it fail.
        </p>
      </ActionDialog>
    );
  }
  return (
    <ActionDialog
      title="Delete this prompt?"
      action="Delete"
      danger
      onClose={close}
      run={async () => {
        await deletePrompt(prompt.name);
        toast(`Deleted ${prompt.name}`);
        client.removeQueries({ queryKey: ["prompts", "detail", prompt.name] });
        if (experimentID) {
          await navigate({ to: "/experiments/$experimentID/prompts", params: { experimentID } });
        } else await navigate({ to: "/prompts" });
        await client.invalidateQueries({ queryKey: ["prompts", "list"] });
      }}
    >
      <p>
        <strong>{prompt.name}</strong> and all its versions are deleted for good. Traces and runs that used
        them stay as they are.
      </p>
    </ActionDialog>
  );
}

interface AliasDialogProps {
  prompt: Prompt;
  version: string;
  close: () => void;
}

function AliasDialog({ prompt, version, close }: AliasDialogProps) {
  const [typed, setTyped] = useState("");
  const client = useQueryClient();
  const toast = useToast();
  const id = useId();
  const listID = useId();
  const alias = typed.trim().replace(/^@/, "");
  const fault = aliasFault(alias);
  const holder = prompt.aliases.find((a) => a.alias === alias)?.version;
  return (
    <ActionDialog
      title={`Set an alias of version ${version}`}
      action={holder ? "Move alias" : "Set alias"}
      disabled={alias === "" || fault !== "" || holder === version}
      onClose={close}
      run={async () => {
        await setPromptAlias(prompt.name, alias, version);
        await client.invalidateQueries({ queryKey: ["prompts"] });
        toast(`@${alias} is now version ${version}`);
      }}
    >
      <label className="field" htmlFor={id}>
        Alias
      </label>
      <input
        id={id}
        className="input"
        list={listID}
        value={typed}
        maxLength={255}
        autoComplete="off"
        spellCheck={false}
        placeholder="Such as production"
        onChange={(e) => setTyped(e.target.value)}
      />
      <datalist id={listID}>
        {prompt.aliases.map((a) => (
          <option key={a.alias} value={a.alias} />
        ))}
      </datalist>
      {fault ? (
        <p className="field-error" role="alert">
          {fault}
        </p>
      ) : (
        <p className="hint">
          {holder === version
            ? `Version ${version} has it already.`
            : holder
              ? `It moves away from version ${holder}.`
              : "No version has it yet. Programs load it as prompts:/name@alias."}
        </p>
      )}
    </ActionDialog>
  );
}
