// Users and the account of the one who is logged in.
import { ownerOfRole, type Permission } from "../lib/accounts/grants";
import type { User } from "../lib/accounts/session";
import { get, patch, post, remove, v3 } from "./client";
import { type Role, toRole, type WireRole } from "./roles";

export interface UserWithRoles extends User {
  /** Roles that are shared with others. */
  roles: Role[];
  /** How many grants are the user's own. */
  ownGrants: number;
}

interface WireUser {
  id: number;
  username: string;
  is_admin: boolean;
  roles?: WireRole[];
}

export async function listUsers(signal?: AbortSignal): Promise<UserWithRoles[]> {
  const answer = await get<{ users?: WireUser[] }>("users/list", undefined, signal);
  return (answer.users ?? []).map(toUser);
}

function toUser({ id, username, is_admin, roles = [] }: WireUser): UserWithRoles {
  const own = roles.filter((r) => ownerOfRole(r.name) === id);
  return {
    ...{ id, username, isAdmin: is_admin },
    roles: roles.filter((r) => ownerOfRole(r.name) === undefined).map(toRole),
    ownGrants: own.reduce((n, r) => n + (r.permissions?.length ?? 0), 0),
  };
}

export const createUser = (username: string, password: string): Promise<unknown> =>
  post("users/create", { username, password });

export const deleteUser = (username: string): Promise<unknown> => remove("users/delete", { username });

export const setAdmin = (username: string, isAdmin: boolean): Promise<unknown> =>
  patch("users/update-admin", { username, is_admin: isAdmin });

/** Changes a password. Users need their current one to change their own. */
export const setPassword = (username: string, password: string, current?: string): Promise<unknown> =>
  patch("users/update-password", { username, password, ...(current && { current_password: current }) });

/** The permission that a user has on a resource in the end; "*" stands for those without a grant. */
export async function permissionOn(
  username: string,
  type: string,
  id: string,
  signal?: AbortSignal,
): Promise<Permission> {
  const query = { username, resource_type: type, resource_id: id };
  return (await v3.get<{ permission: Permission }>("users/permissions/get", query, signal)).permission;
}
