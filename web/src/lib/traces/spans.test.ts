import { expect, test } from "vitest";
import type { WireSpan } from "../../api/traces";
import {
  attributeValue,
  extent,
  formatNanos,
  hexOf,
  matches,
  spanTree,
  typeClass,
  visibleSpans,
} from "./spans";

const span = (id: string, parent: string | null, start: number, more: Partial<WireSpan> = {}): WireSpan => ({
  span_id: id,
  parent_span_id: parent,
  name: id,
  start_time_unix_nano: start,
  end_time_unix_nano: start + 10,
  ...more,
});

const names = (list: readonly { name: string; depth: number }[]) =>
  list.map((s) => `${s.depth}${s.name}`).join(" ");

test("spans are in the order of the tree, children by their starts", () => {
  const spans = spanTree([span("c", "a", 9), span("a", null, 1), span("d", "b", 3), span("b", "a", 2)]);
  expect(names(spans)).toBe("0a 1b 2d 1c");
  expect(spans.map((s) => s.end)).toEqual([4, 3, 3, 4]);
  expect(spans.map((s) => s.parent)).toEqual([-1, 0, 1, 0]);
  expect(extent(spans)).toEqual({ startNS: 1, endNS: 19 });
});

test("orphans, rings, twins and spans that are their own parents are shown once", () => {
  expect(names(spanTree([span("a", "gone", 1), span("b", "a", 2)]))).toBe("0a 1b");
  expect(names(spanTree([span("a", "b", 1), span("b", "a", 2)]))).toBe("0a 1b");
  expect(names(spanTree([span("a", "a", 1)]))).toBe("0a");
  expect(names(spanTree([span("a", null, 1), span("a", null, 2)]))).toBe("0a 0a");
  expect(spanTree([])).toEqual([]);
});

test("a chain of 100,000 spans needs no recursion", () => {
  const spans = spanTree(
    Array.from({ length: 100_000 }, (_, i) => span(String(i), i ? String(i - 1) : null, i)),
  );
  expect(spans[99_999]).toMatchObject({ depth: 99_999 });
  expect(spans[0]!.end).toBe(100_000);
});

test("folded spans hide what is below, and a search shows matches with their ancestors", () => {
  const spans = spanTree([
    span("r", null, 0),
    span("a", "r", 1),
    span("b", "a", 2, { status: { code: "STATUS_CODE_ERROR", message: "boom" } }),
    span("c", "r", 3, { attributes: { "mlflow.spanInputs": '{"q": "Norway"}' } }),
  ]);
  const none = { folded: new Set<string>(), text: "", errorsOnly: false };
  const a = spans[1]!.id;
  expect(visibleSpans(spans, none)).toEqual([0, 1, 2, 3]);
  expect(visibleSpans(spans, { ...none, folded: new Set([a]) })).toEqual([0, 1, 3]);
  expect(visibleSpans(spans, { ...none, folded: new Set([a]), text: "BOOM" })).toEqual([0, 1, 2]);
  expect(visibleSpans(spans, { ...none, text: "norway" })).toEqual([0, 3]);
  expect(visibleSpans(spans, { ...none, errorsOnly: true })).toEqual([0, 1, 2]);
  expect(matches(spans[3]!, "norway", true)).toBe(false);
});

test("ids are read as bytes, attributes as JSON in a text", () => {
  expect(hexOf("bGIh23Mp2yo=")).toBe("6c6221db7329db2a");
  expect(hexOf("not base64!")).toBe("not base64!");
  expect([attributeValue('"x"'), attributeValue("5"), attributeValue("{broken"), attributeValue(7)]).toEqual([
    "x",
    5,
    "{broken",
    7,
  ]);
  const typed = span("a", null, 1, { attributes: { "mlflow.spanType": '"CHAT_MODEL"' } });
  expect(typeClass(spanTree([typed])[0]!.type)).toBe("model");
  expect(typeClass("MINE")).toBe("other");
});

test("durations have a unit that fits", () => {
  expect([500, 12_345, 999_936, 3_400_000, 999_900_000, 2_520_000_000, 125e9].map(formatNanos)).toEqual([
    "1 µs",
    "12 µs",
    "1 ms",
    "3.4 ms",
    "1 s",
    "2.52 s",
    "2 min 5 s",
  ]);
});
