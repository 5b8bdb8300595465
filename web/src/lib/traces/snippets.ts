// Code that sends a first trace.

export const tracers = ["Python", "OpenTelemetry"] as const;
export type Tracer = (typeof tracers)[number];

interface Place {
  server: string;
  experiment: string;
  experimentID: string;
  /** Whether the server has users, who need a token. */
  users: boolean;
}

const quoted = (text: string) => JSON.stringify(text);

export const firstTrace: Record<Tracer, (place: Place) => string> = {
  Python: ({
    server,
    experiment,
    users,
  }) => `${users ? "# Set MLFLOW_TRACKING_TOKEN first.\n" : ""}import mlflow

mlflow.set_tracking_uri(${quoted(server)})
mlflow.set_experiment(${quoted(experiment)})

@mlflow.trace
def answer(question):
    return "It depends on " + question

answer("the weather")`,

  OpenTelemetry: ({ server, experimentID, users }) => `# Any SDK or Collector that exports over HTTP.
export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${server}/v1/traces
export OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_TRACES_HEADERS=x-mlflow-experiment-id=${experimentID}${users ? ",authorization=Bearer%20$MLFLOW_TRACKING_TOKEN" : ""}`,
};
