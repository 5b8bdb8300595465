import { expect, test } from "vitest";
import type { TableRun } from "../../api/runTable";
import { column } from "../runs/columns";
import {
  cellValue,
  clausesFor,
  exactText,
  metricText,
  numericColumns,
  parameterText,
  settingText,
} from "./cells";

const run = (cells: TableRun["cells"] = {}, part: Partial<TableRun> = {}): TableRun => ({
  id: "a",
  name: "a",
  experimentID: "1",
  user: "ana",
  status: "FINISHED",
  stage: "active",
  startMS: 1000,
  endMS: 3000,
  depth: 0,
  children: 0,
  open: false,
  context: false,
  cells,
  group: undefined,
  ...part,
});

test("settings beside a run are rounded if they are long numbers", () => {
  expect(settingText("0.00015008412345")).toBe("0.000150084");
  expect(settingText(" 0.001 ")).toBe("0.001");
  expect(settingText("resnet-50")).toBe("resnet-50");
  expect(settingText(3)).toBe("3");
});

test("metrics have six significant digits", () => {
  expect(metricText(0.123456789)).toBe("0.123457");
  expect(metricText(1234.56789)).toBe("1234.57");
  expect(metricText(-0.0000123456789)).toBe("−1.23457e−5");
  expect(metricText(1.5e-7)).toBe("1.5e−7");
  expect(metricText(2e-7)).toBe("2e−7");
  expect(metricText(12345678.25)).toBe("12345678");
  expect(metricText(-1234567890.5)).toBe("−1.23457e9");
  expect(metricText(3)).toBe("3");
  expect(metricText(Number.NaN)).toBe("NaN");
  expect(metricText(Number.POSITIVE_INFINITY)).toBe("∞");
});

test("long numbers of parameters are rounded, others stay as written", () => {
  expect(parameterText("0.010")).toBe("0.010");
  expect(parameterText("-1")).toBe("−1");
  expect(parameterText("0.000009999999999999999")).toBe("1e−5");
});

test("values of attributes", () => {
  const source = column("attributes", "source");
  expect(cellValue(run(), column("attributes", "duration"))).toBe(2000);
  expect(cellValue(run({}, { endMS: undefined }), column("attributes", "duration"))).toBeUndefined();
  expect(cellValue(run({ [source.id]: "/x/train.py" }), source)).toBe("train.py");
  expect(exactText(run({ [source.id]: "/x/train.py" }), source)).toBe("/x/train.py");
  expect(exactText(run(), column("attributes", "duration"))).toBe("2 s");
  expect(exactText(run(), column("metrics", "none"))).toBe("");
});

test("filters are made of values that the grammar can write", () => {
  const of = (id: string, value: string | number) => {
    const [kind, key] = id.split(".") as ["params" | "metrics" | "attributes", string];
    return clausesFor(run({ [id]: value }), column(kind, key));
  };
  expect(of("params.lr", "0.1")).toEqual(["params.lr = '0.1'", "params.lr != '0.1'"]);
  expect(of("params.x", `'"`)).toEqual([]);
  expect(of("metrics.loss", 0.25)).toEqual(["metrics.loss <= 0.25", "metrics.loss >= 0.25"]);
  expect(of("metrics.loss", Number.NaN)).toEqual([]);
  expect(of("attributes.dataset", "mnist")).toEqual(["dataset.name = 'mnist'"]);
  expect(of("attributes.dataset", "a, b")).toEqual([]);
  expect(clausesFor(run(), column("attributes", "start_time"))[0]).toBe("attributes.start_time >= 1000");
  expect(clausesFor(run({ "min:metrics.loss": 1 }), column("metrics", "loss", "min"))).toEqual([]);
});

test("parameters line up as numbers only if all of them are", () => {
  const lr = column("params", "lr");
  const rows = (...values: (string | undefined)[]) =>
    values.map((v) => run(v === undefined ? {} : { [lr.id]: v }));
  expect(numericColumns(rows("1", "1e-3", undefined), [lr]).has(lr.id)).toBe(true);
  expect(numericColumns(rows("1", "auto"), [lr]).has(lr.id)).toBe(false);
  expect(numericColumns(rows(undefined), [lr]).has(lr.id)).toBe(false);
  expect(numericColumns(rows(" "), [lr]).has(lr.id)).toBe(false);
});
