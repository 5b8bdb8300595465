// What the pages read from the schema, the profile and the source of a dataset, which are JSON as a rule.

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The numbers of a profile by name: "rows 150, elements 600". */
export function profileNumbers(profile: string): [string, number][] {
  return Object.entries(parse(profile))
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(([key, value]) => [key.replace(/^num_/, "").replaceAll("_", " "), value]);
}

export const profileText = (profile: string) =>
  profileNumbers(profile)
    .map(([name, value]) => `${name} ${value.toLocaleString("en-US")}`)
    .join(", ");

/** Names and types of columns or tensors: MLflow's list of columns, or its tensors by name. */
export function schemaColumns(schema: string): [name: string, type: string][] {
  const { mlflow_colspec: columns, mlflow_tensorspec: tensors } = parse(schema);
  if (Array.isArray(columns)) {
    return columns.map((c: { name?: string; type?: unknown }, i) => [
      c.name ?? `column ${i}`,
      typeof c.type === "string" ? c.type : JSON.stringify(c.type ?? ""),
    ]);
  }
  return tensorsOf(tensors, "");
}

interface Tensor {
  "tensor-spec"?: { dtype?: string; shape?: unknown };
  name?: string;
}

function tensorsOf(value: unknown, prefix: string): [string, string][] {
  const list = typeof value === "string" ? parseList(value) : value;
  if (Array.isArray(list)) {
    return list.map((t: Tensor, i) => {
      const spec = t["tensor-spec"];
      return [t.name || prefix || `tensor ${i}`, `${spec?.dtype ?? ""} ${JSON.stringify(spec?.shape ?? "")}`];
    });
  }
  if (list === null || typeof list !== "object") return [];
  return Object.entries(list).flatMap(([key, inner]) => tensorsOf(inner, prefix ? `${prefix}.${key}` : key));
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The address in a source, or its text. */
export function sourceText(source: string): string {
  const { uri, url, path } = parse(source);
  const place = [uri, url, path].find((value) => typeof value === "string" && value !== "");
  return typeof place === "string" ? place : source;
}

/** The filter for the runs that use a dataset. */
export function runsWithDataset(name: string, digest: string): string {
  const quoted = (text: string) => (text.includes("'") ? `"${text.replaceAll('"', "_")}"` : `'${text}'`);
  return `dataset.name = ${quoted(name)} AND dataset.digest = ${quoted(digest)}`;
}
