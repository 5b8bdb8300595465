// Files whose contents are active: HTML with scripts, figures of plotly, PDF.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { eventually, named, server, walk } from "../walk.mjs";

let artifacts;

const figure = (type) => ({
  data: [{ type, x: [1, 2], y: [2, 1], z: [0, 1], name: "</script><b id=left>" }],
  layout: { title: { text: "A figure" }, template: { data: { cone: [{ type: "cone" }] } } },
});

const plotlyHTML = (type) => `<html><body><div>
  <script src="https://cdn.plot.ly/plotly-3.0.1.min.js" integrity="sha256-x" crossorigin="anonymous"></script>
  <div id="f" style="height: 300px"></div>
  <script>Plotly.newPlot("f", ${JSON.stringify(figure(type).data).replaceAll("<", "\\u003c")}, {"title":{"text":"By HTML"}})</script>
  </div></body></html>`;

/** A page that tries to reach the server and its own parent. */
const probe = `<h1 id="h">not run</h1><ol id="o"></ol><script>
  const say = (text) => o.insertAdjacentHTML("beforeend", "<li>" + text + "</li>");
  h.textContent = "ran with the origin " + self.origin;
  const attempt = (name, act) => { try { act(); say(name + " works"); } catch { say(name + " fails"); } };
  attempt("storage", () => localStorage.setItem("a", "b"));
  attempt("cookie", () => document.cookie);
  attempt("parent", () => parent.document.title);
  attempt("top", () => { top.location.href = "/version"; });
  fetch("/version").then(() => say("fetch works"), () => say("fetch fails"));
  const image = new Image();
  image.onload = () => say("image works");
  image.onerror = () => say("image fails");
  image.src = "/favicon.svg";
  const other = document.createElement("script");
  other.src = "/theme.js";
  other.onload = () => say("script works");
  other.onerror = () => say("script fails");
  document.head.append(other);
</script>`;

const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>`;

before(async () => {
  const { experiment_id } = await call("experiments/create", { name: `scripts/${Date.now()}` });
  const { info } = (await call("runs/create", { experiment_id, start_time: Date.now() })).run;
  artifacts = `/experiments/${experiment_id}/runs/${info.run_id}/artifacts`;
  const files = {
    "figure.json": JSON.stringify(figure("bar")),
    "figure3d.json": JSON.stringify(figure("scatter3d")),
    "plotly.html": plotlyHTML("scatter"),
    "cone.html": plotlyHTML("cone"),
    "own.html": plotlyHTML("cone").replace(/<script src.*<\/script>/, "<script>var Plotly;</script>"),
    "probe.html": probe,
    "bokeh.html": '<p>text</p><script src="https://cdn.bokeh.org/bokeh.min.js"></script>',
    "leave.html": `<p id="p"></p><script>p.textContent = "leaving"; location.href = "https://example.com/?x=secret"</script>`,
    "drawn.html": `<body><script>document.body.innerHTML = "<h1>Drawn</h1>"</script></body>`,
    "report.html": `<h1>A report</h1>${plotlyHTML("bar")}`,
    "plain.html": "<h1>A page without scripts</h1>",
    "report.pdf": pdf,
  };
  for (const [path, body] of Object.entries(files)) {
    const url = `${server}/api/2.0/mlflow-artifacts/artifacts${new URL(info.artifact_uri).pathname}/${path}`;
    assert.ok((await fetch(url, { method: "PUT", body })).ok, path);
  }
});

const refusals = { expectedError: /Blocked script|Content Security Policy|navigat/ };
const frameOf = (page, name) => page.frameLocator(`iframe[title="${name}"]`);
const runScripts = (page) => named(page, "button", "Run scripts").click();

test("scripts of a file run on request only, without an origin and without a network", () =>
  walk(
    `${artifacts}/probe.html`,
    async (page) => {
      const frame = frameOf(page, "probe.html");
      await named(frame, "heading", "not run").waitFor();
      await runScripts(page);
      await named(frame, "heading", "ran with the origin null").waitFor();
      await eventually(async () => {
        const said = await frame.locator("li").allTextContents();
        const want = ["storage", "cookie", "parent", "top", "fetch", "image", "script"];
        assert.deepEqual(said.toSorted(), want.map((name) => `${name} fails`).toSorted());
      });
      assert.match(page.url(), /probe\.html/);
      await named(page, "button", "Stop scripts").click();
      await named(frame, "heading", "not run").waitFor();
    },
    refusals,
  ));

test("a frame cannot leave for another host", () =>
  walk(
    `${artifacts}/leave.html`,
    async (page) => {
      const refused = page.waitForEvent("console", (message) => /frame-src/.test(message.text()));
      await runScripts(page);
      await refused;
    },
    refusals,
  ));

test("the page for scripts has no origin when it is opened by itself", () =>
  walk("/", async (page) => {
    await page.goto(`${server}/sandbox.html`);
    assert.equal(await page.evaluate(() => self.origin), "null");
  }));

test("a figure of plotly as JSON is drawn by the plotly of the server", () =>
  walk(`${artifacts}/figure.json`, async (page) => {
    const frame = frameOf(page, "figure.json");
    await frame.locator(".gtitle", { hasText: "A figure" }).waitFor();
    assert.equal(await frame.locator(".bars .point").count(), 2);
    assert.equal(await frame.locator("#left").count(), 0);
    await page.getByLabel("Show as JSON").check();
    await page.getByText('"layout": {').waitFor();
  }));

test("HTML of plotly is drawn without the host that it names", () =>
  walk(
    `${artifacts}/plotly.html`,
    async (page) => {
      // The figure is data, which is drawn at once; the scripts of the page are another matter.
      const title = frameOf(page, "plotly.html").locator(".gtitle", { hasText: "By HTML" });
      await title.waitFor();
      assert.equal(await frameOf(page, "plotly.html").locator("#f").count(), 0);
      await runScripts(page);
      await frameOf(page, "plotly.html").locator("#f .gtitle").waitFor();
      await named(page, "treeitem", /drawn\.html/).click();
      await page.getByText("This page shows nothing before its scripts run.").waitFor();
      await runScripts(page);
      await named(frameOf(page, "drawn.html"), "heading", "Drawn").waitFor();
    },
    refusals,
  ));

test("kinds of traces that cannot be drawn are named", () =>
  walk(
    `${artifacts}/figure3d.json`,
    async (page) => {
      await page.getByText("does not draw traces of the kind scatter3d").waitFor();
      assert.equal(await page.locator("iframe").count(), 0);
      await named(page, "treeitem", /cone\.html/).click();
      await page.getByText("does not draw traces of the kind cone").waitFor();
      // With a plotly of its own, a page can draw them.
      await named(page, "treeitem", /own\.html/).click();
      await page.getByText("This page shows nothing before its scripts run.").waitFor();
      assert.equal(await page.getByText("does not draw").count(), 0);
    },
    refusals,
  ));

test("scripts of other hosts are named; a page without scripts has no button", () =>
  walk(
    `${artifacts}/bokeh.html`,
    async (page) => {
      await page.getByText("Scripts of cdn.bokeh.org are not loaded.").waitFor();
      await named(page, "treeitem", /report\.html/).click();
      await named(frameOf(page, "report.html"), "heading", "A report").waitFor();
      await named(page, "treeitem", /plain\.html/).click();
      await named(frameOf(page, "plain.html"), "heading", "A page without scripts").waitFor();
      assert.equal(await named(page, "button", "Run scripts").count(), 0);
    },
    refusals,
  ));

test("a PDF is shown in the viewer of the browser, if there is one", () =>
  walk(`${artifacts}/report.pdf`, async (page) => {
    const viewer = await page.evaluate(() => navigator.pdfViewerEnabled);
    if (viewer) await page.locator('iframe[title="report.pdf"][src^="blob:"]').waitFor();
    else await named(page, "link", "Open it in a new tab").waitFor();
  }));

for (const colorScheme of ["light", "dark"])
  test(`pages with scripts are accessible: ${colorScheme}`, () =>
    walk(
      `${artifacts}/cone.html`,
      async (page) => {
        await page.getByText("does not draw traces of the kind cone").waitFor();
        assert.deepEqual(await violations(page, "HTML"), []);
        await named(page, "treeitem", /figure\.json/).click();
        await page.getByLabel("Show as JSON").waitFor();
        assert.deepEqual(await violations(page, "figure"), []);
      },
      { colorScheme, bypassCSP: true, ...refusals },
    ));
