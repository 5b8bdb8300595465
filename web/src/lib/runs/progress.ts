import type { Run } from "../../api/runs";

/** Parameters that say how many steps or epochs a run will have, as training libraries name them. */
const totals = [
  "epochs",
  "num_epochs",
  "n_epochs",
  "max_epochs",
  "num_train_epochs",
  "max_steps",
  "num_steps",
  "total_steps",
  "n_steps",
  "steps",
  "iterations",
  "num_iterations",
  "n_estimators",
  "num_boost_round",
];

export interface Progress {
  /** The greatest step of a metric of the run. */
  step: number;
  /** What the steps lead to, if a parameter tells. */
  total: number | undefined;
  /** The parameter, such as "epochs". */
  unit: string | undefined;
}

/** How far a run is. Undefined for a run without a step. */
export function progressOf(run: Pick<Run, "params" | "metricSteps">): Progress | undefined {
  const steps = Object.entries(run.metricSteps)
    .filter(([key]) => !key.startsWith("system/"))
    .map(([, step]) => step);
  const step = Math.max(...steps);
  if (!Number.isFinite(step) || step <= 0) return undefined;
  for (const key of totals) {
    const name = Object.keys(run.params).find((param) => param.toLowerCase().split(/[/.]/).pop() === key);
    const total = name === undefined ? Number.NaN : Number(run.params[name]);
    // Steps beyond the total are counted in another unit, such as batches.
    if (Number.isFinite(total) && total > 0 && step <= total) return { step, total, unit: key };
  }
  return { step, total: undefined, unit: undefined };
}
