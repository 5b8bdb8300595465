// The graph of datasets, runs, logged models and versions. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { seedRegistry } from "./seedRegistry.mjs";
import { eventually, named, server, walk } from "./walk.mjs";

let data;

before(async () => {
  data = await seedRegistry(server);
  const dataset = { name: "garden", digest: "d0", source_type: "local", source: "{}" };
  const tags = [{ key: "mlflow.data.context", value: "training" }];
  await call("runs/log-inputs", {
    run_id: data.runs[0],
    datasets: [{ dataset, tags }],
    models: [{ model_id: data.models[1] }],
  });
});

test("a version leads to its model, its run, the dataset, and back", () =>
  walk(`/models/${data.modelName}/versions/1`, async (page) => {
    await named(page, "link", "Lineage").click();
    const graph = named(page, "region", `Lineage of ${data.modelName} version 1`);
    await graph.waitFor();
    await eventually(async () => {
      const boxes = await graph.getByRole("listitem").allTextContents();
      assert.equal(boxes.length, 6); // The run also uses the model of another run.
      assert.ok(boxes.some((text) => /Run\s+train-1.*made of .*dataset garden \(training\)/.test(text)));
      assert.match(boxes.at(-1), /Version 1.*Production.*@champion.*made of logged model forest-1/);
    });
    assert.match(page.url(), /versions\/1\?tab=lineage$/);
    // By keyboard, from the run to its own lineage.
    const run = named(graph, "link", /Run train-1/);
    await run.focus();
    await page.locator(".lineage-line.on").first().waitFor({ state: "attached" });
    await page.keyboard.press("Enter");
    await named(page, "heading", "train-1").waitFor();
    await named(page, "link", "Lineage").click();
    await named(page, "region", "Lineage of run train-1").waitFor();
    await named(page, "link", /Dataset garden/).click();
    await named(page, "heading", "garden").waitFor();
    await page.goBack();
    await named(page, "link", /Logged model forest-1/).click();
    await named(page, "heading", /forest-1/).waitFor();
    await named(page, "link", "Lineage").click();
    await named(page, "link", /Version 1/).click();
    await named(page, "heading", "Version 1").waitFor();
  }));

test("many checkpoints are folded until they are asked for, and the address keeps it", async () => {
  const { run } = await call("runs/create", {
    experiment_id: data.experimentID,
    run_name: "checkpoints",
    start_time: Date.now(),
  });
  const models = [];
  for (let i = 0; i < 20; i++) {
    const { model } = await call("logged-models", {
      experiment_id: data.experimentID,
      name: "net",
      source_run_id: run.info.run_id,
    });
    models.push({ model_id: model.info.model_id, step: i * 100 });
  }
  await call("runs/outputs", { run_id: run.info.run_id, models });
  await walk(`/experiments/${data.experimentID}/runs/${run.info.run_id}/lineage`, async (page) => {
    await page.getByText("step 300", { exact: true }).waitFor();
    await named(page, "button", /16 more/).click();
    await page.getByText("step 1,900", { exact: true }).waitFor();
    await page.waitForFunction(() => location.hash.endsWith("?unfold=1"));
    await page.reload();
    await named(page, "button", "Fold what is alike").click();
    await named(page, "button", /16 more/).waitFor();
  });
});

test("a run without inputs and outputs says how there come to be some", async () => {
  const { run } = await call("runs/create", { experiment_id: data.experimentID, start_time: Date.now() });
  await walk(`/experiments/${data.experimentID}/runs/${run.info.run_id}/lineage`, async (page) => {
    await page.getByText("mlflow.log_input").waitFor();
  });
});

test("the graph scrolls in a narrow window and begins at its subject", () =>
  walk(
    `/experiments/${data.experimentID}/models/${data.models[0]}/lineage`,
    async (page) => {
      const subject = page.locator(".lineage-box.first");
      await subject.waitFor();
      await eventually(async () => {
        const box = await subject.boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
      });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
    },
    { viewport: { width: 360, height: 740 } },
  ));
