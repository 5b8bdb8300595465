// Walks the model registry by clicks: list, Monitor, one version, registering. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { seedRegistry } from "./seedRegistry.mjs";
import { eventually, inDialog, named, server, shots, walk } from "./walk.mjs";

let data;

before(async () => {
  data = await seedRegistry(server);
});

const chip = (page, alias) => page.locator(".page-head .chip.alias", { hasText: `@${alias}` });
const rowOf = (page, version) => named(page, "row", new RegExp(`Version ${version}\\b`));

test("the list finds a model and shows where it stands", () =>
  walk("/", async (page) => {
    await page.getByRole("link", { name: "Models", exact: true }).click();
    await named(page, "heading", "Models").waitFor();
    await page.getByLabel("Search models").fill(data.modelName.toUpperCase());
    const row = named(page, "row", new RegExp(data.modelName));
    await row.getByText("@champion").waitFor();
    await row.getByText("Production").waitFor();
    await row.getByText("eval/accuracy").waitFor();
    await page.waitForFunction((name) => location.hash.includes(`q=${name}`), data.modelName.toUpperCase());
    await named(row, "link", data.modelName).click();
    await named(page, "heading", data.modelName).waitFor();
    assert.match(page.url(), new RegExp(`#/models/${data.modelName}$`));
  }));

test("versions show stage, alias, metrics, datasets and run, and two compare", () =>
  walk(`/models/${data.modelName}`, async (page) => {
    const first = rowOf(page, 1);
    await first.waitFor();
    const text = await first.textContent();
    for (const part of ["Production", "@champion", "garden", "meadow", "0.8", "0.74", "train-1"])
      assert.ok(text.includes(part), `${part} is missing in ${text}`);
    // By keyboard: space ticks.
    await page.getByLabel("Compare version 1").focus();
    await page.keyboard.press("Space");
    await page.getByLabel("Compare version 3").check();
    const panel = named(page, "region", "Version 1 and 3 compared");
    await panel.getByText("eval/accuracy on garden").waitFor();
    await panel.getByText("+0.08").first().waitFor();
    await named(panel, "row", "trees 50 150").waitFor();
    await named(panel, "row", "checked yes no").waitFor();
    await panel.getByText("1 the same").waitFor();
    assert.match(page.url(), /versions=1,3/);
    await page.getByLabel("Compare version 2").check();
    const three = named(page, "region", "Version 1, 2 and 3 compared");
    await named(three, "row", "trees 50 100 150").waitFor();
    await page.getByLabel("Compare version 2").uncheck();
    await page.reload();
    await panel.waitFor();
    await named(panel, "button", "Close the comparison").click();
    await panel.waitFor({ state: "detached" });
    await named(first, "link", "train-1").click();
    await named(page, "heading", "train-1").waitFor();
  }));

test("columns are chosen, sorted by, and kept in the address", () =>
  walk(`/models/${data.modelName}`, async (page) => {
    const order = async (...versions) =>
      eventually(async () => {
        const rows = await page.locator(".data-table tbody th").allTextContents();
        assert.deepEqual(
          rows.map((text) => text.trim()),
          versions.map((v) => `Version ${v}`),
        );
      });
    await order(3, 2, 1);
    await named(page, "button", /^Columns/).click();
    const chooser = named(page, "dialog", /^Columns/);
    await chooser.getByLabel("Search columns").fill("e");
    await chooser.getByLabel("trees", { exact: true }).check();
    await chooser.getByLabel("checked", { exact: true }).check();
    await chooser.getByLabel("eval/accuracy on meadow", { exact: true }).check();
    await chooser.getByLabel("Created", { exact: true }).uncheck();
    await page.keyboard.press("Escape");
    await rowOf(page, 1).getByText("50", { exact: true }).waitFor();
    await rowOf(page, 3).getByText("no", { exact: true }).waitFor();
    await rowOf(page, 3).getByText("@10").first().waitFor(); // The step of a value.
    const created = page.getByRole("columnheader", { name: "Created", exact: true });
    await created.waitFor({ state: "detached" });
    const accuracy = named(page, "button", "eval/accuracy on meadow");
    await accuracy.click();
    await order(3, 2, 1);
    await accuracy.press("Enter");
    await order(1, 2, 3);
    assert.equal(
      await named(page, "columnheader", /eval\/accuracy on meadow/).getAttribute("aria-sort"),
      "ascending",
    );
    await page.waitForFunction(() => location.hash.includes("sort=on.meadow.eval/accuracy"));
    await page.reload();
    await order(1, 2, 3);
    await rowOf(page, 1).getByText("50", { exact: true }).waitFor();
    await named(page, "button", /^Columns/).click();
    await chooser.getByRole("button", { name: "Automatic" }).click();
    await page.keyboard.press("Escape");
    await created.waitFor();

    await page.goto(
      `${server}/#/experiments/${data.experimentID}/models?cols=params.trees&sort=-params.trees`,
    );
    await eventually(async () => {
      const cells = await page.locator(".data-table tbody td").allTextContents();
      assert.deepEqual(cells, ["200", "150", "100", "50"]);
    });
    await page.goto(`${server}/#/models?q=${data.modelName}&cols=description,user&sort=name`);
    await named(page, "row", new RegExp(`${data.modelName}.*Tells .*flowers`)).waitFor();
  }));

test("performance draws a metric over the versions, per dataset, and marks the champion", () =>
  walk(`/models/${data.modelName}`, async (page) => {
    await named(page, "link", "Performance").click();
    const chart = named(page, "img", /Chart of eval\/accuracy.*On garden.*Version 1 is champion/);
    await chart.waitFor();
    await page.getByLabel("Metric").selectOption("eval/loss");
    await named(page, "img", /Chart of eval\/loss/).waitFor();
    await page.getByLabel("Dataset").selectOption("meadow");
    await page.waitForFunction(() => /metric=eval\/loss.*dataset=meadow/.test(location.hash));
    const box = await page.locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    await page.mouse.move(box.x + box.width / 2 + 2, box.y + 62);
    await page.locator(".chart-tooltip:visible", { hasText: "version 2" }).waitFor();
  }));

test("a stage and an alias move with a comment, and the log tells", () =>
  walk(`/models/${data.modelName}?tab=transitions`, async (page) => {
    await page.getByText("first one live").waitFor();
    await named(page, "button", "Move to a stage…").click();
    await page.getByLabel("Version", { exact: true }).selectOption("2");
    await page.getByLabel("Stage", { exact: true }).selectOption("Production");
    await page.getByLabel(/Archive version 1/).check();
    await page.getByLabel(/Comment/).fill("better on both gardens");
    await inDialog(page, "Move to Production").click();
    await named(page, "row", /2 moved from None to Production.*better on both gardens/).waitFor();
    await named(page, "row", /1 moved from Production to Archived/).waitFor();
    await named(page, "button", "Set an alias…").click();
    await page.getByLabel("Version", { exact: true }).selectOption("2");
    await page.getByText("It moves away from version 1.").waitFor();
    await page.getByLabel(/Comment/).fill("follows the stage");
    await inDialog(page, "Move alias").click();
    await named(page, "row", /alias champion moved from version 1 to 2.*follows the stage/).waitFor();
    await chip(page, "champion").getByText("2").waitFor();
    await named(page, "link", /^Versions/).click();
    await rowOf(page, 1).getByText("Archived").waitFor();
  }));

test("the version page tells lineage, signature, difference and code", () =>
  walk(`/models/${data.modelName}/versions/3`, async (page) => {
    await named(page, "heading", "Version 3").waitFor();
    const lineage = named(page, "region", "Lineage");
    await named(lineage, "link", "train-3").waitFor();
    await named(lineage, "link", "forest-3").waitFor();
    await named(page, "row", "species string optional").waitFor();
    await page.getByText("tensor float32 (-1, 3)").waitFor();
    const against = named(page, "region", "Difference against the champion");
    await named(against, "link", "version 2").waitFor();
    await against.getByText("eval/loss on meadow").waitFor();
    const code = page.locator(".load-code code");
    assert.match(await code.first().textContent(), new RegExp(`models:/${data.modelName}/3`));
    await named(page, "button", "Go").click();
    assert.match(await code.first().textContent(), /models\.Open/);
    await named(page, "button", "Shell").click();
    assert.match(await code.first().textContent(), new RegExp(`serve -m models:/${data.modelName}/3`));

    await named(page, "button", "Add a description").click();
    await page.getByRole("textbox", { name: /Description/ }).fill("Needs **more** data");
    await named(page, "button", "Save").click();
    await page.locator(".markdown strong", { hasText: "more" }).waitFor();
    await named(page, "button", "Add tag").click();
    await page.getByLabel("Tag key").fill("owner");
    await page.getByLabel("Tag value").fill("ben");
    await page.keyboard.press("Enter");
    await named(page, "row", /owner ben/).waitFor();

    await named(page, "button", "Set an alias…").click();
    await named(page, "combobox", "Alias").fill("challenger");
    await inDialog(page, "Set alias").click();
    await chip(page, "challenger").waitFor();
    await page.reload();
    await named(page, "button", "Remove alias challenger").click();
    await chip(page, "challenger").waitFor({ state: "detached" });
    await named(page, "button", "Undo").click();
    await chip(page, "challenger").waitFor();
  }));

test("a logged model is registered from its page and from its run's", () =>
  walk(`/experiments/${data.experimentID}/models/${data.models[3]}`, async (page) => {
    const named4 = `fresh-${Date.now()}`;
    await named(page, "button", "Register model forest-4").click();
    await page.getByLabel("Registered model").fill(named4);
    await page.getByText(`Creates the model ${named4}`).waitFor();
    await inDialog(page, "Register").click();
    await named(page, "heading", "Version 1").waitFor();
    assert.match(page.url(), new RegExp(`#/models/${named4}/versions/1`));

    await page.goto(`${server}/#/experiments/${data.experimentID}/runs/${data.runs[3]}`);
    await named(page, "button", "Register model forest-4").click();
    await page.getByLabel("Registered model").fill(data.modelName);
    await page.getByText("its latest is version 3").waitFor();
    await page.keyboard.press("Enter");
    await named(page, "heading", "Version 4").waitFor();
    await named(page, "link", "forest-4").click();
    await named(page, "link", `${data.modelName} version 4`).waitFor();

    // And out again: the version, then the model made here.
    await page.goto(`${server}/#/models/${data.modelName}/versions/4`);
    await named(page, "button", "Actions for version 4").click();
    await named(page, "menuitem", "Delete…").click();
    await inDialog(page, "Delete").click();
    await rowOf(page, 3).waitFor();
    await rowOf(page, 4).waitFor({ state: "detached" });
    await page.goto(`${server}/#/models?q=${named4}`);
    await named(page, "button", `Actions for ${named4}`).click();
    await named(page, "menuitem", "Delete…").click();
    await inDialog(page, "Delete").click();
    await named(page, "link", named4).waitFor({ state: "detached" });
  }));

test("a model is made by hand and waits for versions", () =>
  walk("/models", async (page) => {
    const name = `empty-${Date.now()}`;
    await named(page, "button", "New model").click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await inDialog(page, "Create").click();
    await named(page, "heading", "No versions yet").waitFor();
    await named(page, "button", "Model actions").click();
    await named(page, "menuitem", "Delete…").click();
    await inDialog(page, "Delete").click();
    await page.getByText(`Deleted ${name}`).waitFor();
    await named(page, "heading", "Models").waitFor();
  }));

test("what the registry does not have is reported", () =>
  walk(
    "/models/no-such-model",
    async (page) => {
      await page.getByText("Could not load model no-such-model").waitFor();
      await page.goto(`${server}/#/models/${data.modelName}/versions/99`);
      await named(page, "heading", `${data.modelName} has no version 99`).waitFor();
    },
    { expectedError: /404/ },
  ));

test("registry pages fit a narrow window", () =>
  walk(
    "/models",
    async (page) => {
      const model = `/models/${data.modelName}`;
      for (const path of [
        "/models",
        model,
        `${model}?tab=performance`,
        `${model}?tab=transitions`,
        `${model}/versions/2`,
      ]) {
        await page.goto(`${server}/#${path}`);
        await page.waitForTimeout(600);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`);
      }
    },
    { viewport: { width: 420, height: 800 } },
  ));

test("registry screenshots in light and dark", { skip: !shots }, async () => {
  const model = `/models/${data.modelName}`;
  const pages = {
    registry: "/models",
    versions: model,
    compare: `${model}?versions=1,3`,
    performance: `${model}?tab=performance`,
    transitions: `${model}?tab=transitions`,
    version: `${model}/versions/3`,
  };
  for (const colorScheme of ["light", "dark"]) {
    await walk(
      "/",
      async (page) => {
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(`${server}/#${path}`);
          await page.waitForTimeout(1200);
          await page.screenshot({ path: join(shots, `registry-${name}-${colorScheme}.png`) });
        }
      },
      { colorScheme },
    );
  }
});
