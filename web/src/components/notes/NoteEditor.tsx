import { useState } from "react";
import { errorText } from "../Notice";
import { Markdown } from "./Markdown";
import "./noteEditor.css";

interface NoteEditorProps {
  note: string;
  /** Whose description it is, for the label. */
  subject: string;
  /** What it is called. */
  what?: string;
  readOnly?: boolean;
  save: (note: string) => Promise<unknown>;
}

/** A description that is read as formatted text and edited as plain text. */
export function NoteEditor({ note, subject, what = "description", readOnly, save }: NoteEditorProps) {
  const [draft, setDraft] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  if (draft === undefined) {
    return (
      <div className="note">
        {note ? <Markdown text={note} /> : <p className="muted">No {what} yet.</p>}
        {!readOnly && (
          <button type="button" className="link-button" onClick={() => setDraft(note)}>
            {note ? `Edit ${what}` : `Add a ${what}`}
          </button>
        )}
      </div>
    );
  }
  const store = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await save(draft);
      setDraft(undefined);
    } catch (error) {
      setFailure(errorText(error));
    }
    setBusy(false);
  };
  return (
    <div className="note">
      <textarea
        className="input"
        aria-label={`${what[0]!.toUpperCase()}${what.slice(1)} of ${subject}`}
        rows={Math.min(16, Math.max(5, draft.split("\n").length + 1))}
        value={draft}
        // biome-ignore lint/a11y/noAutofocus: the user has just asked to edit
        autoFocus
        onChange={(e) => setDraft(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void store();
        }}
      />
      {failure && (
        <p className="field-error" role="alert">
          {failure}
        </p>
      )}
      <div className="note-actions">
        <button type="button" className="button primary" disabled={busy} onClick={store}>
          Save
        </button>
        <button type="button" className="button" onClick={() => setDraft(undefined)}>
          Cancel
        </button>
        <span className="hint">Headings, lists, **bold**, `code` and links work.</span>
      </div>
    </div>
  );
}
