import { expect, test } from "vitest";
import { loadPrompt } from "./promptSnippets";
import { parseTemplate } from "./template";

const prompt = {
  server: "http://localhost:5000",
  name: "greet",
  reference: "3",
  template: parseTemplate("Hi {{ name }}, {{ user.mail }} and {{ user.age }}", "text"),
};

test("Python loads by number or alias, with an argument for each variable", () => {
  const code = loadPrompt.Python(prompt);
  expect(code).toContain('load_prompt("prompts:/greet/3")');
  expect(code).toContain('text = prompt.format(\n    name="…",\n    user="…",\n)');
  expect(loadPrompt.Python({ ...prompt, reference: "@prod" })).toContain('"prompts:/greet@prod"');
  expect(loadPrompt.Python({ ...prompt, template: { kind: "text", text: "Hi" } })).toContain(
    "prompt.format()",
  );
});

test("Go reads the template of the version from its tag", () => {
  const code = loadPrompt.Go(prompt);
  expect(code).toContain('client.ModelVersion(ctx, "greet", "3")');
  expect(code).toContain('"strings"');
  expect(code).toContain('\t\t"{{ user.mail }}", "…",\n');
  const chat = { kind: "chat" as const, messages: [{ role: "user", content: "Hi" }] };
  const plain = loadPrompt.Go({ ...prompt, reference: "@prod", template: chat });
  expect(plain).toContain('client.ModelVersionByAlias(ctx, "greet", "prod")');
  expect(plain).not.toContain('"strings"');
});
