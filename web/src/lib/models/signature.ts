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

/** The parts of a signature in MLflow's JSON format, as the server returns them. */
export interface WireSignature {
  inputs?: WireField[];
  outputs?: WireField[];
  params?: WireField[];
}

/** Returns undefined for a model without a signature. */
export function toSignature(wire: WireSignature): Signature | undefined {
  const signature = {
    inputs: fields(wire.inputs),
    outputs: fields(wire.outputs),
    params: fields(wire.params),
  };
  const empty = Object.values(signature).every((list) => list.length === 0);
  return empty ? undefined : signature;
}

export interface WireField {
  name?: string;
  type?: string;
  required?: boolean;
  optional?: boolean;
  default?: unknown;
  "tensor-spec"?: { dtype?: string; shape?: number[] };
  items?: WireField;
  properties?: Record<string, WireField>;
}

function fields(list: WireField[] = []): SignatureField[] {
  return list.map((field, i) => ({
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
