// Two traces beside each other: from the list, from a trace, their trees, differences, and ten thousand spans.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { violations } from "../audit.mjs";
import { call } from "../call.mjs";
import { agentTrace, bigTrace, send } from "../seedTraces.mjs";
import { eventually, named, server, walk } from "../walk.mjs";

const stamp = Date.now();
const minute = 60_000;
let experimentID;
let traces;
let big;

before(async () => {
  const create = async (name) =>
    (await call("experiments/create", { name: `${name}/${stamp}` })).experiment_id;
  experimentID = await create("compare-traces");
  traces = Array.from({ length: 14 }, (_, i) => agentTrace(i, stamp - (i + 1) * minute));
  await send(experimentID, traces);
  big = [bigTrace(10_000, stamp - 60 * minute), bigTrace(10_000, stamp - 120 * minute)];
  await send(await create("compare-traces-big"), big);
});

const compare = (a, b, more = "") => `/compare-traces?traces=${a.id},${b.id}${more}`;
const tree = (page) => named(page, "tree", "Spans of both traces");
const rows = (page) => tree(page).getByRole("treeitem");

test("two traces that are ticked in the list are compared", () =>
  walk(`/experiments/${experimentID}/traces`, async (page) => {
    const ticks = page.getByRole("checkbox", { name: /^Select trace / });
    await ticks.nth(0).check();
    assert.equal(await named(page, "link", "Compare").count(), 0);
    await ticks.nth(4).check();
    await named(page, "link", "Compare").waitFor();
    await page.locator("h1").click();
    await page.keyboard.press("c");
    await named(page, "heading", "Compare traces of support-agent").waitFor();
    await eventually(async () => assert.equal(await rows(page).count(), 4));
    await page.goBack();
    await page.getByText("2 traces selected").waitFor();
  }));

test("a trace is compared with one before it", () =>
  walk(`/experiments/${experimentID}/traces/${traces[0].id}`, async (page) => {
    await named(page, "button", "Trace actions").click();
    await named(page, "menuitem", "Compare with…").click();
    const list = named(page, "list", "Traces to compare with");
    await list.getByText("Previous").waitFor();
    assert.equal(await list.getByRole("link").count(), 13);
    assert.equal(await named(page, "button", "Same name").getAttribute("aria-pressed"), "true");
    await named(page, "button", "Same session").click();
    await eventually(async () => assert.equal(await list.getByRole("link").count(), 1));
    await list.getByRole("link").click();
    await page.waitForURL(new RegExp(`traces=${traces[12].id},${traces[0].id}`));
  }));

test("the figures, the tree and the contents show what differs", () =>
  walk(compare(traces[0], traces[9]), async (page) => {
    const figures = named(page, "region", "Figures of both traces");
    await figures.getByText("Duration").waitFor();
    await eventually(async () => {
      const change = await figures.locator(".pair-difference").textContent();
      assert.match(change, /[+−][\d.,]+ m?s \([+−]\d+/);
      assert.match(change, /−1 \(−25 %\)/); // spans
    });
    await eventually(async () => assert.equal(await rows(page).count(), 4));
    await tree(page).getByText("only in A").waitFor();
    const panel = named(page, "region", "Selected span");
    await named(panel, "region", "Differences of the inputs").getByText("order 4711").waitFor();
    assert.match(await panel.locator(".diff-line.removed").first().textContent(), /What is the status/);
    await named(panel, "button", "Side by side").click();
    await page.waitForURL(/diff=sides/);
    await panel.locator(".diff-pair").first().waitFor();
    await page.keyboard.press("s");
    await page.waitForURL(new RegExp(`traces=${traces[9].id},${traces[0].id}`));
    await tree(page).getByText("only in B").waitFor();
    await page.keyboard.press("j");
    await page.waitForURL(/span=/);
    await named(panel, "link", "Attributes").click();
    await panel.getByText("gen_ai.request.model").waitFor();
    await named(page, "button", "Differences only").click();
    await page.waitForURL(/only=differences/);
    await page.reload();
    await panel.getByText("gen_ai.request.model").waitFor();
  }));

test("the words in which lines differ are marked", () =>
  walk(compare(traces[0], traces[4]), async (page) => {
    const outputs = named(page, "region", "Differences of the outputs");
    await eventually(async () =>
      assert.deepEqual(await outputs.locator("mark").allTextContents(), ["0", "4"]),
    );
    await named(page, "region", "Inputs").getByText("the same in both").waitFor();
  }));

test("spans without a counterpart show what they have, as text", () =>
  walk(compare(traces[0], traces[9]), async (page) => {
    await named(page, "treeitem", /^lookup/).click();
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    assert.equal(await page.locator("main img").count(), 0);
    await page.getByText("B: the tool timed out").waitFor();
  }));

test("ten thousand spans are paired, and only the rows in sight exist", () =>
  walk(compare(big[0], big[1]), async (page) => {
    await page.getByText("Only times differ").waitFor();
    assert.ok((await rows(page).count()) < 120);
    await page.getByRole("searchbox", { name: "Search spans" }).fill("step-9999");
    await named(page, "treeitem", /^step-9999/).waitFor();
  }));

test("an address with one trace asks for the other", () =>
  walk(`/compare-traces?traces=${traces[0].id}`, async (page) => {
    await named(page, "list", "Traces to compare with").getByText("Previous").waitFor();
    await page.goto(`${server}/#/compare-traces`);
    await named(page, "heading", "Two traces are compared").waitFor();
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the comparison of traces is accessible: ${colorScheme}`, async () => {
    const found = [];
    await walk(
      "/",
      async (page) => {
        for (const more of ["", "&diff=sides", "&tab=attributes"]) {
          await page.goto("about:blank");
          await page.goto(`${server}/#${compare(traces[0], traces[9], more)}`);
          await rows(page).first().waitFor();
          found.push(...(await violations(page, `compare traces ${more}`)));
        }
        await page.goto(`${server}/#/compare-traces?traces=${traces[0].id}`);
        await page.getByText("Previous").waitFor();
        found.push(...(await violations(page, "compare with")));
      },
      { colorScheme, bypassCSP: true },
    );
    assert.equal(found.join("\n"), "");
  });
}

for (const width of [1440, 360]) {
  test(`the comparison fits a window of ${width} px`, () =>
    walk(
      compare(traces[0], traces[9], "&diff=sides"),
      async (page) => {
        await rows(page).first().waitFor();
        const over = await page.evaluate(() => {
          const main = document.querySelector("main");
          return main.scrollWidth - main.clientWidth;
        });
        assert.ok(over <= 0, `${over} px too wide`);
      },
      { viewport: { width, height: 800 } },
    ));
}
