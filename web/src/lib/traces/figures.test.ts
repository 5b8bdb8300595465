import { expect, test } from "vitest";
import type { Trace } from "../../api/traces";
import { changeText, figuresOf } from "./figures";

const trace = (part: Partial<Trace>): Trace => ({
  id: "tr-1",
  experimentID: "1",
  state: "OK",
  name: "answer",
  startMS: 0,
  durationMS: 1000,
  request: "",
  response: "",
  tokens: undefined,
  cost: undefined,
  session: "",
  user: "",
  runID: "",
  tags: {},
  metadata: {},
  assessments: [],
  ...part,
});

const assessment = (name: string, value: unknown, valid = true) => ({
  id: name,
  name,
  kind: "feedback" as const,
  value,
  error: "",
  spanID: "",
  sourceType: "HUMAN" as const,
  sourceID: "",
  rationale: "",
  updatedMS: 1,
  overrides: "",
  valid,
});

const byLabel = (a: Trace, b: Trace) =>
  Object.fromEntries(figuresOf([a, b], [4, 3], [0, 1]).map((f) => [f.label, f]));

test("changes have a sign and a share", () => {
  expect(changeText(200, 150, String)).toBe("−50 (−25 %)");
  expect(changeText(0, 3, String)).toBe("+3");
  expect(changeText(5, 5, String)).toBe("±0");
  expect(changeText(1, 100, String)).toBe("+99 (+>999 %)");
});

test("less time and fewer tokens are better", () => {
  const tokens = (total: number) => ({ input: total - 10, output: 10, total });
  const found = byLabel(trace({ tokens: tokens(100) }), trace({ durationMS: 500, tokens: tokens(130) }));
  expect(found.Duration).toMatchObject({
    texts: ["1.0 s", "500 ms"],
    change: "−500 ms (−50 %)",
    verdict: "better",
  });
  expect(found.Tokens).toMatchObject({ change: "+30 (+30 %)", verdict: "worse" });
  expect(found["Tokens out"]).toMatchObject({ change: "±0", same: true });
  expect(found.Cost).toBeUndefined();
  expect(found.Spans).toMatchObject({ change: "−1 (−25 %)", verdict: undefined });
});

test("less than a millisecond is no change of a time that is not known", () => {
  const found = byLabel(trace({ durationMS: 0 }), trace({ durationMS: 3 }));
  expect(found.Duration).toMatchObject({ texts: ["< 1 ms", "3 ms"], change: "+3 ms" });
  expect(byLabel(trace({ durationMS: 0 }), trace({ durationMS: 0 })).Duration).toMatchObject({ same: true });
});

test("a value that one trace lacks has no change", () => {
  const found = byLabel(trace({ cost: 0.5 }), trace({ durationMS: undefined }));
  expect(found.Cost).toMatchObject({ texts: ["$0.5", ""], change: "", same: false });
  expect(found.Duration).toMatchObject({ texts: ["1.0 s", ""], change: "" });
});

test("assessments that were replaced do not count", () => {
  const found = byLabel(
    trace({ assessments: [assessment("correct", false, false), assessment("correct", true)] }),
    trace({ assessments: [assessment("correct", false), assessment("score", 0.5)] }),
  );
  expect(found.correct).toMatchObject({ texts: ["yes", "no"], same: false });
  expect(found.score).toMatchObject({ texts: ["", "0.5"] });
});
