import { expect, test } from "vitest";
import { filterRecords, parseValue, schemaFields, sourceName, toRecord, valueText } from "./records";

const wire = {
  dataset_record_id: "dr-1",
  inputs: { question: "What is\n“MLflow”?" },
  expectations: { expected_response: "A tracker" },
  outputs: {},
  tags: { "mlflow.user": "ana", lang: "en" },
  source: { source_type: "TRACE", source_data: { trace_id: "tr-1" } },
  source_id: "tr-1",
  source_type: "TRACE",
  created_time: 5,
  last_update_time: 6,
};

test("records have no outputs if they are empty, and no tags of MLflow", () => {
  expect(toRecord(wire)).toEqual({
    id: "dr-1",
    inputs: wire.inputs,
    outputs: undefined,
    expectations: wire.expectations,
    tags: { lang: "en" },
    sourceType: "TRACE",
    source: { trace_id: "tr-1" },
    traceID: "tr-1",
    createdMS: 5,
    updatedMS: 6,
    createdBy: "ana",
  });
  expect(toRecord({ outputs: 0, source: { source_type: "HUMAN" } })).toMatchObject({
    outputs: 0,
    sourceType: "HUMAN",
    traceID: "",
  });
  expect(toRecord(null).inputs).toEqual({});
});

test("values take one line", () => {
  expect(valueText(wire.inputs)).toBe("What is “MLflow”?");
  expect(valueText({ a: 1, b: "x" })).toBe("a: 1 · b: x");
  expect(valueText({ q: { n: [1] } })).toBe('q: {"n":[1]}');
  expect(valueText([1])).toBe("[1]");
  expect(valueText(false)).toBe("false");
  expect(valueText({})).toBe("");
  expect(valueText(undefined)).toBe("");
  expect(valueText("x".repeat(1000))).toHaveLength(300);
});

test("words and a source filter the records", () => {
  const records = [toRecord(wire), toRecord({ inputs: { q: 'say "hi"' }, source: { source_type: "HUMAN" } })];
  expect(filterRecords(records, { text: "", source: "" })).toBe(records);
  expect(filterRecords(records, { text: "TRACKER mlflow", source: "" })).toEqual([records[0]]);
  expect(filterRecords(records, { text: '"hi"', source: "HUMAN" })).toEqual([records[1]]);
  expect(filterRecords(records, { text: "hi", source: "TRACE" })).toEqual([]);
});

test("a schema is a list of fields", () => {
  expect(
    schemaFields({ inputs: { a: "integer" }, outputs: {}, expectations: { e: "string" }, version: "1.0" }),
  ).toEqual([
    { part: "inputs", name: "a", type: "integer" },
    { part: "expectations", name: "e", type: "string" },
  ]);
  expect(schemaFields(undefined)).toEqual([]);
});

test("typed values are JSON", () => {
  expect(parseValue("[1]")).toEqual({ value: [1], fault: "" });
  expect(parseValue(" ")).toEqual({ fault: "" });
  expect(parseValue("hello").fault).toContain("no JSON");
  expect(sourceName("TRACE")).toBe("Trace");
  expect(sourceName("")).toBe("–");
});
