import { nthStyle, type RunStyle, runColors, withDash } from "../../../lib/charts/palette";
import { plural } from "../../../lib/text/format";
import type { ChartLine } from "../LineChart";

/**
 * The lines of a card, told apart by their names and looks where it has several metrics: by colours if they
 * are of one run, otherwise by a dash for each metric in the colour of each run.
 */
export function dressed(
  lines: readonly ChartLine[],
  metrics: readonly string[],
  oneRun: boolean,
  labels: Readonly<Record<string, string>> = {},
): readonly ChartLine[] {
  if (metrics.length < 2) return lines;
  const place = new Map(metrics.map((metric, i) => [metric, i]));
  return lines.map((line) => {
    const { metric = "" } = line;
    const n = place.get(metric) ?? 0;
    return {
      ...line,
      label: oneRun ? (labels[metric] ?? metric) : `${line.label} · ${labels[metric] ?? metric}`,
      look: oneRun ? nthStyle(n) : withDash(line.group ?? line.id, n),
      ...(line.group !== undefined && { group: `${line.group} · ${metric}` }),
    };
  });
}

/** What tells the metrics of a card apart: colours if they are of one run, dashes otherwise. */
export function metricLooks(
  metrics: readonly string[],
  oneRun: boolean,
  labels: Readonly<Record<string, string>> = {},
): { label: string; look: RunStyle }[] {
  const [light, dark] = runColors.at(-1)!;
  return metrics.map((metric, n) => ({
    label: labels[metric] ?? metric,
    look: oneRun ? nthStyle(n) : { light, dark, dash: withDash("", n).dash },
  }));
}

/** The points of a chart as they are drawn, one a row. */
export function lineRows(name: string, lines: readonly ChartLine[]) {
  return [
    ["run", "run id", "step", "time", name],
    ...lines.flatMap((line) =>
      line.points.map((p) => [line.label, line.id, p.step, new Date(p.time).toISOString(), p.value]),
    ),
  ];
}

/** What a chart shows, for people who cannot see it. */
export function describeLines(name: string, lines: readonly ChartLine[]): string {
  const ends = lines.slice(0, 5).map((line) => {
    const last = line.points.at(-1)!;
    return `${line.label} ends at ${last.value} in step ${last.step}`;
  });
  const runs = new Set(lines.map((line) => line.id)).size;
  return `Chart of ${name} for ${plural(runs, "run")}. ${ends.join("; ")}.`;
}
