// Fills a server with one registered model: three versions of logged models, each better than the last.

const signature = JSON.stringify([
  { type: "double", name: "width", required: true },
  { type: "string", name: "species", required: false },
]);

export async function seedRegistry(server) {
  const send = async (method, path, body) => {
    const response = await fetch(`${server}/${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const call = (path, body) => send("POST", `api/2.0/mlflow/${path}`, body);
  const stamp = Date.now();
  const modelName = `flowers-${stamp}`;
  const { experiment_id: experimentID } = await call("experiments/create", { name: `registry/${stamp}` });
  const runs = [];
  const models = [];
  for (let i = 0; i < 4; i++) {
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: `train-${i + 1}`,
      user_id: "ana",
      start_time: stamp - 60_000,
    });
    const runID = run.info.run_id;
    const { model } = await call("logged-models", {
      experiment_id: experimentID,
      name: `forest-${i + 1}`,
      source_run_id: runID,
      params: [
        { key: "trees", value: String(50 * (i + 1)) },
        { key: "criterion", value: "gini" },
      ],
    });
    const { model_id: modelID, artifact_uri: root } = model.info;
    await call("runs/log-parameter", { run_id: runID, key: "trees", value: String(50 * (i + 1)) });
    await call("runs/outputs", { run_id: runID, models: [{ model_id: modelID, step: 0 }] });
    for (const [j, dataset] of ["garden", "meadow"].entries()) {
      for (const [key, value] of [
        ["eval/accuracy", 0.8 + i * 0.04 - j * 0.06],
        ["eval/loss", 0.6 - i * 0.1 + j * 0.08],
      ]) {
        const about = { dataset_name: dataset, dataset_digest: `d${j}` };
        const metric = { key, value, step: 10, timestamp: stamp - 30_000 + j * 1000, ...about };
        await call("runs/log-metric", { run_id: runID, model_id: modelID, ...metric });
      }
    }
    const file = `flavors:\n  python_function:\n    loader_module: x\nmodel_id: ${modelID}\nsignature:\n  inputs: '${signature}'\n  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]'\n  params: null\n`;
    const url = `${server}/api/2.0/mlflow-artifacts/artifacts${new URL(root).pathname}/MLmodel`;
    const put = await fetch(url, { method: "PUT", body: file });
    if (!put.ok) throw new Error(`${url}: ${put.status}`);
    await call("runs/update", { run_id: runID, status: "FINISHED", end_time: stamp });
    runs.push(runID);
    models.push(modelID);
  }
  await call("registered-models/create", { name: modelName, description: "Tells **flowers** apart." });
  for (let i = 0; i < 3; i++) {
    await call("model-versions/create", {
      name: modelName,
      source: `models:/${models[i]}`,
      run_id: runs[i],
      model_id: models[i],
      tags: [{ key: "checked", value: i === 2 ? "no" : "yes" }],
    });
  }
  await send("POST", "ajax-api/millrace/model-versions/transition", {
    name: modelName,
    version: "1",
    stage: "Production",
    comment: "first one live",
  });
  await call("registered-models/alias", { name: modelName, alias: "champion", version: "1" });
  return { experimentID, modelName, runs, models };
}
