// Cards that people add to the charts: every kind by the dialog and by the address, and what they cost.
//   MILLRACE_URL, CHROMIUM, SHOTS as for ../ui.test.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { eventually, inDialog, named, server, walk } from "../walk.mjs";

const runCount = 12;
const start = Date.now() - 3_600_000;
let data;

const loss = (i, step) => 2 / (step + 1) + (11 - i) / 10;

async function seedRun(experimentID, i) {
  const { run } = await call("runs/create", {
    experiment_id: experimentID,
    run_name: `run-${i}`,
    start_time: start + i * 1000,
    tags: i < 2 ? [{ key: "mlflow.loggedImages", value: "True" }] : [],
  });
  const { run_id: id, artifact_uri: root } = run.info;
  const metrics = Array.from({ length: 20 }, (_, step) => [
    { key: "val/loss", value: loss(i, step), step, timestamp: start + step * 1000 },
    { key: "accuracy", value: i / 12 + step / 100, step, timestamp: start + step * 1000 },
    { key: "epoch", value: step, step, timestamp: start + step * 1000 },
  ]).flat();
  // Enough that whole runs would be heavy.
  for (let n = 0; n < 60; n++) metrics.push({ key: `layer_${n}/norm`, value: n, step: 0, timestamp: start });
  const params = [
    { key: "lr", value: String(10 ** (-i / 4 - 1)) },
    { key: "depth", value: String([18, 34, 50][i % 3]) },
    { key: "notes", value: `${i} ${"a long text that no chart needs ".repeat(10)}` },
  ];
  await call("runs/log-batch", { run_id: id, metrics, params });
  for (const step of i < 2 ? [0, 10] : []) {
    const file = encodeURIComponent(`samples+step+${step}+timestamp+${start}+00${i}-${step}.svg`);
    const url = `${server}/api/2.0/mlflow-artifacts/artifacts${new URL(root).pathname}/images/${file}`;
    const body = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="9"/></svg>`;
    assert.ok((await fetch(url, { method: "PUT", body })).ok, url);
  }
  await call("runs/update", { run_id: id, status: "FINISHED", end_time: start + 60_000 + i * 1000 });
  return id;
}

before(async () => {
  const { experiment_id: experimentID } = await call("experiments/create", { name: `added-${Date.now()}` });
  const ids = [];
  for (let i = 0; i < runCount; i++) ids.push(await seedRun(experimentID, i));
  data = { experimentID, ids, charts: `/experiments/${experimentID}?view=charts` };
});

const hashHas = (page, text) =>
  page.waitForFunction((part) => decodeURIComponent(location.hash).includes(part), text);
const hashLacks = (page, text) =>
  page.waitForFunction((part) => !decodeURIComponent(location.hash).includes(part), text);
const card = (page, name) => page.getByRole("article", { name, exact: true });
const settings = (page, name) => page.getByRole("button", { name: `${name}: settings`, exact: true });
const menu = async (page, name, item) => {
  await settings(page, name).click();
  await page.getByRole("button", { name: item, exact: true }).click();
};

async function saved(page, name, kind) {
  await settings(page, name).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: kind, exact: true }).click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test("a scatter plot is added by the dialog, edited, doubled, pinned and removed", () =>
  walk(
    data.charts,
    async (page) => {
      await named(page, "button", "Add chart").click();
      const dialog = page.getByRole("dialog", { name: "Add a chart" });
      await dialog.getByText("Scatter", { exact: true }).click();
      await named(dialog, "application", /Scatter plot of val\/loss over/).waitFor({ state: "attached" });
      // The field completes names, and Enter takes the one that is marked.
      const x = dialog.getByRole("combobox", { name: "x", exact: true });
      await x.click();
      await x.fill("dep");
      await named(dialog, "option", "depth Parameters").waitFor();
      await page.keyboard.press("Enter");
      await dialog.getByLabel("y: which value").selectOption("min");
      await inDialog(page, "Add chart").click();
      await hashHas(page, "c2=scatter,p.depth,min:m.val/loss");
      const name = "val/loss (min) over depth";
      const plot = named(
        card(page, name),
        "application",
        /Scatter plot of val\/loss \(min\) over depth, 12 items/,
      );
      await plot.waitFor();

      await menu(page, name, "Edit…");
      await page.getByRole("dialog").getByLabel("Title").fill("By depth, in short");
      await inDialog(page, "Save").click();
      await card(page, "By depth, in short").waitFor();
      await page.reload();
      await card(page, "By depth, in short").waitFor();

      const csv = (await saved(page, "By depth, in short", "CSV")).bytes.toString().trim().split("\r\n");
      assert.equal(csv[0], "run,depth,val/loss (min)");
      assert.equal(csv.length, 1 + runCount);
      assert.ok(csv.includes(`run-11,50,${loss(11, 19)}`), csv.join("\n"));
      assert.match((await saved(page, "By depth, in short", "SVG")).bytes.toString(), /<circle /);
      const png = await saved(page, "By depth, in short", "PNG");
      assert.equal(png.name, "By depth, in short.png");
      assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");

      await menu(page, "By depth, in short", "Duplicate");
      await eventually(async () => assert.equal(await card(page, "By depth, in short").count(), 2));
      await settings(page, "By depth, in short").last().click();
      await page.getByRole("button", { name: "Remove", exact: true }).click();
      await eventually(async () => assert.equal(await card(page, "By depth, in short").count(), 1));
      await settings(page, "By depth, in short").click();
      await page.getByLabel("Pin to the top").click();
      await hashHas(page, "cpin=*2");
      await named(page, "heading", /^Pinned/).waitFor();
    },
    { acceptDownloads: true },
  ));

test("ten runs or more begin with parallel coordinates; what is inside the brushes is drawn alone", () =>
  walk(data.charts, async (page) => {
    const plot = named(page, "application", /Parallel coordinates of .*lr.*val\/loss, 12 items/);
    await plot.waitFor();
    await hashLacks(page, "c1=");
    const { columns } = await plot.evaluate((element) => ({
      columns: element
        .getAttribute("aria-label")
        .match(/of (.*), 12/)[1]
        .split(", "),
    }));
    assert.equal(columns.at(-1), "val/loss");
    const box = await plot.boundingBox();
    const x = box.x + box.width - Math.min(70, box.width * 0.12);
    await page.mouse.move(x, box.y + box.height * 0.9);
    await page.mouse.down();
    await page.mouse.move(x, box.y + box.height * 0.5, { steps: 4 });
    await page.mouse.up();
    await hashHas(page, "brush=");
    const note = card(page, "Parallel coordinates").getByText(/^\d+ of 12 runs inside/);
    const inside = Number.parseInt(await note.textContent(), 10);
    assert.ok(inside > 1 && inside < 12, `${inside} inside`);
    await named(page, "button", "Draw only these").click();
    await page.getByText(`${inside} selected`).waitFor();
    // What tells the runs apart stays below their names.
    await named(page, "complementary", "Runs in the charts")
      .getByText(/^depth 18 · lr /)
      .first()
      .waitFor();
    await named(page, "img", new RegExp(`Chart of val/loss for ${inside} runs`)).waitFor();
    await named(page, "button", "Show all").first().click();
    await named(card(page, "Parallel coordinates"), "button", "Show all").click();
    await hashLacks(page, "brush=");
    // The same by keyboard: the ends of an axis are fields.
    await card(page, "Parallel coordinates").getByRole("button", { name: "Axes", exact: true }).click();
    const end = page.getByLabel("val/loss: to", { exact: true });
    await end.fill("0.45");
    await end.press("Enter");
    await page.keyboard.press("Escape");
    await card(page, "Parallel coordinates")
      .getByText(/^4 of 12 runs inside/)
      .waitFor();
    await menu(page, "Parallel coordinates", "Remove");
    await hashHas(page, "c0=-");
    await card(page, "Parallel coordinates").waitFor({ state: "detached" });
  }));

test("a difference has a baseline, a table and an order", () =>
  walk(
    `${data.charts}&c1=difference,m.val/loss,m.accuracy,base=${data.ids[5]}`,
    async (page) => {
      const name = "Difference of val/loss, accuracy";
      const plot = named(card(page, name), "application", /Differences of val\/loss, accuracy from run-5/);
      await plot.waitFor();
      const baseline = card(page, name).getByLabel("Baseline");
      await eventually(async () => assert.equal(await baseline.inputValue(), data.ids[5]));
      await plot.focus();
      await page.keyboard.press("ArrowRight");
      await card(page, name)
        .getByRole("status")
        .getByText(/\+0\.5/)
        .waitFor();
      const csv = (await saved(page, name, "CSV")).bytes.toString().trim().split("\r\n");
      assert.equal(
        csv[0],
        "run,val/loss,val/loss: difference,val/loss: %,accuracy,accuracy: difference,accuracy: %",
      );
      assert.equal(csv.length, runCount);
      assert.equal(csv[1].split(",")[0], "run-0");
      assert.equal(Number(csv[1].split(",")[2]), loss(0, 19) - loss(5, 19));
      await settings(page, name).click();
      await page.getByLabel("As a table").check();
      await page.keyboard.press("Escape");
      await named(page, "table", name).getByText("run-11", { exact: true }).waitFor();
      await menu(page, name, "Edit…");
      await page
        .getByRole("dialog")
        .getByRole("combobox", { name: "Baseline" })
        .selectOption({ label: "run-3" });
      await inDialog(page, "Save").click();
      await hashHas(page, `base=${data.ids[3]}`);
      await baseline.selectOption({ label: "run-4" });
      await hashHas(page, `base=${data.ids[4]}`);
    },
    { acceptDownloads: true },
  ));

test("curves of several metrics share a card, and are drawn as differences from a run", () =>
  walk(
    `${data.charts}&c1=line,m.val/loss,m.accuracy&c2=line,m.val/loss,base=${data.ids[0]}`,
    async (page) => {
      await named(page, "img", /Chart of val\/loss, accuracy for 12 runs/).waitFor();
      const legend = card(page, "val/loss, accuracy").getByRole("list", { name: "Lines of the chart" });
      await eventually(async () => assert.equal(await legend.getByRole("listitem").count(), 2));
      const difference = card(page, "val/loss: difference");
      await difference.getByText("Difference from run-0").waitFor();
      await named(difference, "img", /Chart of val\/loss: difference for 11 runs/).waitFor();
      // A metric's own card is edited into one of several metrics, which takes its place.
      await menu(page, "epoch", "Edit…");
      const more = page.getByRole("dialog").getByRole("combobox", { name: "Add to metrics" });
      await more.click();
      await more.fill("accu");
      await page.keyboard.press("Enter");
      await inDialog(page, "Save").click();
      await card(page, "epoch, accuracy").waitFor();
      await hashHas(page, "h1/epoch");
      await card(page, "epoch").waitFor({ state: "detached" });
      await named(page, "button", "Show again").click();
      await card(page, "epoch").waitFor();
    },
  ));

test("images of the runs share a slider", () =>
  walk(`${data.charts}&c1=images`, async (page) => {
    const images = card(page, "Images");
    await images.getByAltText("samples at step 10").first().waitFor();
    await eventually(async () => assert.equal(await images.getByRole("img").count(), 2));
    await images.getByLabel("Step", { exact: true }).press("ArrowLeft");
    await images.getByAltText("samples at step 0").first().waitFor();
    await hashHas(page, "step=0");
  }));

test("a page with cards of every kind reads the columns that they draw, and nothing else", () =>
  walk("/", async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    const paths = [];
    const columns = [];
    const urls = new Map();
    const bytes = { data: 0, code: 0 };
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.includes("/ajax-api/")) return;
      paths.push(pathname.split("/").slice(-2).join("/"));
      if (pathname.endsWith("runs/table")) columns.push(...(request.postDataJSON().columns ?? []));
    });
    session.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      bytes[urls.get(requestId)?.includes("/ajax-api/") ? "data" : "code"] += encodedDataLength;
    });
    const cards = [
      "line,m.val/loss,m.accuracy",
      "bar,m.accuracy",
      "scatter,p.lr,m.val/loss",
      "parallel,p.lr,p.depth,m.val/loss",
      "box,p.depth,m.val/loss",
      "contour,p.lr,p.depth,m.val/loss",
      "histogram,m.val/loss",
      "difference,m.val/loss",
    ];
    await named(page, "heading", "Home").or(page.locator("h1")).first().waitFor();
    await page.waitForLoadState("networkidle");
    paths.length = 0;
    bytes.data = bytes.code = 0;
    const query = cards.map((c, i) => `c${i + 1}=${encodeURIComponent(c)}`).join("&");
    await page.goto(`${server}/#${data.charts}&${query}`);
    await named(page, "application", /Differences of val\/loss/).waitFor();
    await page.waitForLoadState("networkidle");
    const of = (path) => paths.filter((p) => p === path).length;
    console.log(`# 8 cards: ${paths.length} requests, ${JSON.stringify(bytes)}: ${paths.join(" ")}`);
    // The list of runs, what is said below their names, and the values of all plots together.
    assert.equal(of("runs/table"), 3);
    assert.equal(of("runs/columns"), 1);
    assert.equal(of("runs/search"), 0);
    assert.ok(of("metrics/series") <= 4, `${of("metrics/series")} requests for curves`);
    const read = new Set(columns.map(({ kind, key }) => `${kind}.${key}`));
    assert.deepEqual([...read].filter((id) => id.startsWith("metrics.")).sort(), [
      "metrics.accuracy",
      "metrics.val/loss",
    ]);
    assert.ok(bytes.data < 40_000, `${bytes.data} bytes of data`);
    assert.ok(bytes.code < 150_000, `${bytes.code} bytes of code that the first page did not need`);
  }));

for (const colorScheme of ["light", "dark"])
  test(`the dialog of every kind, the menu of a card and groups are accessible: ${colorScheme}`, () =>
    walk(
      data.charts,
      async (page) => {
        const found = [];
        await named(page, "application", /Parallel coordinates/).waitFor();
        await named(page, "button", "Add chart").click();
        const dialog = page.getByRole("dialog", { name: "Add a chart" });
        for (const kind of ["Line", "Scatter", "Parallel coordinates", "Contour", "Difference", "Images"]) {
          await dialog.getByText(kind, { exact: true }).first().click();
          const field = dialog.getByRole("combobox").first();
          const opens = (await field.count()) > 0;
          if (opens) await field.click();
          found.push(...(await violations(page, kind)));
          if (opens) await page.keyboard.press("Escape"); // It closes the list and not the dialog.
        }
        await inDialog(page, "Cancel").click();
        await dialog.waitFor({ state: "detached" });
        await settings(page, "Parallel coordinates").click();
        found.push(...(await violations(page, "menu")));
        await page.keyboard.press("Escape");
        await page.getByLabel("Group by").selectOption({ label: "depth" });
        await named(page, "button", "Runs of depth 18").click();
        await named(page, "button", "Draw each run of depth 18").click();
        found.push(...(await violations(page, "groups")));
        assert.deepEqual(found, []);
      },
      { colorScheme, bypassCSP: true },
    ));
