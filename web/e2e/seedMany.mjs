// Fills a server with many runs, through the REST API alone.
//   node e2e/seedMany.mjs URL [runs=5000] [params=20] [metrics=20] [tags=5] [steps=1] [fanout=0] [name=...]
// Every (fanout + 1)-th run is a parent of those that follow it. Values depend on the number of the run only.
import { pathToFileURL } from "node:url";

const atOnce = 16;

export async function seedMany(server, options = {}) {
  const { runs = 5000, params = 20, metrics = 20, tags = 5, steps = 1, fanout = 0 } = options;
  const call = async (path, body) => {
    const response = await fetch(`${server}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const name = options.name ?? `many/${runs}-${Date.now()}`;
  const { experiment_id: experimentID } = await call("experiments/create", { name });
  const list = (n, item) => Array.from({ length: n }, (_, i) => item(i));
  // A number between 0 and 1 that is the same in every run of this program.
  const chance = (i, j) => (((i + 1) * 7919 + (j + 1) * 104729) % 10007) / 10007;
  const models = ["resnet50", "resnet18", "vit-b16", "convnext"];
  const first = Date.now() - runs * 60_000;

  const create = async (i, parent) => {
    const start = first + i * 60_000;
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: options.runName ? options.runName(i) : `${models[i % models.length]}-${i}`,
      user_id: ["ana", "ben", "chi"][i % 3],
      start_time: start,
      tags: [
        { key: "mlflow.source.name", value: "train.py" },
        ...(parent ? [{ key: "mlflow.parentRunId", value: parent }] : []),
        ...list(tags, (j) => ({ key: `tag_${j}`, value: `v${(i * (j + 1)) % 7}` })),
      ],
    });
    const id = run.info.run_id;
    const isParent = fanout > 0 && !parent;
    const values = isParent
      ? []
      : list(steps, (step) =>
          list(metrics, (j) => ({
            key: j === 0 ? "loss" : j === 1 ? "val/accuracy" : `metric_${j}`,
            value: j === 1 ? chance(i, step) : chance(i, j) + 2 / (step + 1),
            timestamp: start + step * 1000,
            step,
          })),
        ).flat();
    const chosen = list(params, (j) =>
      j === 0
        ? { key: "lr", value: String(10 ** -(1 + (i % 5))) }
        : j === 1
          ? { key: "optimizer", value: ["sgd", "adam", "lamb"][i % 3] }
          : { key: `param_${j}`, value: j % 2 ? String(chance(i, j)) : "same" },
    );
    for (let at = 0; at < Math.max(values.length, 1); at += 900) {
      await call("runs/log-batch", {
        run_id: id,
        metrics: values.slice(at, at + 900),
        params: at === 0 && !isParent ? chosen : [],
      });
    }
    if (i < runs - 1) {
      const status = i % 11 === 3 ? "FAILED" : "FINISHED";
      await call("runs/update", { run_id: id, status, end_time: start + 30_000 + (i % 50) * 1000 });
    }
    return id;
  };

  const ids = new Array(runs);
  let next = 0;
  // A worker makes a parent and all of its children, so that a parent comes before its children.
  const work = async () => {
    for (;;) {
      const from = next;
      next += fanout + 1;
      if (from >= runs) return;
      ids[from] = await create(from);
      for (let i = from + 1; i < Math.min(runs, from + fanout + 1); i++) ids[i] = await create(i, ids[from]);
    }
  };
  await Promise.all(list(atOnce, work));
  return { experimentID, name, ids };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [server, ...rest] = process.argv.slice(2);
  if (!server) throw new Error("The address of a server is missing.");
  const options = {};
  for (const argument of rest) {
    const [key, value] = argument.split("=");
    options[key] = key === "name" ? value : Number(value);
  }
  const started = Date.now();
  const { experimentID, name } = await seedMany(server, options);
  console.log(`Experiment ${experimentID}, ${name}, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
