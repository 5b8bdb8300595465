import { formatNumber } from "../text/format";

export interface Tick {
  value: number;
  label: string;
}

/** A number with at most so many digits, and a power of ten where its zeros would be many. */
export function shortNumber(value: number, digits = 6): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return formatNumber(value);
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** The largest of 1, 2 and 5 times a power of ten that gives at least about as many steps as wanted. */
export function niceStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = [1, 2, 5, 10].map((n) => n * power);
  return steps.find((step) => step >= rough * 0.999) ?? rough;
}

/** Round numbers in a range; not more than about count. */
export function linearTicks(min: number, max: number, count: number): Tick[] {
  const step = niceStep(max - min, count);
  if (!(step > 0) || !Number.isFinite(step)) return [tick(min)];
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Neighbours that doubles cannot tell apart have no ticks between them.
  if (last < first || last - first > 4 * count) return [tick(min), tick(max)];
  return Array.from({ length: last - first + 1 }, (_, i) =>
    tick(Number(((first + i) * step).toPrecision(12))),
  );
}

/** Powers of ten, with 2 and 5 between them while there is room. */
export function logTicks(min: number, max: number, count: number): Tick[] {
  const low = Math.floor(Math.log10(min) + 1e-9);
  const high = Math.ceil(Math.log10(max) - 1e-9);
  const inside = (value: number) => value >= min * 0.999999 && value <= max * 1.000001;
  const fine = ticksAt(low, high, 1, [1, 2, 5]).filter(inside);
  if (fine.length <= count && fine.length >= 2) return fine.map(tick);
  const every = Math.max(1, Math.ceil((high - low) / Math.max(1, count)));
  const coarse = ticksAt(low, high, every, [1]).filter(inside);
  return coarse.length >= 2 ? coarse.map(tick) : linearTicks(min, max, count);
}

function ticksAt(low: number, high: number, every: number, factors: readonly number[]): number[] {
  const values: number[] = [];
  for (let power = low; power <= high; power += every) {
    for (const factor of factors) values.push(Number(`${factor}e${power}`));
  }
  return values;
}

const tick = (value: number): Tick => ({ value, label: formatNumber(Number(value.toPrecision(6))) });
