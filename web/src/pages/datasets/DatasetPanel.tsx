import { useQuery } from "@tanstack/react-query";
import { datasetDetail } from "../../api/datasets";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { ErrorNotice, Loading } from "../../components/Notice";
import { profileNumbers, schemaColumns, sourceText } from "../../lib/runs/datasets";
import { plural } from "../../lib/text/format";

interface DatasetPanelProps {
  experimentID: string;
  name: string;
  digest: string;
  onClose: () => void;
}

/** One dataset: where it comes from, its size and its columns. */
export function DatasetPanel({ experimentID, name, digest, onClose }: DatasetPanelProps) {
  const { data, error, isPending, refetch } = useQuery(datasetDetail(experimentID, name, digest));
  const columns = data ? schemaColumns(data.schema) : [];
  return (
    <section className="card dataset-panel" aria-label={`Dataset ${name}`}>
      <div className="card-head">
        <h2 className="truncate" title={name}>
          {name}
        </h2>
        <code className="muted truncate">{digest}</code>
        <CopyButton text={digest} label="Copy digest" />
        <span className="spacer" />
        <button type="button" className="icon-button" aria-label="Close the dataset" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {error && <ErrorNotice error={error} what="Could not load the dataset" retry={() => refetch()} />}
      {isPending && <Loading />}
      {data && (
        <>
          <dl className="facts">
            <dt>Source</dt>
            <dd>
              <span className="muted">{data.sourceType}</span>
              <code className="truncate" title={data.source}>
                {sourceText(data.source)}
              </code>
              <CopyButton text={sourceText(data.source)} label="Copy source" />
            </dd>
            {profileNumbers(data.profile).map(([label, value]) => (
              <ProfileNumber key={label} label={label} value={value} />
            ))}
          </dl>
          {columns.length > 0 && (
            <div className="table-scroll dataset-schema">
              <table className="table">
                <caption className="visually-hidden">{plural(columns.length, "column")}</caption>
                <thead>
                  <tr>
                    <th>Column</th>
                    <th>Type</th>
                  </tr>
                </thead>
                <tbody>
                  {columns.map(([column, type], i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
                    <tr key={i}>
                      <th scope="row" className="mono cell-name" title={column}>
                        {column}
                      </th>
                      <td className="muted">{type}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {columns.length === 0 && data.schema && (
            <pre className="dataset-schema mono">{data.schema.slice(0, 10_000)}</pre>
          )}
        </>
      )}
    </section>
  );
}

function ProfileNumber({ label, value }: { label: string; value: number }) {
  return (
    <>
      <dt className="profile-label">{label}</dt>
      <dd className="number">{value.toLocaleString("en-US")}</dd>
    </>
  );
}
