// What the registry pages work out from a model's versions.
import type { LoggedModel } from "../../api/models";
import type { ModelChange, ModelVersion, VersionMetric } from "../../api/registry";
import type { Run } from "../../api/runs";
import type { Point } from "../charts/history";
import { compareNames, isSystemMetric, isUserTag } from "../runs/columns";
import { compareMetrics as byRelevance } from "../runs/relevance";
import { shownMetrics } from "./loggedModels";

const byNumber = (a: ModelVersion, b: ModelVersion) => Number(b.version) - Number(a.version);

/**
 * The version others have to beat: the one with the alias "champion", else the newest in Production, else
 * the newest at all. The version asking never competes with itself.
 */
export function championOf(versions: readonly ModelVersion[], asking?: string): ModelVersion | undefined {
  const others = versions.filter((v) => v.version !== asking).sort(byNumber);
  return (
    others.find((v) => v.aliases.includes("champion")) ??
    others.find((v) => v.stage === "Production") ??
    others[0]
  );
}

/** Why a version is the champion, for its label; empty for one that is only the newest. */
export function championReason(version: ModelVersion): string {
  if (version.aliases.includes("champion")) return "champion";
  return version.stage === "Production" ? "in Production" : "";
}

export const datasetName = (m: VersionMetric) => m.datasetName || "no dataset";

/** The latest value of each metric on each dataset, by name and then dataset. */
export function latestMetrics(version: ModelVersion): VersionMetric[] {
  const found = new Map<string, VersionMetric>();
  for (const m of version.metrics) {
    if (isSystemMetric(m.key)) continue;
    const id = `${m.key}\n${m.datasetName}\n${m.datasetDigest}`;
    const known = found.get(id);
    if (!known || m.step > known.step || (m.step === known.step && m.timeMS >= known.timeMS))
      found.set(id, m);
  }
  return [...found.values()].sort(
    (a, b) => compareNames(a.key, b.key) || compareNames(a.datasetName, b.datasetName),
  );
}

/** Evaluation tells more about a model than training, so its metrics come first. */
const telling = /(^|[/_. -])(eval|val|valid|validation|test|holdout)([/_. -]|$)/i;

export function orderMetricKeys(keys: readonly string[]): string[] {
  return [...new Set(keys)].sort(
    (a, b) => Number(telling.test(b)) - Number(telling.test(a)) || compareNames(a, b),
  );
}

export function metricKeys(versions: readonly ModelVersion[]): string[] {
  return orderMetricKeys(versions.flatMap((v) => latestMetrics(v).map((m) => m.key)));
}

/** All values of one metric, one per dataset. */
export function valuesOf(version: ModelVersion, key: string): VersionMetric[] {
  return latestMetrics(version).filter((m) => m.key === key);
}

export interface PerformanceLine {
  dataset: string;
  points: Point[];
}

/** One metric over the versions, a line for each dataset it was measured on. */
export function performance(
  versions: readonly ModelVersion[],
  key: string,
  dataset: string,
): PerformanceLine[] {
  const lines = new Map<string, Point[]>();
  for (const version of [...versions].sort(byNumber).reverse()) {
    for (const m of valuesOf(version, key)) {
      const name = datasetName(m);
      if (dataset && name !== dataset) continue;
      const points = lines.get(name) ?? [];
      // Two digests of one dataset in one version: the later measurement stands for it.
      const last = points.at(-1);
      if (last?.step === Number(version.version)) {
        if (m.timeMS < last.time) continue;
        points.pop();
      }
      points.push({ step: Number(version.version), time: m.timeMS, value: m.value });
      lines.set(name, points);
    }
  }
  return [...lines]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([name, points]) => ({ dataset: name, points }));
}

export function datasetNames(versions: readonly ModelVersion[], key: string): string[] {
  return [...new Set(versions.flatMap((v) => valuesOf(v, key).map(datasetName)))].sort(compareNames);
}

export interface Difference {
  key: string;
  /** One text or number for each side; undefined where it has none. */
  values: (string | number | undefined)[];
  same: boolean;
}

export function compareMetrics(versions: readonly ModelVersion[]): Difference[] {
  return compareRecords(
    versions.map((v) =>
      Object.fromEntries(
        latestMetrics(v).map((m) => [m.datasetName ? `${m.key} on ${m.datasetName}` : m.key, m.value]),
      ),
    ),
  );
}

export function compareTags(versions: readonly ModelVersion[]): Difference[] {
  return compareRecords(
    versions.map((v) => Object.fromEntries(Object.entries(v.tags).filter(([key]) => isUserTag(key)))),
  );
}

/** All keys of all sides; those that differ first. */
export function compareRecords<T extends string | number>(
  records: readonly Readonly<Record<string, T>>[],
): Difference[] {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))].sort(compareNames);
  return keys
    .map((key) => {
      const values = records.map((record) => record[key]);
      return { key, values, same: values.every((value) => Object.is(value, values[0])) };
    })
    .sort((x, y) => Number(x.same) - Number(y.same));
}

export interface KeyMetric {
  key: string;
  value: number;
  step: number;
  dataset: string;
}

/** One telling metric of a logged model and the run that made it, for lists with room for one. */
export function keyMetric(model: LoggedModel, run?: Run): KeyMetric | undefined {
  const metrics = shownMetrics(model, run);
  const key = orderMetricKeys(metrics.map((m) => m.key).filter((k) => !isSystemMetric(k)))[0];
  if (key === undefined) return undefined;
  const last = metrics.filter((m) => m.key === key).reduce((x, y) => (y.step >= x.step ? y : x));
  return { key, value: last.value, step: last.step, dataset: last.datasetName };
}

/** The same of a run, whose metrics name no dataset. */
export function keyRunMetric(run: Run): KeyMetric | undefined {
  const key = Object.keys(run.metrics)
    .filter((k) => !isSystemMetric(k))
    .sort(byRelevance)[0];
  if (key === undefined) return undefined;
  return { key, value: run.metrics[key]!, step: run.metricSteps[key] ?? 0, dataset: "" };
}

/** A log entry in words. */
export function changeText(change: ModelChange): string {
  const { kind, from, to, alias, version } = change;
  if (kind === "stage") return `moved from ${from || "None"} to ${to}`;
  if (kind === "alias") {
    if (!to) return `alias ${alias} removed from version ${from}`;
    return from
      ? `alias ${alias} moved from version ${from} to ${to}`
      : `alias ${alias} given to version ${to}`;
  }
  if (kind === "model") return to === "deleted" ? "model deleted" : `model renamed from ${from} to ${to}`;
  return `version ${version} ${to}`;
}

/** The versions made of a logged model, which the registry notes in a tag of it. */
export function registeredAs(model: LoggedModel): { name: string; version: string }[] {
  let list: unknown;
  try {
    list = JSON.parse(model.tags["mlflow.modelVersions"] ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: { name?: unknown; version?: unknown } | null) =>
    typeof item?.name === "string" && item.version !== undefined
      ? [{ name: item.name, version: String(item.version) }]
      : [],
  );
}
