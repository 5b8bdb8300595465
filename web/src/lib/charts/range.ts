import type { Range } from "../view/charts";
import { quantileOf } from "./bands";

/** The ends of the values that an axis shows without outliers: their 1st and 99th percentile. */
export function withoutOutliers(values: readonly number[]): [number, number] | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return [quantileOf(sorted, 0.01), quantileOf(sorted, 0.99)];
}

/** An axis that follows its values, with the ends that somebody has fixed. */
export function fixEnds([from, to]: readonly [number, number], fixed: Range | undefined): [number, number] {
  const [low, high] = [fixed?.[0] ?? from, fixed?.[1] ?? to];
  if (low < high) return [low, high];
  // All values are beyond the end that is fixed.
  return fixed?.[0] === undefined ? [high - (Math.abs(high) || 1), high] : [low, low + (Math.abs(low) || 1)];
}
