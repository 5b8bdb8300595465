// Visits the pages of an experiment without runs on a phone: what they say instead keeps to the width of the screen.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { walk } from "./walk.mjs";

let experimentID;

before(async () => {
  ({ experiment_id: experimentID } = await call("experiments/create", { name: `empty-${Date.now()}` }));
});

/** Elements that end beyond the screen, and that nothing between them and the page lets scroll. */
const beyond = () =>
  [...document.querySelectorAll("main *")]
    .filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      if (width === 0 || right <= innerWidth + 1) return false;
      for (let box = element.parentElement; box.tagName !== "MAIN"; box = box.parentElement) {
        const scrolls = /auto|scroll|hidden/.test(getComputedStyle(box).overflowX);
        if (scrolls && box.getBoundingClientRect().right <= innerWidth + 1) return false;
      }
      return true;
    })
    .map((element) => `${element.tagName}.${element.className}`);

for (const path of [
  "",
  "?view=charts",
  "/media",
  "/models",
  "/datasets",
  "/prompts",
  "/overview",
  "/overview/quality",
]) {
  test(`the page ${path || "of runs"} without runs fits a phone`, () =>
    walk(
      `/experiments/${experimentID}${path}`,
      async (page) => {
        await page.locator("main .empty").first().waitFor();
        assert.deepEqual(await page.evaluate(beyond), []);
      },
      { viewport: { width: 360, height: 740 } },
    ));
}
