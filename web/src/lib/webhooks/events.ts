// Events of webhooks: their groups and words, and what a form needs to know of them.

export interface HookEvent {
  entity: string;
  action: string;
}

export type DeliveryState = "PENDING" | "DELIVERED" | "FAILED";

export const stateLabels: Record<DeliveryState, string> = {
  PENDING: "Waiting",
  DELIVERED: "Delivered",
  FAILED: "Given up",
};

/** An event as clients write it, such as model_version.created. */
export const eventName = ({ entity, action }: HookEvent): string => `${entity}.${action}`.toLowerCase();

const words: Record<string, string> = {
  "registered_model.created": "A model is registered",
  "model_version.created": "A version is created",
  "model_version_tag.set": "A tag of a version is set",
  "model_version_tag.deleted": "A tag of a version is deleted",
  "model_version_alias.created": "An alias is set",
  "model_version_alias.deleted": "An alias is deleted",
  "model_version_alias.moved": "An alias gets another version",
  "model_version_stage.moved": "A version enters another stage",
  "prompt.created": "A prompt is created",
  "prompt_version.created": "A version is created",
  "prompt_tag.set": "A tag of a prompt is set",
  "prompt_tag.deleted": "A tag of a prompt is deleted",
  "prompt_version_tag.set": "A tag of a version is set",
  "prompt_version_tag.deleted": "A tag of a version is deleted",
  "prompt_alias.created": "An alias is set",
  "prompt_alias.deleted": "An alias is deleted",
  "prompt_alias.moved": "An alias gets another version",
  "run.finished": "A run has finished",
  "run.failed": "A run has failed",
  "run.killed": "A run was killed",
};

/** An event in words. One that is newer than these pages has its name. */
export const eventWords = (event: HookEvent): string => words[eventName(event)] ?? eventName(event);

export interface EventGroup {
  title: string;
  events: HookEvent[];
}

/** Events of the gateway, which Millrace does not have, are left out unless a webhook has them. */
const offered = ({ entity }: HookEvent) => entity !== "BUDGET_POLICY";

const titleOf = ({ entity }: HookEvent): string => {
  if (entity === "RUN") return "Runs";
  if (entity.startsWith("PROMPT")) return "Prompts";
  if (entity.includes("MODEL")) return "Models";
  return "Others";
};

/** The events to choose from in groups, with those that a webhook has already. */
export function eventGroups(all: readonly HookEvent[], chosen: ReadonlySet<string>): EventGroup[] {
  const groups = new Map<string, HookEvent[]>([
    ["Runs", []],
    ["Models", []],
    ["Prompts", []],
    ["Others", []],
  ]);
  for (const event of all) {
    if (offered(event) || chosen.has(eventName(event))) groups.get(titleOf(event))!.push(event);
  }
  return [...groups].filter(([, events]) => events.length > 0).map(([title, events]) => ({ title, events }));
}

const nameFormat = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/;

/** Why a name is refused, or "". The rule is MLflow's. */
export function nameProblem(name: string): string {
  if (name === "" || nameFormat.test(name)) return "";
  return "A name has letters, digits, dots, underscores and hyphens, up to 63, and begins and ends with a letter or digit.";
}

/** Why a URL is refused before the server is asked, or "". */
export function urlProblem(url: string, schemes: readonly string[]): string {
  if (url === "") return "";
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const scheme = parsed?.protocol.replace(":", "");
  if (!parsed?.hostname || !scheme) return "This is not an address such as https://ci.example.org/hook.";
  if (!schemes.includes(scheme))
    return `The server sends to addresses that begin with ${schemes.map((s) => `${s}://`).join(" or ")}.`;
  return "";
}

/** Where a URL leads, for lists: the rest of it is often a secret. */
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);
