// Values of assessments as people read and write them.
import { formatNumber } from "../text/format";

/** A value in a few characters: yes, no, a number, a text, or JSON. */
export function formatValue(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "–" : JSON.stringify(value);
}

export type ValueType = "thumbs" | "number" | "text" | "json";

export function typeOf(value: unknown): ValueType {
  if (typeof value === "boolean") return "thumbs";
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "text" : "json";
}

/** The text that a form shows for a value. */
export function draftOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** The value that was written; undefined if it is none of its type. */
export function parseDraft(type: ValueType, draft: string): unknown {
  if (type === "text") return draft.trim() === "" ? undefined : draft;
  try {
    const value: unknown = JSON.parse(draft);
    if (type === "json") return value === null ? undefined : value;
    return typeof value === (type === "thumbs" ? "boolean" : "number") ? value : undefined;
  } catch {
    return undefined;
  }
}
