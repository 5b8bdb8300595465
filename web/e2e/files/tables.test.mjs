// Tables in binary files, of which the server reads a part, and folders as ZIP files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { eventually, named, server, walk } from "../walk.mjs";

let artifacts;
let model;

const fixture = (path) => readFileSync(new URL(`../../../internal/tabular/${path}`, import.meta.url));

async function put(uri, path, body) {
  const url = `${server}/api/2.0/mlflow-artifacts/artifacts${new URL(uri).pathname}/${path}`;
  const response = await fetch(url, { method: "PUT", body });
  assert.ok(response.ok, `${path}: ${response.status}`);
}

before(async () => {
  const { experiment_id } = await call("experiments/create", { name: `tables/${Date.now()}` });
  const run = (await call("runs/create", { experiment_id, run_name: "tables", start_time: Date.now() })).run
    .info;
  artifacts = `/experiments/${experiment_id}/runs/${run.run_id}/artifacts`;
  await put(run.artifact_uri, "data/pages.parquet", fixture("parquet/testdata/pages_v1.parquet"));
  await put(run.artifact_uri, "data/nested.parquet", fixture("parquet/testdata/nested.parquet"));
  await put(run.artifact_uri, "data/arrays.npz", fixture("npy/testdata/packed.npz"));
  await put(run.artifact_uri, "data/object.npy", fixture("npy/testdata/object.npy"));
  await put(run.artifact_uri, "data/cube.npy", fixture("npy/testdata/cube.npy"));
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i},"text, ${i}"`);
  await put(run.artifact_uri, "rows.csv", `id,text\n${lines.join("\n")}\n`);
  const wide = Array.from({ length: 40 }, (_, r) =>
    Array.from({ length: 200 }, (_, c) => (r === 0 ? `c${c}` : `r${r}c${c}`)).join(","),
  );
  await put(run.artifact_uri, "wide.csv", wide.join("\n"));
  const { info } = (await call("logged-models", { experiment_id, name: "net", source_run_id: run.run_id }))
    .model;
  await put(info.artifact_uri, "weights.npy", fixture("npy/testdata/grid.npy"));
  model = `/experiments/${experiment_id}/models/${info.model_id}/artifacts`;
});

const cell = (page, text) => page.getByRole("cell", { name: text, exact: true });

test("rows of a parquet file, by pages and by number", () =>
  walk(`${artifacts}/data/pages.parquet`, async (page) => {
    await page.getByText("3,000 rows · 4 columns · 3 row groups").waitFor();
    await named(page, "columnheader", "third double").waitFor();
    await cell(page, "name 1").first().waitFor();
    await named(page, "button", "Next rows").click();
    await cell(page, "200").waitFor();
    const first = page.getByLabel("First row");
    await first.fill("2,990");
    await first.press("Enter");
    await cell(page, "2999").waitFor();
    await page.waitForURL(/row=2990/);
    assert.ok(await named(page, "button", "Next rows").isDisabled());
    // Another file begins with its first row.
    await named(page, "treeitem", /nested\.parquet/).click();
    await cell(page, "[[1], [2, 3]]").waitFor();
    assert.doesNotMatch(page.url(), /row=/);
  }));

test("the address names the row, and few rows are in the document", () =>
  walk(`${artifacts}/data/pages.parquet?row=1500`, async (page) => {
    await cell(page, "1500").waitFor();
    assert.ok((await page.locator(".file-grid tbody tr").count()) < 80);
  }));

test("the arrays of an npz file, and the axes of a cube", () =>
  walk(`${artifacts}/data/arrays.npz`, async (page) => {
    await page.getByText("float64 · 3 × 4 · min 0 · max 11 · mean 5.5").waitFor();
    await page.getByRole("combobox", { name: /^Array/ }).selectOption("second");
    await page.getByText("uint8 · 5 · min 0 · max 4 · mean 2").waitFor();
    await page.waitForURL(/array=second/);
    await named(page, "treeitem", /cube\.npy/).click();
    await named(page, "rowheader", "1, 2").waitFor();
  }));

test("j, k and buttons page through the files; a text field keeps its keys", () =>
  walk(
    `${artifacts}/data/cube.npy`,
    async (page) => {
      const shown = (name) => page.getByRole("heading", { name: `data/${name}` }).waitFor();
      await named(page, "rowheader", "1, 2").waitFor();
      await page.keyboard.press("j");
      await shown("nested.parquet");
      await named(page, "button", "Next file (j)").click();
      await shown("object.npy");
      await page.keyboard.press("j");
      await page.getByLabel("First row").pressSequentially("k");
      await shown("pages.parquet");
      await named(page, "button", "Previous file (k)").click();
      await shown("object.npy");
    },
    { expectedError: /400/ },
  ));

test("many columns of a CSV are paged through", () =>
  walk(`${artifacts}/wide.csv`, async (page) => {
    await cell(page, "r1c0").waitFor();
    await named(page, "button", "Next columns").click();
    await cell(page, "r1c60").waitFor();
    await page.waitForURL(/col=60/);
    assert.ok((await page.locator(".file-grid td").count()) < 5000);
  }));

test("a pickle is refused by name", () =>
  walk(
    `${artifacts}/data/object.npy`,
    (page) => page.getByText("A pickle runs code when it is read").waitFor(),
    { expectedError: /400/ },
  ));

test("an array of a logged model", () =>
  walk(`${model}/weights.npy`, (page) => page.getByText("float64 · 3 × 4").waitFor()));

test("all loaded rows of a CSV can be scrolled to", () =>
  walk(`${artifacts}/rows.csv`, async (page) => {
    await cell(page, "text, 3").waitFor();
    await page.locator(".file-sheet").evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    await cell(page, "text, 29999").waitFor();
    assert.ok((await page.locator(".file-grid tbody tr").count()) < 80);
  }));

test("a folder and all files are downloaded as ZIP files", () =>
  walk(`${artifacts}/data/cube.npy`, async (page) => {
    for (const [link, name, member] of [
      ["data.zip", "data.zip", "data/cube.npy"],
      ["All files", "artifacts.zip", "artifacts/rows.csv"],
    ]) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        named(page, "link", link).click(),
      ]);
      assert.equal(download.suggestedFilename(), name);
      const bytes = readFileSync(await download.path());
      assert.equal(bytes.toString("latin1", 0, 2), "PK");
      assert.ok(bytes.includes(member), `${name} lacks ${member}`);
      assert.ok(!bytes.includes("weights.npy"));
    }
    await eventually(async () => assert.equal(await page.getByRole("alert").count(), 0));
  }));

for (const colorScheme of ["light", "dark"])
  test(`tables are accessible: ${colorScheme}`, () =>
    walk(
      `${artifacts}/data/cube.npy`,
      async (page) => {
        await named(page, "rowheader", "1, 2").waitFor();
        assert.deepEqual(await violations(page, "array"), []);
        await named(page, "treeitem", /pages\.parquet/).click();
        await named(page, "button", "Next rows").waitFor();
        assert.deepEqual(await violations(page, "parquet"), []);
      },
      { colorScheme, bypassCSP: true },
    ));
