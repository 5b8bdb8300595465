// What people write into the filter box and choose in its chips, as a filter of the grammar.
import { quoteValue, type Token, tokenize } from "../runs/filter";

export interface FilterChoice {
  /** The text of the box: clauses of the grammar, and words that the run's name contains. */
  filter: string;
  states: readonly string[];
  user: string;
  dataset: string;
  /** A span such as "24h" or "7d" before now, or "" for any time. */
  since: string;
}

export const allStates = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;

const unitMS: Record<string, number> = { h: 3_600_000, d: 86_400_000 };

/** The length of a span such as "24h"; undefined for other texts. */
export function spanMS(span: string): number | undefined {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(span) ?? [];
  return count && unit ? Number(count) * unitMS[unit]! : undefined;
}

/** The whole filter. The text comes first, so that positions of faults in it are those in the box. */
export function compileFilter(choice: FilterChoice, nowMS: number): string {
  const clauses = [wordsToFilter(choice.filter)];
  const { states, user, dataset, since } = choice;
  // The grammar has no OR: a choice of several states leaves out the others.
  if (states.length === 1) clauses.push(`attributes.status = '${states[0]}'`);
  else if (states.length > 1) {
    for (const s of allStates) if (!states.includes(s)) clauses.push(`attributes.status != '${s}'`);
  }
  if (user) clauses.push(`attributes.user_id = ${quoteValue(user)}`);
  if (dataset) clauses.push(`dataset.name = ${quoteValue(dataset)}`);
  const span = spanMS(since);
  if (span !== undefined) clauses.push(`attributes.start_time >= ${nowMS - span}`);
  return clauses.filter((text) => text.trim() !== "").join(" AND ");
}

const entity = /^(metrics?|param(eter)?s?|tags?|attr(ibute)?s?|run|datasets?)\./;

/**
 * Turns words outside of comparisons into comparisons with the run's name. A text with another fault stays
 * as it is, so that the server can say where the fault is.
 */
export function wordsToFilter(text: string): string {
  const tokens = joined(tokenize(text));
  const parts: string[] = [];
  let words = 0;
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i]!;
    if (token.kind === "and") {
      i++;
      continue;
    }
    if (token.kind === "operator") return text;
    let end = i + 1;
    while (tokens[end]?.kind === "operator") end++;
    if (end === i + 1) {
      const word = nameClause(token.text);
      if (!word || entity.test(token.text)) return text;
      parts.push(word);
      words++;
    } else {
      if (!/^null$/i.test(tokens[end - 1]!.text)) end++;
      if (end > tokens.length) return text;
      parts.push(text.slice(token.from, tokens[end - 1]!.to));
    }
    i = end;
  }
  return words === 0 ? text : parts.join(" AND ");
}

/** Joins what is written without a space, such as "it's", to one word. */
function joined(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  for (const token of tokens) {
    const last = out.at(-1);
    const touches = last?.to === token.from && last.kind !== "operator" && token.kind !== "operator";
    if (touches) out[out.length - 1] = { ...last, kind: "word", text: last.text + token.text, to: token.to };
    else out.push(token);
  }
  return out;
}

/** The clause for a word, which may be in quotes. Undefined for what cannot be a part of a name. */
function nameClause(word: string): string | undefined {
  const bare = /^(['"])(.*)\1$/s.exec(word)?.[2] ?? word;
  if (bare === "" || bare === "'" || bare === '"') return undefined;
  // A literal can hold one kind of quote only; the other kind matches as any character does.
  const needle = bare.includes("'") ? bare.replaceAll('"', "_") : bare;
  return `attributes.run_name ILIKE ${quoteValue(`%${needle}%`)}`;
}
