// Follows every address that the pages and clients of MLflow 2 and 3 have (links.json): each must lead to a page.
// In the table, {names} are filled in, and what follows is a heading that the page must have.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { createDataset } from "./genai/seedDatasets.mjs";
import { seedPrompt } from "./genai/seedPrompts.mjs";
import { seed } from "./seed.mjs";
import { agentTrace, send } from "./seedTraces.mjs";
import { named, server, walk } from "./walk.mjs";

const links = JSON.parse(readFileSync(new URL("links.json", import.meta.url), "utf8"));
let values;

before(async () => {
  const data = await seed(server);
  const registeredName = `links ${Date.now()} & co`;
  const post = async (path, body) => {
    const answer = await fetch(`${server}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
  };
  await post("registered-models/create", { name: registeredName });
  await post("model-versions/create", {
    name: registeredName,
    source: `models:/${data.modelID}`,
    run_id: data.runs[0],
    model_id: data.modelID,
  });
  const trace = agentTrace(0, Date.now());
  await send(data.experimentID, [trace]);
  const prompt = `greeting-${Date.now()}`;
  await seedPrompt(prompt, { experimentID: data.experimentID });
  values = {
    dataset: await createDataset("questions of links", data.experimentID),
    prompt,
    trace: trace.id,
    experiment: data.experimentID,
    experimentName: data.experimentName,
    run: data.runs[0],
    other: data.runs[1],
    runName: "run-0",
    model: data.modelID,
    modelTitle: "classifier",
    registered: encodeURIComponent(registeredName),
    registeredName,
  };
});

const fill = (text) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

test("every link of MLflow leads to a page", () =>
  walk("/", async (page) => {
    for (const [link, heading] of links) {
      const url = link.startsWith("server:") ? server + link.slice("server:".length) : `${server}/#${link}`;
      // A change of the hash alone would not load the page anew.
      await page.goto("about:blank");
      await page.goto(fill(url));
      const title = fill(heading);
      const found = page.locator("h1, h2, h3").filter({ hasText: title }).first();
      await found.waitFor().catch(async () => {
        const seen = await page.locator("h1, h2, h3").allTextContents();
        assert.fail(`${link}: no heading “${title}” but ${JSON.stringify(seen)} at ${page.url()}`);
      });
      assert.equal(await named(page, "heading", "There is no such page").count(), 0, link);
    }
  }));

test("an address of nobody is told apart", () =>
  walk("/nowhere/at/all", async (page) => {
    await named(page, "heading", "There is no such page").waitFor();
  }));

test("the filter, order and stage of a link hold", () =>
  walk(
    `/experiments/${values.experiment}?searchFilter=params.lr%20!%3D%20'9'&orderByKey=metrics.%60val%2Floss%60&orderByAsc=true&compareRunsMode=CHART`,
    async (page) => {
      await named(page, "heading", values.experimentName).waitFor();
      await page.waitForURL(/sort=metrics\.val\/loss/);
      assert.match(page.url(), /view=charts/);
      assert.match(page.url(), /q=params\.lr/);
    },
  ));
