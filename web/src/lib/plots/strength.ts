// How closely the settings of runs go with a result.
import type { PlotColumn, Reading } from "./item";

/**
 * From 0 to 1: Spearman's correlation for numbers, also of how far they are from their middle, because the best
 * value often lies between others; for categories the share of the result's ranks that they explain. A setting
 * that few runs have counts for less.
 */
export function strengthOf(setting: PlotColumn, result: PlotColumn): number {
  const known = setting.readings.filter((reading) => !("absent" in reading)).length;
  const closeness = setting.numeric
    ? Math.max(Math.abs(rankCorrelation(setting, result)), Math.abs(rankCorrelation(folded(setting), result)))
    : Math.sqrt(explained(setting, result));
  return (closeness * known) / Math.max(1, setting.readings.length);
}

/** Each number as how far its rank is from the middle one. */
function folded(column: PlotColumn): PlotColumn {
  const numbers = column.readings.flatMap((reading) => ("number" in reading ? [reading.number] : []));
  const order = ranks(numbers);
  const middle = (numbers.length - 1) / 2;
  let next = 0;
  const readings = column.readings.map(
    (reading): Reading => ("number" in reading ? { number: Math.abs(order[next++]! - middle) } : reading),
  );
  return { ...column, readings };
}

/**
 * The share of the variance of the result's ranks that lies between the categories, less what as many
 * categories explain by chance.
 */
function explained(categories: PlotColumn, result: PlotColumn): number {
  const pairs = categories.readings.flatMap((reading, i) => {
    const other = result.readings[i]!;
    return "text" in reading && "number" in other ? [[reading.text, other.number] as const] : [];
  });
  const order = ranks(pairs.map(([, value]) => value));
  const middle = (pairs.length - 1) / 2;
  const groups = new Map<string, number[]>();
  pairs.forEach(([text], i) => {
    groups.set(text, [...(groups.get(text) ?? []), order[i]! - middle]);
  });
  const total = order.reduce((sum, rank) => sum + (rank - middle) ** 2, 0);
  const sumOf = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0);
  const between = sumOf([...groups.values()].map((list) => sumOf(list) ** 2 / list.length));
  if (total === 0 || groups.size < 2 || pairs.length <= groups.size) return 0;
  return Math.max(0, 1 - ((1 - between / total) * (pairs.length - 1)) / (pairs.length - groups.size));
}

/** Spearman's correlation of two columns of numbers; 0 for other columns, and where either has one value. */
export function rankCorrelation(a: PlotColumn, b: PlotColumn): number {
  if (!a.numeric || !b.numeric) return 0;
  const pairs: [number, number][] = [];
  a.readings.forEach((reading, i) => {
    const other = b.readings[i]!;
    if ("number" in reading && "number" in other) pairs.push([reading.number, other.number]);
  });
  const left = ranks(pairs.map(([value]) => value));
  const right = ranks(pairs.map(([, value]) => value));
  const middle = (pairs.length - 1) / 2;
  let [product, squaresLeft, squaresRight] = [0, 0, 0];
  for (let i = 0; i < pairs.length; i++) {
    const [l, r] = [left[i]! - middle, right[i]! - middle];
    product += l * r;
    squaresLeft += l * l;
    squaresRight += r * r;
  }
  return squaresLeft > 0 && squaresRight > 0 ? product / Math.sqrt(squaresLeft * squaresRight) : 0;
}

/** Ranks from 0; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const found: number[] = [];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++;
    for (let i = from; i <= to; i++) found[order[i]!] = (from + to) / 2;
    from = to + 1;
  }
  return found;
}
