/** The value below which a share of the sorted numbers lies, by linear interpolation. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

export interface Box {
  count: number;
  min: number;
  q1: number;
  median: number;
  q3: number;
  max: number;
  mean: number;
  /** The outermost values within one and a half times the height of the box. */
  whiskers: readonly [number, number];
}

/** Undefined without numbers. */
export function boxOf(numbers: readonly number[]): Box | undefined {
  if (numbers.length === 0) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share)) as [
    number,
    number,
    number,
  ];
  const reach = 1.5 * (q3 - q1);
  return {
    count: sorted.length,
    min: sorted[0]!,
    q1,
    median,
    q3,
    max: sorted.at(-1)!,
    mean: sorted.reduce((sum, value) => sum + value / sorted.length, 0),
    whiskers: [
      sorted.find((value) => value >= q1 - reach)!,
      sorted.findLast((value) => value <= q3 + reach)!,
    ],
  };
}

export interface Bin {
  from: number;
  to: number;
  /** Positions of the numbers in it. */
  members: number[];
}

const mostBins = 60;

/** Bins of equal width, as many as the Freedman–Diaconis rule wants. The last bin includes its end. */
export function binsOf(numbers: readonly number[], wanted?: number): Bin[] {
  if (numbers.length === 0) return [];
  const sorted = [...numbers].sort((a, b) => a - b);
  const [min, max] = [sorted[0]!, sorted.at(-1)!];
  const members = numbers.map((_, i) => i);
  if (min === max || !Number.isFinite(max - min)) return [{ from: min, to: max, members }];
  const width = (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(numbers.length);
  const natural = width > 0 ? Math.ceil((max - min) / width) : Math.ceil(Math.sqrt(numbers.length));
  const count = Math.min(mostBins, Math.max(1, wanted ?? natural));
  const edge = (i: number) => (i === count ? max : min + ((max - min) * i) / count);
  const bins = Array.from(
    { length: count },
    (_, i): Bin => ({ from: edge(i), to: edge(i + 1), members: [] }),
  );
  numbers.forEach((value, i) => {
    bins[Math.min(count - 1, Math.floor(((value - min) / (max - min)) * count))]!.members.push(i);
  });
  return bins;
}
