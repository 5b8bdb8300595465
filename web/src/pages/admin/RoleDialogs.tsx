import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { assignRole, deleteRole, type Role } from "../../api/roles";
import { userList } from "../../api/userQueries";
import { NameField } from "../../components/accounts/NameField";
import { ActionDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";

interface RoleDialogProps {
  title: string;
  action: string;
  name?: string;
  description?: string;
  onClose: () => void;
  save: (name: string, description: string) => Promise<unknown>;
}

/** Asks for the name and the description of a role. */
export function RoleDialog({ title, action, onClose, save, ...initial }: RoleDialogProps) {
  const [name, setName] = useState(initial.name ?? "");
  const [description, setDescription] = useState(initial.description ?? "");
  return (
    <ActionDialog
      title={title}
      action={action}
      disabled={!name.trim()}
      onClose={onClose}
      run={() => save(name, description)}
    >
      <label className="stacked">
        <span className="field">Name</span>
        <input
          className="input"
          value={name}
          maxLength={255}
          autoComplete="off"
          spellCheck={false}
          onChange={(e) => setName(e.target.value)}
        />
      </label>
      <label className="stacked">
        <span className="field">Description</span>
        <input
          className="input"
          value={description}
          maxLength={1024}
          autoComplete="off"
          onChange={(e) => setDescription(e.target.value)}
        />
      </label>
    </ActionDialog>
  );
}

export function DeleteRoleDialog({ role, onClose }: { role: Role; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  return (
    <ActionDialog
      title={`Delete the role ${role.name}?`}
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteRole(role.id);
        toast(`Deleted ${role.name}`);
        await navigate({ to: "/admin/roles" });
        client.removeQueries({ queryKey: ["users", "roles", role.id] });
        await client.invalidateQueries({ queryKey: ["users"] });
      }}
    >
      <p>
        The users of <strong>{role.name}</strong> lose what it grants. The users themselves stay.
      </p>
    </ActionDialog>
  );
}

interface AddMemberProps {
  role: Role;
  members: readonly string[];
  onClose: () => void;
}

export function AddMemberDialog({ role, members, onClose }: AddMemberProps) {
  const client = useQueryClient();
  const { data: users = [] } = useQuery(userList());
  const [name, setName] = useState("");
  const names = users.map((u) => u.username).filter((username) => !members.includes(username));
  return (
    <ActionDialog
      title={`Add a user to ${role.name}`}
      action="Add"
      disabled={name === ""}
      onClose={onClose}
      run={async () => {
        await assignRole(name, role.id);
        await client.invalidateQueries({ queryKey: ["users"] });
      }}
    >
      <NameField label="User name" value={name} names={names} onChange={setName} />
    </ActionDialog>
  );
}
