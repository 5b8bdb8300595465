// The children of a run: a tree with metrics, from the page of the run. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { eventually, named, server, walk } from "./walk.mjs";

const stamp = Date.now();
let experimentID;
const ids = {};

before(async () => {
  experimentID = (await call("experiments/create", { name: `children/${stamp}` })).experiment_id;
  const create = async (name, parent, loss) => {
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: name,
      start_time: stamp + Object.keys(ids).length * 1000,
      tags: parent ? [{ key: "mlflow.parentRunId", value: ids[parent] }] : [],
    });
    ids[name] = run.info.run_id;
    if (loss === undefined) return;
    await call("runs/log-batch", {
      run_id: ids[name],
      metrics: [{ key: "loss", value: loss, step: 5, timestamp: stamp }],
      params: [
        { key: "lr", value: String(loss / 10) },
        { key: "model", value: "same" },
      ],
    });
  };
  await create("sweep");
  await create("trial-1", "sweep", 0.5);
  await create("trial-2", "sweep", 0.25);
  await create("trial-3", "sweep", 0.75);
  await create("fold", "trial-2", 0.125);
  await create("stranger", undefined, 0.1);
});

const order = (page, ...expected) =>
  eventually(async () => {
    const found = await page.locator(".child-name a").allTextContents();
    assert.deepEqual(found, expected);
  });

test("children come with metrics and the params that differ, sorted by the server", () =>
  walk(`/experiments/${experimentID}/runs/${ids.sweep}`, async (page) => {
    await named(page, "link", "Children 3").click();
    await order(page, "trial-1", "trial-2", "trial-3");
    const row = named(page, "row", /trial-2/);
    await row.getByText("0.25", { exact: true }).waitFor();
    await row.getByText("0.025", { exact: true }).waitFor();
    assert.equal(await page.getByText("same").count(), 0);
    await named(page, "button", "loss").click();
    await order(page, "trial-3", "trial-1", "trial-2");
    await named(page, "button", "loss").click();
    await order(page, "trial-2", "trial-1", "trial-3");
    await named(page, "button", "Children of trial-2").press("Enter");
    await order(page, "trial-2", "fold", "trial-1", "trial-3");
    assert.match(page.url(), /children\?.*sort=metrics\.loss/);
    await page.reload();
    await order(page, "trial-2", "fold", "trial-1", "trial-3");
    await named(page, "link", "fold").click();
    await named(page, "heading", "fold").waitFor();
    const path = named(page, "navigation", "Breadcrumb");
    await eventually(async () => {
      const links = await path.getByRole("link").allTextContents();
      assert.deepEqual(links, ["Experiments", `children/${stamp}`, "sweep", "trial-2"]);
    });
  }));

test("a run without children has no tab for them, and its address says what would be there", () =>
  walk(`/experiments/${experimentID}/runs/${ids.stranger}`, async (page) => {
    await named(page, "heading", "stranger").waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await page.getByRole("link", { name: /^Children/ }).count(), 0);
    await page.goto(`${server}/#/experiments/${experimentID}/runs/${ids.stranger}/children`);
    await named(page, "heading", "No child runs").waitFor();
  }));

test("parents that form a ring do not hang the page", async () => {
  const tag = { run_id: ids.sweep, key: "mlflow.parentRunId", value: ids.fold };
  await call("runs/set-tag", tag);
  await walk(`/experiments/${experimentID}/runs/${ids.sweep}/children`, async (page) => {
    await order(page, "trial-1", "trial-2", "trial-3");
    await named(page, "navigation", "Breadcrumb").getByRole("link", { name: "fold" }).first().waitFor();
  });
  await call("runs/delete-tag", { run_id: tag.run_id, key: tag.key });
});
