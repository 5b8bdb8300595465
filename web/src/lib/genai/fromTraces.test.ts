import { expect, test } from "vitest";
import { toTrace } from "../../api/traces";
import { spanTree } from "../traces/spans";
import { recordOfTrace } from "./fromTraces";

const root = (attributes: Record<string, string>) =>
  spanTree([{ span_id: "a", name: "root", start_time_unix_nano: 1, attributes }])[0];
const expectation = (name: string, value: unknown, valid = true) => ({
  assessment_id: name,
  assessment_name: name,
  expectation: { value },
  valid,
});
const trace = toTrace({
  trace_id: "tr-1",
  request_time: "",
  assessments: [
    expectation("answer", "42"),
    expectation("old", "41", false),
    { assessment_name: "correct", feedback: { value: true } },
  ],
});

test("a record has the inputs and outputs of the root, and what people expect", () => {
  const span = root({ "mlflow.spanInputs": '{"q": 1}', "mlflow.spanOutputs": '"42"' });
  expect(recordOfTrace(trace, span)).toEqual({
    inputs: { q: 1 },
    outputs: "42",
    expectations: { answer: "42" },
    source: { source_type: "TRACE", source_data: { trace_id: "tr-1" } },
  });
});

test("inputs become an object, and traces without any make no record", () => {
  expect(recordOfTrace(trace, root({ "mlflow.spanInputs": "[1]" }))?.inputs).toEqual({ input: [1] });
  expect(recordOfTrace(trace, root({ "mlflow.spanInputs": '"hi"' }))).toMatchObject({
    inputs: { input: "hi" },
    outputs: null,
  });
  expect(recordOfTrace(trace, root({ "mlflow.spanInputs": "null" }))).toBeUndefined();
  expect(recordOfTrace(trace, root({}))).toBeUndefined();
  expect(recordOfTrace(trace, undefined)).toBeUndefined();
});
