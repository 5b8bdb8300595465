// What the first draw of fifty lines of ten thousand points waits for: requests, long tasks, scripts.
//   MILLRACE_URL=http://… node bench/firstDraw.mjs [rounds=5] [profile=FILE]
// It measures and prints, and never fails: how quick a machine is says nothing about a change. A profile opens in
// the developer tools of Chromium.
import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { seedCurves } from "../e2e/charts/seedCurves.mjs";

const server = process.env.MILLRACE_URL.replace(/\/$/, "");
const options = Object.fromEntries(process.argv.slice(2).map((argument) => argument.split("=")));

async function call(path, body) {
  const response = await fetch(`${server}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const rounds = Number(options.rounds ?? 5);

/** Runs in the page, before its scripts: marks the moment after the frame in which the first chart is painted. */
function watch() {
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      performance.mark("long task", { startTime, detail: Math.round(duration) });
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    const charts = document.querySelectorAll('.chart[aria-label*="for 50 runs"] canvas');
    if (charts.length > 0) performance.mark(`drawn ${charts.length}`);
    if (charts.length === 0 || performance.now() < 8000) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** What happened in the page, in milliseconds after the navigation began. */
function timeline() {
  const ms = (t) => Math.round(t);
  const drawn = performance.getEntriesByType("mark").filter(({ name }) => name.startsWith("drawn"));
  const first = drawn[0]?.startTime ?? Number.NaN;
  const most = drawn.at(-1)?.name;
  const requests = performance
    .getEntriesByType("resource")
    .filter(({ name }) => name.includes("/ajax-api/"))
    .map((r) => ({
      path: new URL(r.name).pathname.split("/").slice(-2).join("/"),
      sent: ms(r.requestStart),
      answered: ms(r.responseStart),
      read: ms(r.responseEnd),
      kB: Math.round(r.encodedBodySize / 1000),
    }));
  const tasks = performance
    .getEntriesByName("long task")
    .map(({ startTime, detail }) => ({ at: ms(startTime), ms: detail }));
  const scripts = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"));
  return {
    scripts: ms(Math.max(0, ...scripts.map((r) => r.responseEnd))),
    first: ms(first),
    all: ms(drawn.find(({ name }) => name === most)?.startTime ?? Number.NaN),
    requests,
    tasks,
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const { experimentID } = await seedCurves(call);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const seen = [];
for (let round = 0; round < rounds; round++) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watch);
  const session = await context.newCDPSession(page);
  const profiled = options.profile && round === rounds - 1;
  if (profiled) {
    await session.send("Profiler.enable");
    await session.send("Profiler.start");
  }
  await page.goto(`${server}/#/experiments/${experimentID}?view=charts&live=0`);
  await page.waitForFunction(() =>
    performance.getEntriesByType("mark").some(({ name }) => /^drawn/.test(name)),
  );
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(300);
  if (profiled) {
    const { profile } = await session.send("Profiler.stop");
    writeFileSync(options.profile, JSON.stringify(profile));
  }
  const one = await page.evaluate(timeline);
  seen.push(one);
  console.log(`first chart ${one.first} ms, all in sight ${one.all} ms, scripts read ${one.scripts} ms`);
  if (round === rounds - 1) {
    console.table(one.requests);
    console.table(one.tasks);
  }
  await context.close();
}
await browser.close();
console.log(
  `median: first chart ${median(seen.map((s) => s.first))} ms, all ${median(seen.map((s) => s.all))} ms`,
);
