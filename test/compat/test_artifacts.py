"""Artifacts through the server: every log_ function, trees, large and odd files."""

import hashlib
import json
import os

import matplotlib.figure
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from PIL import Image


@pytest.fixture
def run(experiment):
    with mlflow.start_run() as run:
        yield run


def digests(folder):
    out = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as f:
                out[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
    return out


def test_tree(client, run, tmp_path):
    tree = tmp_path / "tree"
    for name, content in {
        "empty.txt": b"", "a/b/c/deep.bin": bytes(range(256)), "a/名 x.txt": "ü".encode(), "a/b/plus+and&.csv": b"1,2",
        "quote'd.txt": b"'", "semi;colon.txt": b";",  # no # ? or %: the client writes them into URLs as they are
        ".hidden": b"h", "big.bin": os.urandom(1 << 20) * 20, "x" * 200 + ".txt": b"long",
    }.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    mlflow.log_artifacts(str(tree), "tree")
    down = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="tree", dst_path=str(tmp_path / "down"))
    assert digests(down) == digests(tree)
    listed = {f.path: (f.is_dir, f.file_size) for f in client.list_artifacts(run.info.run_id, "tree")}
    assert listed["tree/a"] == (True, None) and listed["tree/big.bin"] == (False, 20 << 20)
    assert set(listed) == {"tree/" + name for name in os.listdir(tree)}
    assert [f.path for f in client.list_artifacts(run.info.run_id, "tree/a/b/c")] == ["tree/a/b/c/deep.bin"]
    assert client.list_artifacts(run.info.run_id, "nowhere") == []
    everything = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=str(tmp_path / "all"))
    assert digests(os.path.join(everything, "tree")) == digests(tree)


def test_single_files(client, run, tmp_path):
    file = tmp_path / "one.txt"
    file.write_text("first")
    mlflow.log_artifact(str(file))
    mlflow.log_artifact(str(file), "sub/folder")
    file.write_text("second, longer")
    mlflow.log_artifact(str(file))
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/one.txt") == "second, longer"
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/sub/folder/one.txt") == "first"
    with pytest.raises((MlflowException, OSError)):
        mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="missing.txt")


def test_log_functions(client, run):
    mlflow.log_text("text ü\n", "notes/text.txt")
    mlflow.log_dict({"a": [1, None, "ü"]}, "config.json")
    mlflow.log_dict({"a": 1}, "config.yaml")
    figure = matplotlib.figure.Figure()
    figure.add_subplot().plot([1, 2, 3])
    mlflow.log_figure(figure, "plots/figure.png")
    pixels = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    mlflow.log_image(pixels, "image.png")
    mlflow.log_image(pixels, key="sample", step=3)
    mlflow.log_table(pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}), "table.json")
    mlflow.log_table({"x": [3], "y": ["c"]}, "table.json")

    uri = f"runs:/{run.info.run_id}/"
    assert mlflow.artifacts.load_text(uri + "notes/text.txt") == "text ü\n"
    assert mlflow.artifacts.load_dict(uri + "config.json") == {"a": [1, None, "ü"]}
    assert mlflow.artifacts.load_image(uri + "image.png").size == (10, 10)
    assert Image.open(mlflow.artifacts.download_artifacts(uri + "plots/figure.png")).format == "PNG"
    table = mlflow.load_table("table.json", run_ids=[run.info.run_id])
    assert list(table["x"]) == [1, 2, 3] and list(table["y"]) == ["a", "b", "c"]
    logged = [f.path for f in client.list_artifacts(run.info.run_id, "images")]
    assert any("sample" in path for path in logged)
    tables = json.loads(client.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"])
    assert {"path": "table.json", "type": "table"} in tables


def test_delete_artifacts(client, run):
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    mlflow.log_text("x", "a/x.txt")
    mlflow.log_text("y", "a/y.txt")
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("a/x.txt")
    assert [f.path for f in client.list_artifacts(run.info.run_id, "a")] == ["a/y.txt"]
    repository.delete_artifacts("a")
    assert client.list_artifacts(run.info.run_id) == []


def test_escapes_are_refused(client, run, server):
    import requests

    for path in ("../x", "%2e%2e/x", "..%2fx", "a/../../x", "/etc/passwd"):
        session = requests.Session()
        url = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
        request = requests.Request("PUT", url, data=b"x").prepare()
        request.url = url
        assert session.send(request).status_code in (400, 404, 405), path
    with pytest.raises((MlflowException, requests.HTTPError)):
        client.list_artifacts(run.info.run_id, "../..")
