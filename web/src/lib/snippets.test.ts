import { expect, test } from "vitest";
import { goSnippet, pythonSnippet } from "./snippets";

test("Python loads by version or by alias, with odd names quoted", () => {
  expect(pythonSnippet("http://h:5000", "iris", "3")).toContain('load_model("models:/iris/3")');
  expect(pythonSnippet("http://h:5000", "iris", "@champion")).toContain(
    'load_model("models:/iris@champion")',
  );
  expect(pythonSnippet("http://h", 'a"b\\', "1")).toContain('"models:/a\\"b\\\\/1"');
});

test("Go downloads from the addresses given", () => {
  const code = goSnippet("http://h/list?path=", "http://h/file?path=", "iris-3");
  expect(code).toContain('listURL = "http://h/list?path="');
  expect(code).toContain('fileURL = "http://h/file?path="');
  expect(code).toContain('folder  = "iris-3"');
  expect(code).toContain('`json:"is_dir"`');
});
