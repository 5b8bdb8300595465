import { useMemo } from "react";
import { Choice } from "../../components/Choice";
import { CopyButton } from "../../components/Copy";
import { AttachmentView } from "../../components/json/AttachmentView";
import { JSONTree } from "../../components/json/JSONTree";
import { Markdown } from "../../components/notes/Markdown";
import { attachmentOf } from "../../lib/traces/attachment";
import { type ChatMessage, type ChatPart, chatOf, soleText } from "../../lib/traces/chat";
import type { PayloadForm } from "../../lib/view/traces";

interface PayloadProps {
  /** "Inputs" or "Outputs". */
  label: string;
  value: unknown;
  form: PayloadForm;
  /** Undefined where the form that suits the value is the only one. */
  choose: ((form: PayloadForm) => void) | undefined;
  /** Stands beside the label. */
  note?: string;
}

const labels: Record<Exclude<PayloadForm, "">, string> = {
  chat: "Chat",
  markdown: "Markdown",
  json: "JSON",
  text: "Text",
};

type Form = Exclude<PayloadForm, "">;

/** The forms that a value has; the first is what suits it. */
function formsOf(value: unknown, chat: ChatMessage[] | undefined): Form[] {
  if (chat) return ["chat", "markdown", "json"];
  if (typeof value === "string") return ["text", "markdown"];
  return soleText(value) === undefined ? ["json", "text"] : ["json", "markdown"];
}

/** What went into a span or came out of it. It is shown as text in every form. */
export function Payload({ label, value, form, choose, note }: PayloadProps) {
  const chat = useMemo(() => chatOf(value), [value]);
  if (value === undefined || value === null) return null;
  const forms = formsOf(value, chat);
  const shown = forms.find((f) => f === form) ?? forms[0]!;
  return (
    <section className="payload" aria-label={label}>
      <div className="payload-head">
        <h3>{label}</h3>
        {note && <span className="muted payload-note">{note}</span>}
        <span className="spacer" />
        {choose && (
          <Choice
            label={`Form of the ${label.toLowerCase()}`}
            options={forms.map((f) => [f, labels[f]] as const)}
            value={shown}
            choose={choose}
          />
        )}
      </div>
      <PayloadBody value={value} chat={chat} form={shown} label={label.toLowerCase()} />
    </section>
  );
}

interface BodyProps {
  value: unknown;
  chat: ChatMessage[] | undefined;
  form: Form;
  label: string;
}

function PayloadBody({ value, chat, form, label }: BodyProps) {
  if (chat && form !== "json") return <Chat messages={chat} formatted={form === "markdown"} />;
  if (form === "json") return <JSONTree value={value} label={label} />;
  const text = soleText(value) ?? JSON.stringify(value, null, 2) ?? "";
  return (
    <div className="payload-text">
      <Text text={text} formatted={form === "markdown"} />
      <CopyButton text={text} label={`Copy ${label}`} />
    </div>
  );
}

function Text({ text, formatted }: { text: string; formatted: boolean }) {
  const attachment = attachmentOf(text);
  if (attachment) return <AttachmentView attachment={attachment} />;
  return formatted ? <Markdown text={text} /> : <div className="plain-text">{text}</div>;
}

/** Messages in their order, with calls of tools and their results. */
export function Chat({ messages, formatted }: { messages: readonly ChatMessage[]; formatted: boolean }) {
  return (
    <ol className="chat">
      {messages.map((m, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a message
        <li key={i} className={`message ${m.role}`}>
          <div className="message-role">
            {m.role}
            {m.name && <span className="muted"> {m.name}</span>}
          </div>
          {m.parts.length === 0 && <p className="muted">No content.</p>}
          {m.parts.map((part, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a part
            <Part key={at} part={part} formatted={formatted} />
          ))}
        </li>
      ))}
    </ol>
  );
}

function Part({ part, formatted }: { part: ChatPart; formatted: boolean }) {
  if (part.kind === "text") return <Text text={part.text} formatted={formatted} />;
  if (part.kind === "other") return <JSONTree value={part.value} label="part" />;
  const value = part.kind === "call" ? part.input : part.output;
  return (
    <div className="tool-part">
      <div className="muted">
        {part.kind === "call" ? (
          <>
            calls <strong>{part.name || "a tool"}</strong>
          </>
        ) : (
          "result"
        )}
        {part.id && <code> {part.id}</code>}
      </div>
      {typeof value === "string" ? (
        <div className="plain-text">{value}</div>
      ) : (
        value !== undefined && <JSONTree value={value} label="value" />
      )}
    </div>
  );
}
