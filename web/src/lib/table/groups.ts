// Groups of runs as rows of the table.
import type { ColumnKeys, GroupCell, RunGroup, TableGroups } from "../../api/runTable";
import { type Grouping, isSeed } from "../charts/groups";
import { type Column, column, compareNames, isUserTag, parseColumn } from "../runs/columns";
import { formatDuration, plural } from "../text/format";
import { metricText } from "./cells";

const groupAttributes = ["user_id", "status", "source", "dataset"].map((key) => column("attributes", key));

/** What the runs of a table can be grouped by: repetitions first, then what differs, then the rest. */
export function tableGroupings(keys: ColumnKeys): Grouping[] {
  const sorted = (kind: "params" | "tags") => keys[kind].toSorted((a, b) => compareNames(a.key, b.key));
  const params = sorted("params");
  const columns = [
    ...params.filter((k) => k.varies).map(({ key }) => column("params", key)),
    ...sorted("tags").flatMap(({ key }) => (isUserTag(key) ? [column("tags", key)] : [])),
    ...groupAttributes,
    ...params.filter((k) => !k.varies).map(({ key }) => column("params", key)),
  ];
  const seeds = params.some(({ key }) => isSeed(key));
  return [
    ...(seeds ? [{ id: "seeds", label: "all but the seed" }] : []),
    ...columns.map(({ id, title }) => ({ id, label: title })),
  ];
}

/** The grouping that an address names; undefined where it names none. */
export function parseGrouping(
  id: string,
  keys: ColumnKeys,
): Pick<TableGroups, "by" | "allParams" | "but"> | undefined {
  if (id === "seeds") {
    return { by: [], allParams: true, but: keys.params.map((k) => k.key).filter(isSeed) };
  }
  const by = parseColumn(id);
  const fits =
    by && (by.kind === "params" || by.kind === "tags" || groupAttributes.some((c) => c.id === by.id));
  return fits ? { by: [by], allParams: false, but: [] } : undefined;
}

/** "lr 0.1 · opt adam": what the runs of a group have in common. */
export function groupName({ values }: Pick<RunGroup, "values">): string {
  const [only] = values;
  if (values.length === 1 && only!.value === undefined) return `no ${only!.column.title}`;
  return values.map(({ column: c, value }) => `${c.title} ${value ?? "–"}`).join(" · ") || "all runs";
}

const significant = 6;

/** The mean with as many decimals as tell something beside the deviation, of which two digits are shown. */
export function meanText({
  mean,
  std,
}: {
  mean: number;
  std: number | undefined;
}): readonly [string, string] {
  if (!std || !Number.isFinite(mean) || !Number.isFinite(std)) return [metricText(mean), ""];
  const place = Math.floor(Math.log10(std)) - 1;
  const size = mean === 0 ? place : Math.floor(Math.log10(Math.abs(mean)));
  const digits = size - place + 1;
  if (digits < 1) return [metricText(Number(mean.toPrecision(1))), metricText(Number(std.toPrecision(2)))];
  return [
    metricText(Number(mean.toPrecision(Math.min(digits, significant)))),
    metricText(Number(std.toPrecision(2))),
  ];
}

/** A summary of a cell in words. */
export function statsText(stats: GroupCell, c: Column): string {
  if ("distinct" in stats) return plural(stats.distinct, "different value");
  const write = numberWriter(c);
  const spread = stats.std === undefined ? "" : ` ± ${write(stats.std)}`;
  const range = stats.min === stats.max ? "" : `, ${write(stats.min)} to ${write(stats.max)}`;
  return `mean ${write(stats.mean)}${spread}${range} (${plural(stats.runs, "run")})`;
}

/** Durations are numbers with a unit. */
const numberWriter = (c: Column) =>
  c.kind === "attributes" && c.key === "duration" ? formatDuration : metricText;
