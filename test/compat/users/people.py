"""The users of a server with users, and what each of them does with the client. Tests import the fixtures server and tracking."""

import contextlib
import os
import time

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.server.auth.client import AuthServiceClient
from packaging.version import Version
from sklearn.linear_model import LogisticRegression

from conftest import CLIENT, model_name
from servers import ADMIN, ADMIN_PASSWORD, USERS, Millrace, users_variables

# Grants came with roles. Earlier releases have permissions on single experiments and models.
ROLES = CLIENT >= Version("3.17")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("users")
    with Millrace(folder, *USERS, variables=users_variables(folder)) as server:
        yield server


@pytest.fixture(autouse=True)
def tracking(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server.url)


@contextlib.contextmanager
def variables(**values):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("USERNAME", "PASSWORD", "TOKEN"):
            patch.delenv("MLFLOW_TRACKING_" + name, raising=False)
        for name, value in values.items():
            patch.setenv("MLFLOW_TRACKING_" + name.upper(), value)
        try:
            yield mlflow.MlflowClient()
        finally:
            while mlflow.active_run():
                mlflow.end_run()


def password_of(name):
    return ADMIN_PASSWORD if name == ADMIN else f"password of {name}"


def login(name, password=None):
    """Let the clients of this process be those of a user."""
    return variables(username=name, password=password or password_of(name))


def service():
    return AuthServiceClient(mlflow.get_tracking_uri())


def new_users(*names):
    with login(ADMIN):
        for name in names:
            service().create_user(name, password_of(name))


def permit(username, permission, experiment=None, model=None):
    """Grant a permission as the current user."""
    if ROLES:
        service().grant_user_permission(username, "experiment" if experiment else "registered_model", experiment or model, permission)
    elif experiment:
        service().create_experiment_permission(experiment, username, permission)
    else:
        service().create_registered_model_permission(model, username, permission)


@contextlib.contextmanager
def refused(pattern="Permission denied"):
    """A request in it gets a clear error without being sent again and again."""
    started = time.monotonic()
    # The client reports the status of transfers of files, and the message of everything else.
    with pytest.raises((MlflowException, requests.HTTPError), match=f"{pattern}|403 Client Error"):
        yield
    assert time.monotonic() - started < 10


def write(mark, **registered):
    """Log some of everything, as the current user."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with open("notes.txt", "w", encoding="utf-8") as file:
        file.write(mark)
    with mlflow.start_run() as run:
        mlflow.log_param("mark", mark)
        mlflow.log_metrics({"loss": 0.5})
        mlflow.log_artifact("notes.txt", "docs")
        info = mlflow.sklearn.log_model(model, **model_name("model"), pip_requirements=["scikit-learn"], **registered)
    return run.info.run_id, info


def works(model_uri):
    return list(mlflow.pyfunc.load_model(model_uri).predict([[0.0], [1.0]])) == [0, 1]


def read(client, run, experiment, mark):
    """Everything that a reader may do."""
    assert client.get_run(run).data.params == {"mark": mark}
    assert client.get_run(run).data.metrics == {"loss": 0.5}
    assert [m.value for m in client.get_metric_history(run, "loss")] == [0.5]
    assert [r.info.run_id for r in client.search_runs([experiment])] == [run]
    assert [e.experiment_id for e in client.search_experiments() if e.experiment_id == experiment] == [experiment]
    assert "docs" in [f.path for f in client.list_artifacts(run)]
    assert mlflow.artifacts.load_text(f"runs:/{run}/docs/notes.txt") == mark


def millrace(method, **body):
    """Send a request of Millrace's own API as the current user."""
    auth = os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]
    response = requests.post(f"{mlflow.get_tracking_uri()}/ajax-api/millrace/{method}", auth=auth, json=body, timeout=10)
    assert response.status_code == 200, response.text
    return response.json()
