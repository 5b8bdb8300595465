import { chatOf, saidBy } from "./chat";

// Previews of inputs and outputs are the beginnings of JSON texts. People look for what was said.

const oneText = /^\{\s*"[^"\\]{1,40}"\s*:\s*"((?:[^"\\]|\\.)*)("\s*\}\s*$)?/s;

/**
 * The text of a preview: the last message of a conversation, the text of an object with one text, which may be cut, or
 * the preview itself.
 */
export function previewText(preview: string): string {
  const said = lastMessage(preview);
  if (said) return said;
  const found = oneText.exec(preview) ?? /^"((?:[^"\\]|\\.)*)(")?\s*$/s.exec(preview);
  if (!found) return preview;
  const [whole, body = "", end] = found;
  // What follows the first text is a part of the preview, too.
  if (!end && whole.length < preview.replace(/\\$/, "").length) return preview;
  try {
    const text = JSON.parse(`"${body.replace(/\\u[0-9a-f]{0,3}$/i, "")}"`) as string;
    return end || text.endsWith("...") ? text : `${text}…`;
  } catch {
    return preview;
  }
}

function lastMessage(preview: string): string | undefined {
  if (!/^\s*[[{]/.test(preview)) return undefined;
  try {
    const last = chatOf(JSON.parse(preview))?.at(-1);
    return last && saidBy(last);
  } catch {
    return undefined; // It is cut.
  }
}

/** The most characters of a preview: one that has as many may be cut. */
export const mostOfPreview = 1000;
