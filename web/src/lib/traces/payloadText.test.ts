import { expect, test } from "vitest";
import { textsOf } from "./payloadText";

test("texts are compared by their lines", () => {
  expect(textsOf("a\nb", "a\nc")).toEqual([
    ["a", "b"],
    ["a", "c"],
  ]);
  expect(textsOf({ answer: "a\nb" }, { answer: "a" })).toEqual([["a", "b"], ["a"]]);
});

test("objects of other keys are compared as JSON, with the keys in order", () => {
  expect(textsOf({ answer: "a" }, { error: "a" })[0]).toEqual(["{", '  "answer": "a"', "}"]);
  const [left, right] = textsOf({ b: 1, a: [2] }, { a: [2], b: 1 });
  expect(left).toEqual(right);
});

test("long texts inside of JSON are split where their lines end", () => {
  const long = `${"word ".repeat(20)}\nsecond line\\no end`;
  const [left] = textsOf({ a: long, b: 1 }, {});
  expect(left).toHaveLength(5);
  expect(left[2]).toBe('second line\\\\no end",');
  expect(textsOf({ a: "1\n2", b: 1 }, {})[0]).toHaveLength(4);
});
