// Fills a server with one experiment of known contents, through the REST API alone.

const onePixelPNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export async function seed(server) {
  const call = async (path, body) => {
    const response = await fetch(`${server}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const leaf = `cnn-${Date.now()}`;
  const experimentName = `vision/e2e/${leaf}`;
  const { experiment_id: experimentID } = await call("experiments/create", {
    name: experimentName,
    tags: [
      { key: "team", value: "vision" },
      { key: "mlflow.ownerEmail", value: "ana@example.com" },
    ],
  });
  const start = Date.now() - 3_600_000;

  const createRun = async (name, parent) => {
    const tags = [
      { key: "mlflow.source.name", value: "train.py" },
      ...(parent ? [{ key: "mlflow.parentRunId", value: parent }] : []),
    ];
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: name,
      user_id: "ana",
      start_time: start,
      tags,
    });
    return run.info;
  };
  const finish = (id) => call("runs/update", { run_id: id, status: "FINISHED", end_time: start + 600_000 });

  const runs = [];
  let artifactURI = "";
  for (let i = 0; i < 5; i++) {
    const info = await createRun(`run-${i}`);
    runs.push(info.run_id);
    if (i === 0) artifactURI = info.artifact_uri;
    const metrics = [];
    for (let step = 0; step < 120; step++) {
      const timestamp = start + step * 5000;
      const wave = Math.sin(step * (i + 3)) * 0.05;
      const loss =
        i === 0 && step > 50 && step < 55 ? "NaN" : 2 * Math.exp(-step / (20 + i * 5)) + 0.2 + wave;
      metrics.push({ key: "train/loss", value: loss, timestamp, step });
      if (step % 5 === 0) {
        metrics.push({ key: "val/loss", value: 2 * Math.exp(-step / 20) + 0.3 - i * 0.03, timestamp, step });
        metrics.push({ key: "system/cpu_utilization_percentage", value: 50 + wave * 200, timestamp, step });
      }
    }
    await call("runs/log-batch", {
      run_id: info.run_id,
      metrics,
      params: [
        { key: "lr", value: String(0.001 * (i + 1)) },
        { key: "optimizer", value: i % 2 === 0 ? "sgd" : "adam" },
        { key: "model", value: "resnet18" },
      ],
    });
    if (i < 4) await finish(info.run_id);
  }
  const parent = await createRun("parent");
  for (let i = 0; i < 2; i++) await finish((await createRun(`child-${i}`, parent.run_id)).run_id);
  await finish(parent.run_id);

  // A loop over epochs that counts its steps anew in each of them.
  const repeating = (await createRun("epochs")).run_id;
  const epochs = [];
  for (let i = 0; i < 30; i++) {
    const timestamp = start + i * 1000;
    epochs.push({ key: "epoch_loss", value: 3 / (i + 1), timestamp, step: i % 10 });
    if (i % 10 === 9) epochs.push({ key: "eval_loss", value: 2 / i, timestamp, step: 0 });
  }
  await call("runs/log-batch", { run_id: repeating, metrics: epochs });
  await finish(repeating);

  const put = async (root, path, content) => {
    const url = `${server}/api/2.0/mlflow-artifacts/artifacts${new URL(root).pathname}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const response = await fetch(url, { method: "PUT", body: content });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  };
  await put(artifactURI, "config.json", JSON.stringify({ lr: 0.1, layers: [1, 2, null] }));
  await put(
    artifactURI,
    "logged.json",
    JSON.stringify({ columns: ["truth", "score"], data: [["cat", 0.75]] }),
  );
  await put(artifactURI, "table.csv", 'class,precision\ncat,0.91\n"dog, big",0.87\n');
  await put(artifactURI, "dot.png", onePixelPNG);
  await put(artifactURI, "page.html", "<h1>A report</h1>");
  await put(artifactURI, "odd names/ä & b?.txt", "found me");
  await put(artifactURI, "logs/big.log", "a line of the log that is repeated many times\n".repeat(32_000));

  const { model } = await call("logged-models", {
    experiment_id: experimentID,
    name: "classifier",
    model_type: "classifier",
    source_run_id: runs[0],
    params: [{ key: "depth", value: "4" }],
  });
  const modelID = model.info.model_id;
  await put(model.info.artifact_uri, "MLmodel", "flavors:\n  python_function:\n    loader_module: x\n");
  await call("runs/outputs", { run_id: runs[0], models: [{ model_id: modelID, step: 0 }] });
  await call("runs/log-metric", {
    run_id: runs[0],
    key: "accuracy",
    value: 0.9,
    timestamp: start,
    step: 119,
    model_id: modelID,
  });

  const answer = await fetch(`${server}/api/2.0/mlflow/runs/search`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_ids: [experimentID], filter: "metrics.loss < abc" }),
  });
  const hasPositions = (await answer.json()).position !== undefined;
  const logMetric = (run_id, key, value, step) =>
    call("runs/log-metric", { run_id, key, value, step, timestamp: Date.now() });
  return {
    experimentID,
    experimentName,
    leaf,
    runs,
    parent: parent.run_id,
    repeating,
    modelID,
    hasPositions,
    logMetric,
  };
}
