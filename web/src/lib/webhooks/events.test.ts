import { describe, expect, test } from "vitest";
import { eventGroups, eventName, eventWords, hostOf, nameProblem, urlProblem } from "./events";

const event = (entity: string, action: string) => ({ entity, action });

describe("events", () => {
  test("have a name and words", () => {
    expect(eventName(event("MODEL_VERSION", "CREATED"))).toBe("model_version.created");
    expect(eventWords(event("RUN", "FAILED"))).toBe("A run has failed");
    expect(eventWords(event("NEW", "THING"))).toBe("new.thing");
  });

  test("are offered in groups, without those that never happen", () => {
    const all = [
      event("PROMPT_TAG", "SET"),
      event("MODEL_VERSION", "CREATED"),
      event("BUDGET_POLICY", "EXCEEDED"),
      event("RUN", "FAILED"),
    ];
    const titles = (chosen: string[]) =>
      eventGroups(all, new Set(chosen)).map((g) => [g.title, g.events.length]);
    expect(titles([])).toEqual([
      ["Runs", 1],
      ["Models", 1],
      ["Prompts", 1],
    ]);
    expect(titles(["budget_policy.exceeded"])).toContainEqual(["Others", 1]);
  });
});

test.each([
  ["", true],
  ["a", true],
  ["a.b-c_D9", true],
  ["x".repeat(63), true],
  ["x".repeat(64), false],
  ["a.", false],
  ["-a", false],
  ["a b", false],
  ["ü", false],
])("the name %j is good: %s", (name, good) => {
  expect(nameProblem(name) === "").toBe(good);
});

test.each([
  ["", true],
  ["https://example.org/hook?x=1", true],
  ["http://example.org/", false],
  ["example.org", false],
  ["https://", false],
  ["mailto:a@example.org", false],
])("the address %j is good: %s", (url, good) => {
  expect(urlProblem(url, ["https"]) === "").toBe(good);
});

test("a list shows the host alone", () => {
  expect(hostOf("https://user:hidden@example.org:8443/hidden")).toBe("example.org:8443");
  expect(hostOf("no address")).toBe("no address");
});
