import { expect, test } from "vitest";
import type { TableRun } from "../../api/runTable";
import { csvOf } from "../export/csv";
import { column } from "../runs/columns";
import { csvRows } from "./csv";

test("an export has full values", () => {
  const run: TableRun = {
    id: "1",
    name: "=a",
    experimentID: "0",
    user: "",
    status: "FINISHED",
    stage: "active",
    startMS: 0,
    endMS: 1500,
    depth: 0,
    children: 0,
    open: false,
    context: false,
    group: undefined,
    cells: { "min:metrics.loss": 0.123456789, "params.lr": "1e-3, x", "attributes.source": "/a/b.py" },
  };
  const columns = [
    column("attributes", "duration"),
    column("attributes", "source"),
    column("attributes", "user_id"),
    column("metrics", "loss", "min"),
    column("metrics", "acc"),
    column("params", "lr"),
  ];
  expect(csvOf(csvRows([run], columns))).toBe(
    "Run,Run ID,Duration,Source,User,min:metrics.loss,metrics.acc,params.lr\r\n" +
      `'=a,1,1.5,/a/b.py,,0.123456789,,"1e-3, x"\r\n`,
  );
  expect(csvRows([{ ...run, startMS: 86_400_000 }], [column("attributes", "start_time")])[1]![2]).toBe(
    "1970-01-02T00:00:00.000Z",
  );
});
