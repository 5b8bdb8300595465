import { expect, test } from "vitest";
import { isLog, relativePath } from "./paths";

test("relative links of a file", () => {
  expect(relativePath("docs/a.md", "img/b.png")).toBe("docs/img/b.png");
  expect(relativePath("docs/a.md", "../c%20d.png?x#y")).toBe("c d.png");
  expect(relativePath("a.md", "./b.png")).toBe("b.png");
  for (const link of [
    "../b.png",
    "https://h/x.png",
    "data:image/png,x",
    "//h/x",
    "/x",
    "#x",
    "",
    "%zz",
    "..",
  ])
    expect(relativePath("a.md", link)).toBeUndefined();
});

test("logs by their names", () => {
  for (const path of ["train.log", "logs/worker-0.out", "stderr.txt", "a/console_1.txt", "x.err"])
    expect(isLog(path), path).toBe(true);
  for (const path of ["notes.txt", "logo.png", "catalog.txt", "loss.csv", "blogs.txt"])
    expect(isLog(path), path).toBe(false);
});
