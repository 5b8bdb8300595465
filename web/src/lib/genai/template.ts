// Templates of prompts, as MLflow stores them in the tags of versions.

export interface PromptMessage {
  role: string;
  content: string;
}

export type Template =
  | { kind: "text"; text: string }
  /** Messages of a conversation. */
  | { kind: "chat"; messages: PromptMessage[] };

/** What MLflow's client accepts. */
export const mostCharacters = 100_000;

/** The template in the text of a version. A chat that can't be read is shown as the text that it is. */
export function parseTemplate(text: string, type: string): Template {
  if (type !== "chat") return { kind: "text", text };
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isMessage)) {
      return {
        kind: "chat",
        messages: value.map((m) => ({
          role: m.role,
          content: typeof m.content === "string" ? m.content : JSON.stringify(m.content ?? "", null, 2),
        })),
      };
    }
  } catch {
    // It is shown as text.
  }
  return { kind: "text", text };
}

const isMessage = (m: unknown): m is { role: string; content?: unknown } =>
  typeof m === "object" && m !== null && "role" in m && typeof m.role === "string";

/** The text that is stored for a template. */
export const templateText = (t: Template): string =>
  t.kind === "text" ? t.text : JSON.stringify(t.messages.map(({ role, content }) => ({ role, content })));

const variable = /\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)*)\s*\}\}/g;
const control = /\{%.*?%\}|\{#.*?#\}/gs;

/** Whether a template has statements of Jinja2, which MLflow's client then runs in a sandbox. */
export const isJinja = (text: string) => /\{%.*?%\}/s.test(text);

const textsOf = (t: Template) => (t.kind === "text" ? [t.text] : t.messages.map((m) => m.content));

/** The names of the variables, in the order of their first use. */
export function variablesOf(t: Template): string[] {
  return [...new Set(textsOf(t).flatMap((text) => [...text.matchAll(variable)].map((m) => m[1]!)))];
}

/** The variables with their braces, in every spelling that occurs. */
export const spelledVariables = (t: Template): string[] => [
  ...new Set(textsOf(t).flatMap((text) => [...text.matchAll(variable)].map((m) => m[0]))),
];

export interface Piece {
  text: string;
  kind: "text" | "variable" | "control";
}

/** A text as pieces, which add up to it: variables, statements of Jinja2, and what is between them. */
export function piecesOf(text: string): Piece[] {
  const marks = [
    ...[...text.matchAll(variable)].map((m) => ({ at: m.index, text: m[0], kind: "variable" as const })),
    ...[...text.matchAll(control)].map((m) => ({ at: m.index, text: m[0], kind: "control" as const })),
  ].sort((a, b) => a.at - b.at);
  const pieces: Piece[] = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.at < at) continue; // A variable inside of a comment.
    if (mark.at > at) pieces.push({ text: text.slice(at, mark.at), kind: "text" });
    pieces.push({ text: mark.text, kind: mark.kind });
    at = mark.at + mark.text.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), kind: "text" });
  return pieces;
}

/** The lines of a template for differences: messages begin with a line that names their role. */
export function templateLines(t: Template): string[] {
  if (t.kind === "text") return t.text.split(/\r?\n/);
  return t.messages.flatMap((m, i) => [...(i > 0 ? [""] : []), `[${m.role}]`, ...m.content.split(/\r?\n/)]);
}

/** The beginning of a template in one line, for lists. */
export function templatePreview(t: Template): string {
  const text = t.kind === "text" ? t.text : t.messages.map((m) => `${m.role}: ${m.content}`).join("  ");
  return text.slice(0, 400).replace(/\s+/g, " ").trim();
}
