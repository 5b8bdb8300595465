import { expect, test } from "vitest";
import { diffLines } from "./diff";
import { diffWords, markWords, sideRows, tokensOf } from "./words";

const changed = (segments: readonly { text: string; changed: boolean }[] | undefined) =>
  segments?.filter((s) => s.changed).map((s) => s.text);

test("tokens add up to the text", () => {
  const text = "Antworte „kurz“, bitte:  {{ name }}\t— 3,5!";
  expect(tokensOf(text).join("")).toBe(text);
  expect(tokensOf("")).toEqual([]);
});

test("only the words that differ are marked", () => {
  const [left, right] = diffWords("Answer in three sentences.", "Answer briefly in two sentences.")!;
  expect(changed(left)).toEqual(["three"]);
  expect(changed(right)).toEqual(["briefly ", "two"]);
  expect(right.map((s) => s.text).join("")).toBe("Answer briefly in two sentences.");
});

test("lines with little in common have no marks, and neither have long ones", () => {
  expect(diffWords("abc def ghi", "xyz")).toBeUndefined();
  expect(diffWords("a".repeat(5001), "a".repeat(5001))).toBeUndefined();
});

test("the n-th removed line is compared with the n-th added one", () => {
  const lines = markWords(
    diffLines(["same", "one two", "three four"], ["same", "one 2", "three 4", "new line"]),
  );
  expect(lines.map((l) => [l.kind, changed(l.segments)])).toEqual([
    ["same", undefined],
    ["removed", ["two"]],
    ["removed", ["four"]],
    ["added", ["2"]],
    ["added", ["4"]],
    ["added", undefined],
  ]);
});

test("two columns hold every line once, with changed lines beside each other", () => {
  const rows = sideRows(diffLines(["a", "b", "c"], ["a", "x", "y", "c", "d"]));
  expect(rows.map(({ left, right }) => [left?.text, right?.text])).toEqual([
    ["a", "a"],
    ["b", "x"],
    [undefined, "y"],
    ["c", "c"],
    [undefined, "d"],
  ]);
});
