import { expect, test } from "vitest";
import { overviewCodec, timeOf } from "./overview";

const day = 86_400_000;

test("a span before now, or two days", () => {
  expect(overviewCodec.decode({})).toEqual({ since: "7d", from: "", to: "", bucket: "" });
  expect(overviewCodec.encode(overviewCodec.decode({}))).toEqual({});
  const search = { from: "2026-11-01", to: "2026-11-03", bucket: "1d" };
  expect(overviewCodec.encode(overviewCodec.decode(search))).toEqual(search);
  expect(timeOf(overviewCodec.decode(search), 0)).toEqual({
    fromMS: Date.UTC(2026, 10, 1),
    toMS: Date.UTC(2026, 10, 4) - 1,
  });
  expect(timeOf(overviewCodec.decode({ since: "24h" }), 5 * day)).toEqual({ fromMS: 4 * day, toMS: 5 * day });
});

test("what is no date or no interval is left out", () => {
  expect(overviewCodec.decode({ from: "2026-11-03", to: "2026-11-01" }).from).toBe("");
  expect(overviewCodec.decode({ from: "2026-13-40", to: "2026-11-01" }).from).toBe("");
  expect(overviewCodec.decode({ since: "soon", bucket: "2y" })).toMatchObject({ since: "7d", bucket: "" });
});

test("the times of MLflow's addresses hold", () => {
  expect(overviewCodec.decode({ startTimeLabel: "LAST_24_HOURS" }).since).toBe("24h");
  const custom = {
    startTimeLabel: "CUSTOM",
    startTime: "2026-11-01T10:00:00.000Z",
    endTime: "2026-11-02T09:00:00.000Z",
  };
  expect(overviewCodec.decode(custom)).toMatchObject({ from: "2026-11-01", to: "2026-11-02" });
});
