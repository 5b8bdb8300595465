import { expect, test } from "vitest";
import { markdownHTML } from "./markdown";

test("nested lists, tables and code", () => {
  expect(markdownHTML("- a\n  - b\n    1. c\n- d")).toBe(
    "<ul>\n<li>a\n<ul>\n<li>b\n<ol>\n<li>c</li>\n</ol>\n</li>\n</ul>\n</li>\n<li>d</li>\n</ul>\n",
  );
  expect(markdownHTML("|a|b|\n|-|-|\n|1|2|")).toContain("<td>1</td>");
  expect(markdownHTML("```python\nx < 1\n```")).toContain("x &lt; 1");
  expect(markdownHTML("# T\n## U")).toBe("<h3>T</h3>\n<h4>U</h4>\n");
  expect(markdownHTML("a **b** `c` *d* snake_case_name")).toBe(
    "<p>a <strong>b</strong> <code>c</code> <em>d</em> snake_case_name</p>\n",
  );
});

test("HTML is text", () => {
  expect(markdownHTML("<img src=x onerror=y>")).toBe("<p>&lt;img src=x onerror=y&gt;</p>\n");
  expect(markdownHTML("<script>alert(1)</script>")).not.toContain("<script");
  expect(markdownHTML('`<b>` [x](https://h/"onclick=y)')).not.toContain("onclick=y ");
});

test("links lead to web pages, mail and places in this UI only", () => {
  for (const url of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "//host/x",
    "/path",
    "&#106;avascript:alert(1)",
  ]) {
    expect(markdownHTML(`[x](${url})`)).not.toContain("<a");
    expect(markdownHTML(`<${url}>`)).not.toContain("<a");
    expect(markdownHTML(`[x]\n\n[x]: ${url}`)).not.toContain("<a");
  }
  expect(markdownHTML("[x](https://h/p)")).toContain(
    '<a href="https://h/p" rel="noreferrer noopener" target="_blank">x</a>',
  );
  expect(markdownHTML("[x](#/models/m)")).toContain('<a href="#/models/m">x</a>');
  expect(markdownHTML("see https://h/p now")).toContain('href="https://h/p"');
});

test("images of the same folder are shown, and relative links lead nowhere", () => {
  const imageURL = (link: string) => (link === "i.png" ? 'get?path="i.png"' : undefined);
  expect(markdownHTML("![a<b](i.png)", imageURL)).toBe(
    '<p><img src="get?path=&quot;i.png&quot;" alt="a&lt;b" loading="lazy"></p>\n',
  );
  expect(markdownHTML("![no](other.png)", imageURL)).toBe("<p>no</p>\n");
  expect(markdownHTML("![no](i.png)")).toBe("<p>no</p>\n");
  expect(markdownHTML("[x](i.md)", imageURL)).toBe("<p><a>x</a></p>\n");
});

test("images are links", () => {
  const html = markdownHTML('![a "label"](https://h/i.png)');
  expect(html).not.toContain("<img");
  expect(html).toContain('<a href="https://h/i.png" rel="noreferrer noopener" target="_blank">');
  expect(markdownHTML("![](javascript:alert(1))")).not.toContain("<a");
});
