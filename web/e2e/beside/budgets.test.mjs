// Measures the pages beside MLflow's own, on servers with the same runs. What it holds are counts and ratios of one
// run; see web/e2e/beside/both.py for the servers.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const { MILLRACE_URL: ours, MLFLOW_URL: theirs, EXPERIMENT_ID: experiment, FIGURES } = process.env;
if (!ours || !theirs || !experiment) throw new Error("start this by web/e2e/beside/both.py");

let browser;
const rows = [];

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
});

after(async () => {
  await browser?.close();
  const text = ["| | Millrace | MLflow | ratio |", "|---|---|---|---|"]
    .concat(rows.map(([what, a, b]) => `| ${what} | ${a} | ${b} | ${(b / Math.max(a, 1)).toFixed(1)} |`))
    .join("\n");
  console.log(text);
  if (FIGURES) writeFileSync(FIGURES, `${text}\n`);
});

/** Opens a page with an empty cache and returns what it cost until it is quiet. */
async function cost(base, path, ready, act = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.route(
    (url) => url.protocol.startsWith("http") && url.origin !== new URL(base).origin,
    (route) => route.abort(),
  );
  await context.addInitScript(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
    }).observe({ type: "longtask", buffered: true });
  });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  let bytes = 0;
  let requests = 0;
  const waiting = new Set();
  let last = Date.now();
  cdp.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (!request.url.startsWith(base)) return;
    requests++;
    waiting.add(requestId);
  });
  const ended = ({ requestId, encodedDataLength = 0 }) => {
    bytes += encodedDataLength;
    waiting.delete(requestId);
    last = Date.now();
  };
  cdp.on("Network.loadingFinished", ended);
  cdp.on("Network.loadingFailed", ended);
  try {
    await page.goto(`${base}/#${path}`, { timeout: 120_000 });
    await ready(page).first().waitFor({ timeout: 120_000 });
    await act(page);
    // Quiet is a second without an answer; a page that polls is quiet between two of them.
    for (
      const end = Date.now() + 15_000;
      Date.now() < end && (waiting.size > 0 || Date.now() - last < 1000);
    )
      await page.waitForTimeout(100);
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    const longest = Math.round(await page.evaluate(() => window.longest));
    return { kilobytes: Math.round(bytes / 1000), requests, elements, longest };
  } finally {
    await context.close();
  }
}

function note(what, a, b) {
  rows.push([what, a, b]);
  return b / Math.max(a, 1);
}

test("the first page", async () => {
  const a = await cost(ours, "/", (page) => page.getByRole("heading").first());
  const b = await cost(theirs, "/", (page) => page.getByText("Experiments").first());
  const ratio = note("first page, kB", a.kilobytes, b.kilobytes);
  note("first page, requests", a.requests, b.requests);
  assert.ok(ratio >= 10, `${a.kilobytes} kB beside ${b.kilobytes} kB`);
});

test("an experiment of many runs", async () => {
  const a = await cost(ours, `/experiments/${experiment}`, (page) => page.locator(".runs-body .runs-row a"));
  const b = await cost(theirs, `/experiments/${experiment}/runs`, (page) =>
    page.locator("[role=row] a[href*='/runs/']"),
  );
  const bytes = note("runs of an experiment, kB", a.kilobytes, b.kilobytes);
  note("runs of an experiment, requests", a.requests, b.requests);
  const elements = note("runs of an experiment, elements", a.elements, b.elements);
  const longest = note("runs of an experiment, longest task in ms", a.longest, b.longest);
  assert.ok(bytes >= 10, `${a.kilobytes} kB beside ${b.kilobytes} kB`);
  assert.ok(elements >= 1, `${a.elements} elements beside ${b.elements}`);
  assert.ok(longest >= 1, `a task of ${a.longest} ms beside one of ${b.longest} ms`);
});

test("the charts of an experiment", async () => {
  const a = await cost(ours, `/experiments/${experiment}?view=charts`, (page) => page.locator(".u-over"));
  const b = await cost(theirs, `/experiments/${experiment}/runs?compareRunsMode=CHART`, (page) =>
    page.locator(".js-plotly-plot svg"),
  );
  const bytes = note("charts of an experiment, kB", a.kilobytes, b.kilobytes);
  note("charts of an experiment, requests", a.requests, b.requests);
  const longest = note("charts of an experiment, longest task in ms", a.longest, b.longest);
  assert.ok(bytes >= 10, `${a.kilobytes} kB beside ${b.kilobytes} kB`);
  assert.ok(longest >= 1, `a task of ${a.longest} ms beside one of ${b.longest} ms`);
});
