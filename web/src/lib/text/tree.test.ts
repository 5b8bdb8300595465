import { expect, test } from "vitest";
import { nameTree } from "./tree";

const names = (list: string[], folded: string[] = []) =>
  nameTree(
    list.map((name) => ({ name })),
    new Set(folded),
  ).map((row) => `${"-".repeat(row.depth)}${row.label}${row.folder ? ` (${row.members.length})` : ""}`);

test("names are grouped by prefix, and single chains stay on one line", () => {
  expect(names(["vision/seg", "nlp/sum/small", "vision/cls/a", "vision/cls/b", "flat"])).toEqual([
    "vision/ (3)",
    "-seg",
    "-cls/ (2)",
    "--a",
    "--b",
    "nlp/sum/small",
    "flat",
  ]);
});

test("a name that is also a prefix keeps its own row", () => {
  expect(names(["a", "a/b", "a/c"])).toEqual(["a", "a/ (2)", "-b", "-c"]);
});

test("leading slashes, empty parts and odd names survive", () => {
  expect(names(["/Users/me/x", "/Users/you/y"])).toEqual(["/Users/ (2)", "-me/x", "-you/y"]);
  expect(names(["/"])).toEqual(["/"]);
  expect(names(["a//b", "a/"])).toHaveLength(2);
});

test("folding hides the members", () => {
  expect(names(["v/a", "v/b"], ["v/"])).toEqual(["v/ (2)"]);
});
