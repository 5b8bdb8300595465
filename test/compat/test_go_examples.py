"""The example programs in Go against the server; what they log, as the Python client sees it; their models in Python."""

import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys

import mlflow
import numpy as np
import pytest

from conftest import since
from servers import ROOT, without_mlflow

pytestmark = since("3.17", "use for the round trip of models, which is tried with the newest client")


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    subprocess.run(["go", "build", "-o", str(folder), "./examples/fashionmnist", "./examples/breastcancer", "./examples/newcomer"],
                   cwd=ROOT, check=True, env={**os.environ, "CGO_ENABLED": "0"})
    return folder


def run(program, server, folder, *options):
    env = {**without_mlflow(), "MLFLOW_TRACKING_URI": server.url}
    ran = subprocess.run([program, *options], cwd=folder, env=env, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def the_run(client, experiment):
    [found] = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    assert found.info.status == "FINISHED"
    return found


def write_images(folder, name, count):
    """FashionMNIST's files, gzipped, with random images."""
    rng = np.random.default_rng(count)
    x = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    y = (np.arange(count) % 10).astype(np.uint8)
    (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(struct.pack(">IIII", 2051, count, 28, 28) + x.tobytes()))
    (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">II", 2049, count) + y.tobytes()))
    return x


def predicted(client, found, name):
    path = client.download_artifacts(found.info.run_id, name)
    return json.loads(pathlib.Path(path).read_text())


def test_quickstart(client, server, programs, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    write_images(images, "train", 640)
    test = write_images(images, "t10k", 100)
    out = run(programs / "fashionmnist", server, tmp_path, "-data", str(images), "-epochs", "2", "-experiment", "go-quickstart")
    assert "Outputs of the loaded model" in out
    found = the_run(client, "go-quickstart")
    assert {"epochs": "2", "batch_size": "64", "learning_rate": "0.001", "optimizer": "SGD"}.items() <= found.data.params.items()
    assert {"loss", "accuracy", "eval_loss", "eval_accuracy", "train_loss"} <= found.data.metrics.keys()
    assert len(client.get_metric_history(found.info.run_id, "eval_accuracy")) == 2
    assert {"model_summary.txt", "predictions.png"} <= {f.path for f in client.list_artifacts(found.info.run_id)}
    assert {d.dataset.name for d in found.inputs.dataset_inputs} == {"FashionMNIST-training", "FashionMNIST-test"}

    [output] = found.outputs.model_outputs
    model = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    logits = model.predict((test[:, None] / np.float32(255)).astype(np.float32))["logits"]
    table = predicted(client, found, "predictions.json")
    np.testing.assert_allclose(logits, [row[2:] for row in table["data"]], atol=1e-5)
    assert len(logits) == 100


def test_guide(client, server, programs, tmp_path):
    out = run(programs / "breastcancer", server, tmp_path, "-lr", "0.01", "-epochs", "200", "-experiment", "go-guide", "-register", "go-cancer")
    assert "weighted avg" in out
    found = the_run(client, "go-guide")
    assert found.data.metrics["test_accuracy"] >= 0.95
    assert {"eda", "classification_report.txt", "confusion_matrix.png", "training_and_validation_loss.png", "scaler.json"} <= {
        f.path for f in client.list_artifacts(found.info.run_id)}
    version = client.get_model_version("go-cancer", "1")
    assert version.current_stage == "Staging" and version.run_id == found.info.run_id

    model = mlflow.pyfunc.load_model("models:/go-cancer/Staging")
    table = predicted(client, found, "predictions.json")
    rows = np.array([row[:30] for row in table["data"]], np.float32)
    logits = model.predict(rows)["logits"]
    np.testing.assert_allclose(logits[:, 0], [row[30] for row in table["data"]], atol=1e-5)
    assert len(rows) == 143


def test_newcomer(client, server, programs, tmp_path):
    """The program prints a Python command that loads its model; here its code predicts the points of the logged table."""
    out = run(programs / "newcomer", server, tmp_path)
    code = next(line for line in out.splitlines() if line.startswith("python3 -c ")).split("'")[1]
    assert f"export MLFLOW_TRACKING_URI={server.url} " in out and "mlflow.pyfunc.load_model" in code
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**without_mlflow(), "MLFLOW_TRACKING_URI": server.url},
                         check=True, capture_output=True, text=True)
    assert "logit" in ran.stdout

    version = client.get_model_version("spirals", "1")
    found = client.get_run(version.run_id)
    assert found.info.status == "FINISHED" and found.data.metrics["test_accuracy"] > 0.9
    table = predicted(client, found, "predictions.json")
    points = np.array([row[:2] for row in table["data"]], np.float32)
    logits = mlflow.pyfunc.load_model("models:/spirals/1").predict(points)["logit"]
    np.testing.assert_allclose(logits[:, 0], [row[3] for row in table["data"]], atol=1e-4)
    assert len(points) == 500
