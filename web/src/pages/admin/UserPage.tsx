import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { changeGrant, grant, revoke } from "../../api/grants";
import { assignRole, unassignRole } from "../../api/roles";
import { roleList, userGrants, userList } from "../../api/userQueries";
import type { UserWithRoles } from "../../api/users";
import { AddGrantDialog } from "../../components/accounts/AddGrantDialog";
import { GrantTable } from "../../components/accounts/GrantTable";
import { NameField } from "../../components/accounts/NameField";
import { TokenTable } from "../../components/accounts/TokenTable";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, errorText, Loading } from "../../components/Notice";
import { PageHead, QueryPage } from "../../components/Page";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import { ownerOfRole } from "../../lib/accounts/grants";
import { useTitle } from "../../lib/browser/hooks";
import { ForManagers } from "./AdminFrame";
import { type UserAction, UserActionDialog, UserActions } from "./UserActions";

/** A user's roles, own grants and access tokens. */
export function UserPage() {
  const { username = "" } = useParams({ strict: false });
  useTitle(username);
  return (
    <ForManagers>
      <UserByName username={username} />
    </ForManagers>
  );
}

function UserByName({ username }: { username: string }) {
  const query = useQuery(userList());
  const me = useUser();
  const [action, setAction] = useState<UserAction>();
  return (
    <QueryPage query={query} what={`user ${username}`}>
      {(users) => {
        const user = users.find((u) => u.username === username);
        if (!user) {
          return (
            <div className="page">
              <EmptyState title={`There is no user “${username}”`}>
                <p>The user may have been deleted.</p>
                <p>
                  <Link to="/admin" className="button">
                    All users
                  </Link>
                </p>
              </EmptyState>
            </div>
          );
        }
        return (
          <div className="page accounts">
            <PageHead path={[{ label: "Users", link: { to: "/admin" } }]} title={user.username}>
              {user.isAdmin && <span className="badge">Administrator</span>}
              <UserActions user={user} onChoose={setAction} />
            </PageHead>
            {action && <UserActionDialog action={action} user={user} onClose={() => setAction(undefined)} />}
            <Roles user={user} />
            <OwnGrants user={user} />
            {me?.isAdmin && <Tokens username={username} />}
          </div>
        );
      }}
    </QueryPage>
  );
}

interface CardProps {
  title: string;
  /** The label of the button that adds something. */
  add?: string;
  onAdd?: () => void;
  children: ReactNode;
}

export function Card({ title, add, onAdd, children }: CardProps) {
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        <span className="spacer" />
        {add && (
          <button type="button" className="button" onClick={onAdd}>
            <Icon name="plus" size={14} /> {add}
          </button>
        )}
      </div>
      <div className="card-body">{children}</div>
    </section>
  );
}

function Roles({ user }: { user: UserWithRoles }) {
  const client = useQueryClient();
  const toast = useToast();
  const [adding, setAdding] = useState(false);
  const leave = async (roleID: number) => {
    try {
      await unassignRole(user.username, roleID);
    } catch (error) {
      toast(`Could not remove the user from the role: ${errorText(error)}`);
    }
    await client.invalidateQueries({ queryKey: ["users"] });
  };
  return (
    <Card title="Roles" add="Add to a role" onAdd={() => setAdding(true)}>
      {user.roles.length === 0 && <p className="muted">{user.username} has no role.</p>}
      {user.roles.length > 0 && (
        <ul className="plain-list">
          {user.roles.map((role) => (
            <li key={role.id}>
              <Link to="/admin/roles/$roleID" params={{ roleID: String(role.id) }}>
                {role.name}
              </Link>
              <button
                type="button"
                className="link-button"
                aria-label={`Remove from ${role.name}`}
                onClick={() => leave(role.id)}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
      {adding && <JoinDialog user={user} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function JoinDialog({ user, onClose }: { user: UserWithRoles; onClose: () => void }) {
  const client = useQueryClient();
  const { data: roles = [] } = useQuery(roleList());
  const [name, setName] = useState("");
  const role = roles.find((r) => r.name === name);
  const names = roles.filter((r) => !user.roles.some((u) => u.id === r.id)).map((r) => r.name);
  return (
    <ActionDialog
      title={`Add ${user.username} to a role`}
      action="Add"
      disabled={!role}
      onClose={onClose}
      run={async () => {
        await assignRole(user.username, role!.id);
        await client.invalidateQueries({ queryKey: ["users"] });
      }}
    >
      <NameField label="Role" value={name} names={names} onChange={setName} />
    </ActionDialog>
  );
}

function OwnGrants({ user: { username, ownGrants } }: { user: UserWithRoles }) {
  const client = useQueryClient();
  // Those who administer the workspace only may not ask for the grants of a user who has none in it.
  const query = useQuery({ ...userGrants(username), enabled: ownGrants > 0 });
  const [adding, setAdding] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["users"] });
  const own = query.data?.filter((g) => ownerOfRole(g.role) !== undefined) ?? [];
  return (
    <Card title="Own grants" add="Add a grant" onAdd={() => setAdding(true)}>
      {query.error && (
        <ErrorNotice error={query.error} what="Could not load the grants" retry={query.refetch} />
      )}
      {query.isLoading && <Loading />}
      {!query.isLoading && !query.error && own.length === 0 && (
        <p className="muted">
          Nothing is granted to {username} alone. Roles and the default permission apply.
        </p>
      )}
      {own.length > 0 && (
        <GrantTable
          grants={own}
          change={async (g, permission) => {
            await changeGrant(username, { ...g, permission });
            await refresh();
          }}
          remove={async (g) => {
            await revoke(username, g.type, g.id);
            await refresh();
          }}
        />
      )}
      {adding && (
        <AddGrantDialog
          holder={username}
          without={["workspace"]}
          onClose={() => setAdding(false)}
          save={async (g) => {
            await grant(username, g);
            await refresh();
          }}
        />
      )}
    </Card>
  );
}

function Tokens({ username }: { username: string }) {
  return (
    <Card title="Access tokens">
      <TokenTable
        username={username}
        empty={<p className="muted">{username} has no valid access token.</p>}
      />
    </Card>
  );
}
