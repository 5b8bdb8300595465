// Prompts: the list, versions with differences and aliases, new prompts and versions, and what uses them.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { agentTrace, send } from "../seedTraces.mjs";
import { eventually, inDialog, named, server, walk } from "../walk.mjs";
import { addVersion, createPrompt, seedPrompt } from "./seedPrompts.mjs";

const stamp = Date.now();
const name = `support-${stamp}`;
const many = `many-${stamp}`;
let experimentID;
let empty;
let used;
let runID;

before(async () => {
  const create = async (what) =>
    (await call("experiments/create", { name: `${what}/${stamp}` })).experiment_id;
  experimentID = await create("prompts");
  empty = await create("prompts-none");
  await seedPrompt(name, { experimentID });
  await createPrompt(many, {});
  for (let i = 1; i <= 130; i++) await addVersion(many, `Step ${i} of {{ n }}`, { message: `Change ${i}` });
  used = agentTrace(0, stamp - 60_000);
  await send(experimentID, [used]);
  await call("traces/link-prompts", { trace_id: used.id, prompt_versions: [{ name, version: "2" }] });
  const { run } = await call("runs/create", {
    experiment_id: experimentID,
    run_name: "loads",
    start_time: stamp,
  });
  const linked = `[{"name": "${name}", "version": "2"}]`;
  const tagged = await fetch(`${server}/api/3.0/mlflow/traces/${used.id}/tags`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key: "mlflow.linkedPrompts", value: linked }),
  });
  assert.ok(tagged.ok, await tagged.text());
  runID = run.info.run_id;
  await call("runs/set-tag", { run_id: run.info.run_id, key: "mlflow.linkedPrompts", value: linked });
});

const table = (page) => named(page, "table", "Prompts");
const versions = (page) => named(page, "listbox", "Versions");
const panel = (page) => page.getByRole("region", { name: "Version", exact: true });

test("prompts are listed by name and tag, apart from models", () =>
  walk("/prompts", async (page) => {
    await table(page).getByRole("link", { name, exact: true }).waitFor();
    const box = page.getByRole("searchbox", { name: "Search prompts" });
    await box.fill(`SUPPORT-${stamp}`);
    await page.waitForURL(/q=SUPPORT/);
    const row = page.getByRole("row").filter({ hasText: name });
    await row.getByText("v3", { exact: true }).waitFor();
    await row.getByText("@production").waitFor();
    await row.getByText("team: support").waitFor();
    await box.fill(`team=support ${stamp}`);
    await eventually(async () => assert.equal(await table(page).locator(".vbody [role=row]").count(), 1));
    await box.fill("team=nobody");
    await named(page, "heading", "No prompt matches “team=nobody”").waitFor();
    await page.goto(`${server}/#/models?q=${stamp}`);
    await named(page, "heading", `No model has “${stamp}” in its name`).waitFor();
    await page.goto(`${server}/#/models/${name}`);
    await page.waitForURL(new RegExp(`/prompts/${name}`));
  }));

test("an experiment lists its prompts, or how to register the first", () =>
  walk(`/experiments/${experimentID}/prompts`, async (page) => {
    await table(page).getByRole("link", { name, exact: true }).click();
    await page.waitForURL(new RegExp(`/experiments/${experimentID}/prompts/${name}`));
    await named(page, "navigation", "Breadcrumb").getByText(`prompts/${stamp}`).waitFor();
    await page.goto(`${server}/#/experiments/${empty}/prompts`);
    await named(page, "heading", "No prompts yet").waitFor();
  }));

test("a version shows its template as text, with its variables marked", () =>
  walk(`/prompts/${name}`, async (page) => {
    await named(page, "heading", "Version 3").waitFor();
    await panel(page).locator(".message.system").getByText("Never promise refunds. <img").waitFor();
    assert.equal(await page.locator("main img").count(), 0);
    assert.deepEqual(await panel(page).locator(".template span.template-variable").allTextContents(), [
      "{{ tone }}",
      "{{ question }}",
    ]);
    await page.keyboard.press("j");
    await named(page, "heading", "Version 2").waitFor();
    await page.waitForURL(/version=2/);
    await panel(page).getByText("gpt-5").waitFor();
    await panel(page).getByText("reviewed").waitFor();
    await panel(page).getByText("Shorter answers").waitFor();
  }));

test("any two versions are compared by lines and words", () =>
  walk(`/prompts/${name}?version=2&tab=compare`, async (page) => {
    await eventually(async () =>
      assert.deepEqual(await panel(page).locator(".added mark").first().textContent(), "briefly, "),
    );
    await named(page, "region", "Differences of the model configuration").getByText("gpt-5").waitFor();
    await named(panel(page), "combobox", "From").selectOption("3");
    await page.waitForURL(/base=3/);
    await panel(page).getByText("[system]").waitFor();
    await named(panel(page), "button", "Swap").click();
    await page.waitForURL(/version=3&tab=compare&base=2/);
    await named(panel(page), "button", "Side by side").click();
    await panel(page).locator(".diff-pair").first().waitFor();
  }));

test("what has loaded a version is listed, and code loads it", () =>
  walk(`/prompts/${name}?version=2&tab=uses`, async (page) => {
    await named(panel(page), "region", "Traces").getByText("What is the status").waitFor();
    await named(panel(page), "region", "Runs").getByText("loads").waitFor();
    await named(panel(page), "link", "Show the traces as a list").click();
    await page
      .getByRole("status")
      .filter({ hasText: /^1 trace$/ })
      .waitFor();
    await page.goto(`${server}/#/prompts/${name}?version=2&tab=code`);
    await panel(page).getByText(`prompts:/${name}@production`).waitFor();
    await panel(page).getByRole("button", { name: "Version 2", exact: true }).click();
    await panel(page).getByText(`prompts:/${name}/2`).waitFor();
    await named(panel(page), "button", "Go").click();
    await panel(page).getByText("client.ModelVersion(ctx").waitFor();
  }));

test("a trace and a run lead to the prompts that they have loaded", () =>
  walk(`/experiments/${experimentID}/traces/${used.id}`, async (page) => {
    await named(page, "link", `${name} v2`).click();
    await named(page, "heading", "Version 2").waitFor();
    await page.goto(`${server}/#/experiments/${experimentID}/runs/${runID}`);
    await named(page, "link", `${name} v2`).click();
    await named(page, "heading", "Version 2").waitFor();
  }));

test("the log tells who created versions and moved aliases", () =>
  walk(`/prompts/${name}?tab=history`, async (page) => {
    await panel(page).getByText("alias production given to version 2").waitFor();
    await panel(page).getByText("version 1 created").waitFor();
    assert.match(await panel(page).locator(".prompt-title").textContent(), /\S+@\S+, /);
    await panel(page).getByRole("button", { name: "v1", exact: true }).click();
    await named(page, "heading", "Version 1").waitFor();
  }));

test("a prompt is created, gets versions and aliases, and is deleted", async () => {
  const made = `made-${stamp}`;
  await walk(`/experiments/${empty}/prompts`, async (page) => {
    await named(page, "button", "New prompt").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("not a name");
    await dialog.getByText("letters of the alphabet").waitFor();
    await dialog.getByLabel("Name").fill(made);
    await dialog.getByLabel("Template", { exact: true }).fill("Hello {{ name }}, {{ text }}");
    await dialog.getByText("Variables:").waitFor();
    await inDialog(page, "Create").click();
    await named(page, "heading", "Version 1").waitFor();

    await page.keyboard.press("n");
    await inDialog(page, "Chat").click();
    await dialog.getByLabel("Content of message 1").fill("Hi {{ name }}");
    await inDialog(page, "Message").click();
    await dialog.getByLabel("Commit message").fill("Shorter");
    await inDialog(page, "Create version").click();
    await named(page, "heading", "Version 2").waitFor();
    await versions(page).getByText("Shorter").waitFor();

    await named(page, "button", "Add alias").click();
    await dialog.getByLabel("Alias").fill("latest");
    await dialog.getByText("always means the newest").waitFor();
    await dialog.getByLabel("Alias").fill("canary");
    await inDialog(page, "Set alias").click();
    await panel(page).getByText("@canary").waitFor();
    await page.keyboard.press("j");
    await named(page, "heading", "Version 1").waitFor();
    await named(page, "button", "Add alias").click();
    await dialog.getByLabel("Alias").fill("canary");
    await dialog.getByText("It moves away from version 2.").waitFor();
    await inDialog(page, "Move alias").click();
    await panel(page).getByText("@canary").waitFor();
    await named(panel(page), "button", "Remove alias canary").click();
    await inDialog(page, "Remove").click();
    await panel(page).getByText("@canary").waitFor({ state: "detached" });

    await page.getByText("About the prompt").click();
    await named(page, "button", "Add a description").last().click();
    await page.getByLabel(`Description of ${made}`).fill("Greets **people**.");
    await named(page, "button", "Save").click();
    await page.locator("strong", { hasText: "people" }).waitFor();

    await named(page, "button", "Actions for version 1").click();
    await named(page, "menuitem", "Delete version…").click();
    await inDialog(page, "Delete").click();
    await eventually(async () => assert.equal(await versions(page).getByRole("option").count(), 1));
    await named(page, "button", "Prompt actions").click();
    await named(page, "menuitem", "Delete…").click();
    await inDialog(page, "Delete").click();
    await named(page, "heading", "No prompts yet").waitFor();
  });
});

test("a name that is taken is told, and the dialog stays", () =>
  walk(
    "/prompts",
    async (page) => {
      await named(page, "button", "New prompt").click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill(name);
      await dialog.getByLabel("Template", { exact: true }).fill("x");
      await inDialog(page, "Create").click();
      await dialog.getByText("already exists").waitFor();
    },
    { expectedError: /400/ },
  ));

test("many versions are read as one scrolls, and a link leads to an old one", () =>
  walk(`/prompts/${many}?version=3`, async (page) => {
    await named(page, "heading", "Version 3").waitFor();
    await panel(page).getByText("Step 3 of").waitFor();
    const list = versions(page);
    assert.ok((await list.getByRole("option").count()) < 40);
    await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await eventually(async () => {
      await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
      assert.ok(await list.getByText("Change 1", { exact: true }).isVisible());
    });
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the pages of prompts are accessible: ${colorScheme}`, async () => {
    const of = `/prompts/${name}`;
    const pages = {
      prompts: "/prompts",
      "prompts of an experiment": `/experiments/${experimentID}/prompts`,
      "no prompts": `/experiments/${empty}/prompts`,
      prompt: of,
      "prompt, text": `${of}?version=2`,
      "prompt, compare": `${of}?version=2&tab=compare`,
      "prompt, sides": `${of}?version=2&tab=compare&diff=sides`,
      "prompt, uses": `${of}?version=2&tab=uses`,
      "prompt, history": `${of}?tab=history`,
      "prompt, code": `${of}?version=2&tab=code`,
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
        await page.goto(`${server}/#${of}`);
        await named(page, "heading", "Version 3").waitFor();
        await page.keyboard.press("n");
        await page.getByRole("dialog").waitFor();
        found.push(...(await violations(page, "new version")));
      },
      { colorScheme, bypassCSP: true },
    );
    assert.equal(found.join("\n"), "");
  });
}
