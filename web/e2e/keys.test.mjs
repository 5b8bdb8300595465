// The keys of the pages, their map, and the setting that turns single keys off. Settings as for ui.test.mjs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { eventually, named, server, walk } from "./walk.mjs";

const stamp = Date.now();
const names = ["a", "b", "c"].map((letter) => `keys-${stamp}-${letter}`);
const list = `/experiments?q=keys-${stamp}&sort=name`;
const ids = [];

before(async () => {
  for (const name of names) {
    const tags = [{ key: "team", value: "vision" }];
    ids.push((await call("experiments/create", { name, tags })).experiment_id);
  }
});

const focused = (page, text) =>
  eventually(async () => {
    assert.equal(await page.evaluate(() => document.activeElement.textContent), text);
  });

test("g and a letter lead to pages, within an experiment to its parts", () =>
  walk("/", async (page) => {
    await named(page, "heading", "Experiments").waitFor();
    for (const [letter, heading, path] of [
      ["m", "Models", "/models"],
      ["t", "Trash", "/trash"],
      ["s", "Settings", "/settings"],
      ["e", "Experiments", "/experiments"],
    ]) {
      await page.keyboard.press("g");
      await page.keyboard.press(letter);
      await named(page, "heading", heading).first().waitFor();
      assert.equal(new URL(page.url()).hash, `#${path}`);
    }
    await page.goto(`${server}/#/experiments/${ids[0]}`);
    await named(page, "heading", names[0]).waitFor();
    for (const [letter, path] of [
      ["d", "/datasets"],
      ["l", "/models"],
      ["i", "/media"],
      ["c", "?view=charts"],
      ["r", ""],
    ]) {
      await page.keyboard.press("g");
      await page.keyboard.press(letter);
      await page.waitForFunction((hash) => location.hash === hash, `#/experiments/${ids[0]}${path}`);
    }
    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.waitForFunction(() => location.hash === "#/");
    // A letter alone, and one in a field, leads nowhere.
    await page.keyboard.press("e");
    await page.getByLabel("Search experiments by name").fill("x");
    await page.keyboard.type("gm");
    await page.waitForFunction(() => location.hash.includes("q=xgm"));
  }));

test("rows are walked, selected, edited and opened by keys", () =>
  walk(list, async (page) => {
    await named(page, "link", names[0]).waitFor();
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "INPUT");
    await page.keyboard.press("Tab");
    await page.keyboard.press("j");
    await focused(page, names[0]);
    await page.keyboard.press("j");
    await focused(page, names[1]);
    await page.keyboard.press("x");
    await named(page, "region", "Selected experiments").getByText("1 selected").waitFor();
    await page.keyboard.press("k");
    await focused(page, names[0]);
    await page.keyboard.press("e");
    await named(page, "dialog", `Tags of ${names[0]}`).getByText("vision").waitFor();
    await page.keyboard.press("Escape");
    await named(page, "link", names[2]).focus();
    await page.keyboard.press("k");
    await focused(page, names[1]);
    await page.keyboard.press("Enter");
    await named(page, "heading", names[1]).waitFor();
  }));

test("the map lists the keys of each page, and the palette those of its commands", () =>
  walk("/", async (page) => {
    await named(page, "heading", "Experiments").waitFor();
    await page.keyboard.press("?");
    const map = named(page, "dialog", "Keyboard and filters");
    for (const title of ["Everywhere", "Go to", "In an experiment, go to", "Runs"])
      await map.getByRole("heading", { name: title, exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await named(page, "combobox", "Search everything").fill("trash");
    const option = named(page, "option", /^Trash/);
    await eventually(async () => assert.deepEqual(await option.locator("kbd").allTextContents(), ["g", "t"]));
    await page.keyboard.press("Enter");
    await named(page, "heading", "Trash").waitFor();
  }));

test("single keys can be turned off", () =>
  walk("/settings", async (page) => {
    await named(page, "button", "Only with Ctrl or Cmd").click();
    await page.locator("h1").click();
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    await page.keyboard.press("?");
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.keyboard.press("Control+k");
    await named(page, "combobox", "Search everything").waitFor();
    await page.keyboard.press("Escape");
    assert.match(page.url(), /#\/settings$/);
    await named(page, "button", "All keys").click();
    await page.getByText("Single keys are turned off").waitFor();
    await page.keyboard.press("Escape");
    await named(page, "button", "Single keys act").click();
    await page.locator("h1").click();
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    await named(page, "heading", "Experiments").waitFor();
  }));
