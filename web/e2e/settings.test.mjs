// The settings of the browser, and what the server tells about itself. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { eventually, named, server, walk } from "./walk.mjs";

const stamp = Date.now();
let experimentID;

before(async () => {
  experimentID = (await call("experiments/create", { name: `settings/${stamp}` })).experiment_id;
  await call("runs/create", { experiment_id: experimentID, run_name: "first", start_time: stamp - 60_000 });
});

const choose = (page, group, option) => named(named(page, "group", group), "button", option).click();

test("times, zone, sizes and rows follow the settings, which outlast a reload and can be reset", () =>
  walk(
    `/experiments/${experimentID}`,
    async (page) => {
      const row = page.locator(".runs-body .runs-row").first();
      await row.getByText("min ago").waitFor();
      const compact = (await row.boundingBox()).height;
      await page.getByRole("link", { name: "Settings" }).click();
      await choose(page, "Times", "Date and time");
      await choose(page, "Time zone", "UTC");
      await choose(page, "Sizes", "KiB, MiB");
      await page.getByText("5,368,709,120 bytes are 5.0 GiB").waitFor();
      await choose(page, "Rows of tables", "Comfortable");
      await page.goBack();
      await row.getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/).waitFor();
      assert.ok((await row.boundingBox()).height > compact);
      await page.reload();
      await row.getByText(/ UTC$/).waitFor();
      await page.goto(`${server}/#/settings`);
      await named(page, "button", "Reset all").click();
      await page.getByText("5,368,709,120 bytes are 5.4 GB").waitFor();
      assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
      await page.goto(`${server}/#/experiments/${experimentID}`);
      await row.getByText("min ago").waitFor();
    },
    { timezoneId: "America/New_York" },
  ));

test("live pages ask as often as was chosen", () =>
  walk("/settings", async (page) => {
    await choose(page, "Live pages ask the server", "every 1 min");
    let polls = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/runs/table")) polls++;
    });
    await page.goto(`${server}/#/experiments/${experimentID}`);
    await named(page, "row", /first/).waitFor();
    await page.waitForLoadState("networkidle");
    const before = polls;
    await page.waitForTimeout(7_000); // The usual period is 5 seconds.
    assert.equal(polls, before);
  }));

test("the server tells its version, limits and, without users, everybody where its data is", () =>
  walk("/settings", async (page) => {
    const card = named(page, "region", "Server");
    await card.getByText("SQLite", { exact: true }).waitFor();
    await card.getByText("in a directory").waitFor();
    await card.getByText("params 6,000").waitFor();
    await card.getByText(/sqlite:\/\/\//).waitFor();
    await eventually(async () => {
      const uri = await card.locator("dd code").first().textContent();
      assert.equal(uri, server);
    });
  }));
