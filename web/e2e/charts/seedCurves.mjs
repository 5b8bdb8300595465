// Fifty runs of ten thousand steps, one of which goes on.
export const runCount = 50;
export const steps = 10_000;
export const small = [
  ...["accuracy", "val/loss", "val/accuracy", "lr", "epoch"],
  ...["system/cpu_utilization_percentage", "system/system_memory_usage_percentage"],
];

const start = Date.now() - 3_600_000;
const curve = (run, step) => 2 / (1 + step / 500) + Math.sin(step / (50 + run)) * 0.05 + run / 100;

async function log(call, runID, metrics) {
  for (let at = 0; at < metrics.length; at += 1000)
    await call("runs/log-batch", { run_id: runID, metrics: metrics.slice(at, at + 1000) });
}

async function seedRun(call, experimentID, i) {
  const { run } = await call("runs/create", {
    experiment_id: experimentID,
    run_name: `run-${i}`,
    start_time: start,
    tags: [{ key: "mlflow.source.name", value: "train.py" }],
  });
  const id = run.info.run_id;
  const loss = Array.from({ length: steps }, (_, step) => ({
    key: "loss",
    // One spike of one step, which no zoom may lose.
    value: i === 7 && step === 6789 ? 25 : curve(i, step),
    timestamp: start + step * 100,
    step,
  }));
  await log(call, id, loss);
  await log(
    call,
    id,
    small.flatMap((key) =>
      Array.from({ length: 100 }, (_, n) => ({
        key,
        value: curve(i, n * 100),
        timestamp: start + n,
        step: n * 100,
      })),
    ),
  );
  await call("runs/log-batch", { run_id: id, params: [{ key: "lr", value: String(0.001 * (i + 1)) }] });
  if (i > 0) await call("runs/update", { run_id: id, status: "FINISHED", end_time: start + 1_000_000 });
  return id;
}

/** @param call sends a request of MLflow's API, as ../call.mjs does */
export async function seedCurves(call) {
  const { experiment_id: experimentID } = await call("experiments/create", { name: `curves-${Date.now()}` });
  const runs = [];
  for (let i = 0; i < runCount; i += 5)
    runs.push(...(await Promise.all([0, 1, 2, 3, 4].map((n) => seedRun(call, experimentID, i + n)))));
  return { experimentID, runs };
}
