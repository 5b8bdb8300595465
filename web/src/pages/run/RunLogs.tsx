import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { runFiles } from "../../api/artifacts";
import { directory, fileTail, livePeriod } from "../../api/queries";
import type { Run } from "../../api/runs";
import { Snippet } from "../../components/Copy";
import { TextView } from "../../components/files/TextView";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { isLog } from "../../lib/files/paths";
import { formatBytes } from "../../lib/text/format";

interface RunLogsProps {
  run: Run;
  /** The path of the chosen file; empty for the first one. */
  selected: string;
  onSelect: (path: string) => void;
  live: boolean;
}

const logFolder = /(^|\/)(logs?|console|output)$/i;

/** The console output of a run: the ends of the files that look like logs, and what is added to them. */
export function RunLogs({ run, selected, onSelect, live }: RunLogsProps) {
  const source = useMemo(() => runFiles(run.id), [run.id]);
  const refetchInterval = live ? livePeriod() : (false as const);
  const root = useQuery({ ...directory(source, ""), refetchInterval });
  const folders = (root.data ?? []).filter((file) => file.isDir && logFolder.test(file.path));
  const inside = useQueries({
    queries: folders.map((folder) => ({ ...directory(source, folder.path), refetchInterval })),
  });
  const files = [...(root.data ?? []), ...inside.flatMap((list) => list.data ?? [])].filter(
    (file) => !file.isDir && isLog(file.path),
  );
  const current = files.find((file) => file.path === selected) ?? files[0];
  const tail = useQuery({
    ...fileTail(source, current?.path ?? ""),
    enabled: current !== undefined,
    refetchInterval,
  });
  if (root.error)
    return <ErrorNotice error={root.error} what="Could not list the files" retry={() => root.refetch()} />;
  if (root.isPending || inside.some((list) => list.isPending)) return <Loading what="Looking for logs" />;
  if (!current) {
    return (
      <EmptyState title="No logs">
        <p>
          Files such as <code>train.log</code>, <code>stdout.txt</code> or all in a folder <code>logs</code>{" "}
          are shown here, and followed while the run goes on:
        </p>
        <Snippet code={`mlflow.log_artifact("train.log")`} label="log example" />
      </EmptyState>
    );
  }
  return (
    <section className="card run-log" aria-label="Log">
      <div className="card-head">
        <select
          className="input"
          aria-label="Log file"
          value={current.path}
          onChange={(e) => onSelect(e.target.value)}
        >
          {files.map((file) => (
            <option key={file.path}>{file.path}</option>
          ))}
        </select>
        <span className="spacer" />
        {tail.data && (
          <span className="muted number" role="status">
            {tail.data.start > 0
              ? `The last ${formatBytes(tail.data.total - tail.data.start)} of ${formatBytes(tail.data.total)}`
              : formatBytes(tail.data.total)}
          </span>
        )}
        <a className="button" href={source.url(current.path)} download={current.path.split("/").pop()}>
          Download
        </a>
      </div>
      {tail.error && (
        <ErrorNotice error={tail.error} what="Could not read the log" retry={() => tail.refetch()} />
      )}
      {tail.isPending && <Loading />}
      {tail.data && <TextView key={current.path} text={tail.data.text} tail />}
    </section>
  );
}
