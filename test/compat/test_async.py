"""Asynchronous logging: many small calls that the client sends in the background."""

import time

import mlflow
from mlflow.entities import Metric

from conftest import since


@since("2.8", "asynchronous logging")
def test_async_logging(client, experiment):
    with mlflow.start_run() as run:
        waiting = []
        for step in range(500):
            waiting.append(mlflow.log_metric("loss", 1 / (step + 1), step=step, synchronous=False))
        waiting.append(mlflow.log_params({f"p{i}": i for i in range(50)}, synchronous=False))
        waiting.append(mlflow.set_tags({f"t{i}": i for i in range(50)}, synchronous=False))
        waiting.append(client.log_batch(run.info.run_id, [Metric("b", i, 1, i) for i in range(300)], synchronous=False))
        for operation in waiting:
            operation.wait()
    got = client.get_run(run.info.run_id)
    assert [m.step for m in sorted(client.get_metric_history(run.info.run_id, "loss"), key=lambda m: m.step)] == list(range(500))
    assert got.data.metrics["loss"] == 1 / 500 and got.data.metrics["b"] == 299
    assert len(got.data.params) == 50 and got.data.tags["t49"] == "49"


@since("2.14", "flush_async_logging")
def test_async_by_default(client, experiment):
    mlflow.config.enable_async_logging()
    try:
        with mlflow.start_run() as run:
            for i in range(100):
                mlflow.log_metric("m", i, step=i)
                mlflow.log_param(f"p{i}", i)
            mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    assert len(client.get_metric_history(run.info.run_id, "m")) == 100
    assert len(client.get_run(run.info.run_id).data.params) == 100


@since("2.14", "system metrics")
def test_system_metrics(client, experiment):
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(1.5)
    metrics = client.get_run(run.info.run_id).data.metrics
    assert "system/cpu_utilization_percentage" in metrics
