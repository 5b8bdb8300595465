import { expect, test } from "vitest";
import { mediaContent } from "./mediaContent";

test("what the text of a media file is", () => {
  const table = '{"columns":["a"],"data":[[1],[null]]}';
  expect(mediaContent(table, true, "t.json").sheet).toMatchObject({ header: ["a"], rows: [["1"], [""]] });
  expect(mediaContent("a\tb\n1\t2\n", false, "t.TSV").sheet?.rows).toEqual([["1", "2"]]);
  expect(mediaContent("a,b\n1,2\n", true, "t.csv").sheet?.header).toEqual(["a", "b"]);
  const figure = { data: [{ type: "bar" }], layout: {} };
  expect(mediaContent(JSON.stringify(figure), true, "f.json").figure).toEqual(figure);
  const html = `<script>Plotly.newPlot("a", ${JSON.stringify(figure.data)}, {})</script>`;
  expect(mediaContent(html, true, "f.html").figure).toEqual(figure);
});

test("files that are neither a figure nor a table", () => {
  expect(mediaContent('{"a":1}', true, "x.json").text).toBe('{\n  "a": 1\n}');
  expect(mediaContent("{", true, "x.json").text).toBe("{");
  expect(mediaContent("<p>x</p>", true, "x.html").hint).toContain("no figure");
  expect(mediaContent('{"columns":', false, "x.json").hint).toContain("too large");
});
