// What the charts cost: requests, bytes and time, on fifty runs of ten thousand steps, one of which goes on.
//   MILLRACE_URL, CHROMIUM, SHOTS as for ../ui.test.mjs
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "../call.mjs";
import { named, walk } from "../walk.mjs";
import { seedCurves, small, steps } from "./seedCurves.mjs";

let data;

before(async () => {
  data = await seedCurves(call);
});

/** Counts the requests to a path and the bytes on the wire of all answers. */
async function meter(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const seen = { requests: [], bytes: 0 };
  session.on("Network.requestWillBeSent", ({ request }) => seen.requests.push(new URL(request.url).pathname));
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    seen.bytes += encodedDataLength;
  });
  return {
    seriesRequests: () => seen.requests.filter((path) => path.endsWith("/metrics/series")).length,
    bytes: () => seen.bytes,
    reset: () => {
      seen.requests = [];
      seen.bytes = 0;
    },
  };
}

test("fifty lines of ten thousand points are drawn at once, and a live tick is small", () =>
  walk(`/experiments/${data.experimentID}`, async (page) => {
    await named(page, "link", /^run-/).first().waitFor();
    const counted = await meter(page);
    const began = Date.now();
    await named(page, "link", "Charts").click();
    await named(page, "img", /Chart of loss for 50 runs/).waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".chart canvas")].some((canvas) => canvas.width > 0),
    );
    const drawn = Date.now() - began;
    await page.waitForLoadState("networkidle");
    await named(page, "img", /Chart of val\/loss for 50 runs/).waitFor();
    const first = counted.bytes();
    console.log(
      `# first draw ${drawn} ms, page ${Math.round(first / 1024)} KiB, ${counted.seriesRequests()} requests`,
    );
    assert.ok(counted.seriesRequests() <= 8, `${counted.seriesRequests()} requests for the first draw`);
    assert.ok(first < 2_500_000, `${first} bytes for the first draw`);

    // Ticks while the run logs.
    counted.reset();
    const ticks = 3;
    const metrics = (step) =>
      ["loss", ...small].map((key) => ({ key, value: 0.5, timestamp: Date.now(), step }));
    for (let i = 0; i < ticks; i++) {
      await call("runs/log-batch", { run_id: data.runs[0], metrics: metrics(steps + i) });
      await page.waitForResponse((r) => r.url().endsWith("/metrics/series"), { timeout: 10_000 });
    }
    const perTick = counted.bytes() / ticks;
    console.log(
      `# tick ${Math.round(perTick)} bytes, ${counted.seriesRequests()} requests in ${ticks} ticks`,
    );
    assert.equal(counted.seriesRequests(), ticks);
    assert.ok(perTick < 20_000, `${perTick} bytes for a tick`);

    // A zoom asks for its window, in which the spike is.
    counted.reset();
    const chart = named(page, "img", /Chart of loss for 50 runs/);
    const box = await chart.locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
    await page.mouse.down();
    const answers = [];
    page.on("response", (r) => r.url().endsWith("/metrics/series") && answers.push(r.json()));
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
    await page.mouse.up();
    const hasSpike = async () => {
      for (const answer of await Promise.all(answers))
        if (answer.series?.some((s) => s.end === "" && s.values.includes(25))) return true;
      return false;
    };
    for (const until = Date.now() + 10_000; !(await hasSpike()); await page.waitForTimeout(100))
      assert.ok(Date.now() < until, "the spike is in the window");
    assert.equal(
      await page.locator(".u-select").evaluateAll((all) => all.filter((e) => e.offsetWidth > 0).length),
      0,
    );

    // A hidden page asks for nothing.
    await named(page, "button", "Reset zoom").click();
    await page.waitForLoadState("networkidle");
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    counted.reset();
    await page.waitForTimeout(6_000);
    assert.equal(counted.seriesRequests(), 0, "requests of a hidden page");
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { get: () => false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });

    // So does one whose runs have all ended.
    await call("runs/update", { run_id: data.runs[0], status: "FINISHED", end_time: Date.now() });
    // A request may be under way, and one more may ask for the last points.
    for (let i = 0; i < 3; i++) {
      counted.reset();
      await page.waitForTimeout(6_000);
      if (counted.seriesRequests() === 0) break;
    }
    assert.equal(counted.seriesRequests(), 0, "requests after the last run has ended");
  }));
