import type { DatasetInput } from "../../api/runs";
import { CopyButton } from "../../components/Copy";

export function Datasets({ datasets }: { datasets: readonly DatasetInput[] }) {
  if (datasets.length === 0) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>Datasets</h2>
      </div>
      <ul className="plain-list datasets">
        {datasets.map((d) => (
          <li key={d.name + d.digest}>
            <details>
              <summary>
                <strong>{d.name}</strong> {d.context && <span className="chip">{d.context}</span>}{" "}
                <span className="muted">{profileText(d.profile)}</span>
              </summary>
              <dl className="facts">
                <dt>Digest</dt>
                <dd>
                  <code>{d.digest}</code>
                  <CopyButton text={d.digest} label="Copy digest" />
                </dd>
                <dt>Source</dt>
                <dd>
                  <code className="wrap">
                    {d.sourceType} {d.source}
                  </code>
                </dd>
                {columnsOf(d.schema).map(([name, type]) => (
                  <Column key={name} name={name} type={type} />
                ))}
              </dl>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Column({ name, type }: { name: string; type: string }) {
  return (
    <>
      <dt className="mono truncate" title={name}>
        {name}
      </dt>
      <dd className="muted">{type}</dd>
    </>
  );
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The profile is JSON whose keys depend on the kind of dataset; numbers in it are worth a line. */
function profileText(profile: string): string {
  return Object.entries(parse(profile))
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(
      ([key, value]) => `${key.replace(/^num_/, "").replaceAll("_", " ")} ${value.toLocaleString("en-US")}`,
    )
    .join(", ");
}

/** Column names and types, where the schema is MLflow's list of columns. */
function columnsOf(schema: string): [string, string][] {
  const columns = parse(schema).mlflow_colspec;
  if (!Array.isArray(columns)) return [];
  return columns.map((c: { name?: string; type?: string }, i) => [c.name ?? `column ${i}`, c.type ?? ""]);
}
