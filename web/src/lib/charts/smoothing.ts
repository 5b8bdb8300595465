/**
 * Exponential moving average with bias correction: the running mean starts at zero, so early values
 * are divided by the weight gathered so far. Without that the curve would begin near zero.
 * Missing values (null) stay missing and leave the mean as it was.
 *
 * @param weight 0 keeps the values, values towards 1 smooth more
 */
export function smooth<T extends null | undefined>(
  values: readonly (number | T)[],
  weight: number,
): (number | T)[] {
  if (weight <= 0) return [...values];
  const w = Math.min(weight, 0.999);
  let mean = 0;
  let gathered = 1;
  return values.map((value) => {
    if (value === null || value === undefined) return value;
    mean = mean * w + (value as number) * (1 - w);
    gathered *= w;
    return mean / (1 - gathered);
  });
}
