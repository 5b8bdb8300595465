// What entries of the audit log say, in words.

import { formatDateTime } from "../text/format";
import { startOfDay } from "./days";
import { type Permission, permissionLabels, several, typeOf } from "./grants";

export interface AuditEntry {
  id: number;
  timeMS: number;
  username: string;
  /** The access token of the request, or "". */
  tokenID: string;
  /** The address of the client. */
  client: string;
  action: string;
  /** The request in JSON, which the server may have cut. */
  detail: string;
  /** "OK" or the code of an error. */
  result: string;
}

/** The actions by what they are about. Interfaces of the registry name the same action in several ways. */
export const actionGroups: readonly { label: string; actions: Readonly<Record<string, string>> }[] = [
  {
    label: "Logins",
    actions: {
      login: "Log in",
      "session/begin": "Begin a session",
      "session/end": "End a session",
    },
  },
  {
    label: "Users and tokens",
    actions: {
      "users/create": "Create a user",
      "users/delete": "Delete a user",
      "users/update-password": "Change a password",
      "users/update-admin": "Change who is an administrator",
      "tokens/create": "Create a token",
      "tokens/revoke": "Revoke a token",
    },
  },
  {
    label: "Roles",
    actions: {
      "roles/create": "Create a role",
      "roles/update": "Change a role",
      "roles/delete": "Delete a role",
      "roles/assign": "Add a user to a role",
      "DELETE roles/unassign": "Remove a user from a role",
      "roles/permissions/add": "Add a grant to a role",
      "roles/permissions/update": "Change a grant of a role",
      "DELETE roles/permissions/remove": "Remove a grant from a role",
    },
  },
  {
    label: "Grants",
    actions: {
      "users/permissions/grant": "Grant a permission",
      "users/permissions/revoke": "Revoke a permission",
      "experiments/permissions/create": "Grant a permission on an experiment",
      "experiments/permissions/update": "Change a permission on an experiment",
      "experiments/permissions/delete": "Revoke a permission on an experiment",
      "registered-models/permissions/create": "Grant a permission on a model",
      "registered-models/permissions/update": "Change a permission on a model",
      "registered-models/permissions/delete": "Revoke a permission on a model",
    },
  },
  {
    label: "Experiments and runs",
    actions: {
      "experiments/delete": "Delete an experiment",
      "experiments/restore": "Restore an experiment",
      "runs/delete": "Delete a run",
      "runs/restore": "Restore a run",
      "DELETE logged-models/{model_id}": "Delete a logged model",
      "DELETE mlflow-artifacts/artifacts/{path...}": "Delete files",
    },
  },
  {
    label: "Registered models",
    actions: {
      "registered-models/rename": "Rename a model",
      "registered-models/delete": "Delete a model",
      "registered-models/alias": "Set an alias",
      "DELETE registered-models/alias": "Remove an alias",
      "model-versions/transition-stage": "Change a stage",
      "model-versions/transition": "Change a stage or an alias",
      "model-versions/delete": "Delete a model version",
    },
  },
  {
    label: "Registered models of Unity Catalog",
    actions: {
      "unity-catalog/registered-models/delete": "Delete a model",
      "unity-catalog/registered-models/alias": "Set an alias",
      "DELETE unity-catalog/registered-models/alias": "Remove an alias",
      "unity-catalog/model-versions/delete": "Delete a model version",
      "DELETE unity-catalog/models/{full_name}": "Delete a model",
      "PUT unity-catalog/models/{full_name}/aliases/{alias}": "Set an alias",
      "DELETE unity-catalog/models/{full_name}/aliases/{alias}": "Remove an alias",
      "DELETE unity-catalog/models/{full_name}/versions/{version}": "Delete a model version",
    },
  },
];

const actionLabels = new Map(actionGroups.flatMap(({ actions }) => Object.entries(actions)));

/** An action in plain words, or undefined if only its own name is known. */
export const actionLabel = (action: string): string | undefined => actionLabels.get(action);

/** The results that requests of the log usually have. */
export const results: readonly string[] = [
  "OK",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "INVALID_PARAMETER_VALUE",
  "RESOURCE_DOES_NOT_EXIST",
  "RESOURCE_ALREADY_EXISTS",
  "INVALID_STATE",
  "REQUEST_LIMIT_EXCEEDED",
  "TEMPORARILY_UNAVAILABLE",
  "INTERNAL_ERROR",
];

/** "Permission denied" for PERMISSION_DENIED. */
export function resultLabel(result: string): string {
  if (result === "OK") return result;
  const words = result.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a value leads to. */
export type Target =
  | { kind: "experiment" | "model" | "role" | "user"; id: string }
  | { kind: "version"; model: string; id: string };

export interface DetailValue {
  text: string;
  target?: Target;
}

export interface DetailField {
  label: string;
  values: DetailValue[];
}

/** The fields of an entry's request, or its text if that is not the JSON of an object. */
export function detailOf({ action, detail, result }: AuditEntry): DetailField[] | string {
  const request = parseObject(detail);
  if (!request) return detail;
  const gone = result === "RESOURCE_DOES_NOT_EXIST";
  const fields = Object.entries(request).flatMap(([key, value]) => fieldOf(action, request, key, value));
  const removed = result === "OK" ? removedBy(action) : undefined;
  for (const { values } of fields) {
    for (const value of values) {
      // A link to what does not exist helps nobody. The new name of a model leads to it.
      const old = value.target && value.target.kind === removed && value.text !== request.new_name;
      if (gone || old) delete value.target;
    }
  }
  return fields;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined; // The server has cut it.
  }
}

/** What is not there any more after an action. Experiments stay and can be restored. */
function removedBy(action: string): Target["kind"] | undefined {
  if (action === "users/delete") return "user";
  if (action === "roles/delete") return "role";
  if (action.endsWith("registered-models/delete") || action === "registered-models/rename") return "model";
  if (action.endsWith("model-versions/delete")) return "version";
  return undefined;
}

function fieldOf(
  action: string,
  request: Record<string, unknown>,
  key: string,
  value: unknown,
): DetailField[] {
  const type = request.resource_type;
  if (typeof type === "string") {
    // The type of a resource and its name are one thing to read.
    if (key === "resource_id" || key === "resource_pattern") {
      return [{ label: "on", values: [resourceOf(type, String(value))] }];
    }
    if (key === "resource_type" && (request.resource_id ?? request.resource_pattern) !== undefined) return [];
  }
  const target = targetOf(action, request, key);
  const list = Array.isArray(value) ? value : [value];
  const values = list.map((item) => {
    const text = textOf(key, item);
    return target ? { text, target: target(String(item)) } : { text };
  });
  return [{ label: labelOf(action, key), values }];
}

function resourceOf(type: string, id: string): DetailValue {
  const more = several({ type, id });
  if (more !== undefined) return { text: more };
  const text = `${typeOf(type).one} ${id}`;
  if (type === "experiment") return { text, target: { kind: "experiment", id } };
  if (type === "registered_model" || type === "prompt") return { text, target: { kind: "model", id } };
  return { text };
}

/** The actions whose field "name" is that of a registered model. */
const isOnModel = (action: string) => /\b(registered-models|model-versions)\//.test(action);

function targetOf(
  action: string,
  request: Record<string, unknown>,
  key: string,
): ((id: string) => Target) | undefined {
  if (key === "experiment_id" || key === "experiment_ids") return (id) => ({ kind: "experiment", id });
  if (key === "role_id") return (id) => ({ kind: "role", id });
  if (key === "username") return (id) => ({ kind: "user", id });
  if (!isOnModel(action)) return undefined;
  if (key === "name" || key === "new_name") return (id) => ({ kind: "model", id });
  const { name } = request;
  if (key === "version" && typeof name === "string") return (id) => ({ kind: "version", model: name, id });
  return undefined;
}

const labels: Record<string, string> = {
  experiment_id: "experiment",
  experiment_ids: "experiments",
  run_id: "run",
  role_id: "role",
  username: "user",
  expires_ms: "expires",
  is_admin: "administrator",
};

function labelOf(action: string, key: string): string {
  if (key === "name" && isOnModel(action)) return "model";
  if (key === "id" && action.startsWith("tokens/")) return "token";
  return labels[key] ?? key.replaceAll("_", " ");
}

function textOf(key: string, value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (key === "expires_ms" && typeof value === "number") return value === 0 ? "never" : formatDateTime(value);
  if (key === "permission") return permissionLabels[value as Permission] ?? String(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Which entries of the log are shown. Empty texts are for all; days are local dates such as 2026-11-22. */
export interface AuditFilter {
  user: string;
  action: string;
  result: string;
  from: string;
  to: string;
}

export const noFilter: AuditFilter = { user: "", action: "", result: "", from: "", to: "" };

/** The time of a filter in milliseconds since the epoch; the last one is excluded. */
export const timesOf = ({ from, to }: Pick<AuditFilter, "from" | "to">) => ({
  fromMS: startOfDay(from),
  toMS: startOfDay(to, 1),
});
