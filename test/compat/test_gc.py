"""`millrace gc` leaves the rows that `mlflow gc` leaves, and removes the files of what it removes."""

import os
import shutil
import subprocess
import sys

import mlflow
import pytest
import sqlalchemy
from mlflow.entities import Metric, Param, RunTag

import differential
from servers import database_uri, millrace_binary, without_mlflow

pytestmark = pytest.mark.skipif(
    mlflow.__version__ not in differential.RELEASES, reason=f"MLflow {mlflow.__version__} is none of {', '.join(differential.RELEASES)}, whose databases Millrace opens as they are")


def run(client, experiment, name):
    """A run with some of everything."""
    id = client.create_run(experiment, run_name=name).info.run_id
    metrics = [Metric("loss", 1 / (step + 1), step, step) for step in range(20)]
    client.log_batch(id, metrics, [Param("lr", "0.1")], [RunTag("a", "b")])
    data = mlflow.entities.Dataset(name="train", digest=name, source_type="local", source="{}", schema="{}", profile=None)
    client.log_inputs(id, datasets=[mlflow.entities.DatasetInput(data, [mlflow.entities.InputTag("mlflow.data.context", "x")])])
    client.log_text(id, "text", f"texts/{name}.txt")
    client.log_text(id, "model", "model/MLmodel")
    return id


def logged_model(client, experiment, name, source):
    model = client.create_logged_model(experiment, name=name, source_run_id=source, tags={"t": "1"}, params={"p": "2"})
    client.log_metric(source, "acc", 0.5, model_id=model.model_id)
    path = model.artifact_location
    os.makedirs(path)
    open(os.path.join(path, "MLmodel"), "w").close()
    return model


def traces(experiment):
    mlflow.set_experiment(experiment_id=experiment)
    for i in range(2):
        with mlflow.start_span(f"trace {i}") as span:
            span.set_inputs({"question": i})
            with mlflow.start_span("llm", span_type="CHAT_MODEL") as inner:
                inner.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 1, "output_tokens": 5, "total_tokens": 6})
    mlflow.flush_trace_async_logging()
    for trace in mlflow.search_traces(experiment_ids=[experiment], return_type="list"):
        mlflow.log_feedback(trace_id=trace.info.trace_id, name="good", value=True)
        folder = trace.info.tags["mlflow.artifactLocation"]
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, "attachment"), "w").close()


def fill(uri, root):
    """Fill a database and return the ids of what the tests name."""
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    ids = {}
    for name in ("kept", "gone", "gone too"):
        ids[name] = experiment = client.create_experiment(name, artifact_location=f"{root}/{name}", tags={"k": "v"})
        first, deleted, other = (run(client, experiment, f"{name} {i}") for i in range(3))
        client.create_dataset(name=f"evaluation {name}", experiment_id=experiment).merge_records([{"inputs": {"q": "1"}}])
        store = mlflow.tracking._tracking_service.utils._get_store()
        store.register_scorer(experiment, "safety", '{"name": "safety"}')
        models = [logged_model(client, experiment, f"m{i}", source) for i, source in enumerate([first, deleted])]
        traces(experiment)
        issue = store.create_issue(experiment, f"slow {name}", "too slow", source_run_id=deleted)
        ids[name + " run"], ids[name + " model"], ids[name + " issue"] = deleted, models[1].model_id, issue.issue_id
        client.delete_logged_model(models[1].model_id)
        client.delete_run(deleted)
        client.delete_run(other)
    client.create_registered_model("registered")
    version = client.create_model_version("registered", f"{root}/kept/{ids['kept run']}/artifacts/model", run_id=ids["kept run"])
    ids["source"] = version.source
    client.delete_experiment(ids["gone"])
    client.delete_experiment(ids["gone too"])
    return ids


def rows(uri):
    """The rows of all tables of MLflow."""
    engine = sqlalchemy.create_engine(uri)
    metadata = sqlalchemy.MetaData()
    metadata.reflect(engine)
    found = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if not table.name.startswith("millrace_"):
                found[table.name] = sorted(map(str, connection.execute(sqlalchemy.select(table)).fetchall()))
    engine.dispose()
    return found


def files(root):
    return {os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names}


def millrace(*args, check=True):
    return subprocess.run([millrace_binary(), *args], check=check, env=without_mlflow(), capture_output=True, text=True)


def plain(uri):
    """The URI without the driver of Python."""
    scheme, rest = uri.split("://", 1)
    return scheme.split("+")[0] + "://" + rest


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gc")
    root = folder / "mlruns"
    uri = database_uri(str(folder), sqlite=False)
    ids = fill(uri, root)
    for utils in (mlflow.tracking._tracking_service.utils, mlflow.tracking._model_registry.utils):
        utils._get_store().engine.dispose()  # The database is dropped at the end.
    mlflow.set_tracking_uri(None)
    shutil.copytree(root, folder / "saved")
    return uri, root, folder / "saved", ids


CASES = {
    "all": lambda ids: [],
    "runs": lambda ids: ["--run-ids", ids["kept run"]],
    "experiments": lambda ids: ["--experiment-ids", ids["gone"]],
    "models": lambda ids: ["--logged-model-ids", ids["kept model"]],
    "jobs": lambda ids: ["--jobs", "--older-than", "0.001s"],
    # These are errors, and nothing is removed.
    "not old": lambda ids: ["--older-than", "1d", "--experiment-ids", ids["gone"]],
    "active": lambda ids: ["--experiment-ids", ids["kept"]],
}


@pytest.mark.parametrize("case", CASES)
def test_same_rows(pristine, tmp_path, case):
    uri, root, saved, ids = pristine
    args = CASES[case](ids)
    theirs, ours = (tmp_path / side for side in ("theirs", "ours"))
    databases = []
    for side in (theirs, ours):
        side.mkdir()
        databases.append(database_uri(str(side), sqlite=False))
        millrace("db", "copy", plain(uri), plain(databases[-1]))
    assert rows(databases[0]) == rows(uri)

    shutil.rmtree(root)
    shutil.copytree(saved, root)
    python = subprocess.run([sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", databases[0], "--tracking-uri", databases[0], *args],
                            env=without_mlflow(), capture_output=True, text=True)
    files_of_theirs = files(root)
    shutil.rmtree(root)
    shutil.copytree(saved, root)
    before = files(root)
    dry = millrace("gc", "--dry-run", "--backend-store-uri", plain(databases[1]), *args, check=False)
    assert rows(databases[1]) == rows(uri) and files(root) == before
    go = millrace("gc", "--backend-store-uri", plain(databases[1]), *args, check=False)
    assert go.returncode == python.returncode == dry.returncode, (go, python, dry)
    assert rows(databases[1]) == rows(databases[0])

    said = lambda out: {line for line in out.splitlines() if "has been permanently deleted" in line}
    assert said(python.stdout) <= said(go.stdout)
    assert said(dry.stdout.replace("would be", "has been")) == said(go.stdout)
    # Ours keeps the files of the registered model, and removes those of experiments, which theirs forgets.
    assert files(root) <= files_of_theirs | {os.path.relpath(os.path.join(ids["source"], "MLmodel"), root)}
    assert os.path.exists(os.path.join(ids["source"], "MLmodel"))
    if case == "all":
        assert {path.split("/")[0] for path in files(root)} == {"kept"}
        assert not any(name.startswith(".millrace") for folder, names, _ in os.walk(root) for name in names)
        again = millrace("gc", "--backend-store-uri", plain(databases[1]))
        assert "Removed 0 runs, 0 logged models, 0 traces, 0 experiments" in again.stdout
