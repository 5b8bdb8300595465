import { expect, test } from "vitest";
import { column } from "../runs/columns";
import { blocksIn } from "./blocks";
import { columnsInSight, layoutOf } from "./layout";

const many = Array.from({ length: 12_000 }, (_, i) => column("metrics", `m${i}`));
const widths = Object.fromEntries(many.map((c) => [c.id, 100]));

test("of thousands of columns, only those in sight are drawn", () => {
  const layout = layoutOf(many, ["metrics.m5"], widths, 1000, "name");
  expect(layout.pinned.map((p) => p.column.key)).toEqual(["m5"]);
  expect(layout.pinnedEnd).toBe(34 + 230 + 100);
  expect(layout.width).toBe(34 + 230 + 12_000 * 100);
  const [first, last] = columnsInSight(layout, 0, 1000);
  expect(first).toBe(0);
  expect(last - first).toBeLessThan(12);
  const [from, to] = columnsInSight(layout, 600_000, 1000);
  const x = layout.scrolling[from]!.left;
  expect(x).toBeLessThanOrEqual(600_000 + layout.pinnedEnd);
  expect(layout.scrolling[to]!.left + 100).toBeGreaterThanOrEqual(600_000 + 1000);
  expect(to - from).toBeLessThan(14);
  expect(columnsInSight(layout, 1_200_000, 1000)[1]).toBe(11_998);
});

test("the name takes what few columns leave, within bounds", () => {
  const one = [many[0]!];
  expect(layoutOf(one, [], widths, 500, "name").nameWidth).toBe(366);
  expect(layoutOf(many, [], widths, 360, "name").nameWidth).toBe(170);
  expect(layoutOf(one, [], widths, 5000, "name").nameWidth).toBe(460);
  expect(layoutOf(many, [], widths, 600, "name").nameWidth).toBe(230);
  expect(layoutOf(one, [], { ...widths, name: 300 }, 5000, "name").nameWidth).toBe(300);
  expect(columnsInSight(layoutOf([], [], {}, 500, "name"), 0, 500)).toEqual([0, -1]);
});

test("rows are read in blocks", () => {
  expect(blocksIn([0, 0])).toEqual([0]);
  expect(blocksIn([99, 100])).toEqual([0, 1]);
  expect(blocksIn([15_000, 15_040])).toEqual([150]);
});

test("metrics of groups have room for their deviation", () => {
  const columns = [column("metrics", "a"), column("params", "p")];
  const widthsOf = (grouped: boolean) =>
    layoutOf(columns, [], { "params.p": 70 }, 1000, "name", grouped).scrolling.map((p) => p.width);
  expect(widthsOf(false)).toEqual([112, 70]);
  expect(widthsOf(true)).toEqual([140, 70]);
});

test("names of groups have room for several values", () => {
  expect(layoutOf(many, [], widths, 1000, "name", true).nameWidth).toBe(340);
  expect(layoutOf(many, [], widths, 360, "name", true).nameWidth).toBe(170);
});
