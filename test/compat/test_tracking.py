"""Experiments, runs, params, tags, metrics, datasets and their searches."""

import math
import time

import mlflow
import pandas as pd
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

from conftest import since


def test_set_experiment(client):
    made = mlflow.set_experiment("/Users/me/quick start 实验")
    again = mlflow.set_experiment("/Users/me/quick start 实验")
    assert again.experiment_id == made.experiment_id
    assert made.lifecycle_stage == "active"
    assert made.artifact_location == f"mlflow-artifacts:/{made.experiment_id}"
    assert abs(made.creation_time / 1000 - time.time()) < 60
    assert client.get_experiment_by_name(made.name).experiment_id == made.experiment_id
    assert client.get_experiment_by_name("no such") is None
    assert mlflow.set_experiment(experiment_id=made.experiment_id).name == made.name


def test_experiment_life(client):
    id = client.create_experiment("life", tags={"a": "1", "b": "ü"})
    with pytest.raises(MlflowException) as error:
        client.create_experiment("life")
    assert error.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.set_experiment_tag(id, "c", "3")
    if hasattr(client, "delete_experiment_tag"):  # since 3.2
        client.delete_experiment_tag(id, "a")
        assert client.get_experiment(id).tags == {"b": "ü", "c": "3"}
    client.rename_experiment(id, "life 2")
    client.delete_experiment(id)
    assert client.get_experiment(id).lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="deleted experiment .life 2."):
        mlflow.set_experiment("life 2")
    with pytest.raises(MlflowException):
        client.create_run(id)
    client.restore_experiment(id)
    assert client.get_experiment(id).name == "life 2"
    with pytest.raises(MlflowException) as error:
        client.get_experiment("987654")
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_search_experiments(client):
    ids = [client.create_experiment(f"search {i}", tags={"group": "search", "n": str(i)}) for i in range(5)]
    found = client.search_experiments(filter_string="tags.group = 'search'", order_by=["name DESC"])
    assert [e.experiment_id for e in found] == ids[::-1]
    page = client.search_experiments(filter_string="tags.group = 'search'", order_by=["name"], max_results=2)
    names = [e.name for e in page]
    while page.token:
        page = client.search_experiments(filter_string="tags.group = 'search'", order_by=["name"], max_results=2, page_token=page.token)
        names += [e.name for e in page]
    assert names == [f"search {i}" for i in range(5)]
    client.delete_experiment(ids[0])
    deleted = client.search_experiments(ViewType.DELETED_ONLY, filter_string="name LIKE 'search%'")
    assert [e.experiment_id for e in deleted] == ids[:1]
    assert len(mlflow.search_experiments(view_type=ViewType.ALL, filter_string="tags.group = 'search'")) == 5


def test_run(client, experiment):
    with mlflow.start_run(run_name="my run", description="what for", tags={"k": "v"}) as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "name": "x" * 6000, "none": None})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"loss": 0.25, "acc": 0.9}, step=2)
        mlflow.set_tag("a", "b")
        mlflow.set_tags({"c": 1, "long": "y" * 8000})
        mlflow.delete_tag("a")
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED"
    assert got.info.run_name == "my run"
    assert got.info.experiment_id == experiment
    assert got.info.end_time >= got.info.start_time > 0
    assert got.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"
    assert got.data.params == {"lr": "0.1", "depth": "3", "name": "x" * 6000, "none": "None"}
    assert got.data.metrics == {"loss": 0.25, "acc": 0.9}
    assert got.data.tags["c"] == "1" and got.data.tags["long"] == "y" * 8000 and "a" not in got.data.tags
    assert got.data.tags["mlflow.note.content"] == "what for"
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_param(run.info.run_id, "lr", 0.2)
    client.log_param(run.info.run_id, "lr", 0.1)


def test_failed_and_resumed_run(client, experiment):
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        _ = 1 / 0
    assert client.get_run(run.info.run_id).info.status == "FAILED"
    with mlflow.start_run(run_id=run.info.run_id):
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("late", 1)
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED" and got.data.metrics == {"late": 1}


def test_nested_runs(client, experiment):
    with mlflow.start_run(run_name="parent") as parent:
        for i in range(3):
            with mlflow.start_run(run_name=f"child {i}", nested=True):
                mlflow.log_metric("i", i)
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["metrics.i DESC"])
    assert [r.info.run_name for r in children] == ["child 2", "child 1", "child 0"]
    assert client.get_parent_run(children[0].info.run_id).info.run_id == parent.info.run_id


def test_special_metrics(client, experiment):
    with mlflow.start_run() as run:
        mlflow.log_metrics({"nan": math.nan, "inf": math.inf, "ninf": -math.inf, "tiny": 5e-324, "int": 2**53, "dir/name.x-y z": 1})
    metrics = client.get_run(run.info.run_id).data.metrics
    assert math.isnan(metrics.pop("nan"))
    largest = 1.7976931348623157e308
    assert metrics == {"inf": largest, "ninf": -largest, "tiny": 5e-324, "int": 2.0**53, "dir/name.x-y z": 1}
    assert math.isnan(client.get_metric_history(run.info.run_id, "nan")[0].value)


def test_metric_history(client, experiment):
    run = client.create_run(experiment)
    client.log_batch(run.info.run_id, metrics=[Metric("m", i / 7, 1000 + i, i) for i in range(1000)])
    client.log_batch(run.info.run_id, metrics=[Metric("m", i / 7, 1000 + i, i) for i in range(1000, 1500)])
    client.log_metric(run.info.run_id, "m", -1, timestamp=5, step=-3)
    history = client.get_metric_history(run.info.run_id, "m")
    assert [(m.step, m.timestamp, m.value) for m in history] == [(-3, 5, -1)] + [(i, 1000 + i, i / 7) for i in range(1500)]
    assert client.get_run(run.info.run_id).data.metrics["m"] == 1499 / 7
    assert client.get_metric_history(run.info.run_id, "none") == []


def test_batch(client, experiment):
    run = client.create_run(experiment, tags={"x": "y"}, run_name="batch").info.run_id
    client.log_batch(run, [Metric("a", 1, 1, 0)], [Param(f"p{i}", str(i)) for i in range(100)], [RunTag(f"t{i}", str(i)) for i in range(100)])
    got = client.get_run(run)
    assert len(got.data.params) == 100 and got.data.tags["t99"] == "99"
    with pytest.raises(MlflowException, match="Changing param values"):
        client.log_batch(run, [Metric("b", 1, 1, 0)], [Param("p1", "other")], [RunTag("tb", "1")])
    got = client.get_run(run)
    assert "b" not in got.data.metrics and "tb" not in got.data.tags
    with pytest.raises(MlflowException):
        client.log_batch(run, [Metric("bad$name", 1, 1, 0)])


def test_delete_and_restore_run(client, experiment):
    run = client.create_run(experiment).info.run_id
    client.delete_run(run)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    assert [r.info.run_id for r in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)] == [run]
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.log_metric(run, "m", 1)
    client.restore_run(run)
    client.log_metric(run, "m", 1)
    client.update_run(run, status="KILLED", name="renamed")
    got = client.get_run(run)
    assert (got.info.status, got.info.run_name, got.data.tags["mlflow.runName"]) == ("KILLED", "renamed", "renamed")


def test_search_runs(client, experiment):
    for i in range(7):
        with mlflow.start_run(run_name=f"r{i}", tags={"parity": "odd" if i % 2 else "even"}):
            mlflow.log_metric("m", math.nan if i == 6 else i)
            mlflow.log_param("p", f"value {i}")
    names = lambda **query: list(mlflow.search_runs([experiment], **query)["tags.mlflow.runName"])  # noqa: E731
    assert names(filter_string="metrics.m > 2 AND tags.parity = 'odd'", order_by=["metrics.m DESC"]) == ["r5", "r3"]
    assert names(filter_string="params.p LIKE 'value %' and attributes.status = 'FINISHED'", order_by=["metrics.m"])[-1] == "r6"
    assert names(filter_string="run_name ILIKE 'R1'") == ["r1"]
    assert len(names(filter_string="start_time > 0", max_results=3)) == 3
    ids = [r.info.run_id for r in client.search_runs([experiment], order_by=["attributes.run_name"])]
    assert len(client.search_runs([experiment], f"run_id IN ('{ids[0]}', '{ids[1]}')")) == 2
    page = client.search_runs([experiment], order_by=["run_name"], max_results=3)
    paged = list(page)
    while page.token:
        page = client.search_runs([experiment], order_by=["run_name"], max_results=3, page_token=page.token)
        paged += page
    assert [r.info.run_id for r in paged] == ids
    table = mlflow.search_runs(search_all_experiments=True, filter_string="tags.parity = 'even'", output_format="pandas")
    assert {"run_id", "metrics.m", "params.p", "tags.parity"} <= set(table.columns) and len(table) == 4
    with pytest.raises(MlflowException, match=r"Invalid clause\(s\) in filter string"):
        client.search_runs([experiment], "metrics.m > 1 OR metrics.m < 0")


def test_datasets(client, experiment):
    frame = pd.DataFrame({"x": [1, 2, 3], "y": ["a", "b", "c"]})
    dataset = mlflow.data.from_pandas(frame, source="https://example.org/data.csv", name="table", targets="y")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training", tags={"part": "1"})
        mlflow.log_input(mlflow.data.from_pandas(frame.head(1), name="head"), context="eval")
    inputs = {i.dataset.name: i for i in client.get_run(run.info.run_id).inputs.dataset_inputs}
    assert set(inputs) == {"table", "head"}
    table = inputs["table"]
    assert table.dataset.digest == dataset.digest and '"num_rows": 3' in table.dataset.profile
    assert {t.key: t.value for t in table.tags}["mlflow.data.context"] == "training"
    assert mlflow.data.get_source(table.dataset).url == "https://example.org/data.csv"
    for query in ("dataset.name = 'table'", f"dataset.digest = '{dataset.digest}'", "datasets.context IN ('eval', 'x')"):
        assert len(client.search_runs([experiment], query)) == 1, query
    assert client.search_runs([experiment], "dataset.name = 'none'") == []


@since("2.14", "log_metrics with timestamps")
def test_timestamps(client, experiment):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, step=5, timestamp=123456789012345)
    (metric,) = client.get_metric_history(run.info.run_id, "m")
    assert (metric.timestamp, metric.step) == (123456789012345, 5)
