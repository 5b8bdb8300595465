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

/** What a version has besides its template, as it is typed. */
interface ExtraTexts {
  tags: string;
  config: string;
  format: string;
}

const extrasOf = (from: PromptVersion | undefined): ExtraTexts => ({
  tags: Object.entries(from?.tags ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join("\n"),
  config: jsonText(from?.modelConfig),
  format: jsonText(from?.responseFormat),
});

const parseExtras = ({ tags, config, format }: ExtraTexts) => ({
  tags: parseTags(tags),
  config: parseObject(config),
  format: parseObject(format),
});

const jsonText = (value: unknown) => (value === undefined ? "" : JSON.stringify(value, null, 2));

/** Creates a prompt with its first version, or adds a version to one. */
export function NewPromptDialog({ experimentID, of, onClose }: NewPromptDialogProps) {
  const from = of?.from;
  const [name, setName] = useState("");
  const [template, setTemplate] = useState<Template>(from?.template ?? { kind: "text", text: "" });
  const [message, setMessage] = useState("");
  const [extras, setExtras] = useState(extrasOf(from));
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const nameID = useId();
  const messageID = useId();
  // If the version is refused, the prompt of this name exists already when one tries again.
  const made = useRef("");
  const parsed = parseExtras(extras);
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
      <Extras extras={extras} faults={parsed} change={(part) => setExtras({ ...extras, ...part })} />
    </ActionDialog>
  );
}

interface ExtrasProps {
  extras: ExtraTexts;
  faults: ReturnType<typeof parseExtras>;
  change: (part: Partial<ExtraTexts>) => void;
}

function Extras({ extras, faults, change }: ExtrasProps) {
  // It opens if there is something to see, and stays as the user leaves it.
  const [first] = useState(extras);
  return (
    <details className="prompt-more" open={Object.values(first).some(Boolean)}>
      <summary>Tags, model and response format of the version</summary>
      <Area label="Tags, one key=value a line" value={extras.tags} change={(tags) => change({ tags })} />
      <Fault text={faults.tags.fault} />
      <Area
        label="Model configuration, a JSON object"
        value={extras.config}
        change={(config) => change({ config })}
        placeholder={'{"model_name": "gpt-5", "temperature": 0.2}'}
      />
      <Fault text={faults.config.fault} />
      <Area
        label="Response format, a JSON schema"
        value={extras.format}
        change={(format) => change({ format })}
        placeholder={'{"type": "object", "properties": {"answer": {"type": "string"}}}'}
      />
      <Fault text={faults.format.fault} />
    </details>
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
