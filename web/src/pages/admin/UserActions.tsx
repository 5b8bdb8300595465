import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { deleteUser, setAdmin } from "../../api/users";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { MenuItem, Popover } from "../../components/Popover";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import type { User } from "../../lib/accounts/session";
import { ResetPasswordDialog } from "./NewUser";

interface UserDialogProps {
  user: User;
  onClose: () => void;
}

export type UserAction = "password" | "admin" | "delete";

interface UserActionsProps {
  user: User;
  onChoose: (action: UserAction) => void;
}

/** What an administrator may do with a user; nothing for oneself, so that nobody locks themselves out. */
export function UserActions({ user, onChoose }: UserActionsProps) {
  const me = useUser();
  if (!me?.isAdmin || me.id === user.id) return null;
  return (
    <Popover
      kind="menu"
      label={`Actions for ${user.username}`}
      trigger={<Icon name="more" />}
      triggerClass="icon-button"
    >
      {(close) => {
        const choose = (action: UserAction) => () => {
          close();
          onChoose(action);
        };
        return (
          <>
            <MenuItem onSelect={choose("password")}>Reset password…</MenuItem>
            <MenuItem onSelect={choose("admin")}>
              {user.isAdmin ? "Remove as administrator…" : "Make administrator…"}
            </MenuItem>
            <MenuItem danger onSelect={choose("delete")}>
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          </>
        );
      }}
    </Popover>
  );
}

/** The dialog of an action. It is apart from the menu, whose row can leave the page. */
export function UserActionDialog({ action, user, onClose }: UserDialogProps & { action: UserAction }) {
  switch (action) {
    case "password":
      return <ResetPasswordDialog username={user.username} onClose={onClose} />;
    case "admin":
      return <AdminDialog user={user} onClose={onClose} />;
    case "delete":
      return <DeleteUserDialog user={user} onClose={onClose} />;
  }
}

function AdminDialog({ user: { username, isAdmin }, onClose }: UserDialogProps) {
  const client = useQueryClient();
  const toast = useToast();
  return (
    <ActionDialog
      title={isAdmin ? `Remove ${username} as administrator?` : `Make ${username} an administrator?`}
      action={isAdmin ? "Remove" : "Make administrator"}
      danger={isAdmin}
      onClose={onClose}
      run={async () => {
        await setAdmin(username, !isAdmin);
        toast(isAdmin ? `${username} is not an administrator any more` : `${username} is an administrator`);
        await client.invalidateQueries({ queryKey: ["users"] });
      }}
    >
      <p>
        {isAdmin
          ? "The user keeps roles and own grants, and may do only what these permit."
          : "Administrators may do everything: see and change all experiments and models, and manage users."}
      </p>
    </ActionDialog>
  );
}

function DeleteUserDialog({ user: { username }, onClose }: UserDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  return (
    <ActionDialog
      title={`Delete ${username}?`}
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteUser(username);
        toast(`Deleted ${username}`);
        await navigate({ to: "/admin", search: true } as never);
        await client.invalidateQueries({ queryKey: ["users"] });
      }}
    >
      <p>
        <strong>{username}</strong> cannot log in any more. Own grants, memberships of roles and access tokens
        of the user are deleted for good. Experiments, runs and models stay.
      </p>
    </ActionDialog>
  );
}
