import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { userList } from "../../api/userQueries";
import type { UserWithRoles } from "../../api/users";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { SearchField } from "../../components/SearchField";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { findUsers } from "../../lib/accounts/people";
import { useDeferredText, useHotkeys, useViewState } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { adminCodec } from "../../lib/view/admin";
import { AdminFrame } from "./AdminFrame";
import { CreateUserDialog } from "./NewUser";
import { type UserAction, UserActionDialog, UserActions } from "./UserActions";

/** All users, with a search by name and role. */
export function UsersPage() {
  const [creating, setCreating] = useState(false);
  return (
    <AdminFrame
      tab="users"
      action={
        <button type="button" className="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" size={14} /> New user
        </button>
      }
    >
      <UserSearch />
      {creating && <CreateUserDialog onClose={() => setCreating(false)} />}
    </AdminFrame>
  );
}

const columns: readonly Column[] = [
  { label: "User", track: "minmax(160px, 2fr)" },
  { label: "Kind", track: "110px" },
  { label: "Roles", track: "minmax(120px, 3fr)" },
  { label: "Own grants", track: "80px", numeric: true },
  { label: "Actions", track: "34px", unlabelled: true },
];

function UserSearch() {
  const [view, change] = useViewState(adminCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const query = useQuery(userList());
  const users = useMemo(() => findUsers(query.data ?? [], view.text), [query.data, view.text]);
  const [acting, setActing] = useState<{ action: UserAction; user: UserWithRoles }>();
  const cells = (user: UserWithRoles) => [
    ...userCells(user),
    <UserActions key="actions" user={user} onChoose={(action) => setActing({ action, user })} />,
  ];
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus(), r: () => void query.refetch() });
  return (
    <>
      <div className="toolbar">
        <SearchField
          label="Search users by name or role"
          placeholder="Search by name or role  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
          className="admin-search"
        />
        <span className="muted" role="status">
          {query.data && plural(users.length, "user")}
        </span>
      </div>
      {query.error && (
        <ErrorNotice error={query.error} what="Could not load the users" retry={query.refetch} />
      )}
      {query.isPending && <Loading what="Loading users" />}
      {query.data && users.length === 0 && (
        <EmptyState title={`No user has “${view.text}” in a name or role`}>
          <p>The search looks for each word in the names of users and of their roles, in any case.</p>
        </EmptyState>
      )}
      {users.length > 0 && (
        <VirtualTable label="Users" columns={columns} rows={users} rowKey={(u) => u.id} cells={cells} />
      )}
      {acting && <UserActionDialog {...acting} onClose={() => setActing(undefined)} />}
    </>
  );
}

const userCells = (user: UserWithRoles) => [
  <Link key="name" to="/admin/users/$username" params={{ username: user.username }} title={user.username}>
    {user.username}
  </Link>,
  user.isAdmin ? (
    <span key="kind" className="badge">
      Administrator
    </span>
  ) : (
    <span key="kind" className="muted">
      User
    </span>
  ),
  user.roles.map((role) => (
    <span key={role.id} className="chip truncate" title={role.name}>
      {role.name}
    </span>
  )),
  user.ownGrants,
];
