import { expect, test } from "vitest";
import { datasetFilter, experimentIDsOf, linkedPrompts, promptFilter, runsWithPrompt } from "./filters";
import { aliasFault, isBlank, nameFault, parseObject, parseTags, templateFault } from "./promptRules";
import {
  isJinja,
  parseTemplate,
  piecesOf,
  templateLines,
  templatePreview,
  templateText,
  variablesOf,
} from "./template";

const chat = parseTemplate(
  '[{"role":"system","content":"Be {{tone}}."},{"role":"user","content":"{{ q }}"}]',
  "chat",
);

test("templates are texts or conversations", () => {
  expect(parseTemplate("Hello {{name}}", "text")).toEqual({ kind: "text", text: "Hello {{name}}" });
  expect(chat.kind === "chat" && chat.messages.map((m) => m.role)).toEqual(["system", "user"]);
  expect(parseTemplate("no JSON", "chat")).toEqual({ kind: "text", text: "no JSON" });
  expect(parseTemplate('{"role":"user"}', "chat").kind).toBe("text");
  expect(parseTemplate('[{"role":"user","content":[{"type":"text"}]}]', "chat").kind).toBe("chat");
  expect(templateText(chat)).toBe(
    '[{"role":"system","content":"Be {{tone}}."},{"role":"user","content":"{{ q }}"}]',
  );
});

test("variables are found once, in their order", () => {
  expect(variablesOf(parseTemplate("{{ b }} {{a.c}} {{b}} {{1}} { {x}} {{ x y }}", "text"))).toEqual([
    "b",
    "a.c",
  ]);
  expect(variablesOf(chat)).toEqual(["tone", "q"]);
});

test("pieces add up to the text", () => {
  const text = "{% if x %}Hi {{ name }}!{# no {{ y }} #}{% endif %} end";
  const pieces = piecesOf(text);
  expect(pieces.map((p) => p.text).join("")).toBe(text);
  expect(pieces.map((p) => p.kind)).toEqual([
    "control",
    "text",
    "variable",
    "text",
    "control",
    "control",
    "text",
  ]);
  expect(isJinja(text)).toBe(true);
  expect(isJinja("{{ a }}")).toBe(false);
  expect(piecesOf("")).toEqual([]);
});

test("messages are told apart in differences", () => {
  expect(templateLines(chat)).toEqual(["[system]", "Be {{tone}}.", "", "[user]", "{{ q }}"]);
  expect(templatePreview(chat)).toBe("system: Be {{tone}}. user: {{ q }}");
});

test("names and aliases are checked as MLflow's client does", () => {
  expect(nameFault("a_B-1.x")).toBe("");
  expect(nameFault("a b")).not.toBe("");
  expect(nameFault("a/b")).not.toBe("");
  expect(aliasFault("production")).toBe("");
  expect(aliasFault("latest")).toContain("newest");
  expect(aliasFault("v3")).not.toBe("");
  expect(aliasFault("a b")).not.toBe("");
});

test("templates have an end", () => {
  expect(templateFault({ kind: "text", text: "😀".repeat(100_000) })).toBe("");
  expect(templateFault({ kind: "text", text: "a".repeat(100_001) })).toContain("100,001");
  expect(isBlank({ kind: "text", text: " \n" })).toBe(true);
  expect(isBlank(chat)).toBe(false);
});

test("objects and tags are read from texts", () => {
  expect(parseObject("  ")).toEqual({ fault: "" });
  expect(parseObject('{"a":1}').value).toEqual({ a: 1 });
  expect(parseObject("[1]").fault).toContain("object");
  expect(parseObject("{").fault).toContain("no JSON");
  expect(parseTags("a=1\n\n b = x=y ").tags).toEqual([
    ["a", "1"],
    ["b", "x=y"],
  ]);
  expect(parseTags("a").fault).toContain("key=value");
});

test("words and tags become a filter", () => {
  expect(promptFilter("")).toBe("tags.`mlflow.prompt.is_prompt` = 'true'");
  expect(promptFilter(`o'b team=support "a b"`, "7")).toBe(
    "tags.`mlflow.prompt.is_prompt` = 'true' AND tags.`_mlflow_experiment_ids` LIKE '%,7,%' AND name ILIKE '%o''b%'" +
      " AND tags.`team` = 'support' AND name ILIKE '%a b%'",
  );
  expect(datasetFilter('qa env="a b"')).toBe("name ILIKE '%qa%' AND tags.`env` = 'a b'");
  expect(datasetFilter(" ")).toBe("");
  expect(experimentIDsOf(",2,7,")).toEqual(["2", "7"]);
  expect(experimentIDsOf(undefined)).toEqual([]);
  expect(runsWithPrompt("greet", "3")).toBe(
    `tags.\`mlflow.linkedPrompts\` LIKE '%"name": "greet", "version": "3"%'`,
  );
});

test("the prompts of a trace or a run are in a tag", () => {
  const tags = (text: string) => linkedPrompts({ "mlflow.linkedPrompts": text });
  expect(tags('[{"name": "greet", "version": "3"}, {"name": "x"}, null]')).toEqual([
    { name: "greet", version: "3" },
  ]);
  expect(tags('[{"name": "greet", "version": 3}]')).toEqual([{ name: "greet", version: "3" }]);
  expect(tags("{}")).toEqual([]);
  expect(tags("[")).toEqual([]);
  expect(linkedPrompts({})).toEqual([]);
});
