import { expect, test } from "vitest";
import type { Point } from "./history";
import { type Ask, SeriesLoader, type SeriesQuery } from "./loader";
import { samplesPerLine, thin, withWindow } from "./points";

/** A server with full histories, which counts rows as the real one does, without late points. */
class FakeServer {
  readonly logged = new Map<string, Point[]>();
  readonly statuses = new Map<string, string>();
  readonly asked: SeriesQuery[] = [];
  fails = false;

  log(run: string, metric: string, ...points: Point[]) {
    const key = `${run} ${metric}`;
    this.logged.set(key, [...(this.logged.get(key) ?? []), ...points]);
  }

  ask: Ask = async (query) => {
    this.asked.push(query);
    if (this.fails) throw new Error("no answer");
    const series = query.runIDs.flatMap((id, run) =>
      query.metrics.flatMap((metric, key) => {
        const all = this.logged.get(`${id} ${metric}`) ?? [];
        const [from, to] = query.window ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
        const end = query.window ? "" : all.length > 0 ? `${all.length} 0 0 0` : "";
        const before = query.ends?.[run * query.metrics.length + key];
        if (all.length === 0 || before === end) return [];
        const known = before ? Number(before.split(" ")[0]) : 0;
        const inWindow = all.slice(known).filter((p) => p.step >= from && p.step <= to);
        return [{ run, key, whole: known === 0, end, points: thin(inWindow, query.samples, "step") }];
      }),
    );
    return { statuses: query.runIDs.map((id) => this.statuses.get(id) ?? "FINISHED"), series };
  };
}

const at = (step: number, value = step): Point => ({ step, time: step * 1000, value });
const steps = (n: number, from = 0) => Array.from({ length: n }, (_, i) => at(from + i));
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

function setUp(runs: Record<string, string>, samples = 40) {
  const server = new FakeServer();
  for (const [id, status] of Object.entries(runs)) server.statuses.set(id, status);
  const loader = new SeriesLoader(server.ask);
  const list = () => Object.keys(runs).map((id) => ({ id, status: runs[id] }));
  loader.setRuns(list(), samples);
  return { server, loader, list };
}

test("cards that appear together share a request", async () => {
  const { server, loader } = setUp({ a: "FINISHED", b: "FINISHED" });
  server.log("a", "loss", ...steps(5));
  server.log("b", "accuracy", ...steps(3));
  const loss = { metric: "loss", axis: "step" as const };
  loader.show(loss);
  loader.show({ metric: "accuracy", axis: "step" });
  expect(loader.points(loss, "a")).toBeUndefined();
  await settled();
  expect(server.asked.map((q) => [q.runIDs, q.metrics])).toEqual([
    [
      ["a", "b"],
      ["loss", "accuracy"],
    ],
  ]);
  expect(loader.points(loss, "a")).toHaveLength(5);
  expect(loader.points(loss, "b")).toEqual([]);
  await loader.tick();
  expect(server.asked, "all runs have ended").toHaveLength(1);
  expect(loader.goesOn()).toBe(false);
});

test("a tick is one request for the runs that go on, and brings new points only", async () => {
  const { server, loader } = setUp({ a: "FINISHED", b: "RUNNING", c: "RUNNING" });
  for (const run of ["a", "b", "c"]) server.log(run, "loss", ...steps(5));
  const loss = { metric: "loss", axis: "step" as const };
  loader.show(loss);
  const hide = loader.show({ metric: "accuracy", axis: "step" });
  await settled();
  server.log("b", "loss", at(5), at(6));
  const version = loader.version("loss");
  await loader.tick();
  expect(server.asked[1]?.runIDs).toEqual(["b", "c"]);
  expect(server.asked[1]?.metrics).toEqual(["loss", "accuracy"]);
  expect(loader.points(loss, "b")?.map((p) => p.step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(loader.version("loss")).toBe(version + 1);
  const same = loader.points(loss, "c");
  hide();
  server.statuses.set("b", "FINISHED");
  server.log("b", "loss", at(7));
  await loader.tick();
  expect(server.asked[2]?.metrics, "only what is in sight").toEqual(["loss"]);
  expect(loader.points(loss, "b")).toHaveLength(8);
  expect(loader.points(loss, "c")).toBe(same);
  await loader.tick();
  expect(server.asked[3]?.runIDs, "b has ended").toEqual(["c"]);
});

test("a metric that appears later is found, and a run that goes on again is asked", async () => {
  const { server, loader, list } = setUp({ a: "RUNNING" });
  const loss = { metric: "loss", axis: "step" as const };
  loader.show(loss);
  await settled();
  server.log("a", "loss", at(0));
  server.statuses.set("a", "FAILED");
  await loader.tick();
  expect(loader.points(loss, "a")).toHaveLength(1);
  expect(loader.goesOn()).toBe(false);
  loader.setRuns([{ id: "a", status: "FAILED" }], 40);
  expect(loader.goesOn()).toBe(false);
  loader.setRuns(list(), 40);
  expect(loader.goesOn()).toBe(true);
});

test("a long series is thinned as it grows, and keeps its spike", async () => {
  const { server, loader } = setUp({ a: "RUNNING" });
  server.log("a", "loss", ...steps(30));
  const loss = { metric: "loss", axis: "step" as const };
  loader.show(loss);
  await settled();
  server.log("a", "loss", at(30, 1e6));
  for (let i = 0; i < 30; i++) {
    server.log("a", "loss", ...steps(10, 31 + i * 10));
    await loader.tick();
    const points = loader.points(loss, "a")!;
    expect(points.length).toBeLessThanOrEqual(80);
    expect(points.some((p) => p.value === 1e6)).toBe(true);
    expect(points.at(-1)!.step).toBe(40 + i * 10);
  }
});

test("a zoom asks for its window once, of those lines only that were sampled", async () => {
  const { server, loader } = setUp({ a: "RUNNING", b: "FINISHED" });
  server.log("a", "loss", ...steps(1000));
  server.log("b", "loss", ...steps(10));
  const hide = loader.show({ metric: "loss", axis: "step" });
  await settled();
  hide();
  const zoomed = { metric: "loss", axis: "step" as const, window: [500, 520] as const };
  const hideZoomed = loader.show(zoomed);
  await settled();
  expect(server.asked[1]).toMatchObject({ runIDs: ["a"], window: [500, 520] });
  const inside = loader.points(zoomed, "a")!.filter((p) => p.step >= 500 && p.step <= 520);
  expect(inside).toHaveLength(21);
  expect(loader.points(zoomed, "b")).toHaveLength(10);
  await loader.tick();
  await settled();
  expect(server.asked.filter((q) => q.window)).toHaveLength(1);
  hideZoomed();
  loader.show({ ...zoomed, window: [900, 1100] });
  await settled();
  server.log("a", "loss", at(1000));
  await loader.tick();
  const live = loader.points({ ...zoomed, window: [900, 1100] }, "a")!;
  expect(live.at(-1)!.step, "new points are in the window").toBe(1000);
});

test("another axis asks again for sampled lines only", async () => {
  const { server, loader } = setUp({ a: "FINISHED", b: "FINISHED" });
  server.log("a", "loss", ...steps(1000));
  server.log("b", "loss", ...steps(10));
  loader.show({ metric: "loss", axis: "step" });
  await settled();
  loader.show({ metric: "loss", axis: "relative" });
  await settled();
  expect(server.asked.map((q) => [q.axis, q.runIDs])).toEqual([
    ["step", ["a", "b"]],
    ["time", ["a"]],
  ]);
});

test("an error is told and can be retried; an error of a tick is not", async () => {
  const { server, loader } = setUp({ a: "RUNNING" });
  server.log("a", "loss", at(0));
  server.fails = true;
  const loss = { metric: "loss", axis: "step" as const };
  loader.show(loss);
  await settled();
  expect(loader.error("loss")).toBeInstanceOf(Error);
  expect(server.asked).toHaveLength(1);
  server.fails = false;
  loader.retry();
  await settled();
  expect(loader.error("loss")).toBeUndefined();
  expect(loader.points(loss, "a")).toHaveLength(1);
  server.fails = true;
  await loader.tick();
  expect(loader.error("loss")).toBeUndefined();
  expect(loader.points(loss, "a")).toHaveLength(1);
});

test("large pages are asked for in parts, two at a time", async () => {
  const runs = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`r${i}`, "FINISHED"]));
  const { server, loader } = setUp(runs, 200);
  for (let i = 0; i < 10; i++) loader.show({ metric: `m${i}`, axis: "step" });
  await settled();
  expect(server.asked.map((q) => [q.runIDs.length, q.metrics.length])).toEqual([
    [50, 6],
    [50, 6],
    [50, 4],
    [50, 4],
  ]);
});

test("a stopped loader drops what is under way and can go on", async () => {
  const { server, loader } = setUp({ a: "FINISHED" });
  server.log("a", "loss", at(0));
  const loss = { metric: "loss", axis: "step" as const };
  loader.show(loss)();
  const hide = loader.show(loss);
  await Promise.resolve();
  loader.stop();
  hide();
  await settled();
  expect(loader.points(loss, "a")).toBeUndefined();
  loader.show(loss);
  await settled();
  expect(loader.points(loss, "a")).toHaveLength(1);
});

test("thinning keeps the ends and the extremes of each part, and a gap", () => {
  const points = steps(1000).map((p) => ({ ...p, value: Math.sin(p.step) }));
  points[333]!.value = 50;
  points[500]!.value = Number.NaN;
  points[501]!.value = Number.MAX_VALUE;
  const kept = thin(points, 40, "step");
  expect(kept.length).toBeLessThanOrEqual(41);
  expect(kept[0]).toBe(points[0]);
  expect(kept.at(-1)).toBe(points[999]);
  expect(kept).toContain(points[333]);
  expect(kept.filter((p) => Number.isNaN(p.value))).toHaveLength(1);
  expect(thin(points.slice(0, 40), 40, "time")).toHaveLength(40);
});

test("a window replaces what it covers, on each axis", () => {
  const whole = [at(0), at(10), at(20), at(30)];
  const stepsOf = (axis: "step" | "time" | "relative", from: number, to: number) =>
    withWindow(whole, [at(11), at(12)], axis, [from, to]).map((p) => p.step);
  expect(stepsOf("step", 5, 25)).toEqual([0, 11, 12, 30]);
  expect(stepsOf("time", 5000, 25_000)).toEqual([0, 11, 12, 30]);
  expect(stepsOf("relative", 10_000, 20_000)).toEqual([0, 11, 12, 30]);
});

test("the more lines, the fewer samples each, within limits", () => {
  expect([1, 50, 100, 1000].map(samplesPerLine)).toEqual([600, 400, 200, 120]);
});
