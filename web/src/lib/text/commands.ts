// What the command palette offers, and how well an entry fits what was typed.

export interface Command {
  id: string;
  title: string;
  /** What kind of thing it is, such as "Experiment". */
  kind: string;
  /** More about it, such as the name of its experiment. */
  detail?: string;
  /** Keys that do the same without the palette. */
  keys?: string | undefined;
  /** Other words people type for it. */
  words?: string;
  run: () => void;
}

/**
 * How well a text fits the words of a query, or undefined if a word is missing. A word at the beginning
 * counts more than one at the beginning of a part, and that more than one inside. A short text fits
 * better than a long one.
 */
export function scoreOf(text: string, query: string): number | undefined {
  const hay = text.toLowerCase();
  let score = 0;
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = hay.indexOf(word);
    if (at < 0) return undefined;
    const part = new RegExp(`(^|[^\\p{L}\\p{N}])${escapeRegExp(word)}`, "u").test(hay);
    score += at === 0 ? 3 : part ? 2 : 1;
  }
  return score - Math.min(0.9, hay.length / 1000);
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The commands that fit, the best first; equals keep their order. */
export function findCommands(commands: readonly Command[], query: string, limit: number): Command[] {
  const found: { command: Command; score: number }[] = [];
  for (const command of commands) {
    const score = scoreOf(`${command.title} ${command.words ?? ""} ${command.detail ?? ""}`, query);
    if (score !== undefined) found.push({ command, score });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ command }) => command);
}

/** Whether a text is the ID of a run. */
export const isRunID = (text: string) => /^[0-9a-f]{32}$/.test(text.trim());

/** A filter for runs whose name contains the text, in any case. */
export function runNameFilter(text: string): string {
  const quote = text.includes("'") ? '"' : "'";
  return `attributes.run_name ILIKE ${quote}%${text.replaceAll(quote, "_")}%${quote}`;
}
