"""Lightning's MLFlowLogger, called as its Trainer calls it, with a stand-in for PyTorch (torch_stub.py)."""

from argparse import Namespace

import torch_stub


def test_lightning(client, server):
    torch_stub.install()
    from lightning.pytorch.loggers import MLFlowLogger

    logger = MLFlowLogger(experiment_name="lightning", run_name="first", tracking_uri=server.url, tags={"team": "a"}, prefix="net")
    logger.log_hyperparams(Namespace(lr=0.1, layers={"hidden": [64, 32]}, text="x" * 300, **{f"option_{i}": i for i in range(120)}))
    for step in range(50):
        logger.log_metrics({"loss": 1 / (step + 1), "epoch": step // 10}, step=step)
    logger.experiment.log_text(logger.run_id, "a note", "notes/note.txt")
    logger.finalize("success")

    got = client.get_run(logger.run_id)
    assert got.info.experiment_id == logger.experiment_id == client.get_experiment_by_name("lightning").experiment_id
    assert got.info.run_name == "first" and got.info.status == "FINISHED" and got.data.tags["team"] == "a"
    assert got.data.params["lr"] == "0.1" and got.data.params["layers/hidden"] == "[64, 32]" and len(got.data.params) == 123
    assert len(client.get_metric_history(logger.run_id, "net-loss")) == 50 and got.data.metrics["net-epoch"] == 4
    assert [f.path for f in client.list_artifacts(logger.run_id, "notes")] == ["notes/note.txt"]

    failed = MLFlowLogger(experiment_name="lightning", run_id=logger.run_id, tracking_uri=server.url)
    failed.log_metrics({"later": 1.0}, step=1)
    failed.finalize("failed")
    assert client.get_run(logger.run_id).info.status == "FAILED"
