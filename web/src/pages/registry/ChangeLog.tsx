import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { modelChangeLog } from "../../api/queries";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { RelativeTime } from "../../components/Values";
import { changeText } from "../../lib/models/registry";
import { formatDateTime } from "../../lib/text/format";

interface ChangeLogProps {
  /** The name of a registered model or a prompt. */
  name: string;
  /** What stands for a version. */
  version: (version: string) => ReactNode;
}

/** Who created, moved or removed what, when, and why. */
export function ChangeLog({ name, version }: ChangeLogProps) {
  const log = useInfiniteQuery(modelChangeLog(name));
  const changes = log.data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <>
      {log.error && (
        <ErrorNotice error={log.error} what="Could not load the log" retry={() => log.refetch()} />
      )}
      {log.isPending && <Loading what="Loading the log" />}
      {log.data && changes.length === 0 && (
        <EmptyState title="Nothing has moved yet">
          <p>Each change of a stage or an alias is noted here, with who made it and their comment.</p>
        </EmptyState>
      )}
      {changes.length > 0 && (
        <div className="card table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>Version</th>
                <th>What</th>
                <th>Who</th>
                <th>Comment</th>
              </tr>
            </thead>
            <tbody>
              {changes.map((c) => (
                <tr key={c.id}>
                  <td title={formatDateTime(c.timeMS)}>
                    <RelativeTime timeMS={c.timeMS} />
                  </td>
                  <td>{c.version ? version(c.version) : <span className="muted">–</span>}</td>
                  <td className="wrap">{changeText(c)}</td>
                  <td>{c.user || <span className="muted">–</span>}</td>
                  <td className="wrap">{c.comment || <span className="muted">–</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton pages={log} label="Load older changes" />
    </>
  );
}
