"""mlflow.login() and tracking URI "databricks", with an access token."""

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import time

import pytest
import requests

from servers import Millrace, millrace_binary

PROGRAM = """
    import json, os, sys
    import mlflow
    from sklearn.linear_model import LogisticRegression

    mlflow.login()
    assert mlflow.get_tracking_uri() == "databricks", mlflow.get_tracking_uri()
    mlflow.set_registry_uri("databricks")
    experiment = mlflow.set_experiment("/Users/me@example.org/door")
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with open("notes.txt", "w") as f:
        f.write("notes")
    with mlflow.start_run() as run:
        mlflow.log_params({"a": 1})
        mlflow.log_metric("m", 0.5)
        mlflow.log_artifact("notes.txt", "docs")
        where = {"artifact_path": "model"} if mlflow.__version__.startswith("2.") else {"name": "model"}
        info = mlflow.sklearn.log_model(model, **where, pip_requirements=["scikit-learn"])
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert list(loaded.predict([[0.0], [1.0]])) == [0, 1]
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/docs/notes.txt") == "notes"
    print("RESULT " + json.dumps({"experiment": experiment.experiment_id, "tags": experiment.tags, "run": run.info.run_id}))
"""


@pytest.fixture
def closed(tmp_path):
    """A server that wants tokens, and a token."""
    with closed_server(tmp_path) as closed:
        yield closed


@contextlib.contextmanager
def closed_server(folder, *options, path=""):
    """Start a server that wants tokens, under a path; the result is the server and a token."""
    with Millrace(folder, *options) as server:
        made = subprocess.run(
            [millrace_binary(), "tokens", "create", "--user", "me@example.org", "--backend-store-uri", server.database],
            capture_output=True, text=True, check=True)
        token = made.stdout.split()[-1]
        url = server.url + path + "/api/2.0/mlflow/experiments/search?max_results=1"
        for _ in range(100):
            if requests.get(url).status_code == 401:
                break
            time.sleep(0.1)
        assert requests.get(url).status_code == 401
        assert requests.get(url, headers={"Authorization": "Bearer " + token}).status_code == 200
        yield server, token


def python(program, folder, **environment):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "HOME": str(folder), **environment})


def test_login(closed, tmp_path):
    server, token = closed
    done = python(PROGRAM, tmp_path, DATABRICKS_HOST=server.url, DATABRICKS_TOKEN=token)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout.split("RESULT ")[1])
    assert result["tags"]["mlflow.ownerEmail"] == "me@example.org"
    run = requests.get(server.url + "/api/2.0/mlflow/runs/get", params={"run_id": result["run"]},
                       headers={"Authorization": "Bearer " + token}).json()["run"]
    assert run["info"]["artifact_uri"] == f"mlflow-artifacts:/{result['experiment']}/{result['run']}/artifacts"
    assert [m["key"] for m in run["data"]["metrics"]] == ["m"]


def test_wrong_token(closed, tmp_path):
    server, _ = closed
    done = python("import mlflow; mlflow.set_tracking_uri('databricks'); mlflow.search_experiments()", tmp_path,
                  DATABRICKS_HOST=server.url, DATABRICKS_TOKEN="wrong")
    assert done.returncode != 0
    assert "401" in done.stderr or "UNAUTHENTICATED" in done.stderr or "credential" in done.stderr, done.stderr[-2000:]


def test_token_over_http(closed, tmp_path):
    server, token = closed
    program = "import mlflow; print(mlflow.create_experiment('by token'))"
    done = python(program, tmp_path, MLFLOW_TRACKING_URI=server.url, MLFLOW_TRACKING_TOKEN=token)
    assert done.returncode == 0, done.stderr[-2000:]
    done = python(program, tmp_path, MLFLOW_TRACKING_URI=server.url, MLFLOW_TRACKING_USERNAME="anyone", MLFLOW_TRACKING_PASSWORD=token)
    assert done.returncode != 0 and "already exists" in done.stderr, done.stderr[-2000:]
