import { expect, test } from "vitest";
import { parseSignature } from "./signature";

test("a folded, quoted signature as PyYAML writes it", () => {
  const text = `flavors:
  python_function:
    loader_module: mlflow.sklearn
mlflow_version: 3.17.2
signature:
  inputs: '[{"type": "double", "name": "it''s wide", "required": true}, {"type":
    "long", "name": "count", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "temperature", "default": 0.5, "shape": null, "type": "double"}]'
type_hint_from_example: false
utc_time_created: '2026-11-22'
`;
  expect(parseSignature(text)).toEqual({
    inputs: [
      { name: "it's wide", type: "double", required: true },
      { name: "count", type: "long", required: false },
    ],
    outputs: [{ name: "(unnamed)", type: "tensor int64 (-1)", required: true }],
    params: [{ name: "temperature", type: "double = 0.5", required: true }],
  });
});

test("nested types are spelled out", () => {
  const text = `signature:
  inputs: '[{"type": "array", "items": {"type": "object", "properties": {"role": {"type": "string"}}}, "name": "messages"}]'
  outputs: null
`;
  expect(parseSignature(text)?.inputs).toEqual([
    { name: "messages", type: "array of object {role: string}", required: true },
  ]);
});

test("no signature, or one that cannot be read, is none", () => {
  expect(parseSignature("flavors: {}\n")).toBeUndefined();
  expect(parseSignature("signature:\n  inputs: '[{'\n  outputs: null\n")).toBeUndefined();
  expect(parseSignature("signature: null\nrun_id: x\n")).toBeUndefined();
});
