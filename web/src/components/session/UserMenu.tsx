import { useNavigate } from "@tanstack/react-router";
import { logOut } from "../../api/client";
import type { Session, User } from "../../lib/accounts/session";
import { Icon } from "../Icon";
import { errorText } from "../Notice";
import { MenuItem, Popover } from "../Popover";
import { useToast } from "../Toasts";
import "./userMenu.css";

/** The user's own pages, and the way out. */
export function UserMenu({ session, user }: { session: Session; user: User }) {
  const navigate = useNavigate();
  const toast = useToast();
  const leave = async () => {
    try {
      await logOut();
      await navigate({ to: "/" });
    } catch (error) {
      toast(`Could not log out: ${errorText(error)}`);
    }
  };
  return (
    <Popover
      kind="menu"
      label={`User ${user.username}`}
      title={user.username}
      triggerClass="button user-menu"
      trigger={
        <>
          <Icon name="user" size={14} />
          <span className="user-name truncate">{user.username}</span>
        </>
      }
    >
      {(close) => {
        const choose = (action: () => unknown) => () => {
          close();
          void action();
        };
        return (
          <>
            <MenuItem onSelect={choose(() => navigate({ to: "/account" }))}>Account</MenuItem>
            {session.manages && (
              <MenuItem onSelect={choose(() => navigate({ to: "/admin" }))}>Administration</MenuItem>
            )}
            {/* Without a token the browser sends a name and a password of its own, which nothing can end. */}
            {session.csrfToken !== "" && <MenuItem onSelect={choose(leave)}>Log out</MenuItem>}
          </>
        );
      }}
    </Popover>
  );
}
