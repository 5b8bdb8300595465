import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { generalPermissions, ownGrants } from "../../api/userQueries";
import { GrantTable } from "../../components/accounts/GrantTable";
import { TokenTable } from "../../components/accounts/TokenTable";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { useSessionState } from "../../components/session/useSession";
import { ownerOfRole, permissionLabels, typeOf } from "../../lib/accounts/grants";
import type { User } from "../../lib/accounts/session";
import { useTitle } from "../../lib/browser/hooks";
import { NewTokenDialog } from "./NewTokenDialog";
import { PasswordForm } from "./PasswordForm";
import "../../components/accounts/accounts.css";

/** The user's own password, access tokens and permissions. */
export function AccountPage() {
  const { session, ended } = useSessionState();
  const user = session?.user ?? ended;
  useTitle("Account");
  if (!user) {
    return (
      <div className="page">
        <EmptyState title="This server has no users">
          <p>Everybody who reaches it may do everything, so there is no account.</p>
        </EmptyState>
      </div>
    );
  }
  return (
    <div className="page accounts">
      <PageHead title={user.username}>
        {user.isAdmin && <span className="badge">Administrator</span>}
      </PageHead>
      <Tokens user={user} />
      <Permissions user={user} manages={session?.manages ?? false} />
      <Card title="Password">
        <PasswordForm username={user.username} />
      </Card>
    </div>
  );
}

function Card({ title, end, children }: { title: string; end?: ReactNode; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        <span className="spacer" />
        {end}
      </div>
      <div className="card-body">{children}</div>
    </section>
  );
}

function Tokens({ user }: { user: User }) {
  const [creating, setCreating] = useState(false);
  return (
    <Card
      title="Access tokens"
      end={
        <button type="button" className="button" onClick={() => setCreating(true)}>
          <Icon name="plus" size={14} /> New token
        </button>
      }
    >
      <TokenTable
        username={user.username}
        empty={
          <p className="muted">
            Programs log in with a token instead of your password. A token can be limited to reading or to
            some experiments, and can be revoked.
          </p>
        }
      />
      {creating && <NewTokenDialog username={user.username} onClose={() => setCreating(false)} />}
    </Card>
  );
}

function Permissions({ user, manages }: { user: User; manages: boolean }) {
  return (
    <Card title="What you may do">
      {user.isAdmin || manages ? (
        <p>
          {user.isAdmin
            ? "You are an administrator: you may do everything."
            : "You manage the workspace: you may do everything with its experiments and models, and administer its users and roles."}
        </p>
      ) : (
        <>
          <General username={user.username} />
          <Grants />
        </>
      )}
    </Card>
  );
}

function General({ username }: { username: string }) {
  const { data } = useQuery(generalPermissions(username));
  if (!data) return null;
  return (
    <p>
      {data.map(({ type, permission }, i) => (
        <span key={type}>
          {i > 0 && ", "}
          {i === 0 ? typeOf(type).all : typeOf(type).all.toLowerCase()}:{" "}
          <strong>{permissionLabels[permission]}</strong>
        </span>
      ))}
      {". What you create is yours to manage."}
    </p>
  );
}

function Grants() {
  const query = useQuery(ownGrants());
  if (query.error) {
    return <ErrorNotice error={query.error} what="Could not load your permissions" retry={query.refetch} />;
  }
  if (!query.data) return <Loading />;
  if (query.data.length === 0) return <p className="hint">Nothing else is shared with you.</p>;
  return (
    <GrantTable
      grants={query.data}
      source={(g) => (ownerOfRole(g.role) === undefined ? `Role ${g.role}` : "Own grant")}
    />
  );
}
