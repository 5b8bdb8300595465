import type { FileInfo, FileSource } from "../../api/artifacts";
import type { Run } from "../../api/runs";
import { FilePreview } from "../../components/files/FilePreview";
import { EmptyState } from "../../components/Notice";
import "../../components/files/files.css";
import { isDiffable } from "../../lib/compare/artifacts";
import { formatBytes, plural } from "../../lib/text/format";
import { FileDiff } from "./FileDiff";
import { RunHead } from "./RunHead";

export interface Holder {
  run: Run;
  source: FileSource;
  file: FileInfo;
}

interface SideBySideProps {
  path: string;
  /** The first is what the others are compared with. */
  holders: readonly Holder[];
  lacking: readonly Run[];
  setBase: (id: string) => void;
}

/** One file in several runs. Texts show what they change in the first one. */
export function ArtifactsSideBySide({ path, holders, lacking, setBase }: SideBySideProps) {
  const isText = isDiffable(path);
  const [base, ...others] = holders;
  if (!base) {
    return (
      <EmptyState title="None of these runs has this file">
        <p>{path}</p>
      </EmptyState>
    );
  }
  return (
    <div>
      {isText && others.length > 0 ? (
        <>
          <div className="toolbar">
            <label className="check">
              Differences from
              <select
                className="input"
                aria-label="Differences from"
                value={base.run.id}
                onChange={(e) => setBase(e.target.value)}
              >
                {holders.map(({ run }) => (
                  <option key={run.id} value={run.id}>
                    {run.name}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {others.map((other) => (
            <section
              key={other.run.id}
              className="card artifact-card"
              aria-label={`${path} of ${other.run.name}`}
            >
              <div className="card-head">
                <RunHead run={other.run} />
                <span className="muted number">{formatBytes(other.file.size)}</span>
              </div>
              <FileDiff base={base} other={other} />
            </section>
          ))}
        </>
      ) : (
        <div className="artifact-images">
          {holders.map(({ run, source, file }) => (
            <section key={run.id} className="card artifact-card" aria-label={`${path} of ${run.name}`}>
              <div className="card-head">
                <RunHead run={run} />
              </div>
              <FilePreview source={source} file={file} />
            </section>
          ))}
        </div>
      )}
      {lacking.length > 0 && (
        <p className="muted">
          Without this file:{" "}
          {lacking
            .slice(0, 5)
            .map(({ name }) => name)
            .join(", ")}
          {lacking.length > 5 && ` and ${plural(lacking.length - 5, "other run")}`}.
        </p>
      )}
    </div>
  );
}
