"""One Millrace server for all tests, as in test/compat."""

import os
import sys

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "compat")]

import mlflow
import pytest

from servers import Millrace


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with Millrace(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def client(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server.url)
    return mlflow.MlflowClient(server.url)
