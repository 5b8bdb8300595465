import type { Run } from "../../api/runs";
import { type PlotItem, readColumn } from "../plots/item";
import { strengthOf } from "../plots/strength";
import { durationOf, isSystemMetric, isUserTag, keysOf } from "../runs/columns";
import { compareMetrics } from "../runs/relevance";
import { differs, type Names } from "./rows";

/** Runs as plots take them. */
export function itemsOf(runs: readonly Run[], experiments: Names = {}): PlotItem[] {
  return runs.map((run) => {
    const values: Record<string, number | string | undefined> = {};
    for (const [key, value] of Object.entries(run.params)) values[`params.${key}`] = value;
    for (const [key, value] of Object.entries(run.metrics)) values[`metrics.${key}`] = value;
    for (const [key, value] of Object.entries(run.tags)) if (isUserTag(key)) values[`tags.${key}`] = value;
    const ms = durationOf(run);
    values["attributes.duration (s)"] = ms === undefined ? undefined : ms / 1000;
    values["attributes.status"] = run.status;
    values["attributes.user"] = run.user || run.tags["mlflow.user"];
    values["attributes.experiment"] = experiments[run.experimentID] ?? run.experimentID;
    return { id: run.id, label: run.name, values };
  });
}

export interface AxisGroup {
  title: string;
  keys: readonly string[];
}

/** What an axis may show, the keys that tell runs apart first. */
export function axisGroups(runs: readonly Run[]): AxisGroup[] {
  const group = (title: string, kind: "params" | "metrics" | "tags"): AxisGroup => {
    const keys = keysOf(runs, kind).filter((key) => kind !== "tags" || isUserTag(key));
    if (kind === "metrics") keys.sort(compareMetrics);
    const differing = new Map(keys.map((key) => [key, Number(!varies(runs, kind, key))]));
    keys.sort((a, b) => differing.get(a)! - differing.get(b)!);
    return { title, keys: keys.map((key) => `${kind}.${key}`) };
  };
  return [
    group("Parameters", "params"),
    group("Metrics", "metrics"),
    {
      title: "Run",
      keys: ["duration (s)", "status", "user", "experiment"].map((key) => `attributes.${key}`),
    },
    group("Tags", "tags"),
  ].filter(({ keys }) => keys.length > 0);
}

function varies(runs: readonly Run[], kind: "params" | "metrics" | "tags", key: string): boolean {
  return differs(runs.map((run) => run[kind][key]));
}

export interface Axes {
  x: string;
  y: string;
  z: string;
  parallel: readonly string[];
}

const mostJudged = 60;

/** Axes for a first look: the settings that go with the first metric most closely. */
export function defaultAxes(runs: readonly Run[], items: readonly PlotItem[], mostAxes = 8): Axes {
  const keys = new Map(axisGroups(runs).map((group) => [group.title, group.keys]));
  const metrics = (keys.get("Metrics") ?? []).filter((key) => !isSystemMetric(key.slice("metrics.".length)));
  const y = metrics[0] ?? "attributes.duration (s)";
  const params = (keys.get("Parameters") ?? []).filter((key) =>
    varies(runs, "params", key.slice("params.".length)),
  );
  const result = readColumn(items, y);
  const strength = new Map(
    params.slice(0, mostJudged).map((key) => [key, strengthOf(readColumn(items, key), result)]),
  );
  const ordered = [...params].sort((a, b) => (strength.get(b) ?? -1) - (strength.get(a) ?? -1));
  const x = ordered[0] ?? metrics[1] ?? "attributes.duration (s)";
  const z = ordered[1] ?? metrics.find((key) => key !== y && key !== x) ?? y;
  const shown = [...ordered.slice(0, Math.max(1, mostAxes - 2)).reverse(), ...metrics.slice(0, 2).reverse()];
  return { x, y, z, parallel: shown.length >= 2 ? shown : [x, y] };
}
