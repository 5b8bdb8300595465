// The overview of an experiment's traces: charts over time, ranges and intervals, feedback, tools, and their cost.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { agentTrace, send } from "../seedTraces.mjs";
import { eventually, named, server, walk } from "../walk.mjs";

const hour = 3_600_000;
const stamp = Date.now();
let experimentID;
let empty;

async function assess(id, name, value) {
  const made = await fetch(`${server}/api/3.0/mlflow/traces/${id}/assessments`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      assessment: {
        assessment_name: name,
        source: { source_type: "LLM_JUDGE", source_id: "judge" },
        feedback: { value },
      },
    }),
  });
  assert.ok(made.ok, await made.text());
}

before(async () => {
  const create = async (name) =>
    (await call("experiments/create", { name: `${name}/${stamp}` })).experiment_id;
  experimentID = await create("overview");
  empty = await create("overview-none");
  // Two an hour for the last 50 hours, and ten of a month ago.
  const recent = Array.from({ length: 100 }, (_, i) => agentTrace(i, stamp - (i / 2) * hour - 1000));
  const old = Array.from({ length: 10 }, (_, i) => agentTrace(i, stamp - 30 * 24 * hour + i * hour));
  await send(experimentID, [...recent, ...old]);
  for (const [i, t] of recent.slice(0, 10).entries()) {
    await assess(t.id, "correct", i % 5 !== 0);
    await assess(t.id, "score", i / 10);
  }
});

const card = (page, name) => page.getByRole("region", { name, exact: true });
const page7 = () => `/experiments/${experimentID}/overview`;

test("charts count traces, failures, times and tokens of the last days", () =>
  walk(`/experiments/${experimentID}/traces`, async (page) => {
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await card(page, "Requests").getByText("100", { exact: true }).waitFor();
    await card(page, "Errors").getByText("10.0 %").waitFor();
    await card(page, "Errors").getByText("10 traces failed").waitFor();
    await card(page, "Latency")
      .getByText(/\d m?s/)
      .first()
      .waitFor();
    await card(page, "Tokens in")
      .getByText(/^2\d\.\dk$/)
      .first()
      .waitFor();
    await page.getByRole("combobox", { name: "Time" }).selectOption("90d");
    await page.waitForURL(/since=90d/);
    await card(page, "Requests").getByText("110", { exact: true }).waitFor();
    await page.reload();
    await card(page, "Requests").getByText("110", { exact: true }).waitFor();
  }));

test("intervals are chosen, walked through by the arrows, and lead to their traces", () =>
  walk(page7(), async (page) => {
    await page.getByRole("combobox", { name: "per" }).selectOption("1d");
    await page.waitForURL(/bucket=1d/);
    const chart = named(card(page, "Requests"), "group", "Requests over time");
    await chart.focus();
    await page.keyboard.press("ArrowLeft");
    const tip = chart.getByRole("status");
    await tip.getByText(new Date(stamp).toISOString().slice(0, 10)).waitFor();
    const shown = Number(await tip.locator(".time-value .number").last().textContent());
    await page.keyboard.press("ArrowLeft");
    await tip.getByText(new Date(stamp - 24 * hour).toISOString().slice(0, 10)).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForURL(/traces\?q=timestamp_ms/);
    await eventually(async () => {
      const count = Number.parseInt(await page.locator(".trace-count").textContent(), 10);
      assert.ok(count >= shown && count <= 48, `${count} traces of the day, of which ${shown} are OK`);
    });
  }));

test("two days are chosen, and a chart is read as a table", () =>
  walk(page7(), async (page) => {
    await card(page, "Requests").getByText("100", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Time" }).selectOption("custom");
    const day = new Date(stamp - 30 * 24 * hour).toISOString().slice(0, 10);
    await page.getByLabel("First day").fill(day);
    await page.waitForURL(new RegExp(`from=${day}`));
    await card(page, "Requests").getByText("110", { exact: true }).waitFor();
    await named(page, "button", "Requests as a table").click();
    const table = named(page, "region", "Values of Requests");
    await named(table, "columnheader", "Error").waitFor();
    assert.ok((await table.getByRole("row").count()) > 2);
  }));

test("feedback has a chart for each name", () =>
  walk(`${page7()}/quality`, async (page) => {
    await card(page, "correct").getByText("80.0 %").waitFor();
    await card(page, "correct").getByText("yes of 10 values").waitFor();
    await card(page, "score").getByText("mean of the last interval, 10 values").waitFor();
  }));

test("tools and spans are ranked", () =>
  walk(`${page7()}/tool-calls`, async (page) => {
    await card(page, "Calls of tools").getByText("100", { exact: true }).waitFor();
    await named(card(page, "Failed tools"), "row", "lookup 100 10 10 %").waitFor();
    await named(card(page, "Slowest spans"), "row", /^support-agent/).waitFor();
  }));

test("a chart takes one request, and two charts of one measure share it", () =>
  walk("/", async (page) => {
    const asked = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/traces/metrics")) asked.push(request.postDataJSON().metric_name);
    });
    await page.goto(`${server}/#${page7()}`);
    await card(page, "Tokens out")
      .getByText(/^\d,\d{3}$/)
      .first()
      .waitFor();
    assert.deepEqual(asked.sort(), ["input_tokens", "latency", "output_tokens", "total_cost", "trace_count"]);
    asked.length = 0;
    await named(page, "link", "Quality").click();
    await card(page, "score").waitFor();
    assert.deepEqual(asked.sort(), ["assessment_count", "assessment_value"]);
  }));

test("an experiment without traces says so", () =>
  walk(`/experiments/${empty}/overview`, async (page) => {
    await named(page, "heading", "No traces in this time").waitFor();
    await named(page, "link", "Quality").click();
    await named(page, "heading", "No feedback in this time").waitFor();
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the overview is accessible: ${colorScheme}`, async () => {
    const found = [];
    await walk(
      "/",
      async (page) => {
        for (const path of ["", "/quality", "/tool-calls", "?from=2026-01-01&to=2026-01-02"]) {
          await page.goto("about:blank");
          await page.goto(`${server}/#${page7()}${path}`);
          await page.locator("h1").first().waitFor();
          await page.waitForLoadState("networkidle");
          found.push(...(await violations(page, `overview${path}`)));
        }
        await page.goto(`${server}/#${page7()}`);
        await named(page, "button", "Requests as a table").click();
        found.push(...(await violations(page, "overview, a table")));
      },
      { colorScheme, bypassCSP: true },
    );
    assert.equal(found.join("\n"), "");
  });
}
