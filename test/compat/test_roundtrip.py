"""A database and artifacts that MLflow wrote work in Millrace, and go back."""

import mlflow
import pandas as pd
import pytest
import sqlalchemy
from sklearn.linear_model import LogisticRegression

import differential
from servers import MLflow, Millrace

pytestmark = pytest.mark.skipif(
    mlflow.__version__ not in differential.RELEASES, reason=f"MLflow {mlflow.__version__} is none of {', '.join(differential.RELEASES)}, whose databases Millrace opens as they are")


def write(url, mark, folder):
    """Write some of everything and return the model's id."""
    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient(url)
    mlflow.set_experiment(f"experiment {mark}")
    client.set_experiment_tag(client.get_experiment_by_name(f"experiment {mark}").experiment_id, "mark", mark)
    (folder / f"{mark}.txt").write_text(mark)
    with mlflow.start_run(run_name=f"run {mark}"):
        mlflow.log_params({"mark": mark, "ü": "ü", "empty": ""})
        for step in range(20):
            mlflow.log_metrics({"loss": 1 / (step + 1), "nan": float("nan"), "inf": float("inf")}, step=step)
        mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name=f"data {mark}"), context="train")
        mlflow.log_artifact(str(folder / f"{mark}.txt"), "texts")
        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        info = mlflow.sklearn.log_model(model, name=f"model-{mark}", params={"C": 1}, pip_requirements=["scikit-learn"])
        mlflow.log_metric("acc", 1.0, model_id=info.model_id)
    write_trace(mark)
    deleted = client.create_run(client.get_experiment_by_name(f"experiment {mark}").experiment_id, run_name=f"deleted {mark}")
    client.delete_run(deleted.info.run_id)
    client.delete_experiment(client.create_experiment(f"deleted {mark}"))
    return info.model_id


def write_trace(mark):
    with mlflow.start_span(f"root {mark}") as root:
        root.set_inputs({"messages": [{"role": "user", "content": f"ünï {mark}"}]})
        mlflow.update_current_trace(tags={"mark": mark}, metadata={"mlflow.trace.session": f"session {mark}"})
        with mlflow.start_span("child", span_type="CHAT_MODEL") as child:
            child.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3})
            child.set_attributes({"float": 0.5, "list": [1, None, "x"], "text": '{"a": 1}'})
            child.add_event(mlflow.entities.SpanEvent("event", attributes={"a": 1}))
        root.set_outputs(f"answer {mark}")
    mlflow.flush_trace_async_logging()
    feedback = mlflow.log_feedback(trace_id=root.trace_id, name="score", value=0.5, rationale=mark, metadata={"a": "b"})
    mlflow.override_feedback(trace_id=root.trace_id, assessment_id=feedback.assessment_id, value="yes")
    mlflow.log_expectation(trace_id=root.trace_id, name="wanted", value={"a": [1, 2]})


def read(url):
    """Everything that the API shows, in an order that does not depend on the server."""
    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient(url)
    out = []
    for experiment in sorted(client.search_experiments(mlflow.entities.ViewType.ALL, max_results=1000), key=lambda e: e.experiment_id):
        out.append(dict(experiment))
        for run in sorted(client.search_runs([experiment.experiment_id], run_view_type=mlflow.entities.ViewType.ALL), key=lambda r: r.info.run_id):
            got = client.get_run(run.info.run_id)
            assert repr(sorted(got.data.metrics.items())) == repr(sorted(run.data.metrics.items()))
            out.append({
                "info": dict(got.info), "params": got.data.params, "tags": got.data.tags, "metrics": sorted(map(repr, got.data.metrics.items())),
                "history": {k: [(m.step, m.timestamp, repr(m.value)) for m in client.get_metric_history(run.info.run_id, k)] for k in got.data.metrics},
                "inputs": sorted(repr(i.to_dictionary()) for i in got.inputs.dataset_inputs),
                "outputs": sorted(repr(dict(o)) for o in (got.outputs.model_outputs if got.outputs else [])),
                "files": sorted((f.path, f.is_dir, f.file_size) for p in ("", "texts") for f in client.list_artifacts(run.info.run_id, p)),
            })
        for trace in mlflow.search_traces(locations=[experiment.experiment_id], return_type="list", order_by=["timestamp_ms ASC"]):
            info = trace.info.to_dict()
            info["assessments"] = sorted(map(repr, info.get("assessments", [])))
            out.append({"info": info, "spans": [s.to_dict() for s in trace.data.spans]})
        for model in sorted(client.search_logged_models([experiment.experiment_id]), key=lambda m: m.model_id):
            got = client.get_logged_model(model.model_id).to_dictionary()
            got["metrics"] = sorted(repr(m.to_dictionary()) for m in client.get_logged_model(model.model_id).metrics or [])
            out.append(got)
    return out


def rows(database):
    engine = sqlalchemy.create_engine(database)
    try:
        with engine.connect() as connection:
            return {t: connection.execute(sqlalchemy.text(f"SELECT COUNT(*) FROM {t}")).scalar() for t in sqlalchemy.inspect(engine).get_table_names()}
    finally:
        engine.dispose()


def shrunk(before, after):
    return {t: (n, after.get(t)) for t, n in before.items() if after.get(t, -1) < n}


def load(model_id):
    return list(mlflow.sklearn.load_model(f"models:/{model_id}").predict([[0.0], [1.0]]))


def test_there_and_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with MLflow(tmp_path) as server:
        first = write(server.url, "one", tmp_path)
        written = read(server.url)
        database = server.database
    counts = rows(database)
    assert counts["metrics"] >= 61 and counts["logged_models"] == 1

    with Millrace(tmp_path) as server:
        assert read(server.url) == written
        assert load(first) == [0, 1]
        second = write(server.url, "two", tmp_path)
        both = read(server.url)
    assert [e for e in both if e in written] == written
    assert shrunk(counts, rows(database)) == {}
    counts = rows(database)
    assert counts["logged_models"] == 2

    with MLflow(tmp_path) as server:
        assert read(server.url) == both
        assert load(first) == load(second) == [0, 1]
        write(server.url, "three", tmp_path)
        with open(server.log, encoding="utf-8", errors="replace") as log:
            assert "Running upgrade" not in log.read()
        three = read(server.url)
    assert shrunk(counts, rows(database)) == {}

    with Millrace(tmp_path) as server:
        assert read(server.url) == three


@pytest.mark.skipif(mlflow.__version__ != differential.RELEASES[-1], reason=f"a new database is made as MLflow {differential.RELEASES[-1]} makes it")
def test_database_made_by_millrace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Millrace(tmp_path) as server:
        model = write(server.url, "one", tmp_path)
        written = read(server.url)
        database = server.database
    counts = rows(database)
    with MLflow(tmp_path) as server:
        assert read(server.url) == written
        assert load(model) == [0, 1]
        write(server.url, "two", tmp_path)
    assert shrunk(counts, rows(database)) == {}
