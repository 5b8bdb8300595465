import { expect, test } from "vitest";
import { notebookCells } from "./notebook";

test("a notebook has markdown, code and outputs", () => {
  const cells = notebookCells({
    nbformat: 4,
    cells: [
      { cell_type: "markdown", source: ["# T\n", "text"] },
      {
        cell_type: "code",
        source: "1+1",
        execution_count: 3,
        outputs: [
          { output_type: "stream", name: "stdout", text: ["a\n", "b"] },
          { output_type: "execute_result", data: { "text/plain": ["2"], "text/html": ["<b>2</b>"] } },
          { output_type: "display_data", data: { "image/png": "aGk=\n", "text/plain": "<Figure>" } },
          { output_type: "display_data", data: { "image/png": '"><script>' } },
          { output_type: "error", ename: "E", evalue: "v", traceback: ["x", "y"] },
        ],
      },
      { cell_type: "unknown" },
    ],
  });
  expect(cells).toEqual([
    { kind: "markdown", source: "# T\ntext", count: undefined, outputs: [] },
    {
      kind: "code",
      source: "1+1",
      count: 3,
      outputs: [
        { kind: "text", content: "a\nb" },
        { kind: "text", content: "2" },
        { kind: "image", content: "data:image/png;base64,aGk=" },
        { kind: "error", content: "x\ny" },
      ],
    },
    { kind: "code", source: "", count: undefined, outputs: [] },
  ]);
});

test("an output of plotly is a figure", () => {
  const figure = { data: [{ type: "bar" }], layout: {} };
  const data = { "application/vnd.plotly.v1+json": { ...figure, config: {} }, "text/plain": "Figure()" };
  const outputs = [{ output_type: "display_data", data }];
  const cells = notebookCells({ cells: [{ cell_type: "code", source: "f", outputs }] });
  expect(cells?.[0]?.outputs).toEqual([{ kind: "text", content: "Figure()", figure }]);
});

test("other JSON is no notebook", () => {
  expect(notebookCells({ a: 1 })).toBeUndefined();
  expect(notebookCells(null)).toBeUndefined();
});
