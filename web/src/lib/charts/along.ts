import { isDrawable, type Point } from "./history";

/**
 * The points of a line with the value of another metric of the same run in the place of the step. The
 * other metric is straight between its points; where it has no value, neither has the line.
 */
export function along(points: readonly Point[], other: readonly Point[]): Point[] {
  const known = drawableByStep(other);
  return points.flatMap((point) => {
    const x = valueAtStep(known, point.step);
    return x === undefined ? [] : [{ ...point, step: x }];
  });
}

function valueAtStep(points: readonly Point[], step: number): number | undefined {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.step < step) low = middle + 1;
    else high = middle;
  }
  const right = points[low];
  if (right?.step === step) return right.value;
  const left = points[low - 1];
  if (!left || !right) return undefined;
  return left.value + ((right.value - left.value) * (step - left.step)) / (right.step - left.step);
}

/**
 * How far a line is from another at each of its points. The other one is straight between its points; where
 * it has no value, there is no difference.
 */
export function minus(points: readonly Point[], other: readonly Point[]): Point[] {
  const known = drawableByStep(other);
  return points.flatMap((point) => {
    const from = valueAtStep(known, point.step);
    return from === undefined ? [] : [{ ...point, value: point.value - from }];
  });
}

const drawableByStep = (points: readonly Point[]) =>
  points.filter((p) => isDrawable(p.value)).toSorted((a, b) => a.step - b.step);
