import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, memo, type ReactNode, useMemo } from "react";
import { userList } from "../../api/userQueries";
import { RelativeTime } from "../../components/Values";
import {
  type AuditEntry,
  actionLabel,
  type DetailValue,
  detailOf,
  resultLabel,
  type Target,
} from "../../lib/accounts/audit";
import "./audit.css";

/** Entries of the audit log. In a narrow window each is a block of lines. */
export function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const users = useQuery(userList());
  const names = useMemo(() => new Set(users.data?.map((u) => u.username)), [users.data]);
  return (
    <div className="card table-scroll">
      <table className="table audit" aria-label="Audit log">
        <thead>
          <tr>
            <th>Time</th>
            <th>User</th>
            <th>Action</th>
            <th>What</th>
            <th>From</th>
            <th>Result</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} isUser={names.has(entry.username)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface EntryProps {
  entry: AuditEntry;
  /** Whether there is a user of its name. Failed logins can have any. */
  isUser: boolean;
}

const Entry = memo(function Entry({ entry, isUser }: EntryProps) {
  const { username, action, client, tokenID, result } = entry;
  const words = actionLabel(action);
  return (
    <tr>
      <td className="audit-time">
        <RelativeTime timeMS={entry.timeMS} />
      </td>
      <td className="audit-user wrap">
        {isUser ? <TargetLink target={{ kind: "user", id: username }}>{username}</TargetLink> : username}
        {username === "" && <span className="muted">–</span>}
      </td>
      <td className="audit-action wrap">
        {words} <code className={words && "muted"}>{action}</code>
      </td>
      <td className="audit-what wrap">
        <Detail entry={entry} />
      </td>
      <td className="audit-from wrap">
        {client}
        {tokenID && (
          <span className="audit-token muted" title={`Access token ${tokenID}`}>
            {" "}
            token <code>{tokenID.slice(0, 8)}</code>
          </span>
        )}
      </td>
      <td className="audit-result">
        {result === "OK" ? (
          <span className="muted">OK</span>
        ) : (
          <span className="status failed" title={result}>
            <span aria-hidden="true">✕</span> {resultLabel(result)}
          </span>
        )}
      </td>
    </tr>
  );
});

function Detail({ entry }: { entry: AuditEntry }) {
  const fields = detailOf(entry);
  if (typeof fields === "string") return <code className="audit-detail">{fields}</code>;
  if (fields.length === 0) return <span className="audit-none muted">–</span>;
  return (
    <div className="audit-detail">
      {fields.map(({ label, values }) => (
        <Fragment key={label}>
          <span className="audit-field">
            <span className="muted">{label}:</span>{" "}
            {values.map((value, i) => (
              <Fragment key={value.text}>
                {i > 0 && ", "}
                <Value {...value} />
              </Fragment>
            ))}
          </span>{" "}
        </Fragment>
      ))}
    </div>
  );
}

const Value = ({ text, target }: DetailValue) =>
  target ? <TargetLink target={target}>{text}</TargetLink> : text;

function TargetLink({ target, children }: { target: Target; children: ReactNode }) {
  switch (target.kind) {
    case "experiment":
      return (
        <Link to="/experiments/$experimentID" params={{ experimentID: target.id }}>
          {children}
        </Link>
      );
    case "model":
      return (
        <Link to="/models/$modelName" params={{ modelName: target.id }}>
          {children}
        </Link>
      );
    case "version":
      return (
        <Link
          to="/models/$modelName/versions/$version"
          params={{ modelName: target.model, version: target.id }}
        >
          {children}
        </Link>
      );
    case "role":
      return (
        <Link to="/admin/roles/$roleID" params={{ roleID: target.id }}>
          {children}
        </Link>
      );
    case "user":
      return (
        <Link to="/admin/users/$username" params={{ username: target.id }}>
          {children}
        </Link>
      );
  }
}
