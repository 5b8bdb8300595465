import { describe, expect, test } from "vitest";
import { auditCodec } from "./admin";
import { chartCodec, styleOf, withCard } from "./charts";
import { experimentsCodec } from "./experiments";
import { monitorCodec } from "./registry";
import { type RunsView, runsCodec } from "./runs";
import { defaultSort, parseSearch, stringifySearch } from "./search";

/** Through the address bar and back. */
const trip = (view: RunsView) => runsCodec.decode(parseSearch(stringifySearch(runsCodec.encode(view))));

describe("runs view", () => {
  const plain = runsCodec.decode({});

  test("the default view needs no parameters", () => {
    expect(runsCodec.encode(plain)).toEqual({});
    expect(plain).toMatchObject({ view: "table", filter: "", sort: defaultSort, live: true });
    expect(plain.columns).toBeUndefined();
  });

  test("everything survives the address bar", () => {
    const view: RunsView = {
      view: "charts",
      filter: "metrics.`val/loss` < 0.3 AND params.x = 'a&b=c+d #%'",
      sort: { column: "metrics.val/loss", descending: false },
      stage: "DELETED_ONLY",
      columns: ["params.lr", "metrics.val/loss", "tags.odd,key~1"],
      pinned: ["params.lr"],
      widths: { "params.lr": 120, "min@a%2Cb:metrics.x": 300 },
      diffOnly: true,
      states: ["RUNNING", "FAILED"],
      user: "ana, b",
      dataset: "d~1",
      since: "24h",
      selected: ["a1", "b2"],
      selectAll: true,
      flat: true,
      open: ["d4"],
      openAll: false,
      saved: "my view, 2",
      folded: ["c3"],
      live: false,
      axis: "relative",
      smoothing: 0.85,
      logY: true,
      metricText: "loss",
      zoom: [10.5, 80],
      xMetric: "tokens,seen",
      xLog: true,
      ignoreOutliers: true,
      yRange: [undefined, 2.5],
      pinnedCards: ["val/loss"],
      cardOrder: ["b", "a,~"],
      cards: {
        "val/loss": { logY: false, xLog: true, wide: true, yRange: [-1e-7, 1] },
        "y0:1/odd, name~": { ignoreOutliers: false },
      },
      added: [
        {
          id: "*1",
          kind: "scatter",
          columns: ["params.lr", "min@val%2Floss:metrics.a,b~;"],
          title: "a=b, c",
        },
        { id: "*12", kind: "difference", columns: ["metrics.loss"], base: "d5" },
        { id: "*3", kind: "images", columns: [], key: "x", step: "4", size: "large" },
        { id: "*4", kind: "parallel", columns: ["tags.t", "attributes.duration"], brush: "0.1:0.5:tags.t" },
      ],
      hidden: ["d5"],
      group: "params.lr",
      spread: "range",
      openGroups: ["lr 0.1, b", "x~"],
      thinGroups: ["lr 0.1"],
    };
    expect(trip(view)).toEqual(view);
  });

  test("settings of cards that make no sense are dropped", () => {
    for (const cards of ["loss", "l1/", "q1/loss", "l2/loss", "/loss", "y2:1/loss"])
      expect(runsCodec.decode({ cards }).cards, cards).toEqual({});
    expect(runsCodec.decode({ cards: "l1;w0;y5:1/a/b" }).cards).toEqual({
      "a/b": { logY: true, wide: false },
    });
    for (const yrange of ["", ":", "2:1", "1:1", "a:b", "1:2:3"])
      expect(runsCodec.decode({ yrange }).yRange, yrange).toBeUndefined();
  });

  test("choosing no cards is not the same as not choosing", () => {
    expect(trip(plain).added).toBeUndefined();
    expect(trip({ ...plain, added: [] }).added).toEqual([]);
  });

  test("added cards that make no sense are dropped", () => {
    const cards = (c1: string) => runsCodec.decode({ c1 }).added;
    for (const text of ["", "pie,m.loss", "scatter,m.loss", "parallel,p.lr", "line", "line,x.y"])
      expect(cards(text), text).toEqual([]);
    expect(cards("line,m.loss,odd,m.val/loss")).toEqual([
      { id: "*1", kind: "line", columns: ["metrics.loss", "metrics.val/loss"] },
    ]);
  });

  test("a card follows the page where it has no setting of its own", () => {
    const view = { ...plain, logY: true, cards: withCard({}, "a", { logY: false, xLog: true }) };
    expect(styleOf(view, "a")).toMatchObject({ logY: false, xLog: true });
    expect(styleOf(view, "b")).toMatchObject({ logY: true, xLog: false });
  });

  test("all runs open needs no ids", () => {
    const view = trip({ ...plain, openAll: true });
    expect(view).toMatchObject({ openAll: true, open: [] });
    expect(runsCodec.encode(view)).toEqual({ open: "all" });
  });

  test("choosing no columns is not the same as not choosing", () => {
    expect(trip({ ...plain, columns: [] }).columns).toEqual([]);
    expect(trip(plain).columns).toBeUndefined();
  });

  test("a column whose name starts with a dash sorts both ways", () => {
    for (const descending of [true, false]) {
      const sort = { column: "metrics.-x", descending };
      expect(trip({ ...plain, sort }).sort).toEqual(sort);
    }
  });

  test("nonsense in an address falls back to defaults", () => {
    const view = runsCodec.decode({
      view: "pie",
      stage: "?",
      axis: "moon",
      smooth: "9",
      zoom: "5:1",
      live: "maybe",
      state: "odd,failed",
      since: "soon",
      width: "5:a,99999:b,x,70:c",
    });
    expect(view).toMatchObject({
      view: "table",
      stage: "ACTIVE_ONLY",
      axis: undefined,
      smoothing: 0.99,
      live: true,
      states: ["FAILED"],
      since: "",
      widths: { a: 56, c: 70 },
    });
    expect(view.zoom).toBeUndefined();
    expect(chartCodec.decode({ smooth: "abc", zoom: "1" })).toMatchObject({ smoothing: 0, zoom: undefined });
  });

  test("filters in links from MLflow are understood", () => {
    expect(runsCodec.decode({ searchFilter: "metrics.a > 1" }).filter).toBe("metrics.a > 1");
  });
});

test("addresses keep metric names readable", () => {
  expect(stringifySearch({ sort: "-metrics.val/loss", cols: "a,b" })).toBe(
    "?sort=-metrics.val/loss&cols=a,b",
  );
  expect(stringifySearch({})).toBe("");
});

test("experiments view", () => {
  expect(experimentsCodec.encode(experimentsCodec.decode({}))).toEqual({});
  const view = {
    text: "a b",
    stage: "ALL",
    order: "name",
    descending: false,
    tree: false,
    folded: ["x/"],
    selected: ["3", "12"],
  } as const;
  expect(experimentsCodec.decode(experimentsCodec.encode(view))).toEqual(view);
});

test("the view of a registered model survives the address bar", () => {
  const view = {
    tab: "performance",
    selected: ["1", "12"],
    metric: "eval/acc",
    dataset: "a&b",
    columns: ["stage", "metrics.a,b"],
    sort: "metrics.eval/acc",
    descending: true,
  } as const;
  const search = parseSearch(stringifySearch(monitorCodec.encode(view)));
  expect(monitorCodec.decode(search)).toEqual(view);
  expect(monitorCodec.encode(monitorCodec.decode({ tab: "?" }))).toEqual({});
});

test("an axis is kept in the address once it is chosen, even the usual one", () => {
  const plain = chartCodec.decode({});
  expect(plain.axis).toBeUndefined();
  expect(chartCodec.encode({ ...plain, axis: "step" })).toEqual({ axis: "step" });
});

test("the filter of the audit log survives the address bar", () => {
  const filter = {
    ...{ user: "ann@example.com", action: "DELETE roles/unassign", result: "OK" },
    ...{ from: "2026-11-01", to: "2026-11-30" },
  };
  expect(auditCodec.decode(parseSearch(stringifySearch(auditCodec.encode(filter))))).toEqual(filter);
  expect(auditCodec.encode(auditCodec.decode({ from: "yesterday", to: "2026-02-30" }))).toEqual({});
});
