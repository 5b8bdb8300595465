// Names of 200 characters: no page becomes wider than the window, whatever is in it. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { createDataset, putRecords } from "./genai/seedDatasets.mjs";
import { addVersion, createPrompt } from "./genai/seedPrompts.mjs";
import { send, trace } from "./seedTraces.mjs";
import { eventually, server, walk } from "./walk.mjs";

const stamp = Date.now();
const spaced = (word) =>
  `${word} ${stamp} with spaces between the words `.padEnd(200, "and glued letters at its end ");
const glued = (word) => `${word}${stamp}`.padEnd(200, "abcdefghij");
let pages;

before(async () => {
  const note = { key: "mlflow.note.content", value: glued("note") };
  const tags = [note, { key: glued("tag"), value: spaced("value") }];
  const { experiment_id: id } = await call("experiments/create", { name: spaced("experiment"), tags });
  const create = async (name, parent) =>
    (
      await call("runs/create", {
        experiment_id: id,
        run_name: name,
        user_id: glued("user"),
        start_time: stamp,
        tags: parent ? [{ key: "mlflow.parentRunId", value: parent }] : [],
      })
    ).run.info.run_id;
  const parent = await create(glued("parent"));
  const run = await create(spaced("child"), parent);
  const metric = { key: glued("metric"), value: 1 / 3, step: 12_345_678, timestamp: stamp };
  const param = { key: glued("param"), value: glued("value") };
  await call("runs/log-batch", { run_id: run, metrics: [metric], params: [param] });
  const dataset = { name: glued("dataset"), digest: "d".repeat(36), source_type: "local", source: "{}" };
  const context = [{ key: "mlflow.data.context", value: glued("context") }];
  await call("runs/log-inputs", { run_id: run, datasets: [{ dataset, tags: context }] });
  const { model } = await call("logged-models", {
    experiment_id: id,
    name: glued("logged"),
    model_type: glued("type"),
    source_run_id: run,
    params: [param],
  });
  const modelID = model.info.model_id;
  await call("runs/outputs", { run_id: run, models: [{ model_id: modelID, step: 12_345_678 }] });
  const about = { model_id: modelID, dataset_name: glued("dataset"), dataset_digest: "d".repeat(36) };
  await call("runs/log-metric", { run_id: run, ...metric, ...about, step: 1 });
  const name = glued("model");
  await call("registered-models/create", { name, description: glued("about"), tags });
  const source = { source: `models:/${modelID}`, run_id: run, model_id: modelID };
  await call("model-versions/create", { name, ...source, description: glued("version"), tags });
  await call("registered-models/alias", { name, alias: glued("alias"), version: "1" });
  const prompt = glued("prompt");
  await createPrompt(prompt, { experimentID: id, tags: { [glued("tag")]: spaced("value") } });
  for (const text of [glued("template"), spaced(glued("other"))]) {
    await addVersion(prompt, `{{ ${glued("v")} }} ${text}`, {
      message: glued("message"),
      tags: { [glued("tag")]: glued("value") },
      config: { [glued("key")]: glued("value") },
    });
  }
  await call("registered-models/alias", { name: prompt, alias: glued("alias"), version: "1" });
  const examples = await createDataset(glued("examples"), id, { [glued("tag")]: glued("value") });
  await putRecords(examples, [
    { inputs: { [glued("key")]: glued("value") }, expectations: { [glued("key")]: spaced("value") } },
  ]);
  const traces = [0, 1].map((i) =>
    trace(stamp - i, [{ name: glued("span"), ms: 5, inputs: { [glued("key")]: glued(`value${i}`) } }]),
  );
  await send(id, traces);
  const compared = `/compare-traces?traces=${traces[0].id},${traces[1].id}`;
  const [ofRun, ofModel] = [`/experiments/${id}/runs/${run}`, `/models/${name}`];
  pages = [
    ...["/", "/experiments", "/models", "/trash", "/settings", `/experiments/${id}/datasets`],
    ...[ofRun, `${ofRun}/lineage`, `${ofRun}/code`, `/experiments/${id}/runs/${parent}/children`],
    ...[`/experiments/${id}/models`, `/experiments/${id}/models/${modelID}`],
    ...[ofModel, `${ofModel}?tab=performance`, `${ofModel}?tab=transitions`],
    ...["/prompts", `/experiments/${id}/prompts`, `/prompts/${prompt}`, `/prompts/${prompt}?version=1`],
    ...[`/prompts/${prompt}?tab=compare`, `/prompts/${prompt}?tab=compare&diff=sides`],
    ...[`/prompts/${prompt}?tab=history`, `/prompts/${prompt}?tab=code`],
    ...[`/experiments/${id}/datasets?kind=runs`, `/experiments/${id}/datasets/${examples}`],
    ...[`/experiments/${id}/traces`, compared, `${compared}&diff=sides`, `${compared}&tab=attributes`],
    ...[`/experiments/${id}/overview`, `/experiments/${id}/overview/tool-calls`],
    ...[`${ofModel}/versions/1`, `${ofModel}/versions/1?tab=lineage`],
  ];
});

for (const width of [1440, 360]) {
  test(`pages with long names fit a window of ${width} px`, () =>
    walk(
      "/",
      async (page) => {
        for (const path of pages) {
          await page.goto(`${server}/#${path}`);
          await page.locator("h1").first().waitFor();
          await page.waitForLoadState("networkidle");
          await eventually(async () => {
            const over = await page.evaluate(() => {
              const main = document.querySelector("main");
              return Math.max(
                document.documentElement.scrollWidth - innerWidth,
                main.scrollWidth - main.clientWidth,
              );
            });
            assert.ok(over <= 0, `${path} is ${over} px too wide`);
          });
        }
      },
      { viewport: { width, height: 800 } },
    ));
}
