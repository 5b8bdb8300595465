// Traces: the list, a trace with its spans, feedback by hand, sessions and the traces of a run.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "./audit.mjs";
import { call } from "./call.mjs";
import { agentTrace, bigTrace, send, trace } from "./seedTraces.mjs";
import { eventually, inDialog, named, server, walk } from "./walk.mjs";

const stamp = Date.now();
const minute = 60_000;
const bigCount = 10_000;
let experimentID;
let traces;
let big;

async function newExperiment(name) {
  return (await call("experiments/create", { name: `${name}/${stamp}` })).experiment_id;
}

before(async () => {
  experimentID = await newExperiment("traces");
  traces = Array.from({ length: 130 }, (_, i) => agentTrace(i, stamp - (i + 1) * minute));
  await send(experimentID, traces);
  big = bigTrace(bigCount, stamp - 24 * 60 * minute);
  await send(await newExperiment("traces-big"), [big]);
});

const table = (page) => named(page, "table", "Traces");
const countOf = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const totals = (page) => named(page, "region", "Totals");

test("an experiment without traces says how to send the first one, and shows it when it comes", async () => {
  const id = await newExperiment("traces-none");
  await walk(`/experiments/${id}`, async (page) => {
    await named(page, "link", "Traces").click();
    await named(page, "heading", "No traces yet").waitFor();
    await page.getByText("@mlflow.trace").waitFor();
    await named(page, "button", "OpenTelemetry").click();
    await page.getByText(`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${server}/v1/traces`).waitFor();
    await page.getByText(`x-mlflow-experiment-id=${id}`).waitFor();
    await send(id, [agentTrace(0, Date.now())]);
    await countOf(page, /^1 trace$/);
  });
});

test("the list has totals, is filtered and sorted, and loads more as one scrolls", () =>
  walk(`/experiments/${experimentID}/traces`, async (page) => {
    await countOf(page, "100 traces and more");
    await totals(page).getByText("130", { exact: true }).waitFor();
    await totals(page).getByText("13 (10.0 %)").waitFor();
    await named(table(page), "link", "support-agent").first().waitFor(); // Its program names spans only.
    await table(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await countOf(page, /^130 traces$/);

    await named(page, "button", "Errors only").click();
    await countOf(page, /^13 traces$/);
    await page.waitForURL(/state=error/);
    await totals(page).getByText("100.0 %").waitFor();
    await named(page, "button", "Errors only").click();

    await page.getByRole("combobox", { name: "Time" }).selectOption("1h");
    await eventually(async () => {
      const [, count] = /^(\d+) traces$/.exec(await page.locator(".trace-count").textContent()) ?? [];
      assert.ok(Number(count) >= 58 && Number(count) <= 60, `${count} traces of the last hour`);
    });
    await page.getByRole("combobox", { name: "Time" }).selectOption("");

    await named(page, "button", "Duration").click();
    await page.waitForURL(/sort=-duration/);
    const longest = Math.max(
      ...traces.map((t) => Number(BigInt(t.spans[0].endTimeUnixNano) - BigInt(t.spans[0].startTimeUnixNano))),
    );
    await eventually(async () => {
      const first = await table(page).locator(".vbody .duration-bar").first().getAttribute("title");
      assert.equal(first, `${(longest / 1e6).toLocaleString("en-US")} ms`);
    });
  }));

test("words are searched for in the spans, and faults of a filter are marked", () =>
  walk(
    `/experiments/${experimentID}/traces`,
    async (page) => {
      const box = page.getByRole("combobox", { name: "Filter traces" });
      await box.fill("norway");
      await box.press("Enter");
      await countOf(page, /^32 traces$/);
      await box.fill("span.type = 'TOOL' AND span.sta");
      await page.getByRole("option", { name: "span.status" }).waitFor();
      await box.fill("span.type = 'TOOL' AND span.status = 'ERROR'");
      await box.press("Enter");
      await countOf(page, /^13 traces$/);
      await box.fill("name = 'x' AND foo.bar = 1");
      await box.press("Enter");
      const fault = page.getByRole("alert");
      await fault.getByText("Invalid entity type 'foo'").waitFor();
      assert.equal(await fault.locator("mark").textContent(), "foo.bar");
      await box.fill("nothing of the kind");
      await box.press("Enter");
      await named(page, "heading", "No trace matches").waitFor();
      await named(page, "button", "Clear the filter").last().click();
      await countOf(page, "100 traces and more");
    },
    { expectedError: /400/ },
  ));

test("columns are hidden, and the address keeps the choice", () =>
  walk(`/experiments/${experimentID}/traces`, async (page) => {
    await named(page, "columnheader", "Tokens").waitFor();
    await named(page, "button", /^Columns/).click();
    await page.getByRole("checkbox", { name: "Tokens" }).uncheck();
    await page.getByRole("checkbox", { name: "Trace ID" }).check();
    await page.keyboard.press("Escape");
    await page.waitForURL(/cols=/);
    await page.reload();
    await named(page, "columnheader", "Trace ID").waitFor();
    assert.equal(await named(page, "columnheader", "Tokens").count(), 0);
  }));

test("selected traces are deleted for good", async () => {
  const id = await newExperiment("traces-delete");
  await send(
    id,
    Array.from({ length: 5 }, (_, i) => agentTrace(i, stamp - i * minute)),
  );
  await walk(`/experiments/${id}/traces`, async (page) => {
    await countOf(page, /^5 traces$/);
    const ticks = page.getByRole("checkbox", { name: /^Select trace / });
    await ticks.nth(0).check();
    await ticks.nth(2).click({ modifiers: ["Shift"] });
    await page.getByText("3 traces selected").waitFor();
    await named(page, "button", "Delete…").click();
    await inDialog(page, "Delete").click();
    await page.getByText("Deleted 3 traces").waitFor();
    await countOf(page, /^2 traces$/);
  });
});

test("a trace shows its spans, messages, calls of tools and exceptions as text", () =>
  walk(`/experiments/${experimentID}/traces/${traces[9].id}`, async (page) => {
    await named(page, "heading", "support-agent").first().waitFor();
    const tree = named(page, "tree", "Spans");
    await eventually(async () => assert.equal(await tree.getByRole("treeitem").count(), 3));
    const panel = named(page, "region", "Selected span");
    await named(panel, "region", "Inputs").getByText("Summarise the incident report").waitFor();
    await page.keyboard.press("j");
    await page.waitForURL(new RegExp(`span=${traces[9].spanIDs[1]}`));
    await named(panel, "region", "Inputs").getByText("You are a **helpful** support agent.").waitFor();
    await named(panel, "region", "Outputs").getByText("lookup").waitFor();
    await named(panel, "button", "Markdown").first().click();
    await panel.locator("strong", { hasText: "helpful" }).waitFor();
    await page.keyboard.press("e");
    await panel.getByText("the tool timed out").waitFor();
    await named(panel, "link", /^Events/).click();
    await panel.getByText("Traceback (most recent call last)").waitFor();
    await page.reload();
    await panel.getByText("TimeoutError", { exact: true }).waitFor();
    await named(page, "button", "2 errors").click();
    await eventually(async () => assert.equal(await tree.getByRole("treeitem").count(), 2));
  }));

test("a trace below a millisecond took less than one", async () => {
  const id = await newExperiment("traces-short");
  const short = trace(stamp, [{ name: "short", ms: 0.4 }]);
  await send(id, [short]);
  await walk(`/experiments/${id}/traces`, async (page) => {
    await table(page).getByText("< 1 ms").waitFor();
    await page.goto(`${server}/#/experiments/${id}/traces/${short.id}`);
    await page.locator(".trace-facts").getByText("< 1 ms").waitFor();
    await named(page, "treeitem", /^short/)
      .getByText("400 µs")
      .waitFor();
  });
});

test("payloads are never run", () =>
  walk(`/experiments/${experimentID}/traces/${traces[0].id}`, async (page) => {
    let dialogs = 0;
    page.on("dialog", (dialog) => {
      dialogs++;
      void dialog.dismiss();
    });
    await named(page, "treeitem", /^lookup/).click();
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    assert.equal(await page.locator("main img").count(), 0);
    assert.equal(dialogs, 0);
  }));

test("images inside of payloads are shown, drawings and other documents are not", async () => {
  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const script = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
  const inputs = {
    picture: `data:image/png;base64,${pixel}`,
    drawing: `data:image/svg+xml;base64,${script.toString("base64")}`,
  };
  const id = await newExperiment("traces-images");
  const pictures = trace(stamp, [{ name: "pictures", ms: 5, inputs }]);
  await send(id, [pictures]);
  await walk(`/experiments/${id}/traces/${pictures.id}`, async (page) => {
    const images = page.locator("main img");
    await images.first().waitFor();
    assert.equal(await images.count(), 1);
    assert.equal(await images.first().evaluate((image) => image.naturalWidth), 1);
    await page.getByText("data:image/svg+xml").waitFor();
  });
});

test("a trace without spans says so", async () => {
  const id = `tr-bare-${stamp}`;
  const made = await fetch(`${server}/api/3.0/mlflow/traces`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      trace: {
        trace_info: {
          trace_id: id,
          trace_location: { mlflow_experiment: { experiment_id: experimentID } },
          request_time: new Date(stamp - 9_000 * minute).toISOString(),
          state: "OK",
        },
      },
    }),
  });
  assert.ok(made.ok, await made.text());
  await walk(
    `/experiments/${experimentID}/traces/${id}`,
    (page) => page.getByText("This trace has no spans").waitFor(),
    { expectedError: /404/ },
  );
  await call("traces/delete-traces", { experiment_id: experimentID, request_ids: [id] });
});

test("spans fold by the arrows and are found by words", () =>
  walk(`/experiments/${experimentID}/traces/${traces[0].id}`, async (page) => {
    const rows = named(page, "tree", "Spans").getByRole("treeitem");
    const shown = (n) => eventually(async () => assert.equal(await rows.count(), n));
    await shown(4);
    await page.keyboard.press("ArrowLeft");
    await shown(1);
    await page.keyboard.press("ArrowRight");
    await shown(4);
    await page.getByRole("searchbox", { name: "Search spans" }).fill("shipped");
    await shown(3);
    await page.waitForURL(/q=shipped/);
  }));

test("ten thousand spans open at once and stay smooth", () =>
  walk("/", async (page) => {
    await page.goto(`${server}/#/experiments/0/traces/${big.id}`);
    await page.getByText("10,000 spans").waitFor();
    const rows = named(page, "tree", "Spans").getByRole("treeitem");
    assert.ok((await rows.count()) < 120, "only the rows in sight exist");
    const tree = named(page, "tree", "Spans");
    const slowest = await tree.evaluate(async (box) => {
      let most = 0;
      for (let i = 1; i <= 20; i++) {
        const begin = performance.now();
        box.scrollTop = (box.scrollHeight / 20) * i;
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        most = Math.max(most, performance.now() - begin);
      }
      return most;
    });
    assert.ok(slowest < 500, `a jump took ${slowest} ms`);
    await page.getByRole("searchbox", { name: "Search spans" }).fill("step-9999");
    await named(page, "treeitem", /^step-9999/).waitFor();
  }));

test("feedback and expectations are added, edited and deleted by hand", () =>
  walk(`/experiments/${experimentID}/traces/${traces[1].id}?tab=assessments`, async (page) => {
    await page.getByText("None yet.").waitFor();
    await named(page, "button", "Feedback").click();
    await page.getByLabel("Name").fill("correct");
    await inDialog(page, "✕ No").click();
    await page.getByLabel("Rationale").fill("It is not.");
    await inDialog(page, "Save").click();
    const feedback = named(page, "region", "Feedback");
    await feedback.getByText("It is not.").waitFor();
    await feedback.getByText("Person User").waitFor();
    await named(page, "button", "Edit correct").click();
    await inDialog(page, "✓ Yes").click();
    await inDialog(page, "Save").click();
    await feedback.getByText("yes", { exact: true }).waitFor();

    await named(page, "button", "Expectation").click();
    await page.getByLabel("Name").fill("facts");
    await inDialog(page, "JSON").click();
    await page.getByLabel("Value").fill('{"facts": ["a"]}');
    await page.getByText("On the span “support-agent” only").click();
    await inDialog(page, "Save").click();
    await named(page, "region", "Expectations").getByText('"a"').waitFor();
    await named(page, "button", "Delete facts").click();
    await inDialog(page, "Delete").click();
    await named(page, "region", "Expectations").waitFor({ state: "detached" });
    await page.goto(`${server}/#/experiments/${experimentID}/traces`);
    await table(page).getByText("correct: yes").waitFor();
  }));

test("the words of a judge are overridden, and stay in sight", async () => {
  const made = await fetch(`${server}/api/3.0/mlflow/traces/${traces[2].id}/assessments`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      assessment: {
        assessment_name: "grounded",
        source: { source_type: "LLM_JUDGE", source_id: "judge-1" },
        feedback: { value: "yes" },
        rationale: "All of it is in the documents.",
      },
    }),
  });
  assert.ok(made.ok, await made.text());
  await walk(`/experiments/${experimentID}/traces/${traces[2].id}?tab=assessments`, async (page) => {
    await page.getByText("Judge judge-1").waitFor();
    await named(page, "button", "Edit grounded").click();
    await page.getByRole("dialog").getByLabel("Value").fill("no");
    await inDialog(page, "Override").click();
    await page.getByText("Replaced").waitFor();
    await page.getByText("All of it is in the documents.").waitFor();
    await named(page, "region", "Feedback").getByText("Person User").waitFor();
  });
});

test("tags of a trace are edited, and a session is a conversation", () =>
  walk(`/experiments/${experimentID}/traces/${traces[3].id}?tab=details`, async (page) => {
    await named(page, "button", "Add tag").click();
    await page.getByLabel("Tag key").fill("env");
    await page.getByLabel("Tag value").fill("dev");
    await page.getByLabel("Tag value").press("Enter");
    await named(page, "row", /env dev/).waitFor();
    await named(page, "link", "session-3").click();
    await named(page, "heading", "Session session-3").waitFor();
    await eventually(async () => assert.equal(await page.locator(".turn").count(), 11));
    await page.locator(".bubble.assistant").getByText("Answer 3 to").waitFor();
    const last = page.locator(".turn").last();
    await last.getByText("Answer 3 to").waitFor();
    await named(last, "button", "Show in full").click();
    await named(last, "region", "Outputs").waitFor();
    await named(page, "link", "As a table").click();
    await countOf(page, /^11 traces$/);
    await named(page, "link", "Session session-3").waitFor();
    await named(page, "button", "Show all sessions").click();
    await countOf(page, "100 traces and more");
  }));

test("the page of a run has its traces", async () => {
  const { run } = await call("runs/create", { experiment_id: experimentID, start_time: stamp });
  await call("traces/link-to-run", { trace_ids: [traces[4].id, traces[5].id], run_id: run.info.run_id });
  await walk(`/experiments/${experimentID}/runs/${run.info.run_id}`, async (page) => {
    await page.getByRole("link", { name: "Traces", exact: true }).click();
    await countOf(page, /^2 traces$/);
  });
});

test("new traces appear by themselves, and the scroll stays where it is", async () => {
  const id = await newExperiment("traces-live");
  await send(id, [trace(stamp, [{ name: "first", ms: 5, inputs: "a first question" }])]);
  await walk(`/experiments/${id}/traces`, async (page) => {
    await countOf(page, /^1 trace$/);
    await send(id, [trace(stamp + minute, [{ name: "second", ms: 5, inputs: "a second question" }])]);
    await countOf(page, /^2 traces$/);
    await named(page, "button", "Pause live refresh").click();
    await page.waitForURL(/live=0/);
  });
});

for (const colorScheme of ["light", "dark"]) {
  test(`the pages of traces are accessible: ${colorScheme}`, async () => {
    const experiment = `/experiments/${experimentID}`;
    const pages = {
      traces: `${experiment}/traces`,
      "traces selected": `${experiment}/traces?session=session-1&traces=${traces[1].id}`,
      trace: `${experiment}/traces/${traces[9].id}`,
      "trace, a model": `${experiment}/traces/${traces[0].id}?span=${traces[0].spanIDs[1]}`,
      attributes: `${experiment}/traces/${traces[9].id}?tab=attributes`,
      events: `${experiment}/traces/${traces[9].id}?tab=events&span=${traces[9].spanIDs[2]}`,
      assessments: `${experiment}/traces/${traces[2].id}?tab=assessments`,
      details: `${experiment}/traces/${traces[3].id}?tab=details`,
      session: `${experiment}/chat-sessions/session-3`,
    };
    const found = [];
    await walk(
      "/",
      async (page) => {
        for (const [name, path] of Object.entries(pages)) {
          await page.goto("about:blank");
          await page.goto(`${server}/#${path}`);
          await page.locator("h1").first().waitFor();
          await page.waitForLoadState("networkidle");
          found.push(...(await violations(page, name)));
        }
      },
      { colorScheme, bypassCSP: true },
    );
    assert.equal(found.join("\n"), "");
  });
}
