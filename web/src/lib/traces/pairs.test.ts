import { expect, test } from "vitest";
import type { WireSpan } from "../../api/traces";
import { countPairs, pairSpans, slowdown } from "./pairs";
import { spanTree } from "./spans";

interface Given {
  id: string;
  name: string;
  parent?: string;
  ms?: number;
  outputs?: string;
  error?: boolean;
}

/** Spans that start one after another. */
const tree = (...given: Given[]) =>
  spanTree(
    given.map(
      (g, i): WireSpan => ({
        span_id: g.id,
        parent_span_id: g.parent ?? null,
        name: g.name,
        start_time_unix_nano: i * 1e6,
        end_time_unix_nano: (i + (g.ms ?? 1)) * 1e6,
        attributes: { "mlflow.spanOutputs": g.outputs ?? "" },
        status: { code: g.error ? "STATUS_CODE_ERROR" : "STATUS_CODE_OK" },
      }),
    ),
  );

const shown = (left: ReturnType<typeof tree>, right: ReturnType<typeof tree>) =>
  pairSpans(left, right).map((p) => `${" ".repeat(p.depth)}${p.left?.id ?? "-"} ${p.right?.id ?? "-"}`);

test("spans of the same name and order are beside each other", () => {
  const left = tree(
    { id: "a", name: "agent" },
    { id: "b", name: "plan", parent: "a" },
    { id: "c", name: "search", parent: "a" },
    { id: "d", name: "fetch", parent: "c" },
    { id: "e", name: "answer", parent: "a" },
  );
  const right = tree(
    { id: "A", name: "agent" },
    { id: "B", name: "plan", parent: "A" },
    { id: "X", name: "search", parent: "A" },
    { id: "C", name: "search", parent: "A" },
    { id: "E", name: "answer", parent: "A" },
  );
  const rows = shown(left, right);
  expect(rows).toHaveLength(6);
  expect(rows[0]).toBe("a A");
  expect(rows[1]).toBe(" b B");
  expect(rows.at(-1)).toBe(" e E");
  expect(rows.filter((r) => r.includes("-"))).toHaveLength(2);
});

test("the children of a span without counterpart are alone, too", () => {
  const left = tree(
    { id: "a", name: "agent" },
    { id: "b", name: "old", parent: "a" },
    { id: "c", name: "x", parent: "b" },
  );
  const right = tree(
    { id: "A", name: "agent" },
    { id: "B", name: "new", parent: "A" },
    { id: "C", name: "x", parent: "B" },
  );
  expect(shown(left, right)).toEqual(["a A", " b -", "  c -", " - B", "  - C"]);
  const pairs = pairSpans(left, right);
  expect(pairs.map((p) => p.end)).toEqual([5, 3, 3, 5, 5]);
  expect(pairs.map((p) => p.parent)).toEqual([-1, 0, 1, 0, 3]);
  expect(countPairs(pairs)).toEqual({ onlyLeft: 2, onlyRight: 2, changed: 0 });
});

test("outputs and states make a difference, times alone do not", () => {
  const left = tree(
    { id: "a", name: "x", outputs: '"1"' },
    { id: "b", name: "y" },
    { id: "c", name: "z", ms: 3 },
  );
  const right = tree(
    { id: "A", name: "x", outputs: '"2"' },
    { id: "B", name: "y", error: true },
    { id: "C", name: "z", ms: 1 },
  );
  const pairs = pairSpans(left, right);
  expect(pairs.map((p) => p.differs)).toEqual([true, true, false]);
  expect(slowdown(pairs[2]!)).toBe(-2e6);
  expect(
    slowdown(pairSpans(tree({ id: "a", name: "x" }), tree({ id: "A", name: "x", ms: 1.0005 }))[0]!),
  ).toBe(0);
});

test("one side may have no spans", () => {
  expect(pairSpans([], [])).toEqual([]);
  expect(shown(tree({ id: "a", name: "x" }), [])).toEqual(["a -"]);
});

test("chains of ten thousand spans are paired without recursion", () => {
  const chain = (prefix: string) =>
    tree(
      ...Array.from({ length: 10_000 }, (_, i) => ({
        id: `${prefix}${i}`,
        name: `step ${i}`,
        ...(i > 0 && { parent: `${prefix}${i - 1}` }),
      })),
    );
  const pairs = pairSpans(chain("a"), chain("b"));
  expect(pairs).toHaveLength(10_000);
  expect(pairs.every((p) => p.left && p.right)).toBe(true);
});
