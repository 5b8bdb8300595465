// The command palette leads to everything by keys alone.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { seed } from "./seed.mjs";
import { seedRegistry } from "./seedRegistry.mjs";
import { named, server, walk } from "./walk.mjs";

let data;
let registry;

before(async () => {
  data = await seed(server);
  registry = await seedRegistry(server);
});

const field = (page) => page.getByRole("combobox", { name: "Search everything" });

/** Opens the palette, types, waits for a result, and chooses it. */
async function go(page, text, result) {
  await page.keyboard.press("Control+k");
  await field(page).fill(text);
  const option = named(page, "option", result).first();
  await option.waitFor();
  for (let i = 0; i < 12 && (await option.getAttribute("aria-selected")) !== "true"; i++)
    await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await field(page).waitFor({ state: "detached" });
}

test("experiments, runs, models, versions, pages and actions are a few keys away", () =>
  walk("/", async (page) => {
    await named(page, "heading", "Experiments").waitFor();
    await go(page, data.leaf, new RegExp(`${data.leaf}.*Experiment`));
    await named(page, "heading", data.experimentName).waitFor();
    await go(page, registry.modelName, new RegExp(`${registry.modelName} version 3`));
    assert.match(page.url(), new RegExp(`/models/${registry.modelName}/versions/3`));
    await go(page, registry.runs[0], /train-1.*Run/);
    await named(page, "heading", "train-1").waitFor();
    await go(page, "train-2", /train-2.*Run/);
    await named(page, "heading", "train-2").waitFor();
    await go(page, "trash", /Trash.*Page/);
    await named(page, "heading", "Trash").waitFor();
    await go(page, "night", /Dark theme/);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  }));

test("the palette opens by mouse, says when nothing is found, and gives the focus back", () =>
  walk("/experiments", async (page) => {
    await named(page, "button", /^Search/).click();
    await field(page).fill("zzz-nothing");
    await page.getByText("Nothing has “zzz-nothing” in its name.").waitFor();
    await page.keyboard.press("Escape");
    await field(page).waitFor({ state: "detached" });
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute("title")),
      "Search everything (Ctrl+K)",
    );
  }));
