import { plural } from "../text/format";

/** Says how many of the runs are drawn, and never "all" while others match. */
export function describeDrawn(drawn: number, matching: number): string {
  if (drawn < matching)
    return `The first ${drawn} of ${plural(matching, "run")}. Tick runs to choose others.`;
  return drawn === 1 ? "The only run." : `All ${drawn} runs. Tick runs to show only those.`;
}
