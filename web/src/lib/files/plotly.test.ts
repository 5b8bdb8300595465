import { expect, test } from "vitest";
import {
  countFigures,
  drawnPart,
  figureDocument,
  figureIn,
  foreignScripts,
  plotlyFigure,
  smallFigure,
  undrawnKinds,
  withPlotly,
} from "./plotly";

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

test("what can be drawn of a figure, WebGL as SVG", () => {
  const data = [{ type: "scattergl", x: 1 }, { type: "cone" }, { y: 2 }];
  expect(drawnPart({ data, layout: { a: 1 } })).toEqual({
    data: [{ type: "scatter", x: 1 }, { y: 2 }],
    layout: { a: 1 },
  });
  expect(undrawnKinds(data)).toEqual(["cone"]);
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

test("the figure in HTML of plotly", () => {
  const html = (data: string, layout: string) => `<script>Plotly.newPlot(
    "id",
    ${data}${layout})</script>`;
  const data = '[{"x":[[1,2],"]}"],"name":"a\\"]","type":"bar"}]';
  expect(figureIn(html(data, ', {"title":{"text":"}"},"a":[{}]}, {"responsive":true}'))).toEqual({
    data: [{ x: [[1, 2], "]}"], name: 'a"]', type: "bar" }],
    layout: { title: { text: "}" }, a: [{}] },
  });
  expect(figureIn(html(data, ""))?.layout).toEqual({});
  expect(countFigures(html(data, "") + html(data, ""))).toBe(2);
  expect(countFigures("Plotly.newPlot(div)")).toBe(0);
  for (const other of [
    html("[oops]", ", {}"),
    html("[[1]]", ", {}"),
    html("[{", ""),
    "<p>Plotly.newPlot</p>",
  ])
    expect(figureIn(other)).toBeUndefined();
});

test("a small figure has the size of its frame", () => {
  const figure = { data: [], layout: { width: 900, height: 500, title: { text: "t" }, xaxis: {} } };
  expect(smallFigure(figure).layout).toEqual({
    title: { text: "t", font: { size: 12 } },
    xaxis: {},
    font: { size: 10 },
    autosize: true,
    showlegend: false,
    margin: { l: 36, r: 10, t: 32, b: 30 },
  });
  const untitled = smallFigure({ data: [], layout: { font: { family: "serif" } } }).layout;
  expect(untitled).toMatchObject({ font: { family: "serif", size: 10 }, margin: { t: 10 } });
  expect(smallFigure({ data: [], layout: { title: "a" } }).layout).toMatchObject({ title: { text: "a" } });
});

test("a document of figures cannot be left by the text of plotly", () => {
  expect(figureDocument("a </script> b")).toContain("<script>a <\\/script> b</script>");
});
