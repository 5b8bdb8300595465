import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useRef, useState } from "react";
import { createPrompt, createPromptVersion, type PromptVersion } from "../../api/genai/prompts";
import { ActionDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";
import { isBlank, nameFault, parseObject, parseTags, templateFault } from "../../lib/genai/promptRules";
import type { Template } from "../../lib/genai/template";
import { TemplateEditor } from "./TemplateEditor";
import "./prompts.css";

interface NewPromptDialogProps {
  /** The experiment that a new prompt belongs to; empty for none. */
  experimentID: string;
  /** The prompt that gets a new version, and the version that this begins with; undefined for a new prompt. */
  of?: { name: string; from: PromptVersion | undefined };
  onClose: () => void;
}

const jsonText = (value: unknown) => (value === undefined ? "" : JSON.stringify(value, null, 2));

/** Creates a prompt with its first version, or adds a version to one. */
export function NewPromptDialog({ experimentID, of, onClose }: NewPromptDialogProps) {
  const from = of?.from;
  const [name, setName] = useState("");
  const [template, setTemplate] = useState<Template>(from?.template ?? { kind: "text", text: "" });
  const [message, setMessage] = useState("");
  const [tags, setTags] = useState(
    Object.entries(from?.tags ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join("\n"),
  );
  const [config, setConfig] = useState(jsonText(from?.modelConfig));
  const [format, setFormat] = useState(jsonText(from?.responseFormat));
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const nameID = useId();
  const messageID = useId();
  // If the version is refused, the prompt of this name exists already when one tries again.
  const made = useRef("");
  const parsed = { tags: parseTags(tags), config: parseObject(config), format: parseObject(format) };
  const faults = {
    name: of ? "" : nameFault(name.trim()),
    template: templateFault(template),
    more: parsed.tags.fault || parsed.config.fault || parsed.format.fault,
  };
  const incomplete = isBlank(template) || (!of && name.trim() === "");
  const save = async () => {
    const target = of?.name ?? name.trim();
    if (!of && made.current !== target) {
      await createPrompt(target, experimentID, []);
      made.current = target;
    }
    const version = await createPromptVersion(target, {
      template,
      message: message.trim(),
      tags: parsed.tags.tags,
      modelConfig: parsed.config.value,
      responseFormat: parsed.format.value,
    });
    await client.invalidateQueries({ queryKey: ["prompts"] });
    if (of) toast(`Created version ${version}`);
    const search = { version } as never;
    if (experimentID) {
      void navigate({
        to: "/experiments/$experimentID/prompts/$promptName",
        params: { experimentID, promptName: target },
        search,
      });
    } else void navigate({ to: "/prompts/$promptName", params: { promptName: target }, search });
  };
  return (
    <ActionDialog
      title={of ? `New version of ${of.name}` : "New prompt"}
      action={of ? "Create version" : "Create"}
      wide
      disabled={incomplete || Object.values(faults).some(Boolean)}
      onClose={onClose}
      run={save}
    >
      {!of && (
        <>
          <label className="field" htmlFor={nameID}>
            Name
          </label>
          <input
            id={nameID}
            className="input"
            value={name}
            maxLength={250}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={faults.name !== ""}
            onChange={(e) => setName(e.target.value)}
          />
          <Fault text={faults.name} />
          <div className="field-gap" />
        </>
      )}
      <TemplateEditor template={template} change={setTemplate} />
      <Fault text={faults.template} />
      <div className="field-gap" />
      <label className="field" htmlFor={messageID}>
        Commit message <span className="muted">(optional)</span>
      </label>
      <input
        id={messageID}
        className="input"
        value={message}
        maxLength={5000}
        placeholder={of ? "What has changed" : "First version"}
        onChange={(e) => setMessage(e.target.value)}
      />
      <details className="prompt-more" open={tags !== "" || config !== "" || format !== ""}>
        <summary>Tags, model and response format of the version</summary>
        <Area label="Tags, one key=value a line" value={tags} change={setTags} />
        <Fault text={parsed.tags.fault} />
        <Area
          label="Model configuration, a JSON object"
          value={config}
          change={setConfig}
          placeholder={'{"model_name": "gpt-5", "temperature": 0.2}'}
        />
        <Fault text={parsed.config.fault} />
        <Area
          label="Response format, a JSON schema"
          value={format}
          change={setFormat}
          placeholder={'{"type": "object", "properties": {"answer": {"type": "string"}}}'}
        />
        <Fault text={parsed.format.fault} />
      </details>
    </ActionDialog>
  );
}

function Fault({ text }: { text: string }) {
  return text ? (
    <p className="field-error" role="alert">
      {text}
    </p>
  ) : null;
}

interface AreaProps {
  label: string;
  value: string;
  change: (text: string) => void;
  placeholder?: string;
}

function Area({ label, value, change, placeholder }: AreaProps) {
  const id = useId();
  return (
    <>
      <label className="field" htmlFor={id}>
        {label}
      </label>
      <textarea
        id={id}
        className="input mono"
        rows={3}
        spellCheck={false}
        placeholder={placeholder}
        value={value}
        onChange={(e) => change(e.target.value)}
      />
    </>
  );
}
