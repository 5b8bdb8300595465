import { expect, test } from "vitest";
import { draftOf, formatValue, parseDraft, typeOf } from "./assessments";
import { chatOf, saidBy, soleText } from "./chat";

const roles = (value: unknown) => chatOf(value)?.map((m) => `${m.role}: ${saidBy(m)}`);

test("OpenAI's requests and answers are conversations", () => {
  expect(
    roles({
      model: "m",
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
      ],
    }),
  ).toEqual(["system: Be brief.", "user: Hi"]);
  const tool = { id: "c1", type: "function", function: { name: "f", arguments: '{"x": 1}' } };
  const [answer] = chatOf({
    choices: [{ message: { role: "assistant", content: null, tool_calls: [tool] } }],
  })!;
  expect(answer!.parts).toEqual([{ kind: "call", name: "f", input: { x: 1 }, id: "c1" }]);
  const [result] = chatOf([{ role: "tool", tool_call_id: "c1", content: '{"y": 2}' }])!;
  expect(result!.parts).toEqual([{ kind: "result", id: "c1", output: { y: 2 } }]);
});

test("OpenAI's responses are conversations", () => {
  expect(roles({ model: "m", instructions: "Be kind.", input: "Hi" })).toEqual([
    "system: Be kind.",
    "user: Hi",
  ]);
  expect(
    roles({
      output: [
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello" }] },
        { type: "function_call", name: "f", arguments: "{}", call_id: "1" },
        { type: "function_call_output", call_id: "1", output: "done" },
      ],
    }),
  ).toEqual(["assistant: Hello", "assistant: ", "tool: "]);
});

test("Anthropic's messages are conversations", () => {
  const value = {
    system: "S",
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: { a: 1 } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "42" }] },
    ],
  };
  const chat = chatOf(value)!;
  expect(chat.map((m) => m.role)).toEqual(["system", "user", "assistant", "user"]);
  expect(chat[2]!.parts).toEqual([{ kind: "call", name: "f", input: { a: 1 }, id: "t" }]);
  expect(chat[3]!.parts).toEqual([{ kind: "result", id: "t", output: "42" }]);
  expect(roles({ role: "assistant", type: "message", content: [{ type: "text", text: "Yes" }] })).toEqual([
    "assistant: Yes",
  ]);
});

test("LangChain's messages are conversations", () => {
  expect(
    roles({
      messages: [
        [
          { type: "human", content: "Hi" },
          { type: "ai", content: "Hello" },
        ],
      ],
    }),
  ).toEqual(["user: Hi", "assistant: Hello"]);
});

test("other values are none", () => {
  for (const value of [
    undefined,
    null,
    "text",
    5,
    [],
    {},
    { messages: [] },
    { messages: [1] },
    { input: "x" },
    { question: "x" },
    [{ type: "image", content: "x" }],
    [{ role: "user", content: "a" }, "b"],
  ]) {
    expect(chatOf(value), JSON.stringify(value)).toBeUndefined();
  }
});

test("an object with one text has that text", () => {
  expect([
    soleText({ answer: "x" }),
    soleText("y"),
    soleText({ a: 1 }),
    soleText({ a: "x", b: "y" }),
  ]).toEqual(["x", "y", undefined, undefined]);
});

test("values of assessments are written as they are read", () => {
  expect([true, false, 0.5, "good", null, { a: 1 }].map(formatValue)).toEqual([
    "yes",
    "no",
    "0.5",
    "good",
    "–",
    '{"a":1}',
  ]);
  for (const value of [true, 0.5, "good", [1, { a: "b" }]]) {
    expect(parseDraft(typeOf(value), draftOf(value))).toEqual(value);
  }
  expect(parseDraft("number", "abc")).toBeUndefined();
  expect(parseDraft("thumbs", "1")).toBeUndefined();
  expect(parseDraft("text", " ")).toBeUndefined();
  expect(parseDraft("json", "{")).toBeUndefined();
});
