// The searches for prompts and evaluation datasets, in the grammars of the server.

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const tagged = (key: string) => `tags.\`${key}\``;

/**
 * The filter for what was typed: words that the name contains, and tags as key=value. A word may have quotation marks
 * around it.
 */
export function promptFilter(text: string, experimentID = ""): string {
  const clauses = [`${tagged("mlflow.prompt.is_prompt")} = 'true'`];
  if (experimentID) clauses.push(`${tagged("_mlflow_experiment_ids")} LIKE ${quoted(`%,${experimentID},%`)}`);
  return [...clauses, ...wordClauses(text)].join(" AND ");
}

/** The filter of evaluation datasets, with the same words and tags. */
export const datasetFilter = (text: string): string => wordClauses(text).join(" AND ");

function wordClauses(text: string): string[] {
  return (text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).flatMap((word) => {
    const bare = word.replaceAll('"', "").replaceAll("`", "");
    const at = bare.indexOf("=");
    if (at > 0) return [`${tagged(bare.slice(0, at))} = ${quoted(bare.slice(at + 1))}`];
    return bare === "" ? [] : [`name ILIKE ${quoted(`%${bare}%`)}`];
  });
}

/** The experiments in the tag that lists them, ",2,7,". */
export const experimentIDsOf = (tag: string | undefined): string[] =>
  (tag ?? "").split(",").filter((id) => /^\d+$/.test(id));

/** The traces that have loaded a version. */
export const tracesWithPrompt = (name: string, version: string) => `prompt = ${quoted(`${name}/${version}`)}`;

/** The runs that have loaded a version: MLflow's client lists them in a tag, as Python writes JSON. */
export const runsWithPrompt = (name: string, version: string) =>
  `tags.\`mlflow.linkedPrompts\` LIKE ${quoted(`%"name": ${JSON.stringify(name)}, "version": "${version}"%`)}`;

/** The versions of prompts that a trace or a run has loaded, from its tag. */
export function linkedPrompts(tags: Readonly<Record<string, string>>): { name: string; version: string }[] {
  try {
    const list: unknown = JSON.parse(tags["mlflow.linkedPrompts"] ?? "[]");
    return (Array.isArray(list) ? list : []).flatMap((item: { name?: unknown; version?: unknown } | null) =>
      typeof item?.name === "string" && /^\d+$/.test(String(item.version))
        ? [{ name: item.name, version: String(item.version) }]
        : [],
    );
  } catch {
    return [];
  }
}
