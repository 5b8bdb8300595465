import { type ReactNode, useState } from "react";
import { type Grant, type Permission, permissionLabels, typeOf } from "../../lib/accounts/grants";
import { errorText } from "../Notice";
import { useToast } from "../Toasts";
import { PermissionSelect } from "./PermissionSelect";
import { ResourceName } from "./ResourceName";

interface GrantTableProps<G extends Grant> {
  grants: readonly G[];
  /** Says where a grant comes from, in a column of its own. */
  source?: (grant: G) => ReactNode;
  /** Both are absent if the user only looks. */
  change?: (grant: G, permission: Permission) => Promise<unknown>;
  remove?: (grant: G) => Promise<unknown>;
}

/** How many grants are shown at first, since each may ask for a name. */
const shownFirst = 50;

export function GrantTable<G extends Grant>({ grants, source, change, remove }: GrantTableProps<G>) {
  const [all, setAll] = useState(false);
  const [busy, setBusy] = useState(false);
  const toast = useToast();
  const run = async (action: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await action();
    } catch (error) {
      toast(`Could not change the grant: ${errorText(error)}`);
    } finally {
      setBusy(false);
    }
  };
  const shown = all ? grants : grants.slice(0, shownFirst);
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Resource</th>
            <th>Type</th>
            <th>Permission</th>
            {source && <th>By</th>}
            {remove && (
              <th>
                <span className="visually-hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {shown.map((grant, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two roles may hold the same grant
            <tr key={`${grant.type} ${grant.id} ${i}`}>
              <th scope="row" className="wrap">
                <ResourceName grant={grant} />
              </th>
              <td className="muted">{typeOf(grant.type).one}</td>
              <td>
                {change ? (
                  <PermissionSelect
                    label={`Permission on ${typeOf(grant.type).one} ${grant.id}`}
                    type={grant.type}
                    value={grant.permission}
                    disabled={busy}
                    onChange={(permission) => run(() => change(grant, permission))}
                  />
                ) : (
                  permissionLabels[grant.permission]
                )}
              </td>
              {source && <td>{source(grant)}</td>}
              {remove && (
                <td className="numeric">
                  <button
                    type="button"
                    className="link-button"
                    disabled={busy}
                    aria-label={`Remove the grant on ${typeOf(grant.type).one} ${grant.id}`}
                    onClick={() => run(() => remove(grant))}
                  >
                    Remove
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < grants.length && (
        <p className="more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {grants.length.toLocaleString("en-US")}
          </button>
        </p>
      )}
    </div>
  );
}
