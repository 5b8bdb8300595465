// Take pictures of a running server's pages: screenshots.mjs URL FOLDER name=#/hash ...
// Each page is taken in light and dark, 1440 x 900.
import { chromium } from "playwright-core";

const [url, folder, ...pages] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  for (const scheme of ["light", "dark"]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    for (const item of pages) {
      const [name, hash] = [item.slice(0, item.indexOf("=")), item.slice(item.indexOf("=") + 1)];
      await page.goto(`${url}/${hash}`);
      await page.waitForLoadState("networkidle");
      await page.waitForTimeout(500); // charts draw after their data has come
      await page.screenshot({ path: `${folder}/${name}-${scheme}.png` });
    }
    await context.close();
  }
} finally {
  await browser.close();
}
