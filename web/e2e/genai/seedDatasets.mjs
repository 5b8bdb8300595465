// Evaluation datasets with records, as MLflow's client writes them.
import { server } from "../walk.mjs";

async function call(method, path, body) {
  const response = await fetch(`${server}/api/3.0/mlflow/datasets/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Creates a dataset and returns its id. */
export async function createDataset(name, experimentID, tags = {}) {
  const made = await call("POST", "create", {
    name,
    experiment_ids: [experimentID],
    tags: JSON.stringify({ "mlflow.user": "ana", ...tags }),
  });
  return made.dataset.dataset_id;
}

export const putRecords = (id, records) =>
  call("POST", `${id}/records`, { records: JSON.stringify(records) });

/** The i-th of many records: every third comes from a trace, if there is one, and every fourth has outputs. */
export const recordOf = (i, traceID) => ({
  inputs: { question: `Question ${i}: what is ${i} times ${i + 1}?`, context: { page: i % 7 } },
  expectations: { expected_response: `It is ${i * (i + 1)}.`, exact: i % 2 === 0 },
  ...(i % 4 === 0 && { outputs: { answer: `Probably ${i * (i + 1)} <img src=x onerror=alert(1)>` } }),
  tags: { split: i % 5 === 0 ? "hard" : "easy" },
  source:
    traceID && i % 3 === 0
      ? { source_type: "TRACE", source_data: { trace_id: traceID } }
      : { source_type: "HUMAN", source_data: { user_name: "ana" } },
});

export async function fillDataset(id, count, traceID) {
  for (let i = 0; i < count; i += 500) {
    const size = Math.min(500, count - i);
    await putRecords(
      id,
      Array.from({ length: size }, (_, at) => recordOf(i + at, traceID)),
    );
  }
}
