import { server } from "./walk.mjs";

/** Sends a request of MLflow's API and returns the answer. */
export async function call(path, body, method = "POST") {
  const response = await fetch(`${server}/api/2.0/mlflow/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
