// What the walks through the pages share: one browser, and a page that complains about nothing.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const server = process.env.MILLRACE_URL?.replace(/\/$/, "");
export const shots = process.env.SHOTS;
if (!server) throw new Error("set MILLRACE_URL to a running server");
if (shots) mkdirSync(shots, { recursive: true });

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

after(() => browser?.close());

/** Opens a page, runs the walk, and fails on console errors or requests to another host. */
export async function walk(path, steps, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !options.expectedError?.test(message.text()))
      problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== new URL(server).origin)
      problems.push(`left the server: ${url}`);
  });
  try {
    await page.goto(`${server}/#${path}`);
    await steps(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

export const named = (page, role, name) => page.getByRole(role, { name });
export const inDialog = (page, name) => page.getByRole("dialog").getByRole("button", { name, exact: true });

/** Repeats an assertion about what a page comes to show until it holds, for at most five seconds. */
export async function eventually(check) {
  const end = Date.now() + 5_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
