// How many runs started on each of the last days.
import { formatDate, plural } from "../text/format";
import { preferences } from "../text/preferences";

export const activityDays = 30;
const dayMS = 24 * 60 * 60 * 1000;

/** The beginning of the first of the days, the last of which is today. */
export function firstDay(nowMS: number): number {
  const today = new Date(nowMS);
  if (preferences().zone === "utc") today.setUTCHours(0, 0, 0, 0);
  else today.setHours(0, 0, 0, 0);
  return today.getTime() - (activityDays - 1) * dayMS;
}

/** The runs per day of several experiments together. */
export function sumDays(lists: readonly (readonly number[] | undefined)[]): number[] {
  const sum = new Array<number>(activityDays).fill(0);
  for (const list of lists) {
    for (const [i, n] of (list ?? []).entries()) sum[i] = (sum[i] ?? 0) + n;
  }
  return sum;
}

/** The days in a sentence. */
export function daysText(days: readonly number[], nowMS: number): string {
  const total = days.reduce((a, b) => a + b, 0);
  if (total === 0) return `No runs in the last ${days.length} days`;
  const most = Math.max(...days);
  const date = formatDate(firstDay(nowMS) + days.lastIndexOf(most) * dayMS + dayMS / 2);
  return `${plural(total, "run")} in the last ${days.length} days, most on ${date}: ${most.toLocaleString("en-US")}`;
}
