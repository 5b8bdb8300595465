// Walks the table of runs: columns, filters, the tree, the keyboard, and thousands of runs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { seed } from "./seed.mjs";
import { seedMany } from "./seedMany.mjs";
import { eventually, inDialog, named, server, walk } from "./walk.mjs";

let data;
let many;
const runs = 600;
const fanout = 5;

before(async () => {
  data = await seed(server);
  many = await seedMany(server, { runs, params: 30, metrics: 60, tags: 5, steps: 3, fanout });
});

const pathOf = (query = "") => `/experiments/${many.experimentID}${query}`;
const rowNames = (page) =>
  page.locator(".runs-body .runs-row a").evaluateAll((links) => links.map((a) => a.textContent));
const header = (page, title) => page.getByRole("columnheader", { name: title, exact: true });
const openMenu = async (page, title) => {
  await header(page, title).hover();
  await header(page, title)
    .getByRole("button", { name: /^Menu of/ })
    .click();
};

test("child runs hang under their parent, open and fold, and the address keeps it", () =>
  walk(`/experiments/${data.experimentID}`, async (page) => {
    await named(page, "button", "Show 2 child runs of parent").click();
    await named(page, "link", "child-0").waitFor();
    const child = page.locator(".runs-row", { has: page.getByRole("link", { name: "child-0" }) });
    assert.equal(await child.getAttribute("aria-level"), "2");
    assert.match(page.url(), /open=/);
    await page.reload();
    await named(page, "link", "child-0").waitFor();
    await named(page, "button", "Hide 2 child runs of parent").click();
    await named(page, "link", "child-0").waitFor({ state: "detached" });
    await named(page, "button", "Nested runs").click();
    await named(page, "menuitem", /Flat list/).click();
    await named(page, "link", "child-0").waitFor();
    assert.equal(await child.getAttribute("aria-level"), "1");
  }));

test("words mean the name, and a child that matches shows its parent", () =>
  walk(`/experiments/${data.experimentID}`, async (page) => {
    await named(page, "link", "run-0").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("ild-1");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll(".runs-body .runs-row").length === 2);
    assert.deepEqual(await rowNames(page), ["parent", "child-1"]);
    await eventually(async () => assert.equal(await page.locator(".runs-row.context").count(), 1));
    await page.getByText("1 run", { exact: true }).waitFor();
    assert.match(page.url(), /q=ild-1/);
  }));

test("a fault dims the rows of the filter before", () =>
  walk(
    `/experiments/${data.experimentID}`,
    async (page) => {
      await named(page, "link", "run-0").waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("metrics.loss <");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await page.locator(".runs-table.stale").waitFor();
    },
    { expectedError: /400/ },
  ));

test("chips filter by state, time and user", () =>
  walk(pathOf(), async (page) => {
    await page.getByText(`${runs} runs`).waitFor();
    await named(page, "button", "State filter").click();
    await page.getByLabel("Failed").check();
    await page.keyboard.press("Escape");
    const failed = Array.from({ length: runs }, (_, i) => i).filter((i) => i % 11 === 3 && i < runs - 1);
    await page.getByText(`${failed.length} runs`).waitFor();
    await named(page, "button", "User filter").click();
    await named(page, "button", /^✓?ana/).click();
    await page.getByText(`${failed.filter((i) => i % 3 === 0).length} runs`).waitFor();
    assert.match(page.url(), /state=failed/);
    assert.match(page.url(), /user=ana/);
    await named(page, "button", "Clear the filter on state").click();
    await page.getByText(`${runs / 3} runs`).waitFor();
    await named(page, "button", "Clear the filter on user").click();
    await named(page, "button", "Started filter").click();
    await named(page, "button", "Last hour").click();
    await page.waitForFunction(
      (all) => Number.parseInt(document.querySelector(".run-count").textContent, 10) < all,
      runs,
    );
    assert.match(page.url(), /since=1h/);
  }));

test("values are completed from the server", () =>
  walk(pathOf(), async (page) => {
    await page.getByText(`${runs} runs`).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("params.optimizer = ");
    await named(page, "option", "'lamb'").waitFor();
    await page.keyboard.type("'la");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.includes("lamb"));
    await page.locator(".runs-row.context").first().waitFor();
  }));

test("a column shows other values, sorts by them, and is pinned, moved, resized and hidden", () =>
  walk(pathOf("?flat=1&cols=metrics.loss,params.lr,metrics.metric_2"), async (page) => {
    await header(page, "loss").waitFor();
    await openMenu(page, "loss");
    await named(page, "button", "Max").click();
    await header(page, "loss (max)").waitFor();
    await header(page, "loss (max)").getByRole("button", { name: "loss (max)", exact: true }).click();
    await page.waitForFunction(() => location.hash.includes("sort=max:metrics.loss"));
    // The rows of the earlier order are shown until those of the new one arrive.
    await page.waitForFunction(() => {
      const cells = [...document.querySelectorAll('.runs-body [data-column="max:metrics.loss"]')];
      cells.sort((a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y);
      const values = cells
        .map((cell) => cell.textContent.trim())
        .filter(Boolean)
        .map(Number);
      return values.length > 10 && values.every((value, i) => i === 0 || values[i - 1] <= value);
    });

    await openMenu(page, "metric_2");
    await page.getByLabel("At the best step of").selectOption("min:loss");
    await header(page, "metric_2 at min loss").waitFor();
    await openMenu(page, "lr");
    await named(page, "menuitem", /Pin to the left/).click();
    await page.locator(".runs-head .pinned", { hasText: "lr" }).waitFor();
    await openMenu(page, "metric_2 at min loss");
    await named(page, "menuitem", /Move left/).click();
    await page.waitForFunction(() =>
      /cols=[^&]*min@loss:metrics.metric_2,[^&]*max:metrics.loss/.test(decodeURIComponent(location.hash)),
    );

    const edge = await header(page, "loss (max)").locator(".resize-handle").boundingBox();
    await page.mouse.move(edge.x + 3, edge.y + 5);
    await page.mouse.down();
    await page.mouse.move(edge.x + 63, edge.y + 5, { steps: 3 });
    await page.mouse.up();
    await page.waitForFunction(() => location.hash.includes("width="));
    const wider = await header(page, "loss (max)").boundingBox();
    await openMenu(page, "loss (max)");
    await named(page, "menuitem", "Hide").click();
    await header(page, "loss (max)").waitFor({ state: "detached" });
    assert.ok(wider.width > 170, `${wider.width} px`);
    await page.goBack();
    await header(page, "loss (max)").waitFor();
  }));

test("the keyboard goes to cells and opens their menus", () =>
  walk(pathOf("?flat=1&cols=metrics.loss,params.optimizer"), async (page) => {
    await page.locator('[data-column="params.optimizer"]', { hasText: "sgd" }).first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const focused = () => page.evaluate(() => document.activeElement.dataset.column);
    await page.waitForFunction(() => document.activeElement.dataset.column === "params.optimizer");
    const item = named(page, "menuitem", /params\.optimizer = /);
    // The menu opens again however soon the key follows.
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press("Enter");
      await item.waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await focused(), "params.optimizer");
    }
    await page.keyboard.press("Enter");
    await item.waitFor();
    await page.keyboard.press("ArrowDown");
    await item.focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.includes("params.optimizer"));
    // The menu of a column.
    await page.getByRole("button", { name: "loss", exact: true }).focus();
    await page.keyboard.press("ArrowDown");
    await named(page, "menuitem", "Hide").waitFor();
  }));

test("going back leads to the same place", () =>
  walk(pathOf("?open=all"), async (page) => {
    await page.getByText(`${runs} runs`).waitFor();
    await page.locator(".runs-table").evaluate((e) => {
      e.scrollTop = 9000;
    });
    const link = page.locator(".runs-row a").nth(15);
    await page.waitForTimeout(400);
    const name = await link.textContent();
    await link.click();
    await named(page, "navigation", "Run views").waitFor();
    await page.goBack();
    await named(page, "link", name).waitFor();
    assert.equal(await page.locator(".runs-table").evaluate((e) => e.scrollTop), 9000);
  }));

test("only what is on screen exists and travels", () =>
  walk(pathOf("?open=all"), async (page) => {
    const asked = [];
    page.on("request", (request) => {
      if (request.url().endsWith("runs/table")) asked.push(JSON.parse(request.postData()));
    });
    await page.reload();
    await page.locator('[data-column="metrics.loss"]', { hasText: /\d/ }).first().waitFor();
    await named(page, "button", "Columns").click();
    for (const kind of ["Metrics", "Parameters", "Tags"]) {
      const button = page
        .locator("fieldset", { hasText: kind })
        .getByRole("button", { name: /all$/ })
        .first();
      if ((await button.textContent()) === "Hide all") await button.click();
      await button.getByText("Show all").waitFor();
      await button.click();
    }
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => Number(document.querySelector("[role=treegrid]").ariaColCount) > 90);
    for (const [left, top] of [
      [4000, 6000],
      [0, 12_000],
      [2000, 300],
    ]) {
      await page.locator(".runs-table").evaluate(
        (e, [x, y]) => {
          e.scrollLeft = x;
          e.scrollTop = y;
        },
        [left, top],
      );
      await page.waitForTimeout(500);
      const count = await page.evaluate(() => document.querySelectorAll("*").length);
      assert.ok(count < 1500, `${count} elements`);
    }
    const most = Math.max(...asked.map((body) => body.columns?.length ?? 0));
    assert.ok(most < 30, `${most} columns in one request`);
    assert.ok(asked.every((body) => (body.max_results ?? 0) <= 100));
    await page.locator(".runs-row.unloaded").waitFor({ state: "detached" });
  }));

test("the table fits a narrow window", () =>
  walk(
    pathOf("?open=all"),
    async (page) => {
      await page.getByText(`${runs} runs`).waitFor();
      const wide = await page
        .locator("main *")
        .evaluateAll((all) =>
          all
            .filter(
              (e) =>
                !e.closest(".runs-table, .tabs, [popover]") && e.getBoundingClientRect().right > innerWidth,
            )
            .map((e) => e.outerHTML.slice(0, 80)),
        );
      assert.deepEqual(wide, []);
    },
    { viewport: { width: 360, height: 740 } },
  ));

test("all runs that match are tagged, renamed, exported, moved, deleted and restored", () =>
  walk(pathOf("?user=ben&flat=1&cols=metrics.loss,params.lr"), async (page) => {
    const count = runs / 3;
    await page.locator(".run-count", { hasText: `${count} runs` }).waitFor();
    await page.getByLabel("Select all runs that match").check();
    await page.getByText(`${count} selected`).waitFor();
    assert.match(page.url(), /select=all/);
    // One of them is left out.
    await page.locator(".runs-body .runs-row input").first().click();
    await page.getByText(`${count - 1} selected`).waitFor();
    const bar = page.locator(".selection-bar");
    await bar.getByRole("button", { name: "Tag…" }).click();
    await page.getByLabel("Key", { exact: true }).fill("reviewed");
    await page.getByLabel("Value", { exact: true }).fill("yes");
    await inDialog(page, "Set the tag").click();
    await page.getByText(`Set the tag reviewed of ${count - 1} runs`).waitFor();
    await bar.getByRole("button", { name: "Rename…" }).click();
    await page.getByLabel("New name").fill("ben-{n}");
    await inDialog(page, "Rename").click();
    await named(page, "link", `ben-${count - 1}`).waitFor();

    const download = page.waitForEvent("download");
    await bar.getByRole("button", { name: "Export CSV" }).click();
    const lines = readFileSync(await (await download).path(), "utf8")
      .trim()
      .split("\r\n");
    assert.equal(lines[0], "Run,Run ID,metrics.loss,params.lr");
    assert.equal(lines.length, count);
    assert.match(lines[1], /^ben-\d+,[0-9a-f]{32},/);

    await bar.getByRole("button", { name: "Delete…" }).click();
    await inDialog(page, "Delete").click();
    await page.getByText("1 run", { exact: true }).waitFor();
    await named(page, "button", "Undo").click();
    await page.locator(".run-count", { hasText: `${count} runs` }).waitFor();

    await page.locator(".runs-body .runs-row input").nth(1).click();
    await page.getByText("1 selected").waitFor();
    await bar.getByRole("button", { name: "Move…" }).click();
    await page.getByRole("dialog").getByLabel("Search experiments").fill(data.experimentName);
    await page.getByRole("radio", { name: data.experimentName }).check();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Move to/ })
      .click();
    await page.getByText(/^Moved 1 run to/).waitFor();
    await page.locator(".run-count", { hasText: `${count - 1} runs` }).waitFor();
    await page.goto(`${server}/#/experiments/${data.experimentID}?q=ben-`);
    await page.waitForFunction(() => document.querySelectorAll(".runs-body .runs-row").length === 1);
    assert.match((await rowNames(page))[0], /^ben-/);
  }));

test("a view is saved under a name, is the default, and opens by its name", () =>
  walk(`/experiments/${data.experimentID}?q=run-&sort=params.lr`, async (page) => {
    const rows = (n) =>
      page.waitForFunction((count) => document.querySelectorAll(".runs-body .runs-row").length === count, n);
    await rows(5);
    await named(page, "button", "Saved views").click();
    await page.getByLabel("Name of the view").fill("by rate");
    await page.getByLabel("Name of the view").press("Enter");
    await page.getByText("Saved the view by rate").waitFor();
    await page.waitForFunction(() => location.hash.includes("saved=by+rate"));
    await named(page, "button", "Saved views").click();
    await named(page, "button", "Open the experiment with the view by rate").click();
    await page.getByText("default", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    // The address of the experiment alone opens it, and so does the name of the view.
    for (const query of ["", "?saved=by+rate"]) {
      await page.goto(`${server}/#/experiments`);
      await named(page, "heading", "Experiments").waitFor();
      await page.goto(`${server}/#/experiments/${data.experimentID}${query}`);
      await page.waitForFunction(() => location.hash.includes("sort=params.lr"));
      await rows(5);
    }
    // What was changed stays so, and the view can be updated and left.
    await named(page, "button", "Clear filter").click();
    await named(page, "link", "epochs").waitFor();
    await page.getByText("edited").waitFor();
    await named(page, "button", "Saved views").click();
    await named(page, "button", "Update by rate").click();
    await page.getByText("edited").waitFor({ state: "detached" });
    await named(page, "button", "Saved views").click();
    await named(page, "button", "Automatic").last().click();
    await page.waitForFunction(() => location.hash.endsWith("?saved=-"));
    await named(page, "button", "Saved views").click();
    await named(page, "button", "Delete the view by rate").click();
    await page.getByText("Deleted the view by rate").waitFor();
    await page.goto(`${server}/#/experiments`);
    assert.equal(await page.getByText("millrace.view").count(), 0);
  }));
