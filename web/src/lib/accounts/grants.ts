// What grants say: their levels, the types of resources they are on, and who holds them.

export type Permission = "READ" | "USE" | "EDIT" | "MANAGE" | "DENY" | "NO_PERMISSIONS";

export const permissionLabels: Record<Permission, string> = {
  READ: "Read",
  USE: "Use",
  EDIT: "Edit",
  MANAGE: "Manage",
  DENY: "No access",
  NO_PERMISSIONS: "No access",
};

/** The permissions that people choose from, with what each allows. */
export const choices: readonly { permission: Permission; meaning: string }[] = [
  { permission: "READ", meaning: "see it" },
  { permission: "EDIT", meaning: "see and change it" },
  { permission: "MANAGE", meaning: "see, change, delete and share it" },
  { permission: "DENY", meaning: "not even see it, whatever roles say" },
];

const ranks: Record<Permission, number> = { NO_PERMISSIONS: 0, DENY: 0, READ: 1, USE: 2, EDIT: 3, MANAGE: 4 };

/** What a grant amounts to: the default permission is the least that anybody has, unless a grant denies. */
export function effective(granted: Permission, least: Permission): Permission {
  return granted === "DENY" || ranks[granted] >= ranks[least] ? granted : least;
}

export const any = "*";

export interface ResourceType {
  type: string;
  /** One of them, as in "Experiment". */
  one: string;
  /** All of them. */
  all: string;
  /** Whether there are grants on single ones. */
  single: boolean;
}

const typeList: readonly ResourceType[] = [
  { type: "experiment", one: "Experiment", all: "All experiments", single: true },
  { type: "registered_model", one: "Registered model", all: "All registered models", single: true },
  { type: "prompt", one: "Prompt", all: "All prompts", single: true },
  { type: "run", one: "Run", all: "All runs", single: false },
  { type: "logged_model", one: "Logged model", all: "All logged models", single: false },
  { type: "registered_model_version", one: "Model version", all: "All model versions", single: false },
  { type: "prompt_version", one: "Prompt version", all: "All prompt versions", single: false },
  { type: "workspace", one: "Workspace", all: "Everything", single: false },
];

/** The types that grants are made on here. Grants on others are shown, too. */
export const resourceTypes = typeList;

export function typeOf(type: string): ResourceType {
  const words = type.replaceAll("_", " ");
  return (
    typeList.find((t) => t.type === type) ?? {
      type,
      one: words.charAt(0).toUpperCase() + words.slice(1),
      all: `All of type ${words}`,
      single: true,
    }
  );
}

/** The permissions that a grant on a type can have. */
export function possible(type: string, current?: Permission): Permission[] {
  const list: Permission[] =
    type === "workspace" ? ["MANAGE", "USE"] : choices.map(({ permission }) => permission);
  if (current && !list.includes(current)) list.push(current);
  return list;
}

export interface Grant {
  type: string;
  /** The id or name of the resource, or any. */
  id: string;
  permission: Permission;
}

/** The user whose own grants a role holds; undefined for a role that users share. */
export function ownerOfRole(name: string): number | undefined {
  const match = /^__user_(\d+)__$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

export interface Holder extends Grant {
  /** The user who holds the grant, or "" for a role. */
  username: string;
  role: string;
  roleID: number;
  members: string[];
}

/** Whether a holder's grant is on exactly a resource, not on all of its type or on everything. */
export const isOn = (holder: Grant, type: string, id: string) => holder.type === type && holder.id === id;

/** The holders of grants on a resource itself, people first, and those whose grants are on more. */
export function splitHolders(holders: readonly Holder[], type: string, id: string) {
  const byName = (a: Holder, b: Holder) =>
    Number(a.username === "") - Number(b.username === "") ||
    (a.username || a.role).localeCompare(b.username || b.role);
  return {
    here: holders.filter((h) => isOn(h, type, id)).toSorted(byName),
    wider: holders.filter((h) => !isOn(h, type, id)).toSorted(byName),
  };
}

/** Names in a sentence, not more of them than people read. */
export function listed(names: readonly string[], most = 100): string {
  if (names.length === 0) return "nobody";
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more.toLocaleString("en-US")} more` : "");
}

/** What a grant on more than one resource is on, as in "all experiments"; undefined for one resource. */
export function several({ type, id }: Pick<Grant, "type" | "id">): string | undefined {
  if (id === any) return typeOf(type).all;
  if (id.startsWith("prefix:"))
    return `${typeOf(type).one} names that begin with ${id.slice("prefix:".length)}`;
}

/** Why a wider grant applies, as in "by a grant on all experiments". */
export function reason(holder: Grant): string {
  const on = several(holder) ?? typeOf(holder.type).all;
  return `by a grant on ${on.charAt(0).toLowerCase()}${on.slice(1)}`;
}
