// Walks the pages of a running server by clicks, in Chromium. Fills the server through the REST API first.
//   MILLRACE_URL  the server, such as http://127.0.0.1:5000
//   CHROMIUM      the browser; /usr/bin/chromium unless set
//   SHOTS         folder for screenshots in light and dark; none unless set
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { seed } from "./seed.mjs";
import { eventually, inDialog, named, server, shots, walk } from "./walk.mjs";

let data;

before(async () => {
  data = await seed(server);
});

test("home shows recent runs and leads to an experiment", () =>
  walk("/", async (page) => {
    await named(page, "heading", "Recent runs").waitFor();
    const row = named(page, "row", new RegExp(data.leaf));
    await row.getByText("1 running").first().waitFor();
    await named(row, "link", data.leaf).click();
    await named(page, "heading", data.experimentName).waitFor();
    assert.match(page.url(), new RegExp(`#/experiments/${data.experimentID}$`));
  }));

test("an experiment can be created, renamed, deleted and restored", () =>
  walk("/experiments", async (page) => {
    const name = `e2e-${Date.now()}`;
    await named(page, "button", "New experiment").click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await inDialog(page, "Create").click();
    await named(page, "heading", name).waitFor();
    await named(page, "heading", "No runs yet").waitFor();
    assert.match(
      await page.locator(".snippet code").textContent(),
      new RegExp(`set_tracking_uri\\("${server}"\\)`),
    );
    await named(page, "button", "Experiment actions").click();
    await named(page, "menuitem", "Rename…").click();
    await page.getByLabel("Name", { exact: true }).fill(`${name}-b`);
    await inDialog(page, "Rename").click();
    await named(page, "heading", `${name}-b`).waitFor();
    await named(page, "button", "Experiment actions").click();
    await named(page, "menuitem", "Delete…").click();
    await inDialog(page, "Delete").click();
    await named(page, "button", "Undo").waitFor();
    await named(page, "button", "Deleted").click();
    await page.getByRole("searchbox").fill(name);
    await named(page, "button", `Actions for ${name}-b`).click();
    await named(page, "menuitem", "Restore").click();
    await page.getByText(`Restored ${name}-b`).waitFor();
  }));

test("the runs table sorts, filters, hides and shows columns", () =>
  walk(`/experiments/${data.experimentID}`, async (page) => {
    const rows = page.locator(".runs-body .runs-row");
    await named(page, "link", "run-0").waitFor();
    // A parameter that is the same everywhere has no column of its own.
    await named(page, "columnheader", "lr").waitFor();
    assert.equal(await page.getByRole("columnheader", { name: "model", exact: true }).count(), 0);

    await page.getByRole("button", { name: "val/loss", exact: true }).click();
    await page.locator("[aria-sort=ascending]").waitFor();
    await page.waitForFunction(
      () => document.querySelector(".runs-body .runs-row a")?.textContent === "run-4",
    );
    assert.match(page.url(), /sort=metrics\.val\/loss/);

    // Click a cell, filter by its value.
    await rows.filter({ hasText: "run-2" }).getByText("sgd").click();
    await named(page, "menuitem", "params.optimizer = 'sgd'").click();
    await page.waitForFunction(() => document.querySelectorAll(".runs-body .runs-row").length === 3);
    await named(page, "button", "Clear filter").click();
    await page.waitForFunction(() => document.querySelectorAll(".runs-body .runs-row").length > 3);

    // Completion by keyboard.
    await page.keyboard.press("/");
    await page.keyboard.type("val/lo");
    await page.keyboard.press("Tab");
    await page.keyboard.type("< 0.25");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.includes("metrics.%60val/loss%60+%3C+0.25"));
    await page.waitForFunction(() => document.querySelectorAll(".runs-body .runs-row").length < 6);
    await named(page, "button", "Clear filter").click();

    await named(page, "button", "Columns").click();
    await page.getByLabel("model", { exact: true }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "model", exact: true }).waitFor();
    assert.match(page.url(), /cols=/);
    await named(page, "button", "Diff only").click();
    await page.getByRole("columnheader", { name: "model", exact: true }).waitFor({ state: "detached" });
  }));

test("a fault in a filter is shown where it is", () =>
  walk(
    `/experiments/${data.experimentID}?q=metrics.loss+%3C+abc`,
    async (page) => {
      const fault = page.getByRole("alert");
      await fault.waitFor();
      assert.ok((await fault.textContent()).length > 10);
      if (data.hasPositions) assert.ok(await page.locator(".filter-fault mark").count());
    },
    { expectedError: /400/ },
  ));

test("runs are selected and opened by keyboard, deleted and restored in bulk", () =>
  walk(`/experiments/${data.experimentID}?flat=1`, async (page) => {
    await named(page, "link", "run-0").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("2 selected").waitFor();
    const before = await page.locator(".runs-body .runs-row").count();
    await page.locator(".selection-bar").getByRole("button", { name: "Delete…" }).click();
    await inDialog(page, "Delete").click();
    await page.getByText("Deleted 2 runs").waitFor();
    await page.waitForFunction(
      (n) => document.querySelectorAll(".runs-body .runs-row").length === n,
      before - 2,
    );
    await named(page, "button", "Undo").click();
    await page.waitForFunction((n) => document.querySelectorAll(".runs-body .runs-row").length === n, before);
    await page.keyboard.press("?");
    await named(page, "heading", "Keyboard and filters").waitFor();
    await page.keyboard.press("Escape");
    await named(page, "heading", "Keyboard and filters").waitFor({ state: "detached" });
    // Enter belongs to the row that j went to, however soon it comes and whatever had the focus before.
    await named(page, "button", "Diff only").focus();
    await page.evaluate(async () => {
      for (const key of ["j", "Enter"]) {
        document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
        );
        await Promise.resolve();
      }
    });
    await named(page, "navigation", "Run views").waitFor();
  }));

test("charts draw, zoom and keep their settings in the address", () =>
  walk(`/experiments/${data.experimentID}`, async (page) => {
    await named(page, "link", "Charts").click();
    const chart = named(page, "img", /Chart of val\/loss/);
    await chart.waitFor();
    await named(page, "button", "Relative time").click();
    await page.waitForFunction(() => location.hash.includes("axis=relative"));
    await page.getByLabel("Log y").check();
    await page.waitForFunction(() => location.hash.includes("log=1"));
    await chart.waitFor();
    const box = await chart.locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await named(page, "button", "Reset zoom").click();
    await page.waitForFunction(() => !location.hash.includes("zoom"));
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.move(box.x + box.width * 0.5 + 2, box.y + 52);
    await page.locator(".chart-tooltip:visible").first().waitFor();
  }));

test("the run page shows values, edits text and renames", () =>
  walk(`/experiments/${data.experimentID}/runs/${data.runs[0]}`, async (page) => {
    await named(page, "heading", "run-0").waitFor();
    const metric = named(page, "row", /train\/loss/);
    await metric.getByText("NaN").waitFor({ state: "detached" });
    await eventually(async () => assert.match(await metric.textContent(), /@/));
    await page.getByText("0.001").first().waitFor();
    await named(page, "button", "Add a description").click();
    await page.getByRole("textbox", { name: /Description/ }).fill("A **bold** note <img src=x>");
    await named(page, "button", "Save").click();
    await page.locator(".markdown strong", { hasText: "bold" }).waitFor();
    assert.equal(await page.locator(".markdown img").count(), 0);
    await named(page, "button", "Add tag").click();
    await page.getByLabel("Tag key").fill("reviewed");
    await page.getByLabel("Tag value").fill("yes");
    await page.keyboard.press("Enter");
    await named(page, "row", /reviewed/).waitFor();
    await page.getByRole("link", { name: "Metrics", exact: true }).click();
    await named(page, "img", /Chart of train\/loss/).waitFor();
    await page.getByText(/not drawn: NaN/).waitFor();
    await named(page, "button", "Add chart").click();
    const more = page.getByRole("dialog").getByRole("combobox", { name: "Add to metrics" });
    await more.click();
    await page.keyboard.press("Enter");
    await inDialog(page, "Add chart").click();
    await named(page, "img", /Chart of val\/loss, train\/loss for 1 run/).waitFor();
    await named(page, "link", "System metrics").click();
    await named(page, "img", /Chart of CPU utilisation for 1 run/).waitFor();
    await page.getByText(/^peak [\d.]+ %$/).waitFor();
  }));

test("a running run brings its page up to date by itself", () =>
  walk(`/experiments/${data.experimentID}/runs/${data.runs[4]}`, async (page) => {
    await named(page, "row", /val\/loss/).waitFor();
    await data.logMetric(data.runs[4], "val/loss", 0.0625, 500);
    await named(page, "row", /val\/loss/)
      .getByText("0.0625")
      .first()
      .waitFor();
    await named(page, "button", "Pause live refresh").click();
    await named(page, "button", "Resume live refresh").waitFor();
    assert.match(page.url(), /live=0/);
  }));

test("artifacts are browsed with the mouse and the arrow keys", () =>
  walk(`/experiments/${data.experimentID}/runs/${data.runs[0]}`, async (page) => {
    await named(page, "link", "Artifacts").click();
    await named(page, "treeitem", /logs/).click();
    await named(page, "treeitem", /big\.log/).click();
    await page.getByText("1.0 MB of 1.5 MB shown").waitFor();
    await named(page, "button", /Load .* more/).click();
    await page.getByText("shown").waitFor({ state: "detached" });
    assert.match(page.url(), /artifacts\/logs\/big\.log/);
    await page.keyboard.press("Home");
    await named(page, "treeitem", /config\.json/).click();
    await page.locator(".json-key").first().waitFor();
    await page.keyboard.press("Home");
    await named(page, "treeitem", /logged\.json/).click();
    await named(page, "cell", "0.75").waitFor();
    await page.getByLabel("Show as JSON").check();
    await page.locator(".json-number", { hasText: "0.75" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await named(page, "treeitem", /table\.csv/).click();
    await named(page, "columnheader", "precision").waitFor();
    await named(page, "treeitem", /dot\.png/).click();
    const image = named(page, "img", "dot.png");
    await image.waitFor();
    assert.equal(await image.evaluate((i) => i.complete && i.naturalWidth), 1);
    await named(page, "treeitem", /page\.html/).click();
    const frame = page.locator("iframe");
    assert.equal(await frame.getAttribute("sandbox"), "");
    await page.frameLocator("iframe").getByText("A report").waitFor();
    await named(page, "treeitem", /odd names/).click();
    await named(page, "treeitem", /ä & b/).click();
    await page.getByText("found me").waitFor();
    await page.reload();
    await page.getByText("found me").waitFor();
    // A copied link opens the same file.
    await page.goto(
      `${server}/#/experiments/${data.experimentID}/runs/${data.runs[0]}/artifacts/logs/big.log`,
    );
    await page.reload();
    await page.getByText("1.0 MB of 1.5 MB shown").waitFor();
  }));

test("a run that counts its steps anew each epoch is drawn over time, without losing points", () =>
  walk(`/experiments/${data.experimentID}/runs/${data.repeating}/model-metrics`, async (page) => {
    await page.getByText("steps repeat, so the axis is time").waitFor();
    await eventually(async () =>
      assert.equal(await named(page, "button", "Relative time").getAttribute("aria-pressed"), "true"),
    );
    assert.doesNotMatch(page.url(), /axis=/);
    await named(page, "button", "Step").click();
    await page.waitForFunction(() => location.hash.includes("axis=step"));
    await page.getByText("steps repeat").waitFor({ state: "detached" });
    await page.getByLabel("Search metrics").fill("epoch_loss");
    await named(page, "img", /Chart of epoch_loss/).waitFor();
  }));

test("the models of a run are folders among its files", () =>
  walk(`/experiments/${data.experimentID}/runs/${data.runs[0]}/artifacts`, async (page) => {
    await named(page, "treeitem", /^classifier/).click();
    await named(page, "treeitem", /MLmodel/).click();
    await page.getByText("loader_module").waitFor();
    assert.match(page.url(), /artifacts\/classifier\/MLmodel/);
  }));

test("a logged model leads to its run and its files", () =>
  walk(`/experiments/${data.experimentID}/models`, async (page) => {
    await named(page, "link", "classifier").first().click();
    await named(page, "heading", "classifier").waitFor();
    assert.match(await page.locator(".snippet").textContent(), new RegExp(`models:/${data.modelID}`));
    await named(page, "row", /accuracy/)
      .getByText("0.9")
      .waitFor();
    await named(page, "link", "run-0").click();
    await named(page, "heading", "run-0").waitFor();
    await named(page, "link", "classifier").waitFor();
  }));

test("an unknown address says so", () =>
  walk("/no/such/page", async (page) => {
    await named(page, "heading", "There is no such page").waitFor();
  }));

test("what does not exist is reported, not shown as empty", () =>
  walk(
    "/experiments/987654321",
    async (page) => {
      await page.getByText("Could not load experiment 987654321").waitFor();
      await page.goto(`${server}/#/experiments/${data.experimentID}/runs/none`);
      await page.getByText("Could not load run none").waitFor();
      await page.goto(`${server}/#/experiments/${data.experimentID}/models/m-none`);
      await page.getByText("Could not load model m-none").waitFor();
    },
    { expectedError: /404/ },
  ));

test("a server without users asks nobody who they are", () =>
  walk("/account", async (page) => {
    await named(page, "heading", "This server has no users").waitFor();
    assert.equal(await named(page, "button", /^User /).count(), 0);
    await page.goto(`${server}/#/experiments/${data.experimentID}`);
    await named(page, "heading", data.experimentName).waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await named(page, "button", "Share").count(), 0);
  }));

test("a dialog gives the focus back", () =>
  walk("/experiments", async (page) => {
    await named(page, "button", "New experiment").click();
    await page.getByLabel("Name", { exact: true }).waitFor();
    await inDialog(page, "Cancel").click();
    await page.waitForFunction(() => document.activeElement?.textContent === "New experiment");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.waitForFunction(() => document.activeElement?.textContent === "New experiment");
  }));

test("the theme follows the system and remembers a choice", () =>
  walk(
    "/",
    async (page) => {
      const background = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      await named(page, "heading", "Experiments").waitFor();
      const dark = await background();
      await page.emulateMedia({ colorScheme: "light" });
      const light = await background();
      assert.notEqual(dark, light);
      await named(page, "button", "Dark theme").click();
      assert.equal(await background(), dark);
      await page.reload();
      await named(page, "heading", "Experiments").waitFor();
      assert.equal(await background(), dark);
    },
    { colorScheme: "dark" },
  ));

test("pages fit a narrow window", () =>
  walk(
    "/",
    async (page) => {
      const run = `/experiments/${data.experimentID}/runs/${data.runs[0]}`;
      for (const path of [
        "/",
        `/experiments/${data.experimentID}`,
        run,
        `${run}/model-metrics`,
        `${run}/artifacts`,
      ]) {
        await page.goto(`${server}/#${path}`);
        await page.waitForTimeout(600);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`);
      }
    },
    { viewport: { width: 420, height: 800 } },
  ));

test("screenshots in light and dark", { skip: !shots }, async () => {
  const experiment = `/experiments/${data.experimentID}`;
  const run = `${experiment}/runs/${data.runs[0]}`;
  const pages = {
    home: "/",
    experiments: "/experiments",
    runs: experiment,
    charts: `${experiment}?view=charts&smooth=0.6`,
    run,
    metrics: `${run}/model-metrics`,
    artifacts: `${run}/artifacts/table.csv`,
    models: `${experiment}/models`,
    model: `${experiment}/models/${data.modelID}`,
  };
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [
      [1440, 900],
      [420, 800],
    ]) {
      await walk(
        "/",
        async (page) => {
          for (const [name, path] of Object.entries(pages)) {
            await page.goto(`${server}/#${path}`);
            await page.waitForTimeout(1200);
            await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`) });
          }
        },
        { colorScheme, viewport: { width, height } },
      );
    }
  }
});
