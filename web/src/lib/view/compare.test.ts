import { describe, expect, test } from "vitest";
import { type CompareView, compareCodec, metricLink } from "./compare";
import { parseSearch, stringifySearch } from "./search";

const trip = (view: CompareView) =>
  compareCodec.decode(parseSearch(stringifySearch(compareCodec.encode(view))));

describe("compare view", () => {
  const plain = compareCodec.decode({});

  test("the default view needs no parameters", () => {
    expect(compareCodec.encode(plain)).toEqual({});
    expect(plain).toMatchObject({ tab: "table", stat: "last", sort: undefined, runs: [] });
  });

  test("everything survives the address bar", () => {
    const view: CompareView = {
      ...plain,
      runs: ["a1", "b2"],
      experiments: ["0", "12"],
      tab: "plots",
      transposed: true,
      stat: "best",
      text: "a & b",
      unfolded: ["params", "tags"],
      sort: { column: "metrics.-x,y", descending: false },
      metrics: ["val/loss", "odd,name~"],
      x: "params.lr",
      y: "metrics.loss",
      z: "tags.a b",
      axes: ["params.lr", "metrics.a,b"],
      logX: "1",
      logValues: "0",
      brushes: { "params.lr": [0.1, 0.55], "metrics.a,b:c": [0, 1] },
      path: "plots/a b.png",
      base: "b2",
      filter: "metrics.loss < 1",
      axis: "relative",
      smoothing: 0.5,
    };
    expect(trip(view)).toEqual(view);
  });

  test("lists are read as MLflow writes them, too", () => {
    expect(compareCodec.decode({ runs: '["a","b","a"]', experiments: '["0"]' })).toMatchObject({
      runs: ["a", "b"],
      experiments: ["0"],
    });
    expect(compareCodec.decode({ runs: "a,b", experiment: "3" })).toMatchObject({
      runs: ["a", "b"],
      experiments: ["3"],
    });
    expect(compareCodec.decode({ runs: '["a", ', experiments: '{"0": 1}' }).runs.length).toBeGreaterThan(0);
    expect(compareCodec.decode({ experiments: "[0,1]" }).experiments).toEqual(["0", "1"]);
  });

  test("nonsense falls back to defaults", () => {
    const view = compareCodec.decode({ tab: "?", stat: "mode", brush: "2:1:a,x,0.1:0.2:b", logx: "yes" });
    expect(view).toMatchObject({ tab: "table", stat: "last", logX: "", brushes: { b: [0.1, 0.2] } });
  });
});

describe("links to MLflow's metric page", () => {
  const read = (path: string, search: Record<string, string>) =>
    compareCodec.decode(metricLink(path, search));

  test("as version 3 writes them", () => {
    const view = read("", {
      runs: '["a","b"]',
      metric: '"val/loss"',
      experiments: '["0","7"]',
      plot_metric_keys: '["val/loss","acc"]',
      plot_layout: '{"autosize":true,"xaxis":{"range":[-0.5,40],"autorange":false}}',
      x_axis: "step",
      y_axis_scale: "log",
      line_smoothness: "40",
      show_point: "false",
      deselected_curves: "[]",
      last_linear_y_axis_range: "[]",
    });
    expect(view).toMatchObject({ runs: ["a", "b"], experiments: ["0", "7"], tab: "charts" });
    expect(view).toMatchObject({ metrics: ["val/loss", "acc"], logY: true, smoothing: 0.4, zoom: [0, 40] });
  });

  test("as versions 1 and 2 write them: the metric in the path, one experiment, a share of smoothness", () => {
    const view = read("train/loss", {
      runs: '["a"]',
      experiment: "3",
      plot_metric_keys: '["train/loss"]',
      x_axis: "wall",
      line_smoothness: "0.3",
      plot_layout: '{"autosize":true,"xaxis":{"autorange":true,"range":[1,2]}}',
    });
    expect(view).toMatchObject({ runs: ["a"], experiments: ["3"], metrics: ["train/loss"], axis: "wall" });
    expect(view).toMatchObject({ smoothing: 0.3, zoom: undefined });
  });

  test("with the least there may be", () => {
    expect(read("loss", { runs: '["a"]' })).toMatchObject({
      metrics: ["loss"],
      smoothing: 0,
      axis: undefined,
    });
    expect(read("", { runs: '["a"]', metric: "loss", line_smoothness: "1" })).toMatchObject({
      metrics: ["loss"],
      smoothing: 0,
    });
    expect(read("", {})).toMatchObject({ runs: [], metrics: [] });
  });
});
