import { useId, useState } from "react";
import {
  type Assessment,
  createAssessment,
  type NewAssessment,
  updateAssessment,
} from "../../api/assessments";
import { Choice } from "../../components/Choice";
import { ActionDialog } from "../../components/Dialog";
import { draftOf, parseDraft, typeOf, type ValueType } from "../../lib/traces/assessments";
import type { Span } from "../../lib/traces/spans";

/** What the dialog is for: a new assessment, another value for one, or one that replaces it. */
export interface AssessmentTask {
  kind: NewAssessment["kind"];
  edits?: Assessment;
  overrides?: Assessment;
}

interface AssessmentDialogProps {
  traceID: string;
  task: AssessmentTask;
  span: Span | undefined;
  /** Names in use, which are offered. */
  names: readonly string[];
  by: string;
  onClose: () => void;
  onSaved: () => Promise<unknown>;
}

const types = {
  feedback: [
    ["thumbs", "Thumbs"],
    ["number", "Number"],
    ["text", "Text"],
  ],
  expectation: [
    ["text", "Text"],
    ["thumbs", "Yes or no"],
    ["number", "Number"],
    ["json", "JSON"],
  ],
} as const satisfies Record<string, readonly (readonly [ValueType, string])[]>;

export function AssessmentDialog(props: AssessmentDialogProps) {
  const { traceID, task, span, names, by, onClose, onSaved } = props;
  const before = task.edits ?? task.overrides;
  const [name, setName] = useState(before?.name ?? "");
  const [type, setType] = useState<ValueType>(before ? typeOf(before.value) : types[task.kind][0][0]);
  const [draft, setDraft] = useState(before ? draftOf(before.value) : "");
  const [rationale, setRationale] = useState(task.edits?.rationale ?? "");
  const [onSpan, setOnSpan] = useState(false);
  const nameID = useId();
  const listID = useId();
  const value = parseDraft(type, draft);
  const options = before && typeOf(before.value) === "json" ? types.expectation : types[task.kind];
  const save = async () => {
    const assessment: NewAssessment = {
      name: name.trim(),
      kind: task.kind,
      value,
      rationale,
      spanID: task.overrides ? task.overrides.spanID : onSpan && span ? span.id : "",
      by,
      ...(task.overrides && { overrides: task.overrides.id }),
    };
    if (task.edits) await updateAssessment(traceID, task.edits.id, assessment);
    else await createAssessment(traceID, assessment);
    await onSaved();
  };
  const verb = task.edits ? "Edit" : task.overrides ? "Override" : "Add";
  return (
    <ActionDialog
      title={`${verb} ${before ? `“${before.name}”` : task.kind === "feedback" ? "feedback" : "an expectation"}`}
      action={task.overrides ? "Override" : "Save"}
      disabled={name.trim() === "" || value === undefined}
      onClose={onClose}
      run={save}
    >
      {!task.overrides && (
        <>
          <label className="field" htmlFor={nameID}>
            Name
          </label>
          <input
            id={nameID}
            className="input"
            list={listID}
            value={name}
            maxLength={250}
            autoComplete="off"
            placeholder={task.kind === "feedback" ? "Such as correct" : "Such as expected_answer"}
            onChange={(e) => setName(e.target.value)}
          />
          <datalist id={listID}>
            {names.map((n) => (
              <option key={n} value={n} />
            ))}
          </datalist>
        </>
      )}
      <div className="assessment-field">
        <Choice
          label="Kind of value"
          options={options as readonly (readonly [ValueType, string])[]}
          value={type}
          choose={(next) => {
            setType(next);
            setDraft("");
          }}
        />
      </div>
      <ValueField type={type} draft={draft} setDraft={setDraft} />
      <label className="field assessment-field">
        Rationale
        <textarea
          className="input"
          rows={3}
          value={rationale}
          onChange={(e) => setRationale(e.target.value)}
        />
      </label>
      {span && !before && (
        <label className="check">
          <input type="checkbox" checked={onSpan} onChange={(e) => setOnSpan(e.target.checked)} />
          On the span “{span.name}” only
        </label>
      )}
    </ActionDialog>
  );
}

interface ValueFieldProps {
  type: ValueType;
  draft: string;
  setDraft: (draft: string) => void;
}

function ValueField({ type, draft, setDraft }: ValueFieldProps) {
  if (type === "thumbs") {
    return (
      <Choice
        label="Value"
        options={[
          ["true", "✓ Yes"],
          ["false", "✕ No"],
        ]}
        value={draft}
        choose={setDraft}
      />
    );
  }
  if (type === "number") {
    return (
      <input
        type="number"
        step="any"
        className="input"
        aria-label="Value"
        value={draft}
        onChange={(e) => setDraft(e.target.value)}
      />
    );
  }
  return (
    <textarea
      className={type === "json" ? "input mono" : "input"}
      aria-label="Value"
      rows={type === "json" ? 6 : 3}
      placeholder={type === "json" ? '{"facts": ["…"]}' : undefined}
      value={draft}
      onChange={(e) => setDraft(e.target.value)}
    />
  );
}
