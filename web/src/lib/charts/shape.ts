import { type Point, stepsRepeat } from "./history";

/** What the lines of a metric are like; it decides how they are shown. */
export interface Shape {
  /** No line has more than one point: values rather than curves. */
  single: boolean;
  /** A line has a step more than once, and other steps as well: a loop that counts anew. */
  repeats: boolean;
  /** All points of each line have the same step: logged without steps. */
  oneStep: boolean;
}

export function shapeOf(lines: readonly (readonly Point[])[]): Shape {
  const single = lines.every((points) => points.length <= 1);
  const oneStep = !single && lines.every((points) => points.every((p) => p.step === points[0]!.step));
  return { single, oneStep, repeats: !oneStep && lines.some(stepsRepeat) };
}

export function sameShape(a: Shape | undefined, b: Shape): boolean {
  return a?.single === b.single && a.oneStep === b.oneStep && a.repeats === b.repeats;
}
