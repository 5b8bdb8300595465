import { expect, test } from "vitest";
import { toSignature } from "./signature";

test("columns, tensors and parameters", () => {
  expect(
    toSignature({
      inputs: [
        { type: "double", name: "it's wide", required: true },
        { type: "long", name: "count", required: false },
      ],
      outputs: [{ type: "tensor", "tensor-spec": { dtype: "int64", shape: [-1] } }],
      params: [{ name: "temperature", default: 0.5, type: "double" }],
    }),
  ).toEqual({
    inputs: [
      { name: "it's wide", type: "double", required: true },
      { name: "count", type: "long", required: false },
    ],
    outputs: [{ name: "(unnamed)", type: "tensor int64 (-1)", required: true }],
    params: [{ name: "temperature", type: "double = 0.5", required: true }],
  });
});

test("nested types are spelled out", () => {
  const messages = {
    name: "messages",
    type: "array",
    items: { type: "object", properties: { role: { type: "string" } } },
  };
  expect(toSignature({ inputs: [messages] })?.inputs).toEqual([
    { name: "messages", type: "array of object {role: string}", required: true },
  ]);
});

test("a model without a signature", () => {
  expect(toSignature({})).toBeUndefined();
});
