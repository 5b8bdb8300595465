import { trackingURI } from "../api/client";
import { Snippet } from "./Copy";

/** A first run against this very server, ready to paste. */
export function QuickStart({ experiment = "my-experiment" }: { experiment?: string }) {
  const code = `import mlflow

mlflow.set_tracking_uri("${trackingURI()}")
mlflow.set_experiment(${JSON.stringify(experiment)})

with mlflow.start_run():
    mlflow.log_param("lr", 0.01)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)`;
  return (
    <div className="quick-start">
      <p>
        Install the client with <code>pip install mlflow</code>, then run this. The run appears here by
        itself.
      </p>
      <Snippet code={code} label="Python example" />
    </div>
  );
}
