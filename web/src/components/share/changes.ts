import { changeGrant, grant, revoke } from "../../api/grants";
import { addRoleGrant, changeRoleGrant, getRole, listRoles, removeRoleGrant } from "../../api/roles";
import { type Holder, isOn, type Permission } from "../../lib/accounts/grants";

interface Resource {
  type: string;
  id: string;
}

/** Gives a user or a role a permission on a resource. */
export async function addHolder(
  { type, id }: Resource,
  name: string,
  isRole: boolean,
  permission: Permission,
) {
  if (!isRole) {
    await grant(name, { type, id, permission });
    return;
  }
  const role = (await listRoles()).find((r) => r.name === name);
  if (!role) throw new Error(`There is no role “${name}”.`);
  await addRoleGrant(role.id, { type, id, permission });
}

export async function changeHolder({ type, id }: Resource, holder: Holder, permission: Permission) {
  if (holder.username) await changeGrant(holder.username, { type, id, permission });
  else await changeRoleGrant(await roleGrantOn(holder.roleID, type, id), permission);
}

export async function removeHolder({ type, id }: Resource, holder: Holder) {
  if (holder.username) await revoke(holder.username, type, id);
  else await removeRoleGrant(await roleGrantOn(holder.roleID, type, id));
}

async function roleGrantOn(roleID: number, type: string, id: string): Promise<number> {
  const found = (await getRole(roleID)).grants.find((g) => isOn(g, type, id));
  if (!found) throw new Error("The role has lost this grant in the meantime.");
  return found.grantID;
}
