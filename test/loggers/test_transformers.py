"""Hugging Face's MLflowCallback, called as its Trainer calls it; the Trainer itself needs PyTorch."""

import mlflow
from transformers import PretrainedConfig, TrainerControl, TrainerState
from transformers.integrations import MLflowCallback


class Arguments:
    """What the callback reads of TrainingArguments, which cannot be made without PyTorch."""

    run_name = "fine-tuning"
    output_dir = "out"

    def to_dict(self):
        return {"learning_rate": 5e-5, "long": "x" * 200, **{f"option_{i}": i for i in range(150)}}


class Model:
    config = PretrainedConfig(hidden_size=64)


def test_transformers(client, server, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "transformers")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("MLFLOW_TAGS", '{"team": "a"}')
    monkeypatch.setenv("HF_MLFLOW_LOG_ARTIFACTS", "1")
    (tmp_path / "out" / "checkpoint-2").mkdir(parents=True)
    (tmp_path / "out" / "checkpoint-2" / "weights.bin").write_bytes(b"weights" * 1000)
    arguments, state, control = Arguments(), TrainerState(is_world_process_zero=True), TrainerControl()
    callback = MLflowCallback()
    callback.on_train_begin(arguments, state, control, model=Model())
    run = mlflow.active_run().info.run_id
    for state.global_step in range(1, 6):
        callback.on_log(arguments, state, control, {"loss": 1 / state.global_step, "epoch": 0.5}, model=Model())
    state.global_step = 2
    callback.on_save(arguments, state, control)
    callback.on_train_end(arguments, state, control)
    got = client.get_run(run)
    assert got.info.run_name == "fine-tuning" and got.info.status == "FINISHED" and got.data.tags["team"] == "a"
    assert got.data.params["learning_rate"] == "5e-05" and got.data.params["hidden_size"] == "64" and len(got.data.params) > 150
    assert [(m.step, m.value) for m in client.get_metric_history(run, "loss")] == [(s, 1 / s) for s in range(1, 6)]
    assert [f.path for f in client.list_artifacts(run, "checkpoint-2")]
