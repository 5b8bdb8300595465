// Every page, in both themes, with and without data: no violation that axe-core knows of WCAG 2.2 A and AA.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "./audit.mjs";
import { seed } from "./seed.mjs";
import { seedRegistry } from "./seedRegistry.mjs";
import { server, walk } from "./walk.mjs";

let pages;

const kinds = [
  "line,m.val/loss,m.train/loss",
  "bar,m.val/loss",
  "scatter,p.lr,m.val/loss,p.optimizer",
  "parallel,p.lr,p.optimizer,m.val/loss,brush=0:0.5:p.lr",
  "box,p.optimizer,m.val/loss",
  "contour,p.lr,m.train/loss,m.val/loss",
  "histogram,m.val/loss",
  "difference,m.val/loss",
  "images",
]
  .map((card, i) => `c${i + 1}=${encodeURIComponent(card)}`)
  .join("&");

before(async () => {
  const data = await seed(server);
  const registry = await seedRegistry(server);
  const experiment = `/experiments/${data.experimentID}`;
  const run = `${experiment}/runs/${data.runs[0]}`;
  const runs = encodeURIComponent(JSON.stringify(data.runs.slice(0, 3)));
  const compare = `/compare-runs?runs=${runs}&experiments=${encodeURIComponent(`["${data.experimentID}"]`)}`;
  const none = await fetch(`${server}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: `axe/${Date.now()}` }),
  }).then((response) => response.json());
  const empty = `/experiments/${none.experiment_id}`;
  pages = {
    home: "/",
    experiments: "/experiments",
    runs: experiment,
    "runs selected": `${experiment}?runs=${data.runs[0]},${data.runs[1]}`,
    "runs, none": empty,
    "runs, no match": `${experiment}?q=nothing-of-that-name`,
    "runs, fault": `${experiment}?q=metrics.`,
    charts: `${experiment}?view=charts`,
    "charts, every kind": `${experiment}?view=charts&${kinds}`,
    media: `${experiment}/media`,
    models: `/experiments/${registry.experimentID}/models`,
    "models, none": `${empty}/models`,
    model: `/experiments/${registry.experimentID}/models/${registry.models[0]}`,
    datasets: `${experiment}/datasets`,
    run,
    "run metrics": `${run}/model-metrics`,
    "run media": `${run}/media`,
    "run children": `${experiment}/runs/${data.parent}/children`,
    "run lineage": `/experiments/${registry.experimentID}/runs/${registry.runs[0]}/lineage`,
    "run code": `${run}/code`,
    "run logs": `${run}/logs`,
    "run artifacts": `${run}/artifacts`,
    compare,
    "compare charts": `${compare}&tab=charts`,
    "compare plots": `${compare}&tab=plots`,
    "compare artifacts": `${compare}&tab=artifacts`,
    "compare experiments": `/compare-experiments/s?experiments=${encodeURIComponent(`["${data.experimentID}"]`)}`,
    registry: "/models",
    monitor: `/models/${registry.modelName}`,
    performance: `/models/${registry.modelName}?tab=performance`,
    transitions: `/models/${registry.modelName}?tab=transitions`,
    version: `/models/${registry.modelName}/versions/1`,
    "version lineage": `/models/${registry.modelName}/versions/1?tab=lineage`,
    trash: "/trash",
    settings: "/settings",
    "webhooks, none": "/settings/webhooks",
    "unknown page": "/nowhere",
    "traces, none": `${empty}/traces`,
    "a page of later": `${experiment}/judges`,
  };
});

for (const colorScheme of ["light", "dark"]) {
  test(`every page is accessible: ${colorScheme}`, async () => {
    const found = [];
    await walk(
      "/",
      async (page) => {
        for (const [name, path] of Object.entries(pages)) {
          await page.goto("about:blank");
          await page.goto(`${server}/#${path}`);
          await page.locator("h1").first().waitFor();
          await page.locator(".loading").first().waitFor({ state: "detached" });
          found.push(...(await violations(page, name)));
        }
      },
      { colorScheme, bypassCSP: true, expectedError: /40\d/ },
    );
    assert.equal(found.join("\n"), "");
  });
}
