import { useId } from "react";
import { Choice } from "../../components/Choice";
import { Icon } from "../../components/Icon";
import { type PromptMessage, type Template, variablesOf } from "../../lib/genai/template";

interface TemplateEditorProps {
  template: Template;
  change: (template: Template) => void;
}

const roles = ["system", "user", "assistant"];

/** A text, or messages that are added, moved and removed. */
export function TemplateEditor({ template, change }: TemplateEditorProps) {
  const id = useId();
  const variables = variablesOf(template);
  const choose = (kind: Template["kind"]) => {
    if (kind === template.kind) return;
    if (kind === "chat") {
      const text = template.kind === "text" ? template.text : "";
      change({ kind, messages: [{ role: "user", content: text }] });
    } else {
      const text = template.kind === "chat" ? template.messages.map((m) => m.content).join("\n\n") : "";
      change({ kind, text });
    }
  };
  return (
    <>
      <div className="template-kind">
        <label className="field" htmlFor={template.kind === "text" ? id : undefined}>
          Template
        </label>
        <Choice
          label="Kind of template"
          options={[
            ["text", "Text"],
            ["chat", "Chat"],
          ]}
          value={template.kind}
          choose={choose}
        />
      </div>
      {template.kind === "text" ? (
        <textarea
          id={id}
          className="input mono"
          rows={10}
          spellCheck={false}
          placeholder="Summarise in {{ sentences }} sentences: {{ text }}"
          value={template.text}
          onChange={(e) => change({ kind: "text", text: e.target.value })}
        />
      ) : (
        <Messages messages={template.messages} change={(messages) => change({ kind: "chat", messages })} />
      )}
      <p className="hint template-variables" role="status">
        {variables.length === 0 ? (
          <>
            Names in double braces, such as <code>{"{{ text }}"}</code>, are variables.
          </>
        ) : (
          <>
            Variables:{" "}
            {variables.map((v) => (
              <code key={v} className="template-variable">
                {v}
              </code>
            ))}
          </>
        )}
      </p>
    </>
  );
}

interface MessagesProps {
  messages: readonly PromptMessage[];
  change: (messages: PromptMessage[]) => void;
}

function Messages({ messages, change }: MessagesProps) {
  const set = (at: number, part: Partial<PromptMessage>) =>
    change(messages.map((m, i) => (i === at ? { ...m, ...part } : m)));
  const move = (at: number, by: number) => {
    const next = [...messages];
    const [moved] = next.splice(at, 1);
    next.splice(at + by, 0, moved!);
    change(next);
  };
  return (
    <ol className="message-editors">
      {messages.map((m, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a message
        <li key={i}>
          <div className="message-editor-head">
            <select
              className="input"
              aria-label={`Role of message ${i + 1}`}
              value={m.role}
              onChange={(e) => set(i, { role: e.target.value })}
            >
              {[...new Set([...roles, m.role])].map((role) => (
                <option key={role}>{role}</option>
              ))}
            </select>
            <span className="spacer" />
            <button
              type="button"
              className="icon-button"
              aria-label={`Move message ${i + 1} up`}
              title="Move up"
              disabled={i === 0}
              onClick={() => move(i, -1)}
            >
              <span aria-hidden="true">↑</span>
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Move message ${i + 1} down`}
              title="Move down"
              disabled={i === messages.length - 1}
              onClick={() => move(i, 1)}
            >
              <span aria-hidden="true">↓</span>
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Remove message ${i + 1}`}
              title="Remove"
              disabled={messages.length === 1}
              onClick={() => change(messages.filter((_, at) => at !== i))}
            >
              <Icon name="close" size={12} />
            </button>
          </div>
          <textarea
            className="input mono"
            rows={4}
            spellCheck={false}
            aria-label={`Content of message ${i + 1}`}
            value={m.content}
            onChange={(e) => set(i, { content: e.target.value })}
          />
        </li>
      ))}
      <li>
        <button
          type="button"
          className="button"
          onClick={() => {
            const role = messages.at(-1)?.role === "user" ? "assistant" : "user";
            change([...messages, { role, content: "" }]);
          }}
        >
          <Icon name="plus" size={14} /> Message
        </button>
      </li>
    </ol>
  );
}
