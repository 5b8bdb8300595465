import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { modelChangeLog } from "../../api/queries";
import type { ModelChange } from "../../api/registry";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { RelativeTime } from "../../components/Values";
import { changeText } from "../../lib/models/registry";
import { formatDateTime } from "../../lib/text/format";
import type { MonitorTabProps } from "./monitorTab";

/** Who moved which version or alias, when, and why. */
export function TransitionsTab({ monitored, move }: MonitorTabProps) {
  const { name } = monitored.model;
  const log = useInfiniteQuery(modelChangeLog(name));
  const changes = log.data?.pages.flatMap((page) => page.changes) ?? [];
  const none = monitored.versions.length === 0;
  return (
    <>
      <div className="toolbar">
        <button type="button" className="button" disabled={none} onClick={() => move("stage")}>
          Move to a stage…
        </button>
        <button type="button" className="button" disabled={none} onClick={() => move("alias")}>
          Set an alias…
        </button>
      </div>
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
                  <td>
                    <VersionLink
                      name={name}
                      change={c}
                      known={monitored.versions.some((v) => v.version === c.version)}
                    />
                  </td>
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

function VersionLink({ name, change, known }: { name: string; change: ModelChange; known: boolean }) {
  if (!change.version) return <span className="muted">–</span>;
  if (!known) return <>{change.version}</>;
  return (
    <Link to="/models/$modelName/versions/$version" params={{ modelName: name, version: change.version }}>
      {change.version}
    </Link>
  );
}
