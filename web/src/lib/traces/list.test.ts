import { expect, test } from "vitest";
import { fillIntervals } from "../../api/traceMetrics";
import { type Trace, toTrace } from "../../api/traces";
import { tracesCodec } from "../view/traces";
import { completeTraceFilter, traceFilter } from "./filter";
import { formatCost, formatTokens, formatTook, intervalFor, joinHead, keysOfTraces } from "./list";
import { previewText } from "./preview";

const of = (...ids: string[]): Trace[] => ids.map((id) => toTrace({ trace_id: id, request_time: "" }));
const ids = (traces: Trace[] | undefined) => traces?.map((t) => t.id).join("");

test("a newer first page is joined with the pages after it", () => {
  expect(ids(joinHead(of("x", "a", "b"), [of("a", "b", "c"), of("d", "e")], false))).toBe("xabcde");
  // b was deleted, and the head has a row of the second page.
  expect(ids(joinHead(of("a", "c", "d"), [of("a", "b", "c"), of("d", "e")], false))).toBe("acde");
  expect(ids(joinHead(of("a"), [of("a", "b")], true))).toBe("a");
  expect(joinHead(of("x", "y"), [of("a", "b")], false)).toBeUndefined();
  expect(joinHead(of("x", "y"), [[]], false)).toBeUndefined();
});

test("a trace is read with what its tags and metadata hold", () => {
  const trace = toTrace({
    trace_id: "tr-1",
    request_time: "2026-11-28T10:00:00.123Z",
    execution_duration: "1.500s",
    state: "OK",
    tags: { "mlflow.traceName": "root", env: "dev" },
    trace_metadata: {
      "mlflow.trace.session": "s",
      "mlflow.trace.tokenUsage": '{"input_tokens": 5, "total_tokens": 12}',
      "mlflow.trace.cost": '{"total_cost": 0.003}',
    },
    assessments: [
      { assessment_name: "ok", feedback: { value: true } },
      {
        assessment_name: "exp",
        expectation: { serialized_value: { value: '{"a": [1]}' } },
        valid: false,
      },
    ],
  });
  expect(trace).toMatchObject({
    name: "root",
    durationMS: 1500,
    session: "s",
    tokens: { input: 5, output: undefined, total: 12 },
    cost: 0.003,
    assessments: [
      { kind: "feedback", value: true, valid: true },
      { kind: "expectation", value: { a: [1] }, valid: false },
    ],
  });
  expect(keysOfTraces([trace])).toMatchObject({ tags: ["env"], feedback: ["ok"], names: ["root"] });
  expect(
    toTrace({ trace_id: "t", request_time: "", trace_metadata: { "mlflow.trace.cost": "3" } }).cost,
  ).toBe(undefined);
});

test("the filter has the text first, then the chips", () => {
  const none = { filter: "", errorsOnly: false, since: "", session: "" };
  expect(traceFilter(none, 0)).toBe("");
  expect(traceFilter({ ...none, filter: "boom" }, 0)).toBe("trace.text ILIKE '%boom%'");
  expect(traceFilter({ ...none, filter: "it's" }, 0)).toBe('trace.text ILIKE "%it\'s%"');
  const all = { filter: "name = 'a'", errorsOnly: true, since: "1h", session: "s1" };
  expect(traceFilter(all, 3_600_000, "r")).toBe(
    "name = 'a' AND attributes.run_id = 'r' AND attributes.status = 'ERROR' AND " +
      "request_metadata.`mlflow.trace.session` = 's1' AND attributes.timestamp_ms >= 0",
  );
});

test("keys, operators and values are completed", () => {
  const keys = { tags: ["a b"], metadata: ["m"], feedback: ["ok"], expectations: [], names: ["root"] };
  const options = (text: string) => completeTraceFilter(text, text.length, keys)?.options;
  expect(options("tag")).toEqual(["tags.`a b`"]);
  expect(options("span.ty")).toEqual(["span.type"]);
  expect(options("feedback.ok ")).toContain(">=");
  expect(options("status = ")).toEqual(["'OK'", "'ERROR'", "'IN_PROGRESS'"]);
  expect(options("span.status = ")).toContain("'UNSET'");
  expect(options("name = ")).toEqual(["'root'"]);
  expect(options("tags.x IS ")).toEqual(["NULL", "NOT NULL"]);
  expect(options("name = 'root' ")).toEqual(["AND"]);
});

test("previews show what was said", () => {
  expect(previewText('{"question":"Why \\"so\\"?"}')).toBe('Why "so"?');
  expect(previewText('{"question": "A long tex')).toBe("A long tex…");
  expect(previewText('{"question": "cut \\u00')).toBe("cut …");
  expect(previewText('"plain"')).toBe("plain");
  expect(previewText('{"a": "x", "b": 1}')).toBe('{"a": "x", "b": 1}');
  expect(previewText("hi there")).toBe("hi there");
  expect(previewText('{"messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"}]}')).toBe(
    "Q",
  );
});

test("counts are spread over the intervals of a time", () => {
  const point = (at: string, status: string, COUNT: number) => ({
    dimensions: { time_bucket: at, trace_status: status },
    values: { COUNT },
  });
  const scope = {
    experimentID: "1",
    fromMS: Date.parse("2026-11-28T00:30:00Z"),
    toMS: Date.parse("2026-11-28T03:10:00Z"),
    filters: [],
  };
  const hour = 3_600_000;
  const intervals = fillIntervals(
    [point("2026-11-28T01:00:00+00:00", "OK", 3), point("2026-11-28T01:00:00+00:00", "ERROR", 1)],
    scope,
    hour,
  );
  expect(intervals.map((i) => [i.count, i.errors])).toEqual([
    [0, 0],
    [4, 1],
    [0, 0],
    [0, 0],
  ]);
  expect([hour, 24 * hour, 7 * 24 * hour, 30 * 24 * hour].map((span) => span / intervalFor(span))).toEqual([
    60, 24, 28, 30,
  ]);
});

test("costs and tokens are short", () => {
  expect([0, 0.000123, 0.03, 12.5].map(formatCost)).toEqual(["$0", "$0.00012", "$0.03", "$12.50"]);
  expect([950, 12_345, 4_500_000].map(formatTokens)).toEqual(["950", "12.3k", "4.5M"]);
});

test("the address holds the view", () => {
  const search = {
    q: "x",
    state: "error",
    since: "7d",
    session: "s",
    traces: "a,b",
    sort: "-duration",
    live: "0",
  };
  expect(tracesCodec.encode(tracesCodec.decode(search))).toEqual(search);
  expect(tracesCodec.encode(tracesCodec.decode({ state: "?", since: "soon" }))).toEqual({});
});

test("a trace of no whole millisecond took less than one", () => {
  expect(formatTook(0)).toBe("< 1 ms");
  expect(formatTook(1)).toBe("1 ms");
  expect(formatTook(12_345)).toBe("12 s");
});
