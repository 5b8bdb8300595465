// Text with the colour codes of terminals, as training programs write it to their logs.

export interface Span {
  text: string;
  /** Names of styles, such as "bold" and "red". */
  styles: string[];
}

const colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with this character
const sequence = /\u001b\[([0-9;:?]*)([A-Za-z])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** Whether a text has colour codes. */
export const hasANSI = (text: string) => text.includes("\u001b[");

/**
 * The parts of a line by style. Codes other than bold, faint, italic, underline and the sixteen colours
 * change nothing. What a progress bar has overwritten is left out.
 */
export function ansiSpans(line: string): Span[] {
  const spans: Span[] = [];
  let styles: string[] = [];
  let at = 0;
  const shown = overwritten(line);
  const push = (text: string) => {
    if (text) spans.push({ text, styles });
  };
  for (const match of shown.matchAll(sequence)) {
    push(shown.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] === "m") styles = restyle(styles, match[1] ?? "");
  }
  push(shown.slice(at));
  return spans;
}

/** A line after its carriage returns: the last text that is not empty. */
function overwritten(line: string): string {
  if (!line.includes("\r")) return line;
  const parts = line.split("\r").filter((part) => part !== "");
  return parts.at(-1) ?? "";
}

function restyle(before: readonly string[], codes: string): string[] {
  let styles = [...before];
  const numbers = (codes === "" ? "0" : codes).split(/[;:]/).map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i]!;
    if (code === 38 || code === 48) {
      i += numbers[i + 1] === 5 ? 2 : 4; // A colour of 256 or of 16 million: its numbers are no codes.
      continue;
    }
    if (code === 0) styles = [];
    else if (code === 1) styles.push("bold");
    else if (code === 2) styles.push("faint");
    else if (code === 3) styles.push("italic");
    else if (code === 4) styles.push("underline");
    else if (code === 22) styles = styles.filter((s) => s !== "bold" && s !== "faint");
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97) || code === 39) {
      styles = styles.filter((s) => !colours.includes(s));
      if (code !== 39) styles.push(colours[code % 10]!);
    }
  }
  return styles;
}

/** The text without codes. */
export const plainText = (line: string) =>
  ansiSpans(line)
    .map((span) => span.text)
    .join("");
