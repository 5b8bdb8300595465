import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { createRole, type Role } from "../../api/roles";
import { roleList, userList } from "../../api/userQueries";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { SearchField } from "../../components/SearchField";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { findRoles } from "../../lib/accounts/people";
import { useDeferredText, useHotkeys, useViewState } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { adminCodec } from "../../lib/view/admin";
import { AdminFrame } from "./AdminFrame";
import { RoleDialog } from "./RoleDialogs";

/** All roles that users share. */
export function RolesPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  return (
    <AdminFrame
      tab="roles"
      action={
        <button type="button" className="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" size={14} /> New role
        </button>
      }
    >
      <RoleSearch />
      {creating && (
        <RoleDialog
          title="New role"
          action="Create"
          onClose={() => setCreating(false)}
          save={async (name, description) => {
            const role = await createRole(name, description);
            void client.invalidateQueries({ queryKey: ["users", "roles"] });
            await navigate({ to: "/admin/roles/$roleID", params: { roleID: String(role.id) } });
          }}
        />
      )}
    </AdminFrame>
  );
}

const columns: readonly Column[] = [
  { label: "Role", track: "minmax(160px, 2fr)" },
  { label: "Description", track: "minmax(160px, 3fr)" },
  { label: "Users", track: "80px", numeric: true },
  { label: "Grants", track: "80px", numeric: true },
];

function RoleSearch() {
  const [view, change] = useViewState(adminCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const query = useQuery(roleList());
  const users = useQuery(userList());
  const roles = useMemo(() => findRoles(query.data ?? [], view.text), [query.data, view.text]);
  const members = useMemo(() => {
    const count = new Map<number, number>();
    for (const user of users.data ?? []) {
      for (const { id } of user.roles) count.set(id, (count.get(id) ?? 0) + 1);
    }
    return count;
  }, [users.data]);
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus(), r: () => void query.refetch() });
  const cells = (role: Role) => [
    <Link key="name" to="/admin/roles/$roleID" params={{ roleID: String(role.id) }} title={role.name}>
      {role.name}
    </Link>,
    <span key="text" className="muted" title={role.description}>
      {role.description}
    </span>,
    users.data ? (members.get(role.id) ?? 0).toLocaleString("en-US") : "…",
    role.grants.length,
  ];
  return (
    <>
      <div className="toolbar">
        <SearchField
          label="Search roles"
          placeholder="Search by name  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
          className="admin-search"
        />
        <span className="muted" role="status">
          {query.data && plural(roles.length, "role")}
        </span>
      </div>
      {query.error && (
        <ErrorNotice error={query.error} what="Could not load the roles" retry={query.refetch} />
      )}
      {query.isPending && <Loading what="Loading roles" />}
      {query.data && roles.length === 0 && (
        <EmptyState title={view.text ? `No role has “${view.text}” in its name` : "No roles yet"}>
          <p>A role is a group of users with common grants, such as a team that may edit its experiments.</p>
        </EmptyState>
      )}
      {roles.length > 0 && (
        <VirtualTable label="Roles" columns={columns} rows={roles} rowKey={(r) => r.id} cells={cells} />
      )}
    </>
  );
}
