// Evaluation datasets: the list beside the datasets of runs, records by hand and by thousands, filters and deletion.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { agentTrace, send } from "../seedTraces.mjs";
import { eventually, inDialog, named, server, walk } from "../walk.mjs";
import { createDataset, fillDataset } from "./seedDatasets.mjs";

const stamp = Date.now();
let experimentID;
let small;
let large;
let trace;

const newExperiment = async (name) =>
  (await call("experiments/create", { name: `${name}/${stamp}` })).experiment_id;

before(async () => {
  experimentID = await newExperiment("evaluation");
  trace = agentTrace(0, stamp - 60_000);
  await send(experimentID, [trace]);
  small = await createDataset("questions", experimentID, { env: "test" });
  await fillDataset(small, 60, trace.id);
  large = await createDataset("many-questions", experimentID);
  await fillDataset(large, 5000);
  const { run } = await call("runs/create", { experiment_id: experimentID, start_time: stamp });
  const dataset = { name: "train", digest: "d1", source_type: "local", source: "{}" };
  await call("runs/log-inputs", { run_id: run.info.run_id, datasets: [{ dataset }] });
});

const table = (page) => named(page, "table", "Records");
const rows = (page) => table(page).locator(".vbody [role=row]");
const countOf = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const pageOf = (id, more = "") => `/experiments/${experimentID}/datasets/${id}${more}`;

test("both kinds of datasets have one page, evaluations first", () =>
  walk(`/experiments/${experimentID}/datasets`, async (page) => {
    const list = named(page, "table", "Evaluation datasets");
    const row = list
      .getByRole("row")
      .filter({ has: page.getByRole("link", { name: "questions", exact: true }) });
    await row.getByText("60", { exact: true }).waitFor();
    await row.getByText("env: test").waitFor();
    await row.getByText("expected_response").waitFor();
    await page.getByRole("searchbox", { name: "Search evaluation datasets" }).fill("env=test");
    await countOf(page, /^1 dataset$/);
    await named(page, "button", "Of runs").click();
    await page.waitForURL(/kind=runs/);
    await named(page, "table", "Datasets").getByRole("button", { name: "train" }).waitFor();
    await named(page, "button", "For evaluations").click();
    await row.waitFor();
  }));

test("records show their parts, and one opens in full, as text", () =>
  walk(pageOf(small), async (page) => {
    await countOf(page, /^60 records$/);
    await named(page, "columnheader", "Outputs").waitFor();
    await named(table(page), "button", "Question 0: what").click();
    await page.waitForURL(/record=dr-/);
    const record = page.getByRole("region", { name: "Record", exact: true });
    await record.getByText("Probably 0 <img src=x onerror=alert(1)>").waitFor();
    assert.equal(await page.locator("main img").count(), 0);
    await named(record, "button", "Next record").click();
    await record.getByText("Question 1: what").waitFor();
    await named(record, "button", "Previous record").click();
    await named(record, "link", trace.id).click();
    await named(page, "heading", "support-agent").first().waitFor();
    await page.goBack();
    await record.getByText("Question 0: what").waitFor();
    await page.keyboard.press("Escape");
    await record.waitFor({ state: "detached" });
  }));

test("words and sources filter the records", () =>
  walk(pageOf(small), async (page) => {
    await page.getByRole("searchbox", { name: "Filter records" }).fill("HARD question");
    await countOf(page, /^12 of 60 records$/);
    await page.waitForURL(/q=HARD/);
    await page.getByRole("combobox", { name: "Source" }).selectOption("TRACE");
    await countOf(page, /^4 of 60 records$/);
    await page.getByRole("searchbox", { name: "Filter records" }).fill("nothing of the kind");
    await named(page, "heading", "No record matches").waitFor();
    await named(page, "button", "Clear the filter").click();
    await countOf(page, /^60 records$/);
  }));

test("the schema and the tags are shown, and tags are edited", () =>
  walk(pageOf(small), async (page) => {
    await page.getByText("Schema and tags").click();
    await named(page, "row", "inputs context object").waitFor();
    await named(page, "row", "expectations exact boolean").waitFor();
    await named(page, "button", "Add tag").click();
    await page.getByLabel("Tag key").fill("owner");
    await page.getByLabel("Tag value").fill("ben");
    await page.getByLabel("Tag value").press("Enter");
    await named(page, "row", /owner ben/).waitFor();
    await named(page, "button", "Remove tag owner").click();
    await named(page, "row", /owner ben/).waitFor({ state: "detached" });
  }));

test("a dataset is created, records are added, changed and deleted, and so is the dataset", async () => {
  const id = await newExperiment("evaluation-new");
  await walk(`/experiments/${id}/datasets`, async (page) => {
    await named(page, "heading", "No datasets").waitFor();
    await named(page, "button", "New dataset").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("by hand");
    await inDialog(page, "Create").click();
    await named(page, "heading", "No records yet").waitFor();

    const write = async (inputs, expectations) => {
      await dialog.getByLabel("Inputs").fill(inputs);
      await dialog.getByLabel("Expectations").fill(expectations);
      await inDialog(page, "Add").click();
    };
    await page.keyboard.press("n");
    await dialog.getByLabel("Inputs").fill("hello");
    await dialog.getByText("It is no JSON").waitFor();
    await write('{"q": 1}', '{"a": "one"}');
    await countOf(page, /^1 record$/);
    await page.getByText("Added a record").waitFor();
    await page.keyboard.press("n");
    await write('{"q": 2}', "");
    await countOf(page, /^2 records$/);
    await page.keyboard.press("n");
    await write('{"q": 1}', '{"b": "another"}');
    await page.getByText("Changed the record with these inputs").waitFor();

    await named(table(page), "button", "q: 1").click();
    const record = page.getByRole("region", { name: "Record", exact: true });
    await record.getByText('"another"').waitFor();
    await named(record, "button", "Edit").click();
    assert.equal(await dialog.getByLabel("Inputs").getAttribute("readonly"), "");
    await dialog.getByLabel("Outputs").fill('"an answer"');
    await inDialog(page, "Save").click();
    await dialog.waitFor({ state: "detached" });
    await record.getByText("an answer", { exact: true }).waitFor();
    await named(record, "button", "Close the record").click();

    await page
      .getByRole("checkbox", { name: /^Select record/ })
      .first()
      .check();
    await named(page, "button", "Delete…").last().click();
    await inDialog(page, "Delete").click();
    await countOf(page, /^1 record$/);
    await named(page, "button", "Dataset actions").click();
    await named(page, "menuitem", "Delete…").click();
    await inDialog(page, "Delete").click();
    await named(page, "heading", "No evaluation datasets").waitFor();
  });
});

test("traces become records, with what is expected of them", async () => {
  const id = await newExperiment("evaluation-traces");
  const traces = [0, 1, 4].map((i) => agentTrace(i, stamp - (i + 1) * 60_000));
  await send(id, traces);
  const made = await fetch(`${server}/api/3.0/mlflow/traces/${traces[0].id}/assessments`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      assessment: {
        assessment_name: "expected_response",
        source: { source_type: "HUMAN", source_id: "ana" },
        expectation: { value: "It has shipped." },
      },
    }),
  });
  assert.ok(made.ok, await made.text());
  await walk(`/experiments/${id}/traces`, async (page) => {
    await page.getByRole("checkbox", { name: "Select all loaded traces" }).check();
    await named(page, "button", "Add to a dataset…").click();
    await page.getByRole("dialog").getByLabel("Name").fill("from traces");
    await inDialog(page, "Add").click();
    // The first and the last ask the same.
    await page.getByText("Added 2 records, 1 had the same inputs").waitFor();
    await named(page, "heading", "from traces").waitFor();
    await countOf(page, /^2 records$/);
    await table(page).getByText("It has shipped.").waitFor();
    assert.equal(await rows(page).getByText("Trace", { exact: true }).count(), 2);
    await page.goto(`${server}/#/experiments/${id}/traces/${traces[1].id}`);
    await named(page, "button", "Trace actions").click();
    await named(page, "menuitem", "Add to a dataset…").click();
    await page.getByRole("dialog").getByText("from traces (2 records)").waitFor({ state: "attached" });
    await inDialog(page, "Add").click();
    await page.getByText("Added 0 records, 1 had the same inputs").waitFor();
  });
});

test("five thousand records are read as one scrolls, and only those in sight exist", () =>
  walk(pageOf(large), async (page) => {
    await countOf(page, "500 records and more");
    assert.ok((await rows(page).count()) < 60);
    await eventually(async () => {
      await table(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
      assert.match(await page.getByRole("status").first().textContent(), /^5,000 records$/);
    });
    assert.ok((await rows(page).count()) < 60);
  }));

test("a filter reads all records, and a link leads to one of them", () =>
  walk(pageOf(large, "?q=%22question%204999%22"), async (page) => {
    await page.getByRole("searchbox", { name: "Filter records" }).fill("4999:");
    await countOf(page, /^1 of 5,000 records$/);
    await named(table(page), "button", "Question 4999").click();
    await page.waitForURL(/record=dr-/);
    const record = /record=(dr-[^&]+)/.exec(page.url())[1];
    await page.goto("about:blank");
    await page.goto(`${server}/#${pageOf(large, `?record=${record}`)}`);
    await page.getByRole("region", { name: "Record", exact: true }).getByText("Question 4999").waitFor();
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the pages of evaluation datasets are accessible: ${colorScheme}`, async () => {
    const none = await newExperiment(`evaluation-none-${colorScheme}`);
    const pages = {
      datasets: `/experiments/${experimentID}/datasets`,
      "no datasets": `/experiments/${none}/datasets`,
      "no evaluation datasets": `/experiments/${none}/datasets?kind=evaluation`,
      records: pageOf(small),
      "records, many": pageOf(large),
    };
    const found = [];
    await walk(
      "/",
      async (page) => {
        for (const [label, path] of Object.entries(pages)) {
          await page.goto("about:blank");
          await page.goto(`${server}/#${path}`);
          await page.locator("h1").first().waitFor();
          await page.waitForLoadState("networkidle");
          found.push(...(await violations(page, label)));
        }
        await page.goto(`${server}/#${pageOf(small)}`);
        await named(table(page), "button", "Question 0: what").click();
        await page.getByRole("region", { name: "Record", exact: true }).waitFor();
        await page.getByText("Schema and tags").click();
        found.push(...(await violations(page, "record")));
        await page.locator("h1").click();
        await page.keyboard.press("n");
        await page.getByRole("dialog").waitFor();
        found.push(...(await violations(page, "new record")));
      },
      { colorScheme, bypassCSP: true },
    );
    assert.equal(found.join("\n"), "");
  });
}
