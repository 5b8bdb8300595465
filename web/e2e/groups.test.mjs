// Walks the groups of runs in the table: repetitions of a setting as one row.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { eventually, named, walk } from "./walk.mjs";

let experimentID;
const settings = [];
for (const lr of ["0.1", "0.01", "0.001"]) for (const net of ["cnn", "mlp"]) settings.push({ lr, net });
const seeds = 5;

before(async () => {
  ({ experiment_id: experimentID } = await call("experiments/create", { name: `groups-${Date.now()}` }));
  for (const [i, { lr, net }] of settings.entries()) {
    for (let seed = 0; seed < seeds; seed++) {
      const start = 1_700_000_000_000 + (i * seeds + seed) * 60_000;
      const { run } = await call("runs/create", {
        experiment_id: experimentID,
        run_name: `${net}-${lr}-${seed}`,
        start_time: start,
        tags: [{ key: "team", value: net === "cnn" ? "vision" : "tables" }],
      });
      const run_id = run.info.run_id;
      await call("runs/log-batch", {
        run_id,
        params: Object.entries({ lr, net, seed, epochs: 3 }).map(([key, v]) => ({ key, value: String(v) })),
        metrics: [{ key: "accuracy", value: 0.5 + 0.05 * i + 0.01 * seed, step: 1, timestamp: start }],
      });
      await call("runs/update", { run_id, status: "FINISHED", end_time: start + 30_000 });
    }
  }
});

const groupRows = (page) => page.locator(".runs-body .runs-row.group");
const names = (page) => page.locator(".group-name").allTextContents();
const path = (query) => `/experiments/${experimentID}${query}`;
const seedGroups = (page) =>
  eventually(async () => assert.equal(await groupRows(page).count(), settings.length));

test("repetitions become one row with the mean of each metric", () =>
  walk(path(""), async (page) => {
    await named(page, "link", "mlp-0.001-4").waitFor();
    await named(page, "button", "Group runs").click();
    await page.getByLabel("Search what to group by").fill("seed");
    await named(page, "menuitem", "all but the seed").click();
    await seedGroups(page);
    assert.match(page.url(), /group=seeds/);
    assert.deepEqual((await names(page))[0], "lr 0.001 · net mlp");
    await page.getByText("30 runs", { exact: true }).waitFor();
    const best = page.locator('.runs-row.group [data-column="metrics.accuracy"]').first();
    assert.match(await best.textContent(), /^0\.770 ±0\.016$|^0\.77 ±0\.016$/);
    await best.click();
    await page.getByText(/mean 0\.77 ± 0\.0158114, 0\.75 to 0\.79 \(5 runs\)/).waitFor();
  }));

test("groups are sorted by the mean and open to their runs, and the address keeps it", () =>
  walk(path("?group=seeds&sort=metrics.accuracy"), async (page) => {
    await seedGroups(page);
    await eventually(async () => assert.equal((await names(page))[0], "lr 0.1 · net cnn"));
    await named(page, "button", "Show 5 runs of lr 0.1 · net cnn").click();
    await named(page, "link", "cnn-0.1-4").waitFor();
    await page.reload();
    await named(page, "link", "cnn-0.1-4").waitFor();
    const run = page.locator(".runs-row", { has: page.getByRole("link", { name: "cnn-0.1-4" }) });
    assert.equal(await run.getAttribute("aria-level"), "2");
    await named(page, "button", "Hide 5 runs of lr 0.1 · net cnn").click();
    await named(page, "link", "cnn-0.1-4").waitFor({ state: "detached" });
  }));

test("a group is selected as a whole, and the keys open it", () =>
  walk(path("?group=seeds"), async (page) => {
    await seedGroups(page);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await named(page, "link", "mlp-0.001-0").waitFor();
    await page.keyboard.press("x");
    await page.getByText("5 selected").waitFor();
    await page.keyboard.press("x");
    await page.getByText("5 selected").waitFor({ state: "detached" });
    await named(page, "button", "Select the 5 runs of lr 0.1 · net cnn").click();
    await page.getByText("5 selected").waitFor();
    await page.keyboard.press("ArrowLeft");
    await named(page, "link", "mlp-0.001-0").waitFor({ state: "detached" });
  }));

test("runs are grouped by a tag or an attribute, and ungrouped again", () =>
  walk(path("?group=tags.team"), async (page) => {
    await eventually(async () => assert.deepEqual(await names(page), ["team tables", "team vision"]));
    await named(page, "button", "Grouped by team").click();
    await page.getByLabel("Show the runs of all groups").check();
    await eventually(async () => assert.ok((await page.locator(".runs-row a").count()) > 10));
    await named(page, "menuitem", "State").click();
    await eventually(async () => assert.deepEqual(await names(page), ["State FINISHED"]));
    await named(page, "button", "Grouped by State").click();
    await named(page, "menuitem", "No groups").click();
    await named(page, "link", "mlp-0.001-4").waitFor();
    assert.equal(await groupRows(page).count(), 0);
  }));

test("groups on a phone keep to its width", () =>
  walk(
    path("?group=seeds"),
    async (page) => {
      await seedGroups(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
    },
    { viewport: { width: 360, height: 740 } },
  ));
