import { expect, test } from "vitest";
import { figureDocument, foreignScripts, plotlyFigure, tracesIn, undrawnKinds, withPlotly } from "./plotly";

const cdn =
  '<script charset="utf-8" src="https://cdn.plot.ly/plotly-3.0.1.min.js" integrity="sha256-x" crossorigin="anonymous"></script>';

test("figures among JSON", () => {
  expect(plotlyFigure({ data: [{ type: "bar" }], layout: {}, frames: [], config: {} })).toEqual({
    data: [{ type: "bar" }],
    layout: {},
    frames: [],
  });
  for (const other of [
    null,
    1,
    [],
    { data: [] },
    { data: [1], layout: {} },
    { data: {}, layout: {} },
    { columns: ["a"], data: [[1]] },
  ])
    expect(plotlyFigure(other)).toBeUndefined();
});

test("kinds of traces that are not drawn", () => {
  expect(
    undrawnKinds([{ type: "scatter3d" }, {}, { type: "bar" }, { type: "cone" }, { type: "cone" }]),
  ).toEqual(["cone", "scatter3d"]);
});

test("plotly of another host is replaced by that of the server", () => {
  const html = `<body>${cdn}<p>x</p>${cdn}<script>Plotly.newPlot()</script>`;
  const plotly = "var a = '$& </script>'";
  expect(withPlotly(html, plotly)).toBe(
    "<body><script>var a = '$& <\\/script>'</script><p>x</p><script>Plotly.newPlot()</script>",
  );
});

test("scripts of other hosts", () => {
  expect(foreignScripts(`${cdn}<script src='//cdn.bokeh.org/b.js'></script><script>1</script>`)).toEqual({
    plotly: true,
    hosts: ["cdn.bokeh.org"],
  });
  expect(foreignScripts('<SCRIPT SRC=lib/vega.js ></SCRIPT><script src="data:,x"></script>')).toEqual({
    plotly: false,
    hosts: ["this folder"],
  });
});

test("the traces in HTML of plotly", () => {
  const html = `<script>Plotly.newPlot(
    "id",
    [{"x":[[1,2],"]"],"name":"a\\"]","type":"surface"}], {"template":{"data":{"cone":[{"type":"cone"}]}}})
    Plotly.newPlot('b', [{"type":"bar"}], {}); Plotly.newPlot("c", [oops])</script>`;
  expect(tracesIn(html).map(({ type }) => type)).toEqual(["surface", "bar"]);
});

test("a document of a figure cannot be left by its text", () => {
  const html = figureDocument({ data: [{ type: "</script><b>" }], layout: { t: "\u2028" } }, "PLOTLY");
  expect(html).toContain("<script>PLOTLY</script>");
  expect(html).toContain('{"data":[{"type":"\\u003c/script>\\u003cb>"}],"layout":{"t":"\\u2028"}');
  expect(html.match(/<script>/g)).toHaveLength(2);
});
