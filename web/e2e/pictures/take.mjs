// Takes the pictures of docs/ui.md from a server with users that seed.py has filled.
//   take.mjs FOLDER        one picture of each wish, in WebP
//   take.mjs FOLDER look   every page, light and dark, on a screen and on a phone, in PNG
// IDS names the file with what seed.py printed. ONLY is a pattern of names.
import { readFileSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { pages, wishes } from "./pages.mjs";

const [folder, look] = process.argv.slice(2);
const { MILLRACE_URL: server, MLFLOW_AUTH_ADMIN_PASSWORD: password, IDS, ONLY } = process.env;
if (!folder || !IDS || !server) throw new Error("FOLDER, IDS and MILLRACE_URL are needed");
const ids = JSON.parse(readFileSync(IDS, "utf8").trim().split("\n").at(-1));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});

/** A page of a browser that is logged in. */
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${server}/#/`);
  if (password) {
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
  }
  return { context, page };
}

async function visit(page, { path, steps }) {
  await page.goto("about:blank"); // A new address of the same page keeps its state.
  await page.goto(`${server}/#${path(ids)}`);
  await page.waitForLoadState("networkidle").catch(() => undefined); // Some pages poll.
  await steps?.(page, ids);
  await page.waitForTimeout(700); // Charts draw after their data has come.
}

async function wish([name, entry]) {
  const { context, page } = await open({
    viewport: { width: 1280, height: 760 },
    colorScheme: entry.scheme ?? "light",
  });
  await visit(page, entry);
  const cdp = await context.newCDPSession(page);
  const { data } = await cdp.send("Page.captureScreenshot", { format: "webp", quality: 75 });
  writeFileSync(`${folder}/${name}.webp`, Buffer.from(data, "base64"));
  await context.close();
}

async function everywhere() {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 420]) {
      const { context, page } = await open({ viewport: { width, height: 900 }, colorScheme });
      for (const [name, entry] of Object.entries({ ...pages, ...wishes })) {
        if (ONLY && !new RegExp(ONLY).test(name)) continue;
        await visit(page, entry).catch((error) =>
          console.log(`${name} ${colorScheme} ${width}: ${error.message.split("\n")[0]}`),
        );
        await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
      }
      await context.close();
    }
  }
}

try {
  if (look) await everywhere();
  else
    for (const entry of Object.entries(wishes))
      if (!ONLY || new RegExp(ONLY).test(entry[0])) await wish(entry);
} finally {
  await browser.close();
}
