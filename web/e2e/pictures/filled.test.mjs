// Visits every page of a server with users that seed.py has filled by the Python client. A page that writes an error to
// the console, asks another host or shows an alert fails.
//   IDS   what seed.py printed
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { named, walk } from "../walk.mjs";
import { pages, wishes } from "./pages.mjs";

const { MLFLOW_AUTH_ADMIN_PASSWORD: password, IDS } = process.env;
const ids = JSON.parse(readFileSync(IDS, "utf8").trim().split("\n").at(-1));
let storageState;

test("the administrator logs in", () =>
  walk("/", async (page) => {
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password").fill(password);
    await named(page, "button", "Log in").click();
    await named(page, "navigation", "Main").waitFor();
    storageState = await page.context().storageState();
  }));

for (const [name, { path, steps }] of Object.entries({ ...pages, ...wishes })) {
  test(`${name} has what the client logged`, () =>
    walk(
      path(ids),
      async (page) => {
        await page.locator("h1").first().waitFor({ state: "attached" });
        await steps?.(page, ids);
        await page.waitForLoadState("networkidle").catch(() => undefined); // Some pages poll.
        assert.deepEqual(await page.getByRole("alert").allTextContents(), []);
        assert.equal(await named(page, "heading", "There is no such page").count(), 0);
      },
      { storageState },
    ));
}
