import { useQueries, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { type FileInfo, type FileSource, modelFiles, runFiles } from "../../api/artifacts";
import { directory } from "../../api/queries";
import type { Run } from "../../api/runs";
import { CopyButton } from "../../components/Copy";
import { FilePreview } from "../../components/files/FilePreview";
import { TextView } from "../../components/files/TextView";
import { EmptyState } from "../../components/Notice";
import { codeFacts, environmentFiles, isEnvironmentFile } from "../../lib/runs/code";

/** The code of a run: source, commit, what was changed since then, and its packages. */
export function RunCode({ run }: { run: Run }) {
  const facts = codeFacts(run.tags);
  const environment = useEnvironment(run);
  if (!facts.source && !facts.commit && environment.length === 0) {
    return (
      <EmptyState title="Nothing about the code">
        <p>
          Clients note the program and, in a git repository, the commit. Files such as{" "}
          <code>requirements.txt</code> among the artifacts or in a logged model are shown here, too.
        </p>
      </EmptyState>
    );
  }
  return (
    <div className="run-code">
      <section className="card" aria-label="Source">
        <dl className="facts">
          <Fact name="Source" value={facts.source} note={facts.sourceType.toLowerCase()} />
          <Fact name="Entry point" value={facts.entryPoint} />
          <Fact name="Repository" value={facts.repository} />
          <Fact name="Branch" value={facts.branch} />
          <Fact
            name="Commit"
            value={facts.commit}
            link={facts.commitURL}
            note={facts.dirty === undefined ? "" : facts.dirty ? "with changes" : "without changes"}
          />
        </dl>
      </section>
      {facts.diff && (
        <section className="card run-diff" aria-label="Changes since the commit">
          <div className="card-head">
            <h2>Changes since the commit</h2>
            <CopyButton text={facts.diff} label="Copy the changes" />
          </div>
          <TextView text={facts.diff} language="diff" />
        </section>
      )}
      {environment.length > 0 && <Environment files={environment} />}
    </div>
  );
}

interface FactProps {
  name: string;
  value: string;
  link?: string | undefined;
  note?: ReactNode;
}

function Fact({ name, value, link, note }: FactProps) {
  if (!value) return null;
  const text = (
    <code className="truncate" title={value}>
      {value}
    </code>
  );
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {link ? (
          <a href={link} target="_blank" rel="noreferrer noopener" className="truncate">
            {text}
          </a>
        ) : (
          text
        )}
        <CopyButton text={value} label={`Copy ${name.toLowerCase()}`} />
        {note && <span className="muted">{note}</span>}
      </dd>
    </>
  );
}

interface EnvironmentFile {
  label: string;
  file: FileInfo;
  source: FileSource;
}

/** Files about packages: of the run itself, and of the models that it has logged. */
function useEnvironment(run: Run): EnvironmentFile[] {
  const own = useMemo(() => runFiles(run.id), [run.id]);
  const models = useMemo(
    () =>
      [...new Set(run.modelOutputs.map((output) => output.modelID))].slice(0, 5).map((id) => modelFiles(id)),
    [run.modelOutputs],
  );
  const root = useQuery(directory(own, ""));
  const inModels = useQueries({ queries: models.map((source) => directory(source, "")) });
  const of = (source: FileSource, files: readonly FileInfo[] | undefined, place: string) =>
    (files ?? [])
      .filter((file) => !file.isDir && isEnvironmentFile(file.path))
      .map((file) => ({ label: `${place}${file.path}`, file, source }));
  const rank = ({ file }: EnvironmentFile) => environmentFiles.indexOf(file.path.split("/").pop() ?? "");
  return [
    ...of(own, root.data, ""),
    ...inModels.flatMap((list, i) => of(models[i]!, list.data, models.length > 1 ? `model ${i + 1}: ` : "")),
  ].sort((a, b) => rank(a) - rank(b));
}

function Environment({ files }: { files: readonly EnvironmentFile[] }) {
  const [chosen, setChosen] = useState("");
  const current = files.find((file) => file.label === chosen) ?? files[0]!;
  return (
    <section className="run-environment" aria-label="Environment">
      <div className="toolbar">
        <h2>Environment</h2>
        {files.length > 1 && (
          <select
            className="input"
            aria-label="Environment file"
            value={current.label}
            onChange={(e) => setChosen(e.target.value)}
          >
            {files.map(({ label }) => (
              <option key={label}>{label}</option>
            ))}
          </select>
        )}
      </div>
      <div className="card file-view">
        <FilePreview key={current.label} source={current.source} file={current.file} />
      </div>
    </section>
  );
}
