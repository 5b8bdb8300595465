// Help for writing search filters: completion, adding a clause, and showing where the server found a
// fault. The grammar is MLflow's: clauses "entity.key comparator value" joined by AND.
import { quoteKey } from "./columns";

export interface FilterKeys {
  metrics: readonly string[];
  params: readonly string[];
  tags: readonly string[];
  /** Known values of params, tags and attributes, by "params.key". */
  values: Readonly<Record<string, readonly string[]>>;
}

export interface Completion {
  /** The part of the text that an option replaces. */
  from: number;
  to: number;
  options: string[];
}

export interface Token {
  kind: "word" | "operator" | "value" | "and";
  text: string;
  from: number;
  to: number;
}

const stringAttributes = ["run_name", "status", "user_id", "run_id", "artifact_uri"];
const numberAttributes = ["start_time", "end_time"];
const datasetKeys = ["dataset.name", "dataset.digest", "dataset.context"];
const numberOperators = ["<", "<=", ">", ">=", "=", "!="];
const textOperators = ["=", "!=", "LIKE", "ILIKE"];
const statuses = ["'RUNNING'", "'FINISHED'", "'FAILED'", "'KILLED'", "'SCHEDULED'"];
const maxOptions = 50;

const tokenPattern =
  /((?:[\w./:-]|`[^`]*(?:`|$)|(?<=\.)"[^"]*(?:"|$))+)|(!=|<=|>=|=|<|>)|('[^']*(?:'|$)|"[^"]*(?:"|$)|\([^)]*(?:\)|$)|[^\s=<>!]+)/g;

/** Splits a filter into keys, comparators, values and ANDs. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(tokenPattern)) {
    const found = match[0];
    const last = tokens.at(-1);
    let kind: Token["kind"] = match[2] ? "operator" : "value";
    if (match[1]) {
      kind = "word";
      if (/^(i?like|in|is|not|null)$/i.test(found)) kind = "operator";
      else if (/^and$/i.test(found)) kind = "and";
      else if (last?.kind === "operator") kind = "value";
    }
    tokens.push({ kind, text: found, from: match.index, to: match.index + found.length });
  }
  return tokens;
}

/** The keys of a kind of search, and what may follow them. */
export interface Grammar {
  keys(): readonly string[];
  operators(key: string): readonly string[];
  /** Literals that may follow the tokens. */
  values(done: readonly Token[]): readonly string[];
}

/** What could stand at the cursor of a filter of runs. Undefined when there is nothing helpful to offer. */
export function complete(text: string, cursor: number, keys: FilterKeys): Completion | undefined {
  return completeBy(text, cursor, {
    keys: () => keyNames(keys),
    operators: operatorsFor,
    values: (done) => valuesFor(done, keys),
  });
}

/** What could stand at the cursor by a grammar. Undefined when there is nothing helpful to offer. */
export function completeBy(text: string, cursor: number, grammar: Grammar): Completion | undefined {
  const before = tokenize(text.slice(0, cursor));
  const current = before.at(-1);
  const touching = current && current.to === cursor ? current : undefined;
  const done = touching ? before.slice(0, -1) : before;
  const expected = expectedAfter(done);
  const from = touching ? touching.from : cursor;
  const typed = touching?.text ?? "";

  let candidates: readonly string[];
  if (expected === "key") candidates = grammar.keys();
  else if (expected === "operator") {
    // A finished word directly at the cursor, such as "metrics.loss", is still being typed as a key.
    candidates = grammar.operators(done.at(-1)?.text ?? "");
  } else if (expected === "value") candidates = grammar.values(done);
  else candidates = ["AND"];

  const options = match(candidates, typed);
  if (options.length === 0 || (options.length === 1 && options[0] === typed)) return undefined;
  return { from, to: cursor, options: options.slice(0, maxOptions) };
}

function expectedAfter(done: readonly Token[]): "key" | "operator" | "value" | "and" {
  const last = done.at(-1);
  if (!last || last.kind === "and") return "key";
  if (last.kind === "word") return "operator";
  if (last.kind === "operator") return /^null$/i.test(last.text) ? "and" : "value";
  return "and";
}

function keyNames(keys: FilterKeys): string[] {
  return [
    ...keys.metrics.map((key) => `metrics.${quoteKey(key)}`),
    ...keys.params.map((key) => `params.${quoteKey(key)}`),
    ...keys.tags.map((key) => `tags.${quoteKey(key)}`),
    ...[...stringAttributes, ...numberAttributes].map((key) => `attributes.${key}`),
    ...datasetKeys,
  ];
}

function operatorsFor(name: string): string[] {
  if (/^metrics?\./.test(name) || numberAttributes.includes(plainAttribute(name))) return numberOperators;
  if (/^(params?|parameters?|tags?)\./.test(name)) return [...textOperators, "IS NULL", "IS NOT NULL"];
  if (plainAttribute(name) === "run_id" || /^datasets?\./.test(name))
    return [...textOperators, "IN", "NOT IN"];
  return textOperators;
}

function plainAttribute(name: string): string {
  return name.replace(/^(attributes?|attr|run)\./, "");
}

/** Attributes whose values the server lists, by their names in filters. */
const listedAttributes: Record<string, string> = {
  user_id: "user_id",
  run_name: "run_name",
  "dataset.name": "dataset",
};

/** The key that the value at the cursor belongs to; undefined where values are not listed. */
export function keyInNeedOfValues(
  text: string,
  cursor: number,
): { kind: "params" | "tags" | "attributes"; key: string } | undefined {
  const before = tokenize(text.slice(0, cursor));
  const touching = before.at(-1)?.to === cursor;
  const done = touching ? before.slice(0, -1) : before;
  return expectedAfter(done) === "value" ? listedKey(done) : undefined;
}

function listedKey(done: readonly Token[]) {
  const name = done.findLast((t) => t.kind === "word")?.text ?? "";
  const attribute = listedAttributes[plainAttribute(name).replace(/^datasets?\./, "dataset.")];
  if (attribute) return { kind: "attributes" as const, key: attribute };
  const [, entity, key] = /^(param|tag)[a-z]*\.[`"]?(.*?)[`"]?$/s.exec(name) ?? [];
  if (!entity || key === undefined) return undefined;
  return { kind: entity === "param" ? ("params" as const) : ("tags" as const), key };
}

function valuesFor(done: readonly Token[], keys: FilterKeys): string[] {
  const operators = done.slice(done.findLastIndex((t) => t.kind === "word") + 1);
  if (operators.some((t) => /^is$/i.test(t.text))) return ["NULL", "NOT NULL"];
  const name = done.findLast((t) => t.kind === "word")?.text ?? "";
  if (plainAttribute(name) === "status") return statuses;
  const key = listedKey(done);
  return key ? (keys.values[`${key.kind}.${key.key}`] ?? []).map(quoteValue) : [];
}

/** Options that start with what was typed come first, then those that contain it. */
function match(candidates: readonly string[], typed: string): string[] {
  const needle = plain(typed);
  if (!needle) return [...candidates];
  const hits = candidates.filter((c) => plain(c).includes(needle));
  const rank = (c: string) => {
    const text = plain(c);
    if (text.startsWith(needle)) return 0;
    return text.slice(text.indexOf(".") + 1).startsWith(needle) ? 1 : 2;
  };
  return hits.sort((a, b) => rank(a) - rank(b));
}

const plain = (text: string) => text.toLowerCase().replace(/[`'"]/g, "");

/** A string literal of the grammar, which has no escapes: the other kind of quote is used instead. */
export function quoteValue(value: string): string {
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}

/** Adds a clause to a filter unless it is there already. */
export function addClause(filter: string, clause: string): string {
  const text = filter.trim().replace(/\s+and$/i, "");
  if (!text) return clause;
  return text.includes(clause) ? text : `${text} AND ${clause}`;
}

/** Splits a filter around the character the server pointed at. Offsets count Unicode characters. */
export function markPosition(
  filter: string,
  position: number,
): { before: string; at: string; after: string } {
  const characters = [...filter];
  const at = Math.max(0, Math.min(position, characters.length));
  const before = characters.slice(0, at).join("");
  const rest = characters.slice(at).join("");
  const word = /^(\s*\S+)/.exec(rest)?.[0] ?? "";
  return { before, at: word, after: rest.slice(word.length) };
}
