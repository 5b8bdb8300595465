// Images, figures and tables by key and step: a grid of runs at one step, a slider for all, one file in full.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { deflateSync } from "node:zlib";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { eventually, named, server, walk } from "../walk.mjs";

let experimentID;
const runs = [];

/** A PNG of one colour, 32 pixels wide and high. */
function png(red, green, blue) {
  const crcTable = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(32, 0);
  head.writeUInt32BE(32, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.from(Array(32).fill([red, green, blue]).flat())]);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.concat(Array(32).fill(row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

before(async () => {
  experimentID = (await call("experiments/create", { name: `media/${Date.now()}` })).experiment_id;
  for (let r = 0; r < 2; r++) {
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: `gan-${r}`,
      start_time: Date.now() + r,
      tags: [{ key: "mlflow.loggedImages", value: "True" }],
    });
    runs.push(run.info.run_id);
    const folder = new URL(run.info.artifact_uri).pathname;
    for (const key of ["samples", "val~confusion"]) {
      for (const step of r === 0 ? [0, 10, 20] : [0, 20]) {
        const id = `${r}${key.length}${step}`.padStart(8, "0");
        const name = `images/${key}+step+${step}+timestamp+${1e12 + step}+${id}.png`;
        const url = `${server}/api/2.0/mlflow-artifacts/artifacts${folder}/${encodeURI(name).replaceAll("+", "%2B")}`;
        const put = await fetch(url, { method: "PUT", body: png(step * 10, 80, r * 200) });
        assert.ok(put.ok);
      }
    }
    for (const step of r === 0 ? [0, 10, 20] : [0, 20]) {
      const rows = { columns: ["step", "score"], data: [[step, r]] };
      const figure = { data: [{ type: "bar", y: [1, step] }], layout: { title: { text: `At ${step}` } } };
      const script = `Plotly.newPlot("f", ${JSON.stringify(figure.data)}, ${JSON.stringify(figure.layout)}, {})`;
      for (const [name, body] of [
        [`eval/epoch_${step}.json`, JSON.stringify(rows)],
        [`speech/step_${step}.wav`, "RIFF"],
        [`plots/curve_step_${step}.html`, `<div id="f"></div><script>${script}</script>`],
      ]) {
        const url = `${server}/api/2.0/mlflow-artifacts/artifacts${folder}/${name}`;
        assert.ok((await fetch(url, { method: "PUT", body })).ok);
      }
    }
    await call("runs/update", { run_id: run.info.run_id, status: "FINISHED", end_time: Date.now() });
  }
});

test("runs are beside each other at one step, which a slider moves", () =>
  walk(`/experiments/${experimentID}`, async (page) => {
    await named(page, "link", "Media").click();
    const samples = named(page, "region", "samples");
    await named(page, "region", "val/confusion").waitFor();
    await samples.getByText("gan-0").waitFor();
    await eventually(async () => assert.equal(await samples.getByAltText("samples at step 20").count(), 2));
    const slider = page.getByLabel("Step", { exact: true });
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await samples.getByAltText("samples at step 10").waitFor();
    // gan-1 has none at step 10, so its last one before is shown, and said.
    await samples.getByText("step 0").waitFor();
    await page.waitForURL(/step=10/);
    const loaded = () =>
      [...document.querySelectorAll(".media-cell img")].every((image) => image.naturalWidth === 32);
    await page.waitForFunction(loaded);
    await page.getByRole("searchbox", { name: "Search keys" }).fill("conf");
    await samples.waitFor({ state: "detached" });
  }));

test("an image opens in full, and the arrow keys go through its steps", () =>
  walk(`/experiments/${experimentID}/runs/${runs[0]}/media?step=0`, async (page) => {
    await named(page, "button", "Open samples of gan-0").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("step 0 · 1 of 3").waitFor();
    await named(dialog, "button", "Next step").click();
    await page.keyboard.press("ArrowRight");
    await dialog.getByText("step 20 · 3 of 3").waitFor();
    await named(dialog, "button", "Close").click();
    await dialog.waitFor({ state: "detached" });
    await named(page, "link", "Beside other runs").click();
    await named(page, "button", "1 chosen run").waitFor();
    await page.waitForURL(new RegExp(`/media\\?.*runs=${runs[0]}`));
  }));

test("the address names runs, step and size", () =>
  walk(`/experiments/${experimentID}/media?runs=${runs[1]}&step=0&size=large`, async (page) => {
    const samples = named(page, "region", "samples");
    await samples.getByAltText("samples at step 0").waitFor();
    await eventually(async () => assert.equal(await samples.locator("img").count(), 1));
  }));

test("figures and tables are at the step of the slider", () =>
  walk(`/experiments/${experimentID}/media?step=10`, async (page) => {
    const tables = named(page, "region", "eval");
    await tables.getByRole("table", { name: "eval at step 10" }).waitFor();
    await tables.getByRole("table", { name: "eval at step 0" }).waitFor(); // gan-1 has none at step 10.
    await named(page, "region", "speech").getByLabel("speech at step 10").waitFor();
    const figures = named(page, "region", "plots/curve");
    await figures.scrollIntoViewIfNeeded();
    const drawn = (step) =>
      page.frameLocator(`iframe[title="plots/curve at step ${step}"]`).first().locator(".gtitle");
    await drawn(10).waitFor();
    await page.getByLabel("Step", { exact: true }).press("ArrowRight");
    await eventually(async () => assert.equal(await drawn(20).textContent(), "At 20"));
    await named(tables, "button", "Open eval of gan-0").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("columnheader", { name: "score" }).waitFor();
    await named(dialog, "button", "Previous step").click();
    await dialog.getByRole("cell", { name: "10", exact: true }).waitFor();
    await named(dialog, "button", "Close").click();
  }));

test("runs are chosen, and two of them are side by side", () =>
  walk(`/experiments/${experimentID}/media?key=samples`, async (page) => {
    await named(page, "button", "Newest runs").click();
    await page.getByRole("checkbox", { name: "gan-1" }).check();
    await page.waitForURL(new RegExp(`runs=${runs[1]}`));
    const samples = named(page, "region", "samples");
    await eventually(async () => assert.equal(await samples.getByAltText(/samples/).count(), 1));
    await page.getByRole("checkbox", { name: "gan-0" }).check();
    await page.keyboard.press("Escape");
    await named(page, "button", "large cells").click();
    await page.locator(".media-cells.pair").waitFor();
  }));

for (const colorScheme of ["light", "dark"])
  test(`media of all kinds are accessible: ${colorScheme}`, () =>
    walk(
      `/experiments/${experimentID}/media`,
      async (page) => {
        await page.getByRole("table", { name: "eval at step 20" }).first().waitFor();
        assert.deepEqual(await violations(page, "media"), []);
        await named(page, "button", "Open eval of gan-0").click();
        await page.getByRole("dialog").getByRole("columnheader", { name: "score" }).waitFor();
        assert.deepEqual(await violations(page, "a table"), []);
      },
      { colorScheme, bypassCSP: true },
    ));

test("an experiment without images says how to log one", async () => {
  const { experiment_id } = await call("experiments/create", { name: `media/none-${Date.now()}` });
  await walk(`/experiments/${experiment_id}/media`, (page) =>
    named(page, "heading", "No media by step").waitFor(),
  );
});
