import { useState } from "react";
import {
  any,
  choices,
  type Grant,
  type Permission,
  possible,
  resourceTypes,
  typeOf,
} from "../../lib/accounts/grants";
import { ActionDialog } from "../Dialog";
import { ExperimentField } from "./ExperimentField";
import { PermissionSelect } from "./PermissionSelect";

interface AddGrantDialogProps {
  /** To whom, as in "team" or "ann". */
  holder: string;
  /** Types that cannot be granted to this holder. */
  without?: readonly string[];
  onClose: () => void;
  save: (grant: Grant) => Promise<unknown>;
}

/** Asks for a resource and a permission. */
export function AddGrantDialog({ holder, without = [], onClose, save }: AddGrantDialogProps) {
  const [type, setType] = useState("experiment");
  const [all, setAll] = useState(false);
  const [id, setID] = useState("");
  const [permission, setPermission] = useState<Permission>("READ");
  const { single, one } = typeOf(type);
  const pattern = all || !single ? any : id.trim();
  const chooseType = (next: string) => {
    setType(next);
    setID("");
    if (!possible(next).includes(permission)) setPermission(possible(next)[0]!);
  };
  return (
    <ActionDialog
      title={`Grant to ${holder}`}
      action="Add"
      disabled={pattern === ""}
      onClose={onClose}
      run={() => save({ type, id: pattern, permission })}
    >
      <label className="stacked">
        <span className="field">Type of resource</span>
        <select className="input" value={type} onChange={(e) => chooseType(e.target.value)}>
          {resourceTypes
            .filter((t) => !without.includes(t.type))
            .map((t) => (
              <option key={t.type} value={t.type}>
                {t.single ? t.one : t.all}
              </option>
            ))}
        </select>
      </label>
      {single && (
        <label className="check">
          <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} />
          {typeOf(type).all}, also those to come
        </label>
      )}
      {single && !all && type === "experiment" && (
        <ExperimentField label="Experiment" onChange={(e) => setID(e?.id ?? "")} />
      )}
      {single && !all && type !== "experiment" && (
        <label className="stacked">
          <span className="field">Name of the {one.toLowerCase()}</span>
          <input className="input" value={id} spellCheck={false} onChange={(e) => setID(e.target.value)} />
        </label>
      )}
      <div className="stacked">
        <span className="field" aria-hidden="true">
          Permission
        </span>
        <PermissionSelect label="Permission" type={type} value={permission} onChange={setPermission} />
        <p className="hint">{meaning(type, permission)}</p>
      </div>
    </ActionDialog>
  );
}

function meaning(type: string, permission: Permission): string {
  if (type === "workspace") {
    return permission === "MANAGE"
      ? "May do everything, and administers users and roles."
      : "Belongs to the workspace and may see its roles, but has no other rights by that.";
  }
  const found = choices.find((c) => c.permission === permission);
  return found ? `May ${found.meaning}.` : "";
}
