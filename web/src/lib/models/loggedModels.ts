// What the pages work out from a logged model and the run that made it.
import type { LoggedModel, ModelMetric } from "../../api/models";
import type { Run } from "../../api/runs";
import { compareNames, isSystemMetric } from "../runs/columns";

/** The step at which a run logged a model, or 0. */
export function stepOf(model: LoggedModel, run: Run | undefined): number {
  return run?.modelOutputs.find((output) => output.modelID === model.id)?.step ?? 0;
}

/**
 * A name that tells the models of an experiment apart, most of which are called "model": with the
 * run and, for a checkpoint, the step.
 */
export function modelLabel(model: LoggedModel, run: Run | undefined): string {
  if (!run) return model.name;
  const step = stepOf(model, run);
  return `${model.name} · ${run.name}${step > 0 ? ` · step ${step.toLocaleString("en-US")}` : ""}`;
}

/**
 * The last value of each metric and dataset. MLflow copies the values that a run has at the step of
 * log_model, which is 0 unless the program sets it: the beginning of each curve. Such a value is
 * replaced by the run's last one, unless the run logs models at other steps.
 */
export function shownMetrics(model: LoggedModel, run: Run | undefined): ModelMetric[] {
  const found = new Map<string, ModelMetric>();
  for (const m of model.metrics) {
    const id = [m.key, m.datasetName, m.datasetDigest].join("\n");
    const known = found.get(id);
    if (!known || m.step > known.step || (m.step === known.step && m.timeMS >= known.timeMS))
      found.set(id, m);
  }
  const checkpoints = run?.modelOutputs.some((output) => output.step > 0) ?? true;
  return [...found.values()]
    .map((m) => {
      const last = run?.metrics[m.key];
      const step = run?.metricSteps[m.key] ?? 0;
      if (checkpoints || m.step !== 0 || m.datasetName !== "" || last === undefined || step === 0) return m;
      return { ...m, value: last, step };
    })
    .sort((a, b) => compareNames(a.key, b.key) || compareNames(a.datasetName, b.datasetName));
}

/** The keys of the metrics that the models have, without those of the system. */
export function modelMetricKeys(models: readonly LoggedModel[]): string[] {
  const keys = new Set(models.flatMap((model) => model.metrics.map((m) => m.key)));
  return [...keys].filter((key) => !isSystemMetric(key)).sort(compareNames);
}

/** Why a model cannot be registered, or undefined if it can. */
export function unregistrable(model: LoggedModel): string | undefined {
  if (model.status === "UPLOAD_FAILED") return "Its upload failed, so that its files are not complete.";
  return undefined;
}
