import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Assessment, deleteAssessment } from "../../api/assessments";
import { changedTraces, type Trace } from "../../api/traces";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { JSONTree } from "../../components/json/JSONTree";
import { useUser } from "../../components/session/useSession";
import { RelativeTime } from "../../components/Values";
import { formatValue } from "../../lib/traces/assessments";
import type { Span } from "../../lib/traces/spans";
import { AssessmentDialog, type AssessmentTask } from "./AssessmentDialog";

interface AssessmentsProps {
  trace: Trace;
  spans: readonly Span[];
  /** The selected span, which can be assessed, too. */
  span: Span | undefined;
  select: (span: Span) => void;
}

const groups = [
  ["feedback", "Feedback"],
  ["expectation", "Expectations"],
  ["issue", "Issues"],
] as const;

/** The source of what is said on a server without users, as in MLflow's own pages. */
const nobody = "User";

/** What people, programs and judges say about a trace. Replaced ones stay in sight, below those that count. */
export function Assessments({ trace, spans, span, select }: AssessmentsProps) {
  const [task, setTask] = useState<AssessmentTask>();
  const [leaving, setLeaving] = useState<Assessment>();
  const client = useQueryClient();
  const by = useUser()?.username ?? nobody;
  const refresh = () => client.invalidateQueries(changedTraces);
  const { assessments } = trace;
  return (
    <div className="assessments">
      <div className="assessment-tools">
        <button type="button" className="button" onClick={() => setTask({ kind: "feedback" })}>
          <Icon name="plus" size={14} /> Feedback
        </button>
        <button type="button" className="button" onClick={() => setTask({ kind: "expectation" })}>
          <Icon name="plus" size={14} /> Expectation
        </button>
      </div>
      {assessments.length === 0 && (
        <p className="muted">
          None yet. Judge the trace or the selected span, or say what its answer should have been.
        </p>
      )}
      {groups.map(([kind, title]) => {
        const members = assessments.filter((a) => a.kind === kind);
        if (members.length === 0) return null;
        return (
          <section key={kind} aria-label={title}>
            <h3>
              {title} <span className="muted number">{members.filter((a) => a.valid).length}</span>
            </h3>
            <ul>
              {[...members].sort(inOrder).map((a) => (
                <AssessmentItem
                  key={a.id}
                  assessment={a}
                  span={spans.find((s) => s.id === a.spanID)}
                  select={select}
                  edit={() => setTask(taskOf(a, by))}
                  remove={() => setLeaving(a)}
                />
              ))}
            </ul>
          </section>
        );
      })}
      {task && (
        <AssessmentDialog
          traceID={trace.id}
          task={task}
          span={span}
          names={[...new Set(assessments.filter((a) => a.kind === task.kind).map((a) => a.name))]}
          by={by}
          onClose={() => setTask(undefined)}
          onSaved={refresh}
        />
      )}
      {leaving && (
        <ActionDialog
          title={`Delete “${leaving.name}”?`}
          action="Delete"
          danger
          onClose={() => setLeaving(undefined)}
          run={async () => {
            await deleteAssessment(trace.id, leaving.id);
            await refresh();
          }}
        >
          <p>{leaving.overrides ? "The one that it replaced counts again." : "This can't be undone."}</p>
        </ActionDialog>
      )}
    </div>
  );
}

/** By name; what counts comes before what was replaced, and the newest comes first. */
function inOrder(a: Assessment, b: Assessment): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return Number(b.valid) - Number(a.valid) || (b.updatedMS ?? 0) - (a.updatedMS ?? 0);
}

/** One's own words are changed; those of judges and of others are overridden, so that they are not lost. */
function taskOf(a: Assessment, by: string): AssessmentTask {
  const own = a.sourceType === "HUMAN" && (a.sourceID === by || by === nobody);
  const kind = a.kind === "expectation" ? "expectation" : "feedback";
  return own ? { kind, edits: a } : { kind, overrides: a };
}

const sources: Record<string, string> = { HUMAN: "Person", LLM_JUDGE: "Judge", CODE: "Code" };

interface ItemProps {
  assessment: Assessment;
  /** The span that it is about, if it is not about the whole trace. */
  span: Span | undefined;
  select: (span: Span) => void;
  edit: () => void;
  remove: () => void;
}

function AssessmentItem({ assessment: a, span, select, edit, remove }: ItemProps) {
  const long = typeof a.value === "object" && a.value !== null;
  return (
    <li className={a.valid ? "assessment-item" : "assessment-item replaced"}>
      <div className="assessment-line">
        <strong className="assessment-name">{a.name}</strong>
        {a.error ? (
          <span className="status failed">✕ {a.error}</span>
        ) : (
          !long && <span className="assessment-value">{formatValue(a.value)}</span>
        )}
        {!a.valid && <span className="badge">Replaced</span>}
        <span className="spacer" />
        {a.valid && a.kind !== "issue" && (
          <button
            type="button"
            className="icon-button copy"
            aria-label={`Edit ${a.name}`}
            title="Edit"
            onClick={edit}
          >
            <Icon name="pencil" size={14} />
          </button>
        )}
        <button
          type="button"
          className="icon-button copy"
          aria-label={`Delete ${a.name}`}
          title="Delete"
          onClick={remove}
        >
          <Icon name="trash" size={14} />
        </button>
      </div>
      {long && <JSONTree value={a.value} label="value" />}
      {a.rationale && <p className="plain-text">{a.rationale}</p>}
      <p className="muted assessment-source">
        {sources[a.sourceType] ?? "Unknown"} {a.sourceID} · <RelativeTime timeMS={a.updatedMS} />
        {span && (
          <>
            {" · on "}
            <button type="button" className="link-button" onClick={() => select(span)}>
              {span.name}
            </button>
          </>
        )}
      </p>
    </li>
  );
}
