// The signature in an MLmodel file: three JSON texts inside a YAML block. MLflow writes them with PyYAML,
// which quotes and folds long lines; this reads exactly that and needs no YAML library.

export interface SignatureField {
  name: string;
  type: string;
  required: boolean;
}

export interface Signature {
  inputs: SignatureField[];
  outputs: SignatureField[];
  params: SignatureField[];
}

/** Undefined when the file has no signature that can be read. */
export function parseSignature(text: string): Signature | undefined {
  const block = /^signature:\s*\n((?:[ \t]+.*\n?|\n)+)/m.exec(text)?.[1];
  if (!block) return undefined;
  const part = (key: string) => fields(scalarOf(block, key));
  const signature = { inputs: part("inputs"), outputs: part("outputs"), params: part("params") };
  const empty = Object.values(signature).every((list) => list.length === 0);
  return empty ? undefined : signature;
}

/** The text of one key, unfolded and unquoted. */
function scalarOf(block: string, key: string): string {
  const lines = block.split("\n");
  const start = lines.findIndex((line) => line.trimStart().startsWith(`${key}:`));
  if (start < 0) return "";
  const indent = lines[start]!.search(/\S/);
  const own = [lines[start]!.trim().slice(key.length + 1)];
  for (const line of lines.slice(start + 1)) {
    if (line.trim() !== "" && line.search(/\S/) <= indent) break;
    own.push(line.trim());
  }
  const folded = own.join(" ").trim();
  const quote = folded[0];
  if (quote === "'" && folded.endsWith("'")) return folded.slice(1, -1).replaceAll("''", "'");
  if (quote === '"' && folded.endsWith('"')) {
    // In double quotes a backslash at the end of a line swallows the break, one before a space keeps it.
    const plain = folded.replace(/\\ \\/g, "").replace(/\\ /g, " ");
    try {
      return String(JSON.parse(plain));
    } catch {
      return "";
    }
  }
  return folded;
}

interface WireField {
  name?: string;
  type?: string;
  required?: boolean;
  optional?: boolean;
  default?: unknown;
  "tensor-spec"?: { dtype?: string; shape?: number[] };
  items?: WireField;
  properties?: Record<string, WireField>;
}

function fields(json: string): SignatureField[] {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return (list as WireField[]).map((field, i) => ({
    name: field.name ?? (list.length === 1 ? "(unnamed)" : `${i}`),
    type: typeText(field) + (field.default == null ? "" : ` = ${JSON.stringify(field.default)}`),
    required: field.required ?? !field.optional,
  }));
}

function typeText(field: WireField): string {
  const tensor = field["tensor-spec"];
  if (tensor) return `tensor ${tensor.dtype ?? ""} (${(tensor.shape ?? []).join(", ")})`;
  if (field.type === "array" && field.items) return `array of ${typeText(field.items)}`;
  if (field.type === "object" && field.properties) {
    const parts = Object.entries(field.properties).map(([name, f]) => `${name}: ${typeText(f)}`);
    return `object {${parts.join(", ")}}`;
  }
  return field.type ?? "";
}
