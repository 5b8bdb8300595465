// The search for prompts, in the grammar of the registry.

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const tagged = (key: string) => `tags.\`${key}\``;

/**
 * The filter for what was typed: words that the name contains, and tags as key=value. A word may have quotation marks
 * around it.
 */
export function promptFilter(text: string, experimentID = ""): string {
  const clauses = [`${tagged("mlflow.prompt.is_prompt")} = 'true'`];
  if (experimentID) clauses.push(`${tagged("_mlflow_experiment_ids")} LIKE ${quoted(`%,${experimentID},%`)}`);
  for (const word of text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) {
    const bare = word.replaceAll('"', "").replaceAll("`", "");
    const at = bare.indexOf("=");
    if (at > 0) clauses.push(`${tagged(bare.slice(0, at))} = ${quoted(bare.slice(at + 1))}`);
    else if (bare !== "") clauses.push(`name ILIKE ${quoted(`%${bare}%`)}`);
  }
  return clauses.join(" AND ");
}

/** The experiments in the tag that lists them, ",2,7,". */
export const experimentIDsOf = (tag: string | undefined): string[] =>
  (tag ?? "").split(",").filter((id) => /^\d+$/.test(id));

/** The traces that have loaded a version. */
export const tracesWithPrompt = (name: string, version: string) => `prompt = ${quoted(`${name}/${version}`)}`;

/** The runs that have loaded a version: MLflow's client lists them in a tag, as Python writes JSON. */
export const runsWithPrompt = (name: string, version: string) =>
  `tags.\`mlflow.linkedPrompts\` LIKE ${quoted(`%"name": ${JSON.stringify(name)}, "version": "${version}"%`)}`;
