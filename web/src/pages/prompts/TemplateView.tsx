import { useMemo } from "react";
import { CopyButton } from "../../components/Copy";
import { piecesOf, type Template, templateText } from "../../lib/genai/template";
import "../trace/trace.css";
import "./prompts.css";

/** A template with its variables marked. It is shown as text, and a conversation message by message. */
export function TemplateView({ template }: { template: Template }) {
  return (
    <div className="template">
      {template.kind === "text" ? (
        <div className="template-text">
          <Marked text={template.text} />
        </div>
      ) : (
        <ol className="chat" aria-label="Messages">
          {template.messages.map((m, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a message
            <li key={i} className={`message ${m.role}`}>
              <div className="message-role">{m.role}</div>
              <Marked text={m.content} />
            </li>
          ))}
        </ol>
      )}
      <CopyButton text={templateText(template)} label="Copy the template" />
    </div>
  );
}

function Marked({ text }: { text: string }) {
  const pieces = useMemo(() => piecesOf(text), [text]);
  return (
    <div className="plain-text">
      {pieces.map((piece, i) =>
        piece.kind === "text" ? (
          piece.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a piece
          <span key={i} className={`template-${piece.kind}`}>
            {piece.text}
          </span>
        ),
      )}
    </div>
  );
}
