import { describe, expect, test } from "vitest";
import { isStockSearch, runsSearch, translateLink } from "./links";

const target = (path: string, search = {}) => {
  const found = translateLink(path, search);
  return found && "to" in found ? found.to : found;
};

describe("links of MLflow", () => {
  test("that are spelled differently here lead on", () => {
    expect(target("/experiments/7/runs/abc/artifactPath/a/b.txt")).toEqual({
      path: "/experiments/7/runs/abc/artifacts/a/b.txt",
      search: {},
    });
    expect(target("/ml/experiments/7/runs/abc", { o: "1" })).toEqual({
      path: "/experiments/7/runs/abc",
      search: { o: "1" },
    });
    expect(target("/mlflow/experiments/7")).toMatchObject({ path: "/experiments/7" });
    expect(target("/experiments/search", { experiments: '["1","2"]' })).toEqual({
      path: "/compare-experiments/s",
      search: { experiments: "1,2" },
    });
    expect(target("/models/a%2Fb/3")).toMatchObject({ path: "/models/a%2Fb/versions/3" });
    expect(target("/models/m/serving")).toMatchObject({ path: "/models/m" });
    expect(target("/models/m/versions")).toMatchObject({ path: "/models/m" });
    expect(target("/runs/abc")).toEqual({ run: "abc" });
    expect(target("/experiments/7/chat-sessions")).toMatchObject({ path: "/experiments/7/traces" });
  });

  test("to compared versions choose them", () => {
    expect(target("/compare-model-versions", { name: '"a%20b"', runs: '{"r1":"1","r2":"12"}' })).toEqual({
      path: "/models/a%20b",
      search: { versions: "1,12" },
    });
    expect(target("/compare-model-versions", { runs: "{" })).toMatchObject({ path: "/models" });
  });

  test("to pages that are not here tell so, and where else to go", () => {
    expect(target("/experiments/7/judges")).toEqual({
      later: { name: "Judges", instead: { path: "/experiments/7", search: {}, name: "the experiment" } },
    });
    expect(target("/experiments/7/evaluation-runs", { selectedRunUuid: "abc" })).toMatchObject({
      later: { instead: { path: "/experiments/7/runs/abc", name: "the run" } },
    });
    expect(target("/experiments/7/evaluation-runs/abc/traces")).toMatchObject({
      later: { instead: { path: "/experiments/7/runs/abc" } },
    });
    expect(target("/experiments/7/runs/abc/evaluations")).toMatchObject({ later: { name: "Evaluations" } });
    expect(target("/webhooks")).toMatchObject({ path: "/settings/webhooks" });
    expect(target("/settings/llm-connections")).toMatchObject({ later: { name: "LLM connections" } });
    expect(target("/settings/general")).toMatchObject({ path: "/settings" });
    expect(target("/gateway/endpoints/create")).toMatchObject({ later: { name: "The AI gateway" } });
  });

  test("addresses of nobody stay unknown", () => {
    for (const path of ["/nowhere", "/experiments/7/nowhere", "/models/m/nowhere", "/runs", "/", "/traces"]) {
      expect(translateLink(path, {}), path).toBeUndefined();
    }
  });
});

test("the table of runs takes over MLflow's order, filter, stage and charts", () => {
  const stock = {
    searchFilter: "metrics.a > 1",
    orderByKey: "metrics.`val/loss`",
    orderByAsc: "false",
    startTime: "ALL",
    lifecycleFilter: "Deleted",
    modelVersionFilter: "All Runs",
    datasetsFilter: "W10=",
    compareRunsMode: "CHART",
  };
  expect(isStockSearch(stock)).toBe(true);
  expect(runsSearch(stock)).toEqual({
    q: "metrics.a > 1",
    sort: "-metrics.val/loss",
    stage: "deleted",
    view: "charts",
  });
  expect(runsSearch({ orderByKey: "attributes.start_time", orderByAsc: "true" })).toEqual({
    sort: "attributes.start_time",
  });
  expect(isStockSearch(runsSearch(stock))).toBe(false);
  expect(isStockSearch({ q: "a", sort: "-b", searchFilter: "c" })).toBe(false);
});
