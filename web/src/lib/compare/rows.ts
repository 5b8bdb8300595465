// The rows of a comparison: everything that runs have, and where they differ.
import type { Run } from "../../api/runs";
import { parseNumber } from "../plots/item";
import { compareNames, durationOf, isUserTag, keysOf, sourceOf } from "../runs/columns";
import { compareMetrics } from "../runs/relevance";
import type { MetricStat } from "../view/compare";

export type Value = number | string | undefined;

export type SectionID = "params" | "metrics" | "attributes" | "tags";

export interface CompareRow {
  /** A column id, as in "params.lr". */
  id: string;
  section: SectionID;
  title: string;
  /** How to show numbers. */
  format: "number" | "time" | "duration" | "text";
  /** All values that exist are numbers, or texts that are. */
  numeric: boolean;
  /** By position of the run. */
  values: readonly Value[];
  /** Runs that have a value have different ones. A missing value is not a difference. */
  differs: boolean;
}

export interface Section {
  id: SectionID;
  title: string;
  differing: readonly CompareRow[];
  equal: readonly CompareRow[];
}

/** Other values of metrics than the last ones, by run id and metric; empty while they load. */
export type MetricValues = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Names of experiments by id, as far as they are known. */
export type Names = Readonly<Record<string, string>>;

export function differs(values: readonly Value[]): boolean {
  let first: Value;
  for (const value of values) {
    if (value === undefined) continue;
    if (first === undefined) first = value;
    else if (!Object.is(value, first)) return true;
  }
  return false;
}

const areNumbers = (values: readonly Value[]) =>
  values.every((value) => typeof value !== "string" || parseNumber(value) !== undefined);

const lowerIsBetter =
  /(^|[^a-z])(loss|err|error|mae|mse|rmse|mape|nll|perplexity|ppl|wer|cer|fid|latency|time|seconds)([^a-z]|$)/i;

const higherIsBetter =
  /acc|auc|f1|precision|recall|score|reward|bleu|rouge|iou|dice|map|ndcg|mrr|r2|psnr|ssim|throughput/i;

/** Whether the best value of a metric is its least. Names tell; other metrics are better the greater they are. */
export const isLowerBetter = (metric: string) =>
  lowerIsBetter.test(metric.replace(/([a-z])([A-Z])/g, "$1_$2")) || /loss|error/i.test(metric);

/** Which way a metric gets better: up, down, or unknown. */
export function directionOf(metric: string): -1 | 0 | 1 {
  return isLowerBetter(metric) ? -1 : higherIsBetter.test(metric) ? 1 : 0;
}

function metricValue(run: Run, key: string, stat: MetricStat, values: MetricValues): number | undefined {
  return stat === "last" ? run.metrics[key] : values[run.id]?.[key];
}

const attributes: readonly (readonly [
  key: string,
  title: string,
  format: CompareRow["format"],
  (run: Run, experiments: Names) => Value,
])[] = [
  ["experiment_id", "Experiment", "text", (run, names) => names[run.experimentID] ?? run.experimentID],
  ["status", "Status", "text", (run) => run.status],
  ["start_time", "Started", "time", (run) => run.startMS],
  ["duration", "Duration", "duration", durationOf],
  ["user_id", "User", "text", (run) => run.user || run.tags["mlflow.user"] || undefined],
  ["source", "Source", "text", (run) => sourceOf(run) || undefined],
  ["git_commit", "Git commit", "text", (run) => run.tags["mlflow.source.git.commit"] || undefined],
  ["git_branch", "Git branch", "text", (run) => run.tags["mlflow.source.git.branch"] || undefined],
  ["datasets", "Datasets", "text", datasetsOf],
  ["parent", "Parent run", "text", (run) => run.tags["mlflow.parentRunId"] || undefined],
  ["description", "Description", "text", (run) => run.tags["mlflow.note.content"] || undefined],
];

function datasetsOf(run: Run): string | undefined {
  const names = run.datasets.map(
    ({ name, digest, context }) => `${name} (${digest})${context ? ` ${context}` : ""}`,
  );
  return names.length > 0 ? names.sort(compareNames).join(", ") : undefined;
}

/** All rows of the runs. Values of metrics are of one kind: last, least, greatest. */
export function compareRows(
  runs: readonly Run[],
  stat: MetricStat,
  others: MetricValues,
  experiments: Names = {},
): CompareRow[] {
  const row = (
    section: SectionID,
    key: string,
    title: string,
    format: CompareRow["format"],
    of: (run: Run) => Value,
  ) => {
    const values = runs.map(of);
    const numeric =
      format === "duration" || (format !== "time" && section !== "attributes" && areNumbers(values));
    return { id: `${section}.${key}`, section, title, format, numeric, values, differs: differs(values) };
  };
  const named = (section: "params" | "tags", keys: readonly string[]) =>
    keys.map((key) => row(section, key, key, "text", (run) => run[section][key]));
  const metrics = keysOf(runs, "metrics").sort(compareMetrics);
  return [
    ...named("params", keysOf(runs, "params").sort(compareNames)),
    ...metrics.map((key) => row("metrics", key, key, "number", (run) => metricValue(run, key, stat, others))),
    ...attributes
      .map(([key, title, format, of]) => row("attributes", key, title, format, (run) => of(run, experiments)))
      .filter(({ values }) => values.some((value) => value !== undefined)),
    ...named("tags", keysOf(runs, "tags").filter(isUserTag).sort(compareNames)),
  ];
}

const sectionTitles: Record<SectionID, string> = {
  params: "Parameters",
  metrics: "Metrics",
  attributes: "Run",
  tags: "Tags",
};

/** Rows by kind, those that differ apart from the others. Sections without a row are left out. */
export function sectionsOf(rows: readonly CompareRow[], text = ""): Section[] {
  const needle = text.trim().toLowerCase();
  const matching = rows.filter(({ title }) => title.toLowerCase().includes(needle));
  return (Object.keys(sectionTitles) as SectionID[])
    .map((id) => {
      const own = matching.filter((row) => row.section === id);
      return {
        id,
        title: sectionTitles[id],
        differing: own.filter((row) => row.differs),
        equal: own.filter((row) => !row.differs),
      };
    })
    .filter(({ differing, equal }) => differing.length + equal.length > 0);
}

/** The best value of a metric that differs, as far as its name tells what is better. */
export function bestValue({ section, title, values, differs: isDifferent }: CompareRow): number | undefined {
  if (section !== "metrics" || !isDifferent) return undefined;
  const numbers = values.filter((value) => typeof value === "number" && !Number.isNaN(value)) as number[];
  if (numbers.length < 2 || directionOf(title) === 0) return undefined;
  return isLowerBetter(title) ? Math.min(...numbers) : Math.max(...numbers);
}

export interface Change {
  /** The second value less the first. */
  by: number;
  /** As a share of the first; undefined if that is zero. */
  share: number | undefined;
}

/** How a row changes from its first run to its second. */
export function changeOf({ values: [a, b], numeric, format }: CompareRow): Change | undefined {
  const [from, to] = [a, b].map((value) => (typeof value === "string" ? parseNumber(value) : value));
  if (!numeric || format === "time" || from === undefined || to === undefined) return undefined;
  const by = to - from;
  return { by, share: from === 0 ? undefined : by / Math.abs(from) };
}

/** Positions of the runs in the order of a row; those without a value come last either way. */
export function orderBy(row: CompareRow | undefined, count: number, descending: boolean): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  if (!row) return order;
  const isMissing = (value: Value) => value === undefined || Number.isNaN(value);
  return order.sort((a, b) => {
    const [x, y] = [row.values[a], row.values[b]];
    if (isMissing(x) || isMissing(y)) return Number(isMissing(x)) - Number(isMissing(y)) || a - b;
    const least = typeof x === "number" && typeof y === "number" ? x - y : compareNames(String(x), String(y));
    return (descending ? -least : least) || a - b;
  });
}
