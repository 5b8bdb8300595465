import { expect, test } from "vitest";
import { firstRun, languages, loadModel, logInByToken } from "./snippets";

test("a model is loaded by version or by alias in every language", () => {
  for (const language of languages) {
    expect(loadModel(language, "http://h:5000", "iris", "3")).toMatch(/models:\/iris\/3\b/);
    expect(loadModel(language, "http://h:5000", "iris", "@champion")).toContain("models:/iris@champion");
    expect(loadModel(language, "http://h:5000", "iris", "3")).toContain("http://h:5000");
  }
});

test("odd names stay inside their quotes", () => {
  expect(loadModel("Python", "http://h", 'a"b\\', "1")).toContain('"models:/a\\"b\\\\/1"');
  expect(loadModel("Go", "http://h", 'a"b', "1")).toContain('"models:/a\\"b/1"');
  expect(loadModel("Shell", "http://h", "it's $HOME", "1")).toContain("-m 'models:/it'\\''s $HOME/1' -p");
  expect(firstRun.Shell("http://h", "a b")).toContain("--experiment-name 'a b'");
});

test("a token is set beside the address of its server", () => {
  expect(logInByToken("http://h:5000", "mlr_abc")).toBe(
    "export MLFLOW_TRACKING_URI=http://h:5000\nexport MLFLOW_TRACKING_TOKEN=mlr_abc",
  );
});
