// The card that the charts of many runs begin with, when their settings tell about their results.

import type { KeyInfo } from "../../api/runTable";
import { isSeed } from "../charts/groups";
import { type PlotColumn, type PlotItem, readColumn } from "../plots/item";
import { strengthOf } from "../plots/strength";
import { isSystemMetric } from "../runs/columns";
import { compareMetrics, isBookkeeping } from "../runs/relevance";
import type { Card } from "./card";

/** Fewer runs show more as lines in a table. */
const fewestRuns = 10;
const mostJudged = 30;
const mostAxes = 5;
/** A setting that goes with a result more loosely than this may do so by chance. */
const leastStrength = 0.3;

/** Ids of the columns that decide what to suggest; none where there is nothing to suggest. */
export function candidatesOf(
  keys: { params: readonly KeyInfo[]; metrics: readonly string[] },
  runs: number,
): string[] {
  const result = resultOf(keys.metrics);
  const params = keys.params.filter((k) => k.varies && k.runs >= 2 && !isSeed(k.key)).slice(0, mostJudged);
  if (runs < fewestRuns || !result || params.length === 0) return [];
  return [...params.map(({ key }) => `params.${key}`), result];
}

function resultOf(metrics: readonly string[]): string | undefined {
  const [best] = metrics.filter((key) => !isSystemMetric(key) && !isBookkeeping(key)).sort(compareMetrics);
  return best === undefined ? undefined : `metrics.${best}`;
}

/** Parallel coordinates of the settings that differ, or a plot of the only one. */
export function suggestedCards(items: readonly PlotItem[], candidates: readonly string[]): Card[] {
  const result = candidates.at(-1);
  if (!result || items.length < fewestRuns) return [];
  const results = readColumn(items, result);
  if (!results.numeric) return [];
  const judged = candidates
    .slice(0, -1)
    .map((id) => ({ id, column: readColumn(items, id) }))
    .filter(({ column }) => tellsApart(column))
    .map(({ id, column }) => ({ id, numeric: column.numeric, strength: strengthOf(column, results) }))
    .sort((a, b) => b.strength - a.strength);
  const id = "*1";
  const [best] = judged;
  if (!best) return [];
  if (judged.length > 1) {
    const axes = judged.slice(0, mostAxes - 1).map(({ id }) => id);
    return [{ id, kind: "parallel", columns: [...axes.reverse(), result] }];
  }
  if (best.strength < leastStrength) return [];
  return [{ id, kind: best.numeric ? "scatter" : "box", columns: [best.id, result] }];
}

/** Whether a setting has more than one value, and is not a text of its own in each run. */
function tellsApart({ numeric, readings }: PlotColumn): boolean {
  const values = new Set(readings.map((reading) => JSON.stringify(reading))).size;
  return values > 1 && (numeric || values <= readings.length / 2);
}
