import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import {
  addRoleGrant,
  changeRoleGrant,
  type Role,
  removeRoleGrant,
  unassignRole,
  updateRole,
} from "../../api/roles";
import { roleDetail, userList } from "../../api/userQueries";
import { AddGrantDialog } from "../../components/accounts/AddGrantDialog";
import { GrantTable } from "../../components/accounts/GrantTable";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { PageHead, QueryPage } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { useToast } from "../../components/Toasts";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { findUsers } from "../../lib/accounts/people";
import { useTitle } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { ForManagers } from "./AdminFrame";
import { AddMemberDialog, DeleteRoleDialog, RoleDialog } from "./RoleDialogs";
import { Card } from "./UserPage";

/** A role: its users and its grants. */
export function RolePage() {
  return (
    <ForManagers>
      <RoleByID />
    </ForManagers>
  );
}

function RoleByID() {
  const { roleID = "" } = useParams({ strict: false });
  const query = useQuery(roleDetail(Number(roleID)));
  useTitle(query.data?.name);
  return (
    <QueryPage query={query} what={`role ${roleID}`}>
      {(role) => (
        <div className="page accounts">
          <RoleHead role={role} />
          {role.description && <p className="stacked">{role.description}</p>}
          <Grants role={role} />
          <Members role={role} />
        </div>
      )}
    </QueryPage>
  );
}

function RoleHead({ role }: { role: Role }) {
  const client = useQueryClient();
  const [dialog, setDialog] = useState<"edit" | "delete">();
  return (
    <PageHead path={[{ label: "Roles", link: { to: "/admin/roles" } }]} title={role.name}>
      <Popover kind="menu" label="Role actions" trigger={<Icon name="more" />} triggerClass="icon-button">
        {(close) => {
          const choose = (next: "edit" | "delete") => () => {
            close();
            setDialog(next);
          };
          return (
            <>
              <MenuItem onSelect={choose("edit")}>
                <Icon name="pencil" size={14} /> Edit…
              </MenuItem>
              <MenuItem danger onSelect={choose("delete")}>
                <Icon name="trash" size={14} /> Delete…
              </MenuItem>
            </>
          );
        }}
      </Popover>
      {dialog === "edit" && (
        <RoleDialog
          title="Edit role"
          action="Save"
          name={role.name}
          description={role.description}
          onClose={() => setDialog(undefined)}
          save={async (name, description) => {
            await updateRole(role.id, name, description);
            await client.invalidateQueries({ queryKey: ["users"] });
          }}
        />
      )}
      {dialog === "delete" && <DeleteRoleDialog role={role} onClose={() => setDialog(undefined)} />}
    </PageHead>
  );
}

function Grants({ role }: { role: Role }) {
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["users"] });
  return (
    <Card title="Grants" add="Add a grant" onAdd={() => setAdding(true)}>
      {role.grants.length === 0 && <p className="muted">The role grants nothing yet.</p>}
      {role.grants.length > 0 && (
        <GrantTable
          grants={role.grants}
          change={async (g, permission) => {
            await changeRoleGrant(g.grantID, permission);
            await refresh();
          }}
          remove={async (g) => {
            await removeRoleGrant(g.grantID);
            await refresh();
          }}
        />
      )}
      {adding && (
        <AddGrantDialog
          holder={role.name}
          onClose={() => setAdding(false)}
          save={async (grant) => {
            await addRoleGrant(role.id, grant);
            await refresh();
          }}
        />
      )}
    </Card>
  );
}

const columns: readonly Column[] = [
  { label: "User", track: "minmax(160px, 1fr)" },
  { label: "Actions", track: "70px", unlabelled: true },
];

function Members({ role }: { role: Role }) {
  const client = useQueryClient();
  const toast = useToast();
  const [adding, setAdding] = useState(false);
  const { data } = useQuery(userList());
  const members = useMemo(
    () => findUsers(data ?? [], "").filter((u) => u.roles.some((r) => r.id === role.id)),
    [data, role.id],
  );
  const remove = async (username: string) => {
    try {
      await unassignRole(username, role.id);
    } catch (error) {
      toast(`Could not remove ${username}: ${errorText(error)}`);
    }
    await client.invalidateQueries({ queryKey: ["users"] });
  };
  return (
    <Card
      title={data ? plural(members.length, "user") : "Users"}
      add="Add a user"
      onAdd={() => setAdding(true)}
    >
      {data && members.length === 0 && <p className="muted">Nobody has this role yet.</p>}
      {members.length > 0 && (
        <VirtualTable
          label="Users of the role"
          columns={columns}
          rows={members}
          minWidth={260}
          rowKey={(u) => u.id}
          cells={({ username }) => [
            <Link key="name" to="/admin/users/$username" params={{ username }}>
              {username}
            </Link>,
            <button
              key="remove"
              type="button"
              className="link-button"
              aria-label={`Remove ${username}`}
              onClick={() => remove(username)}
            >
              Remove
            </button>,
          ]}
        />
      )}
      {adding && (
        <AddMemberDialog
          role={role}
          members={members.map((u) => u.username)}
          onClose={() => setAdding(false)}
        />
      )}
    </Card>
  );
}
