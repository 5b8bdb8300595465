import { expect, test } from "vitest";
import {
  type ColumnsView,
  changeShown,
  type DataColumn,
  decodeColumns,
  encodeColumns,
  isNumeric,
  nextSort,
  shownColumns,
  sortRows,
  tagsText,
  userTagKeys,
} from "./columns";

interface Row {
  name: string;
  size?: number;
}

const catalogue: DataColumn<Row>[] = [
  { id: "name", title: "Name", group: "G", value: (r) => r.name, cell: (r) => r.name },
  { id: "size", title: "Size", group: "G", value: (r) => r.size, cell: (r) => r.size, numeric: true },
  { id: "chips", title: "Chips", group: "G", cell: () => null },
];
const rows: Row[] = [
  { name: "b10", size: 2 },
  { name: "b9" },
  { name: "a", size: Number.NaN },
  { name: "c", size: 11 },
];
const names = (sort: string, descending = false) =>
  sortRows(rows, catalogue, { columns: undefined, sort, descending })
    .map((r) => r.name)
    .join(" ");

test("rows without a value come last in either direction", () => {
  expect(names("size")).toBe("b10 c b9 a");
  expect(names("size", true)).toBe("c b10 b9 a");
});

test("names are sorted as people count, and what has no order leaves the rows alone", () => {
  expect(names("name")).toBe("a b9 b10 c");
  expect(names("chips")).toBe("b10 b9 a c");
  expect(names("gone")).toBe("b10 b9 a c");
});

test("texts that are numbers are sorted by size", () => {
  const lr: DataColumn<string> = { id: "lr", title: "lr", group: "G", value: (r) => r, cell: (r) => r };
  const view = { columns: undefined, sort: "lr", descending: false };
  expect(sortRows(["1e-3", "0.01", "1e-5"], [lr], view)).toEqual(["1e-5", "1e-3", "0.01"]);
});

test("the address keeps the columns and the order", () => {
  const views: ColumnsView[] = [
    { columns: undefined, sort: "", descending: false },
    { columns: [], sort: "", descending: false },
    { columns: ["name", "tags.a,b"], sort: "metrics.x", descending: true },
  ];
  for (const view of views) expect(decodeColumns(encodeColumns(view))).toEqual(view);
  expect(encodeColumns(views[0]!)).toEqual({});
  expect(encodeColumns(views[2]!)).toEqual({ cols: "name,tags.a~1b", sort: "-metrics.x" });
});

test("the choice is shown in its order, and unknown columns are left out", () => {
  const chosen = ["size", "gone", "name", "size"];
  expect(shownColumns(catalogue, chosen, []).map((c) => c.id)).toEqual(["size", "name"]);
  expect(shownColumns(catalogue, undefined, ["chips"]).map((c) => c.id)).toEqual(["chips"]);
});

test("a column that is shown goes behind the last of its group, and one that is hidden leaves the others", () => {
  const of = (id: string, group: string): DataColumn<Row> => ({ id, title: id, group, cell: () => id });
  const [a, b, m, n] = [of("a", "A"), of("b", "A"), of("m", "M"), of("n", "M")];
  const groupOf = (c: { group: string }) => c.group;
  expect(changeShown([a, m], [b], true, groupOf)).toEqual(["a", "b", "m"]);
  expect(changeShown([a], [n, m], true, groupOf)).toEqual(["a", "n", "m"]);
  expect(changeShown([a, m], [a], true, groupOf)).toEqual(["a", "m"]);
  expect(changeShown([m, a, n], [n, b], false, groupOf)).toEqual(["m", "a"]);
});

test("three clicks on a title sort one way, the other way, and not at all", () => {
  let view: ColumnsView = { columns: undefined, sort: "", descending: false };
  const orders: string[] = [];
  for (const id of ["size", "size", "size", "name", "name", "name"]) {
    view = { ...view, ...nextSort(view, catalogue.find((c) => c.id === id)!) };
    orders.push((view.descending ? "-" : "") + view.sort);
  }
  expect(orders).toEqual(["-size", "size", "", "name", "-name", ""]);
});

test("a column of numbers has nothing else, and something at all", () => {
  expect(isNumeric(["1e-3", undefined, "", "-7", "Infinity"])).toBe(true);
  expect(isNumeric(["1", "auto"])).toBe(false);
  expect(isNumeric(["1", " "])).toBe(false);
  expect(isNumeric([undefined, ""])).toBe(false);
});

test("tags are those that people set", () => {
  const tags = { b: "1", "mlflow.user": "x", a: "2" };
  expect(userTagKeys([tags, { c: "" }])).toEqual(["a", "b", "c"]);
  expect(tagsText(tags)).toBe("b: 1, a: 2");
});
