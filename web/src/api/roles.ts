// Roles: sets of grants that users share. They are the groups of users.
import { type Grant, ownerOfRole, type Permission } from "../lib/accounts/grants";
import { v3 } from "./client";

/** The only workspace. */
const workspace = "default";

export interface RoleGrant extends Grant {
  grantID: number;
}

export interface Role {
  id: number;
  name: string;
  description: string;
  grants: RoleGrant[];
}

export interface WireRole {
  id: number;
  name: string;
  description?: string | null;
  permissions?: { id: number; resource_type: string; resource_pattern: string; permission: Permission }[];
}

export const toRole = (wire: WireRole): Role => ({
  id: wire.id,
  name: wire.name,
  description: wire.description ?? "",
  grants: (wire.permissions ?? []).map((p) => ({
    grantID: p.id,
    type: p.resource_type,
    id: p.resource_pattern,
    permission: p.permission,
  })),
});

/** The roles that users share, by name. */
export async function listRoles(signal?: AbortSignal): Promise<Role[]> {
  const answer = await v3.get<{ roles?: WireRole[] }>("roles/list", { workspace }, signal);
  return (answer.roles ?? [])
    .filter((r) => ownerOfRole(r.name) === undefined)
    .map(toRole)
    .sort((a, b) => a.name.localeCompare(b.name));
}

export async function getRole(id: number, signal?: AbortSignal): Promise<Role> {
  return toRole((await v3.get<{ role: WireRole }>("roles/get", { role_id: id }, signal)).role);
}

export async function createRole(name: string, description: string): Promise<Role> {
  const body = { name, workspace, ...(description && { description }) };
  return toRole((await v3.send<{ role: WireRole }>("POST", "roles/create", body)).role);
}

export const updateRole = (id: number, name: string, description: string): Promise<unknown> =>
  v3.send("PATCH", "roles/update", { role_id: id, name, description });

export const deleteRole = (id: number): Promise<unknown> =>
  v3.send("DELETE", "roles/delete", { role_id: id });

export const assignRole = (username: string, roleID: number): Promise<unknown> =>
  v3.send("POST", "roles/assign", { username, role_id: roleID });

export const unassignRole = (username: string, roleID: number): Promise<unknown> =>
  v3.send("DELETE", "roles/unassign", { username, role_id: roleID });

export const addRoleGrant = (roleID: number, { type, id, permission }: Grant): Promise<unknown> =>
  v3.send("POST", "roles/permissions/add", {
    ...{ role_id: roleID, resource_type: type, resource_pattern: id, permission },
  });

export const changeRoleGrant = (grantID: number, permission: Permission): Promise<unknown> =>
  v3.send("PATCH", "roles/permissions/update", { role_permission_id: grantID, permission });

export const removeRoleGrant = (grantID: number): Promise<unknown> =>
  v3.send("DELETE", "roles/permissions/remove", { role_permission_id: grantID });
