// Records of evaluation datasets that are made of traces, as MLflow's client makes them.
import type { Trace } from "../../api/traces";
import { attributeValue, type Span } from "../traces/spans";

export interface TraceRecord {
  inputs: object;
  outputs: unknown;
  expectations: Record<string, unknown>;
  source: { source_type: "TRACE"; source_data: { trace_id: string } };
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The record of a trace: the inputs and outputs of its root, and the expectations that people have of it. Undefined for
 * a trace without inputs. Inputs that are no object become one with the key "input".
 */
export function recordOfTrace(trace: Trace, root: Span | undefined): TraceRecord | undefined {
  const inputs = attributeValue(root?.wire.attributes?.["mlflow.spanInputs"]);
  if (inputs === undefined || inputs === null) return undefined;
  const expected = trace.assessments.filter((a) => a.valid && a.kind === "expectation");
  return {
    inputs: isObject(inputs) ? inputs : { input: inputs },
    outputs: attributeValue(root?.wire.attributes?.["mlflow.spanOutputs"]) ?? null,
    expectations: Object.fromEntries(expected.map((a) => [a.name, a.value])),
    source: { source_type: "TRACE", source_data: { trace_id: trace.id } },
  };
}
