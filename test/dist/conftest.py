"""What the tests of the files in dist/ share. They install them as a user does, in empty folders.

Set DIST to test another folder. The client is the MLflow of the Python that runs pytest.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

for name in list(os.environ):  # before mlflow reads them
    if re.match("MLFLOW_|DATABRICKS_|MILLRACE_", name):
        del os.environ[name]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DIST = pathlib.Path(os.environ.get("DIST", ROOT / "dist"))
sys.path.insert(0, str(ROOT / "test" / "seeds"))
from run_seeds import start_server  # noqa: E402


def one(pattern):
    """Return the path of the only file in dist/ that matches the pattern."""
    found = list(DIST.glob(pattern))
    assert len(found) == 1, f"{pattern} matches {found}"
    return found[0]


def run(*command, **options):
    """Run a command and return its output; an exit code other than 0 fails the test."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def root_command(*command):
    """Return a command that runs as root."""
    return command if os.geteuid() == 0 else ("sudo", *command)


def tool(*names):
    """Return the path of the first program that is installed, or skip the test; with STRICT it fails."""
    for name in names:
        if path := shutil.which(name):
            return path
    if os.environ.get("STRICT"):
        pytest.fail(f"{names[0]} is not installed")
    pytest.skip(f"{names[0]} is not installed")


@pytest.fixture(scope="session")
def version():
    """The version of the files, such as 1.2.3."""
    return re.fullmatch(r"millrace_(.*)_linux_amd64\.tar\.gz", one("millrace_*_linux_amd64.tar.gz").name)[1]


@pytest.fixture
def check_program(version, tmp_path):
    """A function that starts a program and lets the MLflow client use it."""

    def check(program):
        assert run(program, "--version").startswith(f"millrace version v{version}, ")
        folder = tmp_path / "server"
        folder.mkdir()
        server, url = start_server(str(program), str(folder))
        try:
            quickstart(url, tmp_path)
            # A second process finds the server by the environment.
            run(program, "healthcheck", env={**os.environ, "MLFLOW_PORT": url.rpartition(":")[2]})
        finally:
            server.terminate()
            assert server.wait(30) == 0
        assert (folder / "mlflow.db").exists()

    return check


def quickstart(url, folder):
    """Do what MLflow's quickstart does: log a run with a model, and load the model."""
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("MLflow Quickstart")
    x, y = load_iris(return_X_y=True)
    params = {"solver": "lbfgs", "max_iter": 1000, "random_state": 8888}
    model = LogisticRegression(**params).fit(x, y)
    (folder / "notes.txt").write_text("notes")
    with mlflow.start_run() as run:
        mlflow.log_params(params)
        mlflow.log_metric("accuracy", model.score(x, y))
        mlflow.log_artifact(folder / "notes.txt")
        info = mlflow.sklearn.log_model(
            model, name="iris_model", signature=infer_signature(x, model.predict(x)), input_example=x[:2],
            registered_model_name="tracking-quickstart")
    logged = mlflow.get_run(run.info.run_id)
    assert logged.info.status == "FINISHED"
    assert logged.data.params == {k: str(v) for k, v in params.items()}
    assert logged.data.metrics["accuracy"] == model.score(x, y)
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt") == "notes"
    for uri in (info.model_uri, "models:/tracking-quickstart/1"):
        assert (mlflow.pyfunc.load_model(uri).predict(x) == model.predict(x)).all()
