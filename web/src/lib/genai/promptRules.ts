// What the names, aliases and templates of prompts must be, as MLflow's client checks it.
import { mostCharacters, type Template, templateText } from "./template";

/** What is wrong with the name of a prompt; empty if nothing is. */
export function nameFault(name: string): string {
  if (name === "") return "";
  return /^[a-zA-Z0-9_.-]+$/.test(name)
    ? ""
    : "A name has letters of the alphabet, digits, hyphens, underscores and dots only.";
}

export function templateFault(template: Template): string {
  const length = [...templateText(template)].length;
  if (length > mostCharacters) {
    return `A template has at most ${mostCharacters.toLocaleString("en-US")} characters; this one has ${length.toLocaleString("en-US")}.`;
  }
  return "";
}

/** Whether there is something to save. */
export const isBlank = (t: Template) =>
  t.kind === "text" ? t.text.trim() === "" : t.messages.every((m) => m.content.trim() === "");

export function aliasFault(alias: string): string {
  if (alias === "") return "";
  if (alias.toLowerCase() === "latest") return "“latest” always means the newest version.";
  if (/^v\d+$/i.test(alias)) return "Such a name looks like the number of a version.";
  return /^[\w.-]+$/.test(alias)
    ? ""
    : "An alias has letters of the alphabet, digits, hyphens, underscores and dots only.";
}

/** The object in a JSON text; undefined for an empty text, and a fault if it is none. */
export function parseObject(text: string): { value?: object; fault: string } {
  if (text.trim() === "") return { fault: "" };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { value, fault: "" };
    return { fault: 'It must be a JSON object, such as {"model_name": "gpt-5"}.' };
  } catch (error) {
    return { fault: `It is no JSON: ${(error as Error).message}` };
  }
}

/** Tags that are written as "key=value", one a line. */
export function parseTags(text: string): { tags: [string, string][]; fault: string } {
  const tags: [string, string][] = [];
  for (const line of text.split("\n").map((l) => l.trim())) {
    if (line === "") continue;
    const at = line.indexOf("=");
    if (at <= 0) return { tags, fault: `“${line}” is no tag: write key=value.` };
    tags.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return { tags, fault: "" };
}
