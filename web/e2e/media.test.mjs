// Images by key and step: a grid of runs at one step, a slider for all, one image in full.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { deflateSync } from "node:zlib";
import { call } from "./call.mjs";
import { eventually, named, server, walk } from "./walk.mjs";

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
    await page.getByRole("searchbox", { name: "Search keys of images" }).fill("conf");
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
  }));

test("the address names runs, step and size", () =>
  walk(`/experiments/${experimentID}/media?runs=${runs[1]}&step=0&size=large`, async (page) => {
    const samples = named(page, "region", "samples");
    await samples.getByAltText("samples at step 0").waitFor();
    await eventually(async () => assert.equal(await samples.locator("img").count(), 1));
  }));

test("an experiment without images says how to log one", async () => {
  const { experiment_id } = await call("experiments/create", { name: `media/none-${Date.now()}` });
  await walk(`/experiments/${experiment_id}/media`, (page) =>
    named(page, "heading", "No images by step").waitFor(),
  );
});
