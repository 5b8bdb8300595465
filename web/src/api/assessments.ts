// What people, programs and judges say about traces.
import { v3 } from "./client";

export type SourceType = "HUMAN" | "LLM_JUDGE" | "CODE" | "SOURCE_TYPE_UNSPECIFIED";
export type AssessmentKind = "feedback" | "expectation" | "issue";

export interface Assessment {
  id: string;
  name: string;
  kind: AssessmentKind;
  /** A JSON value; the name of an issue. Undefined if the judge failed. */
  value: unknown;
  error: string;
  spanID: string;
  sourceType: SourceType;
  sourceID: string;
  rationale: string;
  updatedMS: number | undefined;
  /** The id of the assessment that this one replaces. */
  overrides: string;
  /** False for one that was replaced. */
  valid: boolean;
}

export interface WireAssessment {
  assessment_id?: string;
  assessment_name: string;
  span_id?: string;
  source?: { source_type?: SourceType; source_id?: string };
  last_update_time?: string;
  feedback?: { value?: unknown; error?: { error_code?: string; error_message?: string } };
  expectation?: { value?: unknown; serialized_value?: { value: string } };
  issue?: { issue_name: string };
  rationale?: string;
  overrides?: string;
  valid?: boolean;
}

function expectedValue({ value, serialized_value }: NonNullable<WireAssessment["expectation"]>): unknown {
  if (!serialized_value) return value;
  try {
    return JSON.parse(serialized_value.value);
  } catch {
    return serialized_value.value;
  }
}

export function toAssessment(w: WireAssessment): Assessment {
  const error = w.feedback?.error;
  return {
    id: w.assessment_id ?? "",
    name: w.assessment_name,
    kind: w.expectation ? "expectation" : w.issue ? "issue" : "feedback",
    value: w.expectation ? expectedValue(w.expectation) : w.issue ? w.issue.issue_name : w.feedback?.value,
    error: error ? [error.error_code, error.error_message].filter(Boolean).join(": ") || "failed" : "",
    spanID: w.span_id ?? "",
    sourceType: w.source?.source_type ?? "SOURCE_TYPE_UNSPECIFIED",
    sourceID: w.source?.source_id ?? "",
    rationale: w.rationale ?? "",
    updatedMS: w.last_update_time ? Date.parse(w.last_update_time) : undefined,
    overrides: w.overrides ?? "",
    valid: w.valid ?? true,
  };
}

export interface NewAssessment {
  name: string;
  kind: "feedback" | "expectation";
  value: unknown;
  rationale: string;
  /** Empty for the trace as a whole. */
  spanID: string;
  /** The user who says it. */
  by: string;
  overrides?: string;
}

const path = (traceID: string, id = "") =>
  `traces/${encodeURIComponent(traceID)}/assessments${id && `/${encodeURIComponent(id)}`}`;

const wireValue = (kind: NewAssessment["kind"], value: unknown) =>
  kind === "expectation" ? { expectation: { value } } : { feedback: { value } };

export const createAssessment = (traceID: string, a: NewAssessment) =>
  v3.send("POST", path(traceID), {
    assessment: {
      assessment_name: a.name,
      source: { source_type: "HUMAN", source_id: a.by },
      ...wireValue(a.kind, a.value),
      ...(a.rationale && { rationale: a.rationale }),
      ...(a.spanID && { span_id: a.spanID }),
      ...(a.overrides && { overrides: a.overrides }),
    },
  });

export const updateAssessment = (traceID: string, id: string, a: NewAssessment) =>
  v3.send("PATCH", path(traceID, id), {
    assessment: { assessment_name: a.name, ...wireValue(a.kind, a.value), rationale: a.rationale },
    update_mask: `assessmentName,${a.kind},rationale`,
  });

export const deleteAssessment = (traceID: string, id: string) => v3.send("DELETE", path(traceID, id), {});
