// Inputs and outputs as a conversation: the messages of OpenAI, Anthropic, LangChain and their likes.

export type ChatPart =
  | { kind: "text"; text: string }
  | { kind: "call"; name: string; input: unknown; id: string }
  | { kind: "result"; id: string; output: unknown }
  | { kind: "other"; value: unknown };

export interface ChatMessage {
  /** Such as "user", "assistant", "system" or "tool". */
  role: string;
  name: string;
  parts: ChatPart[];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown) => (typeof value === "string" ? value : "");

/** The messages in a value; undefined if it is no conversation. */
export function chatOf(value: unknown): ChatMessage[] | undefined {
  const messages = find(value, 0);
  return messages && messages.length > 0 ? messages : undefined;
}

function find(value: unknown, depth: number): ChatMessage[] | undefined {
  if (depth > 3) return undefined;
  if (Array.isArray(value))
    return value.length === 1 && Array.isArray(value[0]) ? list(value[0]) : list(value);
  if (!isObject(value)) return undefined;
  if (Array.isArray(value.choices)) return choices(value.choices);
  const system = typeof value.system === "string" ? value.system : text(value.instructions);
  const before: ChatMessage[] = system ? [say("system", system)] : [];
  for (const key of ["messages", "input", "output", "chat_history"]) {
    const inner = value[key];
    const found =
      key === "input" && typeof inner === "string" && ("model" in value || "instructions" in value)
        ? [say("user", inner)]
        : Array.isArray(inner)
          ? find(inner, depth + 1)
          : undefined;
    if (found) return [...before, ...found];
  }
  const one = message(value);
  return one && [one];
}

const say = (role: string, said: string): ChatMessage => ({
  role,
  name: "",
  parts: [{ kind: "text", text: said }],
});

/** A list is a conversation only if all of its items are messages. */
function list(items: readonly unknown[]): ChatMessage[] | undefined {
  const out: ChatMessage[] = [];
  for (const item of items) {
    const found = message(item);
    if (!found) return undefined;
    out.push(found);
  }
  return out;
}

function choices(items: readonly unknown[]): ChatMessage[] | undefined {
  return list(items.map((choice) => (isObject(choice) ? (choice.message ?? choice.delta) : undefined)));
}

const roles: Record<string, string> = {
  human: "user",
  ai: "assistant",
  function: "tool",
  developer: "system",
};

function message(item: unknown): ChatMessage | undefined {
  if (!isObject(item)) return undefined;
  // The items of OpenAI's responses.
  if (item.type === "function_call") {
    return { role: "assistant", name: "", parts: [call(item.name, item.arguments, item.call_id)] };
  }
  if (item.type === "function_call_output") {
    return {
      role: "tool",
      name: "",
      parts: [{ kind: "result", id: text(item.call_id), output: parsed(item.output) }],
    };
  }
  const said = typeof item.role === "string" ? item.role : item.type;
  if (typeof said !== "string" || !("content" in item || "tool_calls" in item)) return undefined;
  if (typeof item.role !== "string" && !(said in roles) && said !== "system" && said !== "tool")
    return undefined;
  const role = roles[said] ?? said;
  const parts = contentParts(item.content);
  if (role === "tool" && parts.length === 1 && parts[0]!.kind === "text") {
    parts[0] = { kind: "result", id: text(item.tool_call_id), output: parsed(parts[0]!.text) };
  }
  if (text(item.reasoning_content)) parts.unshift({ kind: "text", text: text(item.reasoning_content) });
  for (const c of Array.isArray(item.tool_calls) ? item.tool_calls : []) {
    if (!isObject(c)) continue;
    const fn = isObject(c.function) ? c.function : c;
    parts.push(call(fn.name, fn.arguments ?? fn.args, c.id));
  }
  return { role, name: text(item.name), parts };
}

const call = (name: unknown, input: unknown, id: unknown): ChatPart => ({
  kind: "call",
  name: text(name),
  input: parsed(input),
  id: text(id),
});

/** Arguments and results are often texts that hold JSON. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function contentParts(content: unknown): ChatPart[] {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  return (Array.isArray(content) ? content : [content]).map(contentPart);
}

function contentPart(part: unknown): ChatPart {
  if (typeof part === "string") return { kind: "text", text: part };
  if (!isObject(part)) return { kind: "other", value: part };
  if (part.type === "tool_use") return call(part.name, part.input, part.id);
  if (part.type === "tool_result") {
    const inner = contentParts(part.content);
    const output = inner.length === 1 && inner[0]!.kind === "text" ? parsed(inner[0]!.text) : part.content;
    return { kind: "result", id: text(part.tool_use_id), output };
  }
  const said = [part.text, part.thinking, part.refusal].find((t) => typeof t === "string");
  return said === undefined ? { kind: "other", value: part } : { kind: "text", text: said as string };
}

/** What a message says, in one text. */
export const saidBy = (m: ChatMessage) => m.parts.map((p) => (p.kind === "text" ? p.text : "")).join("");

/** The text of a value that is a text, or an object with nothing but one, such as {"answer": "…"}. */
export function soleText(value: unknown): string | undefined {
  const items = isObject(value) ? Object.values(value) : [value];
  return items.length === 1 && typeof items[0] === "string" ? items[0] : undefined;
}
