// The filter of traces: what the box and the chips say, in MLflow's grammar.
import { type Completion, completeBy, quoteValue, type Token, tokenize } from "../runs/filter";
import { spanMS } from "../table/filterText";

export interface TraceChoice {
  filter: string;
  errorsOnly: boolean;
  since: string;
  session: string;
}

/** The whole filter. The text comes first, so that positions of faults in it are those in the box. */
export function traceFilter(choice: TraceChoice, nowMS: number, runID = ""): string {
  const clauses = [wordsToText(choice.filter.trim())];
  if (runID) clauses.push(`attributes.run_id = ${quoteValue(runID)}`);
  if (choice.errorsOnly) clauses.push("attributes.status = 'ERROR'");
  if (choice.session) clauses.push(sessionFilter(choice.session));
  const span = spanMS(choice.since);
  if (span !== undefined) clauses.push(`attributes.timestamp_ms >= ${nowMS - span}`);
  return clauses.filter(Boolean).join(" AND ");
}

export const sessionFilter = (session: string) =>
  `request_metadata.\`mlflow.trace.session\` = ${quoteValue(session)}`;

/** A text without any comparison is searched for in the spans, as it was typed. */
function wordsToText(text: string): string {
  if (text === "" || tokenize(text).some((t) => t.kind === "operator")) return text;
  const bare = /^(['"])(.*)\1$/s.exec(text)?.[2] ?? text;
  // A literal can hold one kind of quote only; the other kind matches as any character does.
  const needle = bare.includes("'") ? bare.replaceAll('"', "_") : bare;
  return `trace.text ILIKE ${quoteValue(`%${needle}%`)}`;
}

/** Keys and values that occur in the traces at hand. */
export interface TraceKeys {
  tags: readonly string[];
  metadata: readonly string[];
  feedback: readonly string[];
  expectations: readonly string[];
  names: readonly string[];
}

const attributes = [
  "status",
  "name",
  "timestamp_ms",
  "execution_time_ms",
  "request_id",
  "client_request_id",
  "run_id",
  "prompt",
];
const ofSpans = ["span.name", "span.type", "span.status", "span.content"];
const spanTypes = "AGENT CHAIN CHAT_MODEL EMBEDDING LLM PARSER RERANKER RETRIEVER TOOL".split(" ");

const key = (prefix: string, name: string) => `${prefix}.${/^[\w.]+$/.test(name) ? name : `\`${name}\``}`;

const numbers = ["<", "<=", ">", ">=", "=", "!="];
const texts = ["=", "!=", "LIKE", "ILIKE", "RLIKE"];
const optional = [...texts, "IS NULL", "IS NOT NULL"];

function operatorsOf(name: string): readonly string[] {
  const plain = name.replace(/^(attributes?|trace)\./, "");
  if (/^(timestamp|execution_time|end_time)(_ms)?$/.test(plain)) return numbers;
  if (plain === "prompt") return ["="];
  if (/^(trace\.text|span\.content)$/.test(name)) return ["ILIKE", "LIKE"];
  if (/^(feedback|expectation)\./.test(name)) return [...optional, "<", "<=", ">", ">="];
  return /^(tags?|metadata|request_metadata)\.|^name$/.test(name) ? optional : [...texts, "IN", "NOT IN"];
}

/** What could stand at the cursor of a filter of traces. */
export function completeTraceFilter(text: string, cursor: number, keys: TraceKeys): Completion | undefined {
  const values = (done: readonly Token[]): readonly string[] => {
    const name = done.findLast((t) => t.kind === "word")?.text ?? "";
    if (/^is$/i.test(done.at(-1)?.text ?? "")) return ["NULL", "NOT NULL"];
    if (/(^|\.)status$/.test(name)) {
      const states = name.startsWith("span") ? ["OK", "ERROR", "UNSET"] : ["OK", "ERROR", "IN_PROGRESS"];
      return states.map(quoteValue);
    }
    if (name === "span.type") return spanTypes.map(quoteValue);
    return /^((attributes?|trace)\.)?name$/.test(name) ? keys.names.map(quoteValue) : [];
  };
  return completeBy(text, cursor, {
    keys: () => [
      ...attributes,
      "trace.text",
      ...ofSpans,
      ...keys.tags.map((k) => key("tags", k)),
      ...keys.metadata.map((k) => key("metadata", k)),
      ...keys.feedback.map((k) => key("feedback", k)),
      ...keys.expectations.map((k) => key("expectation", k)),
    ],
    operators: operatorsOf,
    values,
  });
}
