import { expect, test } from "vitest";
import { profileNumbers, profileText, runsWithDataset, schemaColumns, sourceText } from "./datasets";

test("the numbers of a profile", () => {
  expect(profileNumbers('{"num_rows":150,"num_elements":600,"shape":[1]}')).toEqual([
    ["rows", 150],
    ["elements", 600],
  ]);
  expect(profileText('{"num_rows":1500}')).toBe("rows 1,500");
  expect(profileText("no JSON")).toBe("");
});

test("columns and tensors of a schema", () => {
  expect(
    schemaColumns('{"mlflow_colspec":[{"type":"double","name":"a"},{"type":{"k":1}},{"name":"c"}]}'),
  ).toEqual([
    ["a", "double"],
    ["column 1", '{"k":1}'],
    ["c", '""'],
  ]);
  const tensor = { type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1, 28] } };
  expect(
    schemaColumns(JSON.stringify({ mlflow_tensorspec: { features: JSON.stringify([tensor]) } })),
  ).toEqual([["features", "float32 [-1,28]"]]);
  expect(schemaColumns("")).toEqual([]);
  expect(schemaColumns("[1]")).toEqual([]);
});

test("sources and filters", () => {
  expect(sourceText('{"uri":"s3://b/k"}')).toBe("s3://b/k");
  expect(sourceText("plain")).toBe("plain");
  expect(runsWithDataset("iris", "d'1")).toBe(`dataset.name = 'iris' AND dataset.digest = "d'1"`);
});
