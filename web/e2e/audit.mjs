// The audit of a page by axe-core.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core finds on a page, which must be open without its security policy. */
export async function violations(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(
    (runOnly) => window.axe.run(document, { runOnly, resultTypes: ["violations"] }),
    tags,
  );
  return found.violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary}`);
    return `${name}: ${id} (${help}), ${nodes.length} times:\n    ${where.join("\n    ")}`;
  });
}
