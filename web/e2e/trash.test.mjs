// The trash: what is deleted is listed with its size, comes back with a click, or goes for ever.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { inDialog, named, server, walk } from "./walk.mjs";

const stamp = Date.now();

let experimentID;
const runs = {};

before(async () => {
  ({ experiment_id: experimentID } = await call("experiments/create", { name: `trash/${stamp}` }));
  for (const name of ["alpha", "beta", "gamma"]) {
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: `${name}-${stamp}`,
      user_id: "ana",
    });
    runs[name] = run.info.run_id;
    const path = new URL(run.info.artifact_uri).pathname;
    const put = await fetch(`${server}/api/2.0/mlflow-artifacts/artifacts${path}/log.txt`, {
      method: "PUT",
      body: "x".repeat(2500),
    });
    assert.ok(put.ok);
    await call("runs/delete", { run_id: run.info.run_id });
  }
  const { model } = await call("logged-models", { experiment_id: experimentID, name: `net-${stamp}` });
  await call(`logged-models/${model.info.model_id}`, {}, "DELETE");
  const { experiment_id: gone } = await call("experiments/create", { name: `trash/gone-${stamp}` });
  await call("experiments/delete", { experiment_id: gone });
});

test("deleted runs are restored and removed for ever", () =>
  walk(`/trash?q=${stamp}`, async (page) => {
    const row = (name) => named(page, "row", new RegExp(`${name}-${stamp}`));
    await row("alpha").getByText("2.5 kB").waitFor();
    await row("alpha").getByText(`trash/${stamp}`).waitFor();
    await named(page, "button", `Restore alpha-${stamp}`).click();
    await page.getByText(`Restored alpha-${stamp}`).waitFor();
    await row("alpha").waitFor({ state: "detached" });
    await page.getByLabel("Select all 2 loaded").check();
    await page.getByText("5.0 kB in files").waitFor();
    await named(page, "button", "Delete for ever…").click();
    await page.getByText("Delete 2 runs for ever?").waitFor();
    await inDialog(page, "Delete for ever").click();
    await named(page, "heading", `No deleted run matches “${stamp}”`).waitFor();
    const found = await call("runs/search", {
      experiment_ids: [experimentID],
      run_view_type: "ALL",
    });
    assert.deepEqual(
      found.runs.map((run) => run.info.run_id),
      [runs.alpha],
    );
  }));

test("deleted experiments and models have their own lists", () =>
  walk("/", async (page) => {
    await page.getByRole("link", { name: "Trash", exact: true }).click();
    const tabs = named(page, "navigation", "Kinds of deleted items");
    await named(tabs, "link", "Experiments").click();
    const experiment = named(page, "row", new RegExp(`trash/gone-${stamp}`));
    await experiment.waitFor();
    await named(page, "button", `Delete trash/gone-${stamp} for ever`).click();
    await inDialog(page, "Delete for ever").click();
    await page.getByText(`Removed “trash/gone-${stamp}” for ever`).waitFor();
    await named(tabs, "link", "Logged models").click();
    await named(page, "button", `Restore net-${stamp}`).click();
    await page.getByText(`Restored net-${stamp}`).waitFor();
  }));
