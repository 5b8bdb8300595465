import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { auditLog } from "../../api/userQueries";
import { LiveControl } from "../../components/LiveControl";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { type AuditFilter, noFilter } from "../../lib/accounts/audit";
import { useHotkeys, useViewState } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { auditCodec } from "../../lib/view/admin";
import { AdminFrame } from "./AdminFrame";
import { AuditFilters } from "./AuditFilters";
import { AuditTable } from "./AuditTable";

/** Who did what on this server, for administrators. */
export function AuditPage() {
  return (
    <AdminFrame tab="audit">
      <AuditLog />
    </AdminFrame>
  );
}

function AuditLog() {
  const [filter, change] = useViewState(auditCodec);
  const log = useInfiniteQuery(auditLog(filter));
  const entries = useMemo(() => log.data?.pages.flatMap((page) => page.entries) ?? [], [log.data]);
  useHotkeys({ r: () => void log.refetch() });
  const clear = () => change(noFilter);
  return (
    <>
      <AuditFilters filter={filter} entries={entries} change={change} clear={clear} />
      <div className="toolbar audit-state">
        <span className="muted" role="status">
          {log.data && !log.isPlaceholderData && count(entries.length, log.hasNextPage)}
        </span>
        <span className="spacer" />
        <LiveControl
          live={undefined}
          updatedMS={log.dataUpdatedAt}
          busy={log.isFetching}
          setLive={() => {}}
          refresh={() => void log.refetch()}
        />
      </div>
      {log.error && (
        <ErrorNotice error={log.error} what="Could not load the audit log" retry={() => log.refetch()} />
      )}
      {log.isPending && <Loading what="Loading the audit log" />}
      {log.data && entries.length === 0 && <NoEntries filter={filter} clear={clear} />}
      {entries.length > 0 && <AuditTable entries={entries} />}
      <MoreButton pages={log} label="Load older entries" />
    </>
  );
}

const count = (shown: number, more: boolean) =>
  more ? `The newest ${plural(shown, "entry", "entries")}` : plural(shown, "entry", "entries");

function NoEntries({ filter, clear }: { filter: AuditFilter; clear: () => void }) {
  if (Object.values(filter).every((value) => value === "")) {
    return (
      <EmptyState title="Nothing is recorded yet">
        <p>
          The server records logins, changes of users, roles and grants, deletions, and changes of stages and
          aliases.
        </p>
      </EmptyState>
    );
  }
  const { user, from, to } = filter;
  return (
    <EmptyState title="No entry matches these filters">
      {from && to && from > to && <p>The first day is after the last one.</p>}
      {user && <p>The server looks for the whole name of the user.</p>}
      <p>Entries that are older than the server keeps them are gone.</p>
      <p>
        <button type="button" className="button" onClick={clear}>
          Clear the filters
        </button>
      </p>
    </EmptyState>
  );
}
