import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Access } from "../../api/grants";
import { access, roleList, userList } from "../../api/userQueries";
import {
  type Holder,
  listed,
  type Permission,
  permissionLabels,
  reason,
  splitHolders,
} from "../../lib/accounts/grants";
import { plural } from "../../lib/text/format";
import { NameField } from "../accounts/NameField";
import { PermissionSelect } from "../accounts/PermissionSelect";
import { Dialog } from "../Dialog";
import { ErrorNotice, errorText, Loading } from "../Notice";
import { useSessionState, useUser } from "../session/useSession";
import { addHolder, changeHolder, removeHolder } from "./changes";
import type { Shared } from "./ShareButton";
import "../accounts/accounts.css";
import "./share.css";

/** Who can see a resource, and a way to change that. */
export function ShareDialog({ onClose, ...resource }: Shared & { onClose: () => void }) {
  const query = useQuery(access(resource.type, resource.id));
  return (
    <Dialog title={`Share ${resource.name}`} onClose={onClose} wide>
      {query.data ? (
        <ShareBody resource={resource} access={query.data} />
      ) : query.error ? (
        <ErrorNotice error={query.error} what="Could not load who has access" retry={query.refetch} />
      ) : (
        <Loading />
      )}
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

function ShareBody({
  resource,
  access: { least, administrators, holders },
}: {
  resource: Shared;
  access: Access;
}) {
  const client = useQueryClient();
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const isAdmin = (h: Holder) => administrators.includes(h.username);
  const { here, wider } = splitHolders(holders, resource.type, resource.id);
  const run = async (action: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setFailure("");
    try {
      await action();
      return true;
    } catch (error) {
      setFailure(errorText(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: ["users"] });
      setBusy(false);
    }
  };
  return (
    <>
      <AddForm
        busy={busy}
        add={(name, isRole, permission) => run(() => addHolder(resource, name, isRole, permission))}
      />
      {failure && (
        <p className="field-error" role="alert">
          {failure}
        </p>
      )}
      <h3 id="share-who">Who has access</h3>
      <ul className="holders" aria-labelledby="share-who">
        {here.map((h) => (
          <HolderRow
            key={`${h.username} ${h.roleID}`}
            holder={h}
            isAdmin={isAdmin(h)}
            busy={busy}
            change={(permission) => run(() => changeHolder(resource, h, permission))}
            remove={() => run(() => removeHolder(resource, h))}
          />
        ))}
        {wider.map((h) => (
          <li key={`${h.username} ${h.roleID} ${h.type}`}>
            <HolderName holder={h} isAdmin={isAdmin(h)} />
            <span className="muted">
              {permissionLabels[h.permission]}, {reason(h)}
            </span>
          </li>
        ))}
        {administrators
          .filter((name) => !here.some((h) => h.username === name))
          .map((name) => (
            <li key={name}>
              <span className="holder-name truncate">{name}</span>
              <span className="muted">Manage, as an administrator</span>
            </li>
          ))}
        <li>
          <span className="holder-name">Everybody else</span>
          <span className="muted">{permissionLabels[least]}, by the default of this server</span>
        </li>
      </ul>
      {least !== "NO_PERMISSIONS" && (
        <p className="hint">
          Nobody has less than the default, except by the permission “{permissionLabels.DENY}”.
        </p>
      )}
    </>
  );
}

function HolderName({ holder, isAdmin }: { holder: Holder; isAdmin: boolean }) {
  const me = useUser();
  if (holder.role) {
    return (
      <details className="holder-name">
        <summary className="truncate">
          {holder.role} <span className="muted">role of {plural(holder.members.length, "user")}</span>
        </summary>
        <p className="muted">{listed(holder.members)}</p>
      </details>
    );
  }
  return (
    <span className="holder-name truncate">
      {holder.username}
      {holder.username === me?.username && <span className="muted"> (you)</span>}
      {isAdmin && <span className="muted"> administrator</span>}
    </span>
  );
}

interface HolderRowProps {
  holder: Holder;
  isAdmin: boolean;
  busy: boolean;
  change: (permission: Permission) => unknown;
  remove: () => unknown;
}

function HolderRow({ holder, isAdmin, busy, change, remove }: HolderRowProps) {
  const { session } = useSessionState();
  const name = holder.username || holder.role;
  // Roles belong to those who administer them, and nobody locks themselves out by accident.
  const fixed = !session?.manages && (holder.role !== "" || holder.username === session?.user?.username);
  return (
    <li>
      <HolderName holder={holder} isAdmin={isAdmin} />
      {fixed ? (
        <span className="muted">{permissionLabels[holder.permission]}</span>
      ) : (
        <>
          <PermissionSelect
            label={`Permission of ${name}`}
            type={holder.type}
            value={holder.permission}
            disabled={busy}
            onChange={change}
          />
          <button
            type="button"
            className="link-button"
            disabled={busy}
            aria-label={`Remove ${name}`}
            onClick={remove}
          >
            Remove
          </button>
        </>
      )}
    </li>
  );
}

interface AddFormProps {
  busy: boolean;
  add: (name: string, isRole: boolean, permission: Permission) => Promise<boolean>;
}

function AddForm({ busy, add }: AddFormProps) {
  const manages = useSessionState().session?.manages ?? false;
  const [isRole, setRole] = useState(false);
  const [name, setName] = useState("");
  const [permission, setPermission] = useState<Permission>("READ");
  const users = useQuery(userList());
  const roles = useQuery({ ...roleList(), enabled: manages });
  const names = isRole ? roles.data?.map((r) => r.name) : users.data?.map((u) => u.username);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await add(name, isRole, permission)) setName("");
  };
  return (
    <form className="share-add" onSubmit={submit}>
      {manages && (
        <label className="stacked">
          <span className="field">With</span>
          <select
            className="input"
            value={isRole ? "role" : "user"}
            onChange={(e) => {
              setRole(e.target.value === "role");
              setName("");
            }}
          >
            <option value="user">a user</option>
            <option value="role">a role</option>
          </select>
        </label>
      )}
      <NameField label={isRole ? "Role" : "User name"} value={name} names={names ?? []} onChange={setName} />
      <div className="stacked">
        <span className="field" aria-hidden="true">
          Permission
        </span>
        <PermissionSelect
          label="Permission to give"
          type="experiment"
          value={permission}
          onChange={setPermission}
        />
      </div>
      <button type="submit" className="button primary" disabled={busy || name === ""}>
        Share
      </button>
    </form>
  );
}
