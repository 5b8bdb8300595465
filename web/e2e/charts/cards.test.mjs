// The cards of the charts: order, settings, files, hidden runs, single values, bands.
//   MILLRACE_URL, CHROMIUM, SHOTS as for ../ui.test.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { call } from "../call.mjs";
import { eventually, named, walk } from "../walk.mjs";

const bandRuns = 120;
let data;

const start = Date.now() - 3_600_000;

async function seedRun(experimentID, name, metrics, params = []) {
  const { run } = await call("runs/create", {
    experiment_id: experimentID,
    run_name: name,
    start_time: start,
  });
  const id = run.info.run_id;
  await call("runs/log-batch", { run_id: id, metrics, params });
  await call("runs/update", { run_id: id, status: "FINISHED", end_time: start + 60_000 });
  return id;
}

const curve = (key, count, value) =>
  Array.from({ length: count }, (_, step) => ({
    key,
    value: value(step),
    step,
    timestamp: start + step * 1000,
  }));

before(async () => {
  const { experiment_id: few } = await call("experiments/create", { name: `cards-${Date.now()}` });
  const ids = [];
  for (let i = 0; i < 3; i++) {
    ids.push(
      await seedRun(
        few,
        `card-${i}`,
        [
          ...curve("alpha", 50, (step) => step + i),
          ...curve("epoch", 50, (step) => Math.floor(step / 10)),
          ...curve("val/loss", 50, (step) => (step === 25 ? 1e6 : 2 / (step + 1) + i)),
          ...curve("plain", 6, (n) => n * n).map((m) => ({ ...m, step: 0 })),
          { key: "test_accuracy", value: 0.8 + i / 100, step: 50, timestamp: start },
          { key: "test_f1", value: 0.7, step: 50, timestamp: start },
        ],
        [
          { key: "lr", value: i === 2 ? "0.1" : "0.01" },
          { key: "seed", value: String(i) },
        ],
      ),
    );
  }
  const { experiment_id: many } = await call("experiments/create", { name: `bands-${Date.now()}` });
  for (let i = 0; i < bandRuns; i += 10) {
    const part = Array.from({ length: 10 }, (_, n) => i + n);
    await Promise.all(
      part.map((n) =>
        seedRun(
          many,
          `band-${n}`,
          curve("loss", 20, (step) => n + step),
        ),
      ),
    );
  }
  data = { few, many, ids };
});

const cards = (page) => page.locator(".metric-card").evaluateAll((all) => all.map((card) => card.ariaLabel));
const hashHas = (page, text) =>
  page.waitForFunction((part) => decodeURIComponent(location.hash).includes(part), text);
const settings = (page, metric) => named(page, "button", `${metric}: settings`);

const cardOf = (page, metric) =>
  page.locator(".metric-card", { has: page.getByTitle(metric, { exact: true }) });

test("cards come by relevance, and single values share a strip", () =>
  walk(`/experiments/${data.few}?view=charts`, async (page) => {
    await named(page, "img", /Chart of val\/loss for 3 runs/).waitFor();
    const strip = named(page, "list", "Metrics with one value");
    await strip.getByText("test_accuracy").waitFor();
    await strip.getByText("0.8 – 0.82").waitFor();
    await named(page, "img", /Chart of plain/).waitFor();
    await eventually(async () =>
      assert.deepEqual(await cards(page), ["val/loss", "alpha", "plain", "epoch"]),
    );
    // A metric without steps has the time axis for itself: the others keep their steps.
    await page.getByText("all at one step, so the axis is time").waitFor();
    await eventually(async () =>
      assert.equal(await named(page, "button", "Step").getAttribute("aria-pressed"), "true"),
    );
  }));

test("a card is pinned, moved, widened and scaled, and the address keeps it", () =>
  walk(`/experiments/${data.few}?view=charts`, async (page) => {
    await named(page, "img", /Chart of epoch/).waitFor();
    await settings(page, "epoch").click();
    await page.getByLabel("Pin to the top").click(); // The card moves, and its menu closes.
    await hashHas(page, "cpin=epoch");
    await eventually(async () => assert.equal((await cards(page))[0], "epoch"));
    await page.keyboard.press("Escape");

    await settings(page, "alpha").click();
    await named(page, "button", "Move before").click();
    await hashHas(page, "corder=");
    await page.waitForFunction(() => document.querySelectorAll(".metric-card")[1]?.ariaLabel === "alpha");
    await page.keyboard.press("Escape");

    await settings(page, "val/loss").click();
    await page.getByLabel("Whole width").check();
    await page.getByLabel("Ignore outliers").check();
    await page.getByLabel("y axis from").fill("5");
    await page.getByLabel("y axis to").fill("4");
    assert.equal(await page.getByLabel("y axis to").getAttribute("aria-invalid"), "true");
    await page.getByLabel("y axis to").fill("8.5");
    await hashHas(page, "y5:8.5/val/loss");
    await page.keyboard.press("Escape");
    const order = await cards(page);
    await page.reload();
    await named(page, "img", /Chart of val\/loss/).waitFor();
    await page.locator(".metric-card.wide").waitFor();
    await eventually(async () => assert.deepEqual(await cards(page), order));
    await settings(page, "val/loss").click();
    assert.ok(await page.getByLabel("Ignore outliers").isChecked());
    assert.equal(await page.getByLabel("y axis from").inputValue(), "5");
  }));

test("a card is dragged on another", () =>
  walk(`/experiments/${data.few}?view=charts`, async (page) => {
    await named(page, "img", /Chart of epoch/).waitFor();
    await named(page, "img", /Chart of plain/).waitFor();
    await cardOf(page, "epoch").locator("h3").dragTo(cardOf(page, "val/loss").locator("h3"));
    await page.waitForFunction(() => document.querySelector(".metric-card")?.ariaLabel === "epoch");
    await hashHas(page, "corder=epoch,val/loss");
  }));

test("a chart fills the screen and is saved as CSV, SVG and PNG", () =>
  walk(
    `/experiments/${data.few}?view=charts`,
    async (page) => {
      await named(page, "img", /Chart of alpha/).waitFor();
      await named(page, "button", "alpha: full screen").click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("card-2").waitFor();
      await named(dialog, "img", /Chart of alpha/).waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      const save = async (kind) => {
        await settings(page, "alpha").click();
        const download = page.waitForEvent("download");
        await page.getByRole("button", { name: kind, exact: true }).click();
        const file = await download;
        assert.equal(file.suggestedFilename(), `alpha.${kind.toLowerCase()}`);
        return readFile(await file.path());
      };
      const csv = (await save("CSV")).toString().trim().split("\r\n");
      assert.equal(csv.length, 1 + 3 * 50);
      assert.equal(csv[0], "run,run id,step,time,alpha");
      const svg = (await save("SVG")).toString();
      assert.equal(svg.match(/stroke-width="1.75"/g)?.length, 3);
      assert.match(svg, />card-1</);
      assert.equal((await save("PNG")).subarray(1, 4).toString(), "PNG");
    },
    { acceptDownloads: true },
  ));

test("a run is hidden by its swatch, and another metric is the x axis", () =>
  walk(`/experiments/${data.few}?view=charts`, async (page) => {
    await named(page, "img", /Chart of alpha for 3 runs/).waitFor();
    await named(page, "button", "Draw card-1").click();
    await named(page, "img", /Chart of alpha for 2 runs/).waitFor();
    await hashHas(page, `hide=${data.ids[1]}`);
    await named(page, "button", "Show them").click();
    await named(page, "img", /Chart of alpha for 3 runs/).waitFor();

    await named(page, "button", "Axes of all charts").click();
    await page.getByLabel("x axis", { exact: true }).selectOption("alpha");
    await hashHas(page, "along=alpha");
    await page.keyboard.press("Escape");
    const chart = named(page, "img", /Chart of val\/loss/);
    const box = await chart.locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.move(box.x + box.width * 0.5 + 2, box.y + 52);
    await page.locator(".chart-tooltip:visible", { hasText: /alpha \d+/ }).waitFor();
    await named(page, "button", "Wall time").click();
    await page.waitForFunction(() => !location.hash.includes("along="));
  }));

test("runs are grouped by all but their seed: a mean with its spread", () =>
  walk(`/experiments/${data.few}?view=charts`, async (page) => {
    await named(page, "img", /Chart of alpha for 3 runs/).waitFor();
    await page.getByLabel("Group by").selectOption({ label: "all but the seed" });
    await hashHas(page, "group=seeds");
    const legend = named(page, "list", "Groups of runs");
    await legend.getByText("lr 0.01").waitFor();
    await eventually(async () => assert.equal(await legend.getByRole("listitem").count(), 3));
    await page.getByLabel("Spread of a group").selectOption("ci");
    await hashHas(page, "spread=ci");
    await legend.getByText("95 % confidence interval").waitFor();
    const box = await named(page, "img", /Chart of alpha/)
      .locator(".u-over")
      .boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.move(box.x + box.width * 0.5 + 2, box.y + 52);
    const tooltip = page.locator(".chart-tooltip:visible");
    await tooltip.getByText("lr 0.1", { exact: true }).waitFor();
    await eventually(async () => assert.equal(await tooltip.locator(".chart-tooltip-line").count(), 2));

    // A group unfolds to its runs, which are drawn beside the mean, or hidden one by one.
    await named(page, "button", "Runs of lr 0.01").click();
    await hashHas(page, "gopen=lr+0.01");
    await named(page, "button", "Draw card-1").waitFor();
    await eventually(async () => assert.equal(await named(page, "button", "Draw card-2").count(), 0));
    await named(page, "button", "Draw each run of lr 0.01").click();
    await hashHas(page, "glines=lr+0.01");
    await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
    await page.mouse.move(box.x + box.width * 0.4 + 2, box.y + 52);
    await tooltip.getByText("card-1", { exact: true }).waitFor();
    await eventually(async () => assert.equal(await tooltip.locator(".chart-tooltip-line").count(), 4));
    await named(page, "button", "Draw card-1").click();
    await legend.getByText("lr 0.01 1", { exact: true }).waitFor();
    await named(page, "button", "Draw lr 0.01").click();
    await legend.getByText("lr 0.01").waitFor({ state: "detached" });
    await named(page, "button", "Draw lr 0.01").click();
    await legend.getByText("lr 0.01 2", { exact: true }).waitFor();
  }));

test("more than a hundred runs are bands, and never said to be all", () =>
  walk(`/experiments/${data.many}?view=charts`, async (page) => {
    await page.getByText("The first 100 of 120 runs.").waitFor();
    await named(page, "img", /Chart of loss for 100 runs/).waitFor();
    await named(page, "button", "Load more runs").click();
    await named(page, "img", new RegExp(`Chart of loss for ${bandRuns} runs`)).waitFor();
    await page.getByText(`Bands of ${bandRuns} runs: median, half, and nine of ten`).waitFor();
    await page.getByText(`All ${bandRuns} runs.`).waitFor();
    const box = await page.locator(".chart .u-over").first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.move(box.x + box.width * 0.5 + 2, box.y + 52);
    await page.locator(".chart-tooltip:visible", { hasText: "median" }).waitFor();
  }));
