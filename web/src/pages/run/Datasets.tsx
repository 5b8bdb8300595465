import type { DatasetInput } from "../../api/runs";
import { CopyButton } from "../../components/Copy";
import { profileText, schemaColumns } from "../../lib/runs/datasets";

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
                  <code className="truncate" title={d.digest}>
                    {d.digest}
                  </code>
                  <CopyButton text={d.digest} label="Copy digest" />
                </dd>
                <dt>Source</dt>
                <dd>
                  <code className="wrap">
                    {d.sourceType} {d.source}
                  </code>
                </dd>
                {schemaColumns(d.schema).map(([name, type]) => (
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
