// The home page: what runs now and how far it is, and what is pinned.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { call } from "./call.mjs";
import { named, server, walk } from "./walk.mjs";

const stamp = Date.now();
let experimentID;

before(async () => {
  experimentID = (await call("experiments/create", { name: `home/${stamp}` })).experiment_id;
  const { run } = await call("runs/create", {
    experiment_id: experimentID,
    run_name: `going-${stamp}`,
    start_time: Date.now(),
  });
  await call("runs/log-batch", {
    run_id: run.info.run_id,
    params: [{ key: "epochs", value: "10" }],
    metrics: [{ key: "val/loss", value: 0.25, step: 3, timestamp: Date.now() }],
  });
  const failed = await call("runs/create", {
    experiment_id: experimentID,
    run_name: `failed-${stamp}`,
    start_time: Date.now() - 600_000,
  });
  await call("runs/log-metric", {
    run_id: failed.run.info.run_id,
    ...{ key: "accuracy", value: 0.5, step: 1, timestamp: Date.now() },
  });
  await call("runs/update", {
    run_id: failed.run.info.run_id,
    status: "FAILED",
    end_time: Date.now() - 60_000,
  });
});

test("a run that goes on shows its progress and leads to its page", () =>
  walk("/", async (page) => {
    const running = named(page, "region", "Running now");
    const card = running.getByRole("link", { name: new RegExp(`going-${stamp}`) });
    await card.getByText("3 of 10").waitFor();
    await card.getByText("0.25").waitFor();
    await card.click();
    await named(page, "heading", `going-${stamp}`).waitFor();
  }));

test("what failed in the last day is on the page", () =>
  walk("/", async (page) => {
    const failed = named(page, "region", "Failed in the last day");
    const card = failed.getByRole("link", { name: new RegExp(`failed-${stamp}`) });
    await card.getByText("accuracy").waitFor();
    await card.click();
    await named(page, "heading", `failed-${stamp}`).waitFor();
  }));

test("an experiment is pinned to the home page and unpinned", () =>
  walk(`/experiments?q=home/${stamp}`, async (page) => {
    await named(page, "button", `Pin home/${stamp}`).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Home", exact: true }).click();
    const pins = named(page, "region", "Pinned");
    await named(pins, "link", `home/${stamp}`).waitFor();
    await pins.getByText("2 runs, 1 running").waitFor();
    await named(pins, "img", /^2 runs in the last 30 days/).waitFor();
    await page.reload();
    await named(pins, "button", `Pin home/${stamp}`).click();
    await pins.waitFor({ state: "detached" });
  }));

test("the first page takes less than 200 kB", () =>
  walk("/nowhere", async (page) => {
    await page.goto("about:blank");
    const loaded = [];
    page.on("response", (response) => loaded.push(response));
    await page.goto(`${server}/#/`);
    await named(page, "heading", "Experiments").waitFor();
    const files = loaded.filter((r) => r.status() === 200 && !r.url().includes("/ajax-api/"));
    // The server sends them in chunks, without their length.
    const bodies = await Promise.all(files.map((response) => response.body()));
    const total = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
    assert.ok(files.length > 1 && total > 50_000, `${files.length} files, ${total} bytes`);
    assert.ok(total < 200_000, `${total} bytes`);
  }));
