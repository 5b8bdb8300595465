// Records of evaluation datasets.

export interface DatasetRecord {
  id: string;
  inputs: Readonly<Record<string, unknown>>;
  /** A JSON value; undefined if there is none. */
  outputs: unknown;
  expectations: Readonly<Record<string, unknown>>;
  tags: Readonly<Record<string, string>>;
  /** Such as "TRACE" or "HUMAN"; empty if it is not known. */
  sourceType: string;
  /** What the source says of itself, such as a user or the address of a document. */
  source: Readonly<Record<string, unknown>>;
  /** The trace that the record comes from; empty for other sources. */
  traceID: string;
  createdMS: number;
  updatedMS: number;
  createdBy: string;
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const textOf = (value: unknown) => (typeof value === "string" ? value : "");
const numberOf = (value: unknown) => (typeof value === "number" ? value : 0);

export function toRecord(wire: unknown): DatasetRecord {
  const w = objectOf(wire);
  const source = objectOf(objectOf(w.source).source_data);
  const empty = typeof w.outputs === "object" && w.outputs !== null && Object.keys(w.outputs).length === 0;
  const sourceType = textOf(w.source_type) || textOf(objectOf(w.source).source_type);
  return {
    id: textOf(w.dataset_record_id),
    inputs: objectOf(w.inputs),
    outputs: w.outputs === null || empty ? undefined : w.outputs,
    expectations: objectOf(w.expectations),
    tags: Object.fromEntries(
      Object.entries(objectOf(w.tags))
        .filter(([key]) => !key.startsWith("mlflow."))
        .map(([key, value]) => [key, String(value)]),
    ),
    sourceType: sourceType === "UNSPECIFIED" ? "" : sourceType,
    source,
    traceID: sourceType === "TRACE" ? textOf(source.trace_id) || textOf(w.source_id) : "",
    createdMS: numberOf(w.created_time),
    updatedMS: numberOf(w.last_update_time),
    createdBy: textOf(w.created_by) || textOf(objectOf(w.tags)["mlflow.user"]),
  };
}

const sourceNames: Record<string, string> = {
  TRACE: "Trace",
  HUMAN: "Person",
  DOCUMENT: "Document",
  CODE: "Code",
};

export const sourceName = (type: string): string => sourceNames[type] ?? (type || "–");

/** A JSON value in one line: the text of an object with nothing but one, the values of an object by name, or JSON. */
export function valueText(value: unknown, most = 300): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "object" || Array.isArray(value)) return oneLine(textFor(value), most);
  const entries = Object.entries(value);
  if (entries.length === 1 && typeof entries[0]![1] === "string") return oneLine(entries[0]![1], most);
  return oneLine(entries.map(([key, inner]) => `${key}: ${textFor(inner)}`).join(" · "), most);
}

const textFor = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const oneLine = (text: string, most: number) => text.slice(0, most).replace(/\s+/g, " ").trim();

const texts = new WeakMap<DatasetRecord, string>();

/** All that a record says, in lower case. It is made once. */
function searched(record: DatasetRecord): string {
  let text = texts.get(record);
  if (text === undefined) {
    const { inputs, outputs, expectations, tags } = record;
    text = JSON.stringify([inputs, outputs, expectations, tags]).toLowerCase();
    texts.set(record, text);
  }
  return text;
}

export interface RecordChoice {
  /** Words, all of which occur in the record, in any case. */
  text: string;
  /** A source type, or empty for any. */
  source: string;
}

export function filterRecords(
  records: readonly DatasetRecord[],
  { text, source }: RecordChoice,
): readonly DatasetRecord[] {
  // Quotation marks are escaped in the JSON that is searched.
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((w) => JSON.stringify(w).slice(1, -1));
  if (words.length === 0 && source === "") return records;
  return records.filter(
    (r) => (source === "" || r.sourceType === source) && words.every((w) => searched(r).includes(w)),
  );
}

export interface SchemaField {
  part: string;
  name: string;
  type: string;
}

/** The fields of a schema: their part, name and type. */
export function schemaFields(schema: unknown): SchemaField[] {
  return ["inputs", "outputs", "expectations"].flatMap((part) =>
    Object.entries(objectOf(objectOf(schema)[part])).map(([name, type]) => ({
      part,
      name,
      type: typeof type === "string" ? type : JSON.stringify(type),
    })),
  );
}

/** A JSON value that was typed; undefined for nothing. */
export function parseValue(text: string): { value?: unknown; fault: string } {
  if (text.trim() === "") return { fault: "" };
  try {
    return { value: JSON.parse(text) as unknown, fault: "" };
  } catch (error) {
    return { fault: `It is no JSON: ${(error as Error).message}` };
  }
}
