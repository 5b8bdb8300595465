// The list of experiments: activity, tags in place, and what is done with several at once. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { eventually, inDialog, named, walk } from "./walk.mjs";

const stamp = Date.now();
const list = `/experiments?q=list-${stamp}&sort=name&list=flat`;
const names = ["a", "b", "c"].map((letter) => `list-${stamp}/${letter}`);
const ids = [];

before(async () => {
  const note = { key: "mlflow.note.content", value: "## All **baselines**\nand more" };
  for (const name of names) {
    const tags = name.endsWith("a") ? [note, { key: "team", value: "vision" }] : [];
    ids.push((await call("experiments/create", { name, tags })).experiment_id);
  }
  for (const days of [0, 0, 2, 40]) {
    const start_time = Date.now() - days * 86_400_000;
    await call("runs/create", { experiment_id: ids[0], run_name: `of ${days}`, start_time });
  }
});

const rowOf = (page, name) => named(page, "row", new RegExp(name));

test("a row tells the activity of the last days and the description", () =>
  walk(list, async (page) => {
    const row = rowOf(page, names[0]);
    await named(row, "img", /^3 runs in the last 30 days, most on \d{4}-\d\d-\d\d: 2$/).waitFor();
    await row.getByText("All baselines", { exact: true }).waitFor();
    await named(rowOf(page, names[1]), "img", "No runs in the last 30 days").waitFor();
    // The styles of another page do not change the row.
    await named(page, "link", names[0]).click();
    await named(page, "heading", names[0]).waitFor();
    await page.goBack();
    await row.waitFor();
    const widths = await row.evaluate((element) =>
      [".experiment-name a", ".experiment-summary"].map((part) => element.querySelector(part).clientWidth),
    );
    assert.ok(widths[0] > 50 && widths[1] < 400, String(widths));
  }));

test("tags are edited in place", () =>
  walk(list, async (page) => {
    const row = rowOf(page, names[0]);
    await row.getByText("team: vision").waitFor();
    await row.hover();
    await named(row, "button", `Tags of ${names[0]}`).click();
    const tags = named(page, "dialog", `Tags of ${names[0]}`);
    await named(tags, "button", "Add tag").click();
    await tags.getByLabel("Tag key").fill("stage");
    await tags.getByLabel("Tag value").fill("wip");
    await page.keyboard.press("Enter");
    await row.getByText("stage: wip").waitFor();
    await named(tags, "button", "Remove tag team").click();
    await row.getByText("team: vision").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await named(page, "button", "Undo").click();
    await row.getByText("team: vision").waitFor();
  }));

test("several are selected by mouse and keyboard, kept in the address, and tagged", () =>
  walk(list, async (page) => {
    await page.getByLabel(`Select ${names[0]}`).check();
    await named(page, "link", names[1]).focus();
    await page.keyboard.press("x");
    const bar = named(page, "region", "Selected experiments");
    await bar.getByText("2 selected").waitFor();
    await page.waitForFunction((text) => location.hash.includes(text), `ids=${ids[0]},${ids[1]}`);
    await page.reload();
    await bar.getByText("2 selected").waitFor();
    await named(bar, "button", "Tag…").click();
    await page.getByLabel("Key", { exact: true }).fill("owner");
    await page.getByLabel("Value", { exact: true }).fill("ana");
    await inDialog(page, "Set the tag").click();
    await page.getByText("Set the tag owner of 2 experiments").waitFor();
    for (const name of names.slice(0, 2)) await rowOf(page, name).getByText("owner: ana").waitFor();
    assert.equal(await rowOf(page, names[2]).getByText("owner: ana").count(), 0);
    await named(bar, "button", "Tag…").click();
    await page.getByLabel("Key", { exact: true }).fill("owner");
    await page.getByLabel("Remove the tag instead").check();
    await inDialog(page, "Remove the tag").click();
    await rowOf(page, names[0]).getByText("owner: ana").waitFor({ state: "detached" });
    await named(bar, "link", "Compare runs").click();
    await named(page, "heading", "Runs of 2 experiments").waitFor();
    await page.getByText("of 40").first().waitFor();
  }));

test("several are deleted, and restored", () =>
  walk(list, async (page) => {
    await page.getByLabel("Select all that are loaded").check();
    const bar = named(page, "region", "Selected experiments");
    await bar.getByText("3 selected").waitFor();
    await page.getByLabel(`Select ${names[0]}`).uncheck();
    await named(bar, "button", "Delete…").click();
    await inDialog(page, "Delete").click();
    await page.getByText("Deleted 2 experiments").waitFor();
    await rowOf(page, names[1]).waitFor({ state: "detached" });
    await named(page, "button", "Undo").click();
    await rowOf(page, names[1]).waitFor();
    await named(bar, "button", "Clear the selection").waitFor({ state: "detached" });

    await page.getByLabel(`Select ${names[2]}`).check();
    await named(bar, "button", "Delete…").click();
    await inDialog(page, "Delete").click();
    await rowOf(page, names[2]).waitFor({ state: "detached" });
    await named(page, "button", "Deleted").click();
    await page.getByLabel(`Select ${names[2]}`).check();
    await named(bar, "button", "Restore 1").click();
    await page.getByText("Restored 1 experiment").waitFor();
    await named(page, "button", "Active").click();
    await rowOf(page, names[2]).waitFor();
  }));

test("a folder stands for what is in it", () =>
  walk(`/experiments?q=list-${stamp}`, async (page) => {
    await page.getByLabel(`Select all in list-${stamp}/`).check();
    await named(page, "region", "Selected experiments").getByText("3 selected").waitFor();
    await page.getByLabel("Select list-").last().uncheck();
    await eventually(async () => {
      const half = await page
        .getByLabel(`Select all in list-${stamp}/`)
        .evaluate((box) => box.indeterminate && !box.checked);
      assert.ok(half);
    });
  }));
