"""Fill the database of this Python's MLflow with some of everything it keeps.

    python fill.py DATABASE_URI

make_dumps.py runs it with each release. The URIs of artifacts name no place.
"""

import contextlib
import sys

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from packaging.version import Version

RELEASE = Version(mlflow.__version__)
TIME = 1_700_000_000_000


def runs(client):
    experiment = client.create_experiment("iris", artifact_location="s3://bucket/iris", tags={"team": "a", "ünïcode": "✓"})
    client.delete_experiment(client.create_experiment("gone", artifact_location="s3://bucket/gone"))
    ids = []
    for i, name in enumerate(["first", "second", "deleted"]):
        run = client.create_run(experiment, start_time=TIME + i, run_name=name, tags={"mlflow.user": "me", "long": "x" * 5000}).info.run_id
        metrics = [Metric("loss", 1 / (s + 1), TIME + s, s) for s in range(5)]
        metrics += [Metric("nan", float("nan"), TIME, 0), Metric("inf", float("inf"), TIME, 0), Metric("-inf", float("-inf"), TIME, 1)]
        client.log_batch(run, metrics, [Param("lr", "0.1"), Param("empty", ""), Param("text", "y" * 600)], [RunTag("stage", "x")])
        data = Dataset(name="train", digest="d1", source_type="local", source="{}", schema="{}", profile=None)
        client.log_inputs(run, datasets=[DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
        client.set_terminated(run, "FINISHED" if i else "KILLED", TIME + 1000)
        ids.append(run)
    client.delete_run(ids[2])
    return experiment, ids[0]


def registry(client, run):
    client.create_registered_model("model", tags={"owner": "me"}, description="a model")
    for i in range(3):
        client.create_model_version("model", f"s3://bucket/model/{i}", run_id=run, tags={"v": str(i)}, description=f"version {i}")
    client.set_registered_model_alias("model", "champion", "2")
    client.delete_model_version("model", "3")
    with contextlib.suppress(AttributeError):
        client.transition_model_version_stage("model", "1", "Production")


def logged_models(client, experiment, run):
    model = client.create_logged_model(experiment, name="logged", source_run_id=run, tags={"t": "1"}, params={"p": "2"})
    client.log_metric(run, "acc", 0.5, timestamp=TIME, step=3, model_id=model.model_id)


def traces(experiment):
    mlflow.set_experiment(experiment_id=experiment)
    for i in range(3):
        with mlflow.start_span(f"trace {i}") as span:
            span.set_inputs({"question": i})
            with mlflow.start_span("llm", span_type="CHAT_MODEL") as inner:
                inner.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10 + i, "output_tokens": 5, "total_tokens": 15 + i})
                inner.set_attribute("mlflow.llm.model", "some-model")
            span.set_outputs({"answer": "yes"})
            if RELEASE >= Version("3.1"):
                mlflow.update_current_trace(tags={"k": "v"}, metadata={"mlflow.trace.session": f"session-{i % 2}", "mlflow.trace.user": "me"})
    if hasattr(mlflow, "flush_trace_async_logging"):
        mlflow.flush_trace_async_logging()
    if RELEASE >= Version("3.2"):
        for i, trace in enumerate(mlflow.search_traces(experiment_ids=[experiment], return_type="list")):
            mlflow.log_feedback(trace_id=trace.info.trace_id, name="good", value=[True, 0.5, "yes"][i % 3])
            mlflow.log_expectation(trace_id=trace.info.trace_id, name="expected", value={"answer": "yes"})


def later_things(client, experiment):
    """What only newer releases have; nothing else depends on it."""
    from mlflow.tracking._tracking_service.utils import _get_store

    store = _get_store()
    if hasattr(store, "register_scorer"):
        store.register_scorer(experiment, "safety", '{"name": "safety"}')
    if hasattr(client, "create_dataset"):
        dataset = client.create_dataset(name="evaluation", experiment_id=experiment, tags={"a": "b"})
        dataset.merge_records([{"inputs": {"q": "1"}, "expectations": {"a": "2"}}])
    if hasattr(client, "create_webhook"):
        from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent

        client.create_webhook("hook", "https://1.1.1.1/hook", [WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)])
    if RELEASE >= Version("3.17"):
        issues_and_servers(store, experiment)


def issues_and_servers(store, experiment):
    """What MLflow 3.18 moves."""
    categories = ["Latency", " latency ", "ÉTUDE", "Σοφός ΣΑΣ", "İstanbul", "\x1ftab\t"]
    store.create_issue(experiment, "slow", "too slow", categories=categories)
    store.create_issue(experiment, "plain", "no categories")
    for version in ("1.0.0", "1.0.0-Beta", "2.0.0"):
        store.create_mcp_server_version({"name": "org.example/server", "version": version, "description": "a server"})
    store.set_mcp_server_version_tag("org.example/server", "1.0.0-Beta", "k", "v")
    store.set_mcp_server_alias("org.example/server", "stable", "1.0.0")
    store.create_mcp_access_endpoint("org.example/server", "https://1.1.1.1/mcp", server_version="2.0.0")


def main(uri):
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = mlflow.MlflowClient()
    experiment, run = runs(client)
    registry(client, run)
    if RELEASE >= Version("3.0"):
        logged_models(client, experiment, run)
    local = client.create_experiment("traced", artifact_location="mlflow-artifacts:/traced" if RELEASE >= Version("3.6") else "/tmp/millrace-dumps")
    traces(local)
    later_things(client, experiment)


main(sys.argv[1])
