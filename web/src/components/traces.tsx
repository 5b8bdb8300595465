// Small pieces that show one value of a trace.
import type { Assessment } from "../api/assessments";
import type { TraceState } from "../api/traces";
import { formatValue } from "../lib/traces/assessments";
import "./traces.css";

const glyphs: Record<TraceState, [glyph: string, look: string, label: string]> = {
  OK: ["✓", "finished", "OK"],
  ERROR: ["✕", "failed", "Error"],
  IN_PROGRESS: ["●", "running", "In progress"],
  STATE_UNSPECIFIED: ["○", "scheduled", "Unknown"],
};

/** A glyph that differs by shape as well as by colour, with the word for screen readers. */
export function StateGlyph({ state }: { state: TraceState }) {
  const [glyph, look, label] = glyphs[state];
  return (
    <span className={`status ${look}`} title={label}>
      <span aria-hidden="true">{glyph}</span>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}

export function StateBadge({ state }: { state: TraceState }) {
  const [glyph, look, label] = glyphs[state];
  return (
    <span className={`badge status ${look}`}>
      <span aria-hidden="true">{glyph}</span> {label}
    </span>
  );
}

/** A judgement in a word: its name, and the value as yes, no or a number. */
export function AssessmentChip({ assessment: a }: { assessment: Assessment }) {
  const text = a.error ? "error" : formatValue(a.value);
  const look = a.error ? "bad" : a.kind === "feedback" ? verdict(a.value) : "";
  return (
    <span
      className={`chip assessment ${look}`}
      title={`${a.name}: ${a.error || text}\n${a.rationale}`.trim()}
    >
      {a.name}: <strong>{text}</strong>
    </span>
  );
}

function verdict(value: unknown): string {
  if (value === true || (typeof value === "string" && /^yes$/i.test(value.trim()))) return "good";
  return value === false || (typeof value === "string" && /^no$/i.test(value.trim())) ? "bad" : "";
}
