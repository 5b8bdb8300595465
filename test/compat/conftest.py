"""What the suites share: one Millrace server per run, an experiment per test.

The client is the MLflow of the Python that runs pytest; see requirements-*.txt.
With COMPAT_SERVER=mlflow the server is that MLflow's own, to try out the suites.
"""

import os
import re

for name in list(os.environ):  # before mlflow reads them
    if re.match("MLFLOW_|DATABRICKS_", name):
        del os.environ[name]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_MODEL_CATALOG_URI"] = ""  # The prices are those of the release, and not the newest.
os.environ["MPLBACKEND"] = "agg"
# Autologging starts a process that imports everything to learn which packages a model needs; the client takes those of the
# flavor instead, when it takes longer. Servers do not notice it.
os.environ["MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT"] = "1"

import mlflow
import pytest
from packaging.version import Version

from servers import MLflow, Millrace

CLIENT = Version(mlflow.__version__)


def since(version, what):
    """Skip a test whose subject the client lacks before version."""
    return pytest.mark.skipif(CLIENT < Version(version), reason=f"MLflow {CLIENT} has no {what}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    start = MLflow if os.environ.get("COMPAT_SERVER") == "mlflow" else Millrace
    with start(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def both(tmp_path_factory):
    """Millrace and MLflow's own server, whose answers to the same requests are compared. Tests must do the same to both."""
    with Millrace(tmp_path_factory.mktemp("ours")) as ours, MLflow(tmp_path_factory.mktemp("theirs"), sqlite=True) as theirs:
        yield ours, theirs


@pytest.fixture(autouse=True)
def no_globals():
    """Let no test find the server, the registry or the experiment that another one has set."""
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    mlflow.tracking.fluent._active_experiment_id = None
    for name in ("TRACKING_URI", "REGISTRY_URI", "EXPERIMENT_ID"):
        os.environ.pop("MLFLOW_" + name, None)


@pytest.fixture
def client(server, tmp_path, monkeypatch):
    """An MlflowClient, with the fluent API pointed at the same server."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server.url)
    yield mlflow.MlflowClient(server.url)
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def experiment(client, request):
    """The id of a new experiment, which is made the active one."""
    return mlflow.set_experiment(request.node.nodeid).experiment_id


def model_name(name):
    """log_model's argument for where the model goes: artifact_path before 3.0."""
    return {"name": name} if CLIENT >= Version("3.0") else {"artifact_path": name}
