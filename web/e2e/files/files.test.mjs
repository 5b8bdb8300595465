// Previews of what runs log: logs with colours, notebooks, differences, sound, Markdown with images, large JSON.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "../call.mjs";
import { named, server, walk } from "../walk.mjs";

let run;
let page0;

async function put(path, body) {
  const folder = new URL(run.artifact_uri).pathname;
  const response = await fetch(`${server}/api/2.0/mlflow-artifacts/artifacts${folder}/${path}`, {
    method: "PUT",
    body,
  });
  assert.ok(response.ok, `${path}: ${response.status}`);
}

/** A second of silence. */
function wav() {
  const rate = 8000;
  const b = Buffer.alloc(44 + rate, 128);
  b.write("RIFF", 0);
  b.writeUInt32LE(36 + rate, 4);
  b.write("WAVEfmt ", 8);
  b.writeUInt32LE(16, 16);
  b.writeUInt16LE(1, 20);
  b.writeUInt16LE(1, 22);
  b.writeUInt32LE(rate, 24);
  b.writeUInt32LE(rate, 28);
  b.writeUInt16LE(1, 32);
  b.writeUInt16LE(8, 34);
  b.write("data", 36);
  b.writeUInt32LE(rate, 40);
  return b;
}

const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

before(async () => {
  const { experiment_id } = await call("experiments/create", { name: `files/${Date.now()}` });
  run = (await call("runs/create", { experiment_id, run_name: "files", start_time: Date.now() })).run.info;
  page0 = `/experiments/${experiment_id}/runs/${run.run_id}`;
  const lines = Array.from({ length: 20_000 }, (_, i) => `\u001b[32mINFO\u001b[0m step ${i} of the training`);
  await put("train.log", `${lines.join("\n")}\n\u001b[1;31mthe end\u001b[0m\n`);
  await put("empty.log", "");
  await put(
    "eda.ipynb",
    JSON.stringify({
      nbformat: 4,
      cells: [
        { cell_type: "markdown", source: "# Findings" },
        {
          cell_type: "code",
          source: "print('<b>hi</b>')",
          execution_count: 1,
          outputs: [
            { output_type: "stream", text: "<b>hi</b>\n" },
            { output_type: "display_data", data: { "image/png": png.toString("base64") } },
            {
              output_type: "display_data",
              data: {
                "application/vnd.plotly.v1+json": {
                  data: [{ type: "bar", y: [1, 2] }],
                  layout: { title: { text: "In a notebook" } },
                },
              },
            },
          ],
        },
      ],
    }),
  );
  for (const [key, value] of Object.entries({
    "source.name": "train.py",
    "source.git.repoURL": "git@example.org:team/net.git",
    "source.git.commit": "abcdef1234567890",
    "source.git.dirty": "true",
    "source.git.diff": "diff --git a/x b/x\n+changed\n",
  }))
    await call("runs/set-tag", { run_id: run.run_id, key: `mlflow.${key}`, value });
  await put("requirements.txt", "torch==2.9.0\n");
  await put("code.diff", "diff --git a/x b/x\n@@ -1 +1 @@\n-old\n+new\n");
  await put("sound.wav", wav());
  await put("report/notes.md", "# Report\n\n![curve](img/curve.png)\n\n![gone](https://example.com/x.png)\n");
  await put("report/img/curve.png", png);
  await put(
    "big.json",
    JSON.stringify({ rows: Array.from({ length: 160_000 }, (_, i) => ({ i, name: `row ${i}` })) }),
  );
});

const show = (path, steps) => walk(`${page0}/artifacts/${path}`, steps);

test("a notebook shows its text, code and outputs, and runs nothing", () =>
  show("eda.ipynb", async (page) => {
    await named(page, "heading", "Findings").waitFor();
    await page.getByText("print('<b>hi</b>')").waitFor();
    assert.equal(await page.locator(".notebook b").count(), 0);
    const width = await page.getByAltText("Output 2").evaluate((image) => image.naturalWidth);
    assert.equal(width, 1);
    const figure = page.frameLocator('iframe[title="Output 3"]');
    await figure.locator(".gtitle", { hasText: "In a notebook" }).waitFor();
  }));

test("added and removed lines of a difference have colours", () =>
  show("code.diff", async (page) => {
    await page.locator(".diff-added", { hasText: "+new" }).waitFor();
    await page.locator(".diff-removed", { hasText: "-old" }).waitFor();
  }));

test("sound has a player that knows its length", () =>
  show("sound.wav", async (page) => {
    const player = page.locator("audio");
    await player.waitFor();
    await page.waitForFunction(() => document.querySelector("audio").duration > 0.9);
  }));

test("Markdown shows the images beside it and links to others", () =>
  show("report/notes.md", async (page) => {
    const image = page.getByAltText("curve");
    await image.waitFor();
    await page.waitForFunction(() => document.querySelector(".markdown img").naturalWidth === 1);
    await named(page, "link", "gone").waitFor();
  }));

test("JSON of megabytes on one line is laid out", () =>
  show("big.json", async (page) => {
    await page.getByText('"rows": [').waitFor();
    assert.ok((await page.locator(".text-line").count()) < 200);
  }));

test("the log is followed while the run goes on", () =>
  walk(
    `${page0}/logs`,
    async (page) => {
      await page.getByLabel("Log file").selectOption("train.log");
      await page.locator(".ansi-red", { hasText: "the end" }).waitFor();
      await page.getByText(/^The last 500\.0 kB of|^The last 499\.\d kB of/).waitFor();
      const all = Array.from(
        { length: 20_000 },
        (_, i) => `\u001b[32mINFO\u001b[0m step ${i} of the training`,
      );
      await put("train.log", `${all.join("\n")}\nafter that\n`);
      await page.getByText("after that").waitFor();
      await page.getByLabel("Log file").selectOption("empty.log");
      await page.getByText("0 B", { exact: true }).waitFor();
      assert.match(page.url(), /\/logs\/empty\.log/);
    },
    { expectedError: /416/ },
  ));

test("the code of a run: commit, changes since then, and packages", () =>
  walk(`${page0}/code`, async (page) => {
    const source = named(page, "region", "Source");
    await source.getByText("with changes").waitFor();
    const link = named(source, "link", "abcdef1234567890");
    assert.equal(await link.getAttribute("href"), "https://example.org/team/net/commit/abcdef1234567890");
    await named(page, "region", "Changes since the commit").locator(".diff-added").waitFor();
    await named(page, "region", "Environment").getByText("torch==2.9.0").waitFor();
  }));
