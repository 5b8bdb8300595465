// Grants: who may do what with a resource.
import { any, type Grant, type Holder, type Permission } from "../lib/accounts/grants";
import { millrace, patch, v3 } from "./client";

/** A grant that a user holds by a role, which may be the user's own. */
export interface HeldGrant extends Grant {
  roleID: number;
  role: string;
}

export async function grantsOf(username: string, signal?: AbortSignal): Promise<HeldGrant[]> {
  return toHeld(await v3.get<WireHeld>("users/permissions/list", { username }, signal));
}

export async function currentGrants(signal?: AbortSignal): Promise<HeldGrant[]> {
  return toHeld(await v3.get<WireHeld>("users/current/permissions", undefined, signal));
}

interface WireHeld {
  permissions?: {
    role_id: number;
    role_name: string;
    resource_type: string;
    resource_pattern: string;
    permission: Permission;
  }[];
}

const toHeld = ({ permissions = [] }: WireHeld): HeldGrant[] =>
  permissions.map((p) => ({
    roleID: p.role_id,
    role: p.role_name,
    type: p.resource_type,
    id: p.resource_pattern,
    permission: p.permission,
  }));

export const grant = (username: string, { type, id, permission }: Grant): Promise<unknown> =>
  v3.send("POST", "users/permissions/grant", {
    ...{ username, resource_type: type, resource_id: id, permission },
  });

export const revoke = (username: string, type: string, id: string): Promise<unknown> =>
  v3.send("POST", "users/permissions/revoke", { username, resource_type: type, resource_id: id });

/**
 * Changes a user's own grant. On a single experiment, model or prompt that is one request: between a
 * revocation and a new grant the user would have neither.
 */
export async function changeGrant(username: string, changed: Grant): Promise<void> {
  const { type, id, permission } = changed;
  const level = permission === "DENY" ? "NO_PERMISSIONS" : permission;
  if (id !== any && type === "experiment") {
    await patch("experiments/permissions/update", { experiment_id: id, username, permission: level });
  } else if (id !== any && (type === "registered_model" || type === "prompt")) {
    await patch("registered-models/permissions/update", { name: id, username, permission: level });
  } else {
    await revoke(username, type, id);
    await grant(username, changed);
  }
}

/** Who has access to a resource. */
export interface Access {
  /** What everybody without a grant may do. */
  least: Permission;
  administrators: string[];
  holders: Holder[];
}

interface WireAccess {
  default_permission: Permission;
  administrators?: string[];
  holders?: {
    username?: string;
    role?: string;
    role_id: number;
    members?: string[];
    resource_type: string;
    resource_pattern: string;
    permission: Permission;
  }[];
}

export async function accessTo(type: string, id: string, signal?: AbortSignal): Promise<Access> {
  const query = { resource_type: type, resource_id: id };
  const answer = await millrace.get<WireAccess>("access", query, signal);
  return {
    least: answer.default_permission,
    administrators: answer.administrators ?? [],
    holders: (answer.holders ?? []).map((h) => ({
      username: h.username ?? "",
      role: h.role ?? "",
      roleID: h.role_id,
      members: h.members ?? [],
      type: h.resource_type,
      id: h.resource_pattern,
      permission: h.permission,
    })),
  };
}
