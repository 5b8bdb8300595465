"""Logged models: their life, metrics on datasets, and search."""

import mlflow
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from conftest import since

pytestmark = since("3.0", "logged models")


def names(models):
    return [m.name for m in models]


def test_life(client, experiment):
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="life", params={"lr": "0.1"}, tags={"a": "1"}, model_type="net")
        assert model.status.name == "PENDING" and model.source_run_id == run.info.run_id
        assert mlflow.finalize_logged_model(model.model_id, "READY").status.name == "READY"
    mlflow.set_logged_model_tags(model.model_id, {"a": "2", "b": "3"})
    mlflow.delete_logged_model_tag(model.model_id, "b")
    mlflow.log_model_params({"depth": "3"}, model_id=model.model_id) if hasattr(mlflow, "log_model_params") else None
    got = mlflow.get_logged_model(model.model_id)
    assert got.tags["a"] == "2" and "b" not in got.tags
    assert got.params["lr"] == "0.1"
    outputs = client.get_run(run.info.run_id).outputs
    assert outputs is None or all(o.model_id for o in outputs.model_outputs)
    client.delete_logged_model(model.model_id)
    with pytest.raises(MlflowException, match="not found"):
        client.get_logged_model(model.model_id)


def test_metrics(client, experiment):
    train = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="train")
    with mlflow.start_run() as run:
        model = mlflow.create_external_model(name="external")
        mlflow.log_metric("acc", 0.5, step=1, model_id=model.model_id, dataset=train)
        mlflow.log_metric("acc", 0.75, step=2, model_id=model.model_id, dataset=train)
        mlflow.log_metrics({"loss": 0.1}, model_id=model.model_id)
    got = mlflow.get_logged_model(model.model_id)
    assert sorted((m.key, m.value, m.step, m.dataset_name) for m in got.metrics) == [
        ("acc", 0.5, 1, "train"), ("acc", 0.75, 2, "train"), ("loss", 0.1, 0, None)]
    assert client.get_run(run.info.run_id).data.metrics == {"acc": 0.75, "loss": 0.1}


def test_search(client, experiment):
    eval = mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), name="eval")
    with mlflow.start_run():
        for i in range(5):
            model = mlflow.create_external_model(name=f"s{i}", params={"i": str(i)}, tags={"half": "low" if i < 2 else "high"})
            mlflow.log_metric("score", i / 10, model_id=model.model_id, dataset=eval if i % 2 else None)

    def search(filter_string=None, order_by=None, **more):
        return names(mlflow.search_logged_models([experiment], filter_string=filter_string, order_by=order_by, output_format="list", **more))

    assert search(order_by=[{"field_name": "name", "ascending": True}]) == ["s0", "s1", "s2", "s3", "s4"]
    assert search() == ["s4", "s3", "s2", "s1", "s0"]
    assert search("metrics.score >= 0.2", [{"field_name": "metrics.score", "ascending": False}]) == ["s4", "s3", "s2"]
    assert search("params.i = '3'") == ["s3"]
    assert search("tags.half = 'low'", [{"field_name": "creation_timestamp", "ascending": True}]) == ["s0", "s1"]
    assert search("name LIKE 's%' AND metrics.score < 0.15") == ["s1", "s0"]
    assert sorted(search(datasets=[{"dataset_name": "eval", "dataset_digest": eval.digest}])) == ["s1", "s3"]
    assert search(max_results=2) == ["s4", "s3"]
    page = client.search_logged_models([experiment], max_results=2, order_by=[{"field_name": "name"}])
    found = names(page)
    while page.token:
        page = client.search_logged_models([experiment], max_results=2, order_by=[{"field_name": "name"}], page_token=page.token)
        found += names(page)
    assert found == ["s0", "s1", "s2", "s3", "s4"]
    table = mlflow.search_logged_models([experiment])
    assert len(table) == 5 and "model_id" in table.columns
    with pytest.raises(MlflowException):
        search("nonsense ===")
