// Compares runs and experiments of a running server by clicks, in Chromium.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { seed } from "./seed.mjs";
import { eventually, named, server, walk } from "./walk.mjs";

let data;
let link;

const redDot = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="9"/></svg>`;

before(async () => {
  data = await seed(server);
  link = `/compare-runs?runs=${data.runs.slice(0, 3).join()}&experiments=${data.experimentID}`;
  const answer = await fetch(`${server}/api/2.0/mlflow/runs/get?run_id=${data.runs[0]}`);
  const root = new URL((await answer.json()).run.info.artifact_uri).pathname;
  for (const [i, id] of data.runs.slice(0, 3).entries()) {
    const put = async (path, body) => {
      const folder = root.replace(data.runs[0], id);
      const url = `${server}/api/2.0/mlflow-artifacts/artifacts${folder}/${path}`;
      assert.ok((await fetch(url, { method: "PUT", body })).ok, url);
    };
    await put("config/model.json", JSON.stringify(i === 1 ? { depth: 3, lr: i } : { lr: i, depth: 3 }));
    await put("notes.txt", `first\n${"same\n".repeat(20)}${i === 2 ? "other" : "last"}\n`);
    if (i < 2) await put("plots/dot.svg", redDot);
  }
});

const grid = (page) => page.getByRole("table", { name: "Comparison" });

async function saved(page, action) {
  const waiting = page.waitForEvent("download");
  await action();
  const download = await waiting;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("chosen runs are compared: what differs first, equal rows folded", () =>
  walk(`/experiments/${data.experimentID}`, async (page) => {
    for (const name of ["run-0", "run-1", "run-2"]) {
      await page
        .locator(".runs-row", { has: page.getByRole("link", { name }) })
        .getByRole("checkbox")
        .check();
    }
    await page.locator(".selection-bar").getByRole("link", { name: "Compare", exact: true }).click();
    await named(page, "heading", "Compare 3 runs").waitFor();
    await named(grid(page), "button", "lr").waitFor();
    await eventually(async () => assert.equal(await named(grid(page), "button", "model").count(), 0));
    const fold = grid(page).getByRole("button", { name: "1 equal" }).first();
    assert.equal(await fold.getAttribute("aria-expanded"), "false");
    await fold.click();
    await named(grid(page), "button", "model").waitFor();
    assert.match(page.url(), /same=params/);
    await grid(page).getByText("resnet18").first().waitFor();
  }));

test("the runs order by a row, turn round, and leave", () =>
  walk(link, async (page) => {
    const names = () => page.locator(".compare-run > a").allTextContents();
    await named(grid(page), "button", "lr").waitFor();
    assert.deepEqual(await names(), ["run-0", "run-1", "run-2"]);
    await named(grid(page), "button", "lr").click();
    await named(grid(page), "button", /lr, runs ordered by it, ascending/).click();
    await page.waitForURL(/sort=-params\.lr/);
    assert.deepEqual(await names(), ["run-2", "run-1", "run-0"]);
    await named(page, "button", "Runs as rows").click();
    await page.locator("[role=rowheader] a").first().waitFor();
    await eventually(async () =>
      assert.equal(await page.locator("[role=rowheader] a").first().textContent(), "run-2"),
    );
    assert.match(page.url(), /rows=runs/);
    await named(page, "button", "Remove run-1 from the comparison").focus();
    await page.keyboard.press("Enter");
    await named(page, "heading", "Compare 2 runs").waitFor();
    await page.goBack();
    await named(page, "heading", "Compare 3 runs").waitFor();
    await page.getByRole("searchbox", { name: "Search rows" }).fill("loss");
    await named(grid(page), "button", "lr").waitFor({ state: "detached" });
    await named(grid(page), "button", "val/loss").waitFor();
  }));

test("a metric shows its last, least or best value, and the table is saved as CSV", () =>
  walk(link, async (page) => {
    const row = page.locator(".compare-row", { has: page.getByRole("button", { name: "train/loss" }) });
    await row.waitFor();
    // As the seed logs them.
    const losses = Array.from(
      { length: 120 },
      (_, step) => 2 * Math.exp(-step / 25) + 0.2 + Math.sin(step * 4) * 0.05,
    );
    const least = Math.min(...losses);
    await page.getByLabel("Values of metrics").selectOption("min");
    await row.getByText(String(Number(least.toPrecision(5)))).waitFor();
    assert.match(page.url(), /stat=min/);
    const { name, text } = await saved(page, () => named(page, "button", "CSV").click());
    assert.equal(name, "comparison.csv");
    const lines = text
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    assert.deepEqual(lines[0], ["", "run-0", "run-1", "run-2"]);
    assert.deepEqual(lines[1].slice(1), data.runs.slice(0, 3));
    const lr = lines.find(([id]) => id === "params.lr");
    assert.deepEqual(lr, ["params.lr", "0.001", "0.002", "0.003"]);
    assert.equal(Number(lines.find(([id]) => id === "metrics.train/loss")[2]), least);
    await page.getByLabel("Values of metrics").selectOption("max");
    // All runs begin at one value, so there is no difference left to see.
    await row.waitFor({ state: "detached" });
  }));

test("a long value opens in full, and experiments have their names", () =>
  walk(`${link}&same=attributes,tags`, async (page) => {
    await grid(page).getByRole("button", { name: data.experimentName }).first().click();
    const dialog = page.getByRole("dialog", { name: "Experiment" });
    await dialog.getByText(data.experimentName, { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
  }));

test("charts show the curves of the same runs", () =>
  walk(`${link}&tab=charts`, async (page) => {
    await named(page, "heading", "val/loss").waitFor();
    const legend = page.getByRole("list", { name: "Runs in the charts" });
    await eventually(async () =>
      assert.equal(await legend.getByRole("button", { pressed: true }).count(), 3),
    );
    await named(legend, "button", "run-1").click();
    await page.waitForURL(/hide=/);
    await eventually(async () =>
      assert.equal(await legend.getByRole("button", { pressed: true }).count(), 2),
    );
    await page.locator(".metric-card .u-over").first().waitFor();
  }));

test("cards are added to the charts of compared runs", () =>
  walk(`${link}&tab=charts`, async (page) => {
    await named(page, "button", "Add chart").click();
    const dialog = page.getByRole("dialog", { name: "Add a chart" });
    await dialog.getByText("Bar", { exact: true }).click();
    const value = dialog.getByRole("combobox", { name: "Value", exact: true });
    await value.click();
    await value.fill("duration");
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: "Add chart" }).click();
    await page.waitForFunction(() => location.hash.includes("c1=bar,a.duration"));
    const bars = named(page, "application", /Bars of duration \(s\), 3 items/);
    await bars.focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("status").getByText("600").waitFor();
    await page.keyboard.press("Enter");
    await named(page, "navigation", "Run views").waitFor();
  }));

test("plots: axes from the address, marks by keyboard, files, a table, full screen", () =>
  walk(`${link}&tab=plots`, async (page) => {
    await page.getByLabel("Axis y").focus();
    await page.getByLabel("Axis y").selectOption("metrics.val/loss");
    await page.waitForURL(/y=metrics\.val\/loss/);
    await page.getByLabel("Axis x").focus();
    await page.getByLabel("Axis x").selectOption("params.lr");
    const frame = page.getByRole("region", { name: "val/loss over lr", exact: true });
    const plot = frame.getByRole("application");
    await plot.focus();
    await page.keyboard.press("ArrowRight");
    await frame.getByRole("status").getByText("run-0").waitFor();
    await page.keyboard.press("ArrowRight");
    await frame.getByRole("status").getByText("run-1").waitFor();

    const menu = async (item) => {
      await named(frame, "button", "val/loss over lr: save").click();
      await named(page, "menuitem", item).click();
    };
    const csv = await saved(page, () => menu("Save as CSV"));
    assert.equal(csv.name, "val_loss over lr.csv");
    assert.match(csv.text, /^run,lr,val\/loss/);
    assert.match(csv.text, /\r\nrun-1,0\.002,0\.\d+/);
    const svg = await saved(page, () => menu("Save as SVG"));
    assert.equal(svg.text.match(/<circle /g).length, 3);
    const png = await saved(page, () => menu("Save as PNG"));
    assert.match(png.text, /^.PNG/);
    await menu("Show as a table");
    await frame.getByRole("table").getByText("run-2").waitFor();
    await menu("Show the plot");
    await plot.waitFor();

    await named(frame, "button", "val/loss over lr: full screen").click();
    const dialog = page.getByRole("dialog", { name: "val/loss over lr" });
    await dialog.getByRole("application").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });

    await plot.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await named(page, "navigation", "Run views").waitFor();
  }));

test("a brush on an axis chooses runs for all plots", () =>
  walk(`${link}&tab=plots&axes=params.lr,metrics.val/loss&x=params.lr`, async (page) => {
    const plot = page.getByRole("region", { name: "Parallel coordinates" }).getByRole("application");
    await plot.waitFor();
    const box = await plot.boundingBox();
    const x = box.x + Math.min(70, box.width * 0.12);
    await page.mouse.move(x, box.y + box.height - 30);
    await page.mouse.down();
    await page.mouse.move(x, box.y + box.height - 120, { steps: 5 });
    await page.mouse.up();
    await page.getByText("1 of 3 runs: show all").waitFor();
    assert.match(page.url(), /brush=0:0\.\d+:params\.lr/);
    await page.reload();
    await page.getByText("1 of 3 runs: show all").click();
    await page.waitForURL((url) => !url.hash.includes("brush"));
    // The same by keyboard.
    await named(page, "button", "Axes").focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("lr: from").fill("0.0015");
    await page.keyboard.press("Enter");
    await page.getByText("2 of 3 runs: show all").waitFor();
    await page.getByLabel("optimizer", { exact: true }).check();
    await page.getByLabel("optimizer: to").selectOption("adam");
    await page.getByText("1 of 3 runs: show all").waitFor();
    await named(page, "button", "Move lr to the right").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/axes=metrics\.val\/loss,params\.lr,params\.optimizer/);
  }));

test("files of several runs: texts and JSON as differences, images side by side", () =>
  walk(`${link}&tab=artifacts`, async (page) => {
    const files = page.getByRole("navigation", { name: "Files of the runs" });
    await named(files, "button", /notes.txt 3 of 3/).click();
    const second = page.getByRole("region", { name: "notes.txt of run-1" });
    const third = page.getByRole("region", { name: "notes.txt of run-2" });
    await second.getByText("Nothing differs in 22 lines").waitFor();
    await third.getByText("1 line removed, 1 added").waitFor();
    assert.deepEqual(await third.locator(".diff-line.added span:last-child").allTextContents(), ["other"]);
    await third.getByRole("button", { name: /18 equal lines/ }).click();
    await eventually(async () => assert.equal(await third.locator(".diff-line").count(), 23));
    assert.match(page.url(), /path=notes\.txt/);

    await page.getByLabel("Differences from").selectOption({ label: "run-2" });
    await page.getByRole("region", { name: "notes.txt of run-0" }).getByText("1 line removed").waitFor();

    await named(files, "button", /^config 3 of 3/).click();
    await named(files, "button", /model.json 3 of 3/).click();
    const json = page.getByRole("region", { name: "config/model.json of run-1" });
    await json.getByText("1 line removed, 1 added").waitFor();

    await named(files, "button", /Leave the folder/).click();
    // The models of a run are folders among its files.
    await named(files, "button", /^classifier 1 of 3/).click();
    await named(files, "button", /^MLmodel 1 of 3/).click();
    await page
      .getByRole("region", { name: "classifier/MLmodel of run-0" })
      .getByText("python_function")
      .waitFor();
    await named(files, "button", /Leave the folder/).click();
    await named(files, "button", /plots/).click();
    await named(files, "button", /dot.svg 2 of 3/).click();
    await page.waitForFunction(() => document.querySelectorAll(".artifact-images img").length === 2);
    await page.getByText("Without this file: run-2").waitFor();
  }));

test("the runs of several experiments share one table, with a filter", () =>
  walk(`/compare-experiments/s?experiments=["${data.experimentID}","0"]`, async (page) => {
    await named(page, "heading", "Runs of 2 experiments").waitFor();
    await named(grid(page), "link", "run-3").waitFor();
    await page.getByRole("searchbox").first().fill("params.optimizer = 'adam'");
    await named(grid(page), "link", "run-2").waitFor({ state: "detached" });
    await named(grid(page), "link", "run-3").waitFor();
    assert.match(page.url(), /q=params\.optimizer/);
  }));

test("runs that are gone are told", () =>
  walk(
    `/compare-runs?runs=["${data.runs[0]}","${"0".repeat(32)}"]`,
    async (page) => {
      await page.getByText(/1 run cannot be shown/).waitFor();
      await named(grid(page), "link", "run-0").waitFor();
    },
    { expectedError: /404/ },
  ));

test("hundreds of runs take few requests and few elements", async () => {
  const post = async (path, body) =>
    (
      await fetch(`${server}/api/2.0/mlflow/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json();
  const count = 300;
  const ids = Array(count);
  const make = async (i) => {
    const { run } = await post("runs/create", { experiment_id: data.experimentID, run_name: `many-${i}` });
    ids[i] = run.info.run_id;
    const params = Array.from({ length: 40 }, (_, k) => ({ key: `p${k}`, value: String(i % (k + 1)) }));
    const metrics = [{ key: "score", value: i, step: 0, timestamp: 1 }];
    await post("runs/log-batch", { run_id: ids[i], params, metrics });
    await post("runs/update", { run_id: ids[i], status: "FINISHED" });
  };
  for (let i = 0; i < count; i += 12) {
    await Promise.all(Array.from({ length: Math.min(12, count - i) }, (_, k) => make(i + k)));
  }
  const search = `runs=${ids.join()}&experiments=${data.experimentID}`;
  await walk(`/compare-runs?${search}`, async (page) => {
    let requests = 0;
    page.on("request", (request) => {
      if (request.url().includes("ajax-api")) requests++;
    });
    await page.reload();
    await named(grid(page), "link", "many-0").waitFor();
    await page.waitForLoadState("networkidle");
    assert.ok(requests <= 8, `${requests} requests`);
    const elements = () => page.evaluate(() => document.querySelectorAll("*").length);
    assert.ok((await elements()) < 1500, `${await elements()} elements`);
    await page.locator(".compare-grid").evaluate((element) => element.scrollTo(1e9, 0));
    await named(grid(page), "link", "many-299").waitFor();
    await eventually(async () => assert.equal(await named(grid(page), "link", "many-0").count(), 0));
    assert.ok((await elements()) < 1500, `${await elements()} elements`);
    // Best values of all runs at once.
    requests = 0;
    await page.getByLabel("Values of metrics").selectOption("best");
    await page.waitForURL(/stat=best/);
    await page.waitForLoadState("networkidle");
    assert.ok(requests <= 3, `${requests} requests for the best values`);
    // What is shown for a moment only counts, too.
    await page.evaluate(() => {
      window.mostElements = 0;
      new MutationObserver(() => {
        window.mostElements = Math.max(window.mostElements, document.querySelectorAll("*").length);
      }).observe(document.body, { childList: true, subtree: true });
    });
    await named(page, "link", "Charts").click();
    await page.locator(".value-strip").getByText("score").waitFor();
    await named(page, "link", "Plots").click();
    await page.getByRole("application").first().waitFor();
    const most = await page.evaluate(() => window.mostElements);
    assert.ok(most > 0 && most < 1500, `${most} elements`);
  });
});
