import { expect, test } from "vitest";
import { nameTree, nest } from "./tree";

interface Item {
  id: string;
  parent?: string;
}

const layout = (items: Item[], folded: string[] = []) =>
  nest(items, (item) => item.parent, new Set(folded)).map((row) => `${"-".repeat(row.depth)}${row.item.id}`);

test("children follow their parent, wherever they came in the list", () => {
  const items = [{ id: "c", parent: "a" }, { id: "x" }, { id: "a" }, { id: "d", parent: "c" }];
  expect(layout(items)).toEqual(["x", "a", "-c", "--d"]);
});

test("a folded parent hides all below it", () => {
  const items = [{ id: "a" }, { id: "c", parent: "a" }, { id: "d", parent: "c" }, { id: "x" }];
  expect(layout(items, ["a"])).toEqual(["a", "x"]);
  expect(nest(items, (i: Item) => i.parent, new Set(["a"]))[0]).toMatchObject({ children: 1, open: false });
});

test("a child whose parent is not loaded stays in sight", () => {
  expect(layout([{ id: "c", parent: "elsewhere" }])).toEqual(["c"]);
});

test("rings and self references lose nothing", () => {
  const ring = [
    { id: "a", parent: "b" },
    { id: "b", parent: "a" },
    { id: "s", parent: "s" },
  ];
  expect(
    layout(ring)
      .map((line) => line.replaceAll("-", ""))
      .sort(),
  ).toEqual(["a", "b", "s"]);
});

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
