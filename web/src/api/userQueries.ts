// What the pages of users read, as query options. They are apart from queries.ts, since most pages need none.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { AuditFilter } from "../lib/accounts/audit";
import { any, type Permission } from "../lib/accounts/grants";
import { readAudit } from "./audit";
import { accessTo, currentGrants, grantsOf } from "./grants";
import { getRole, listRoles } from "./roles";
import { listTokens } from "./tokens";
import { listUsers, permissionOn } from "./users";

export const userList = () =>
  queryOptions({ queryKey: ["users", "list"], queryFn: ({ signal }) => listUsers(signal) });

export const roleList = () =>
  queryOptions({ queryKey: ["users", "roles"], queryFn: ({ signal }) => listRoles(signal) });

export const roleDetail = (id: number) =>
  queryOptions({ queryKey: ["users", "roles", id], queryFn: ({ signal }) => getRole(id, signal) });

export const userGrants = (username: string) =>
  queryOptions({
    queryKey: ["users", "grants", username],
    queryFn: ({ signal }) => grantsOf(username, signal),
  });

export const ownGrants = () =>
  queryOptions({ queryKey: ["users", "grants"], queryFn: ({ signal }) => currentGrants(signal) });

export const userTokens = (username: string) =>
  queryOptions({
    queryKey: ["users", "tokens", username],
    queryFn: ({ signal }) => listTokens(username, signal),
  });

/** What a user may do with a resource. */
export const permission = (username: string, type: string, id: string) =>
  queryOptions({
    queryKey: ["users", "permission", username, type, id],
    queryFn: ({ signal }) => permissionOn(username, type, id, signal),
    staleTime: 30_000,
  });

const general = ["experiment", "registered_model", "prompt"] as const;

/** What a user may do with resources on which nobody has granted it anything. */
export const generalPermissions = (username: string) =>
  queryOptions({
    queryKey: ["users", "permission", username],
    queryFn: ({ signal }) =>
      Promise.all(
        general.map(async (type): Promise<{ type: string; permission: Permission }> => {
          return { type, permission: await permissionOn(username, type, any, signal) };
        }),
      ),
  });

export const access = (type: string, id: string) =>
  queryOptions({
    queryKey: ["users", "access", type, id],
    queryFn: ({ signal }) => accessTo(type, id, signal),
  });

export const auditLog = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["users", "audit", filter],
    queryFn: ({ pageParam, signal }) => readAudit(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
  });
