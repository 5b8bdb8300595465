"""Optuna's MLflowCallback logs a run for each trial."""

import optuna
from optuna_integration.mlflow import MLflowCallback


def test_optuna(client, server):
    study = optuna.create_study(study_name="parabola", direction="minimize", sampler=optuna.samplers.RandomSampler(seed=1))
    callback = MLflowCallback(tracking_uri=server.url, metric_name="loss", create_experiment=True)

    @callback.track_in_mlflow()
    def objective(trial):
        import mlflow

        x = trial.suggest_float("x", -10, 10)
        mlflow.log_metric("x", x)
        return (x - 2) ** 2

    study.optimize(objective, n_trials=10, callbacks=[callback])
    experiment = client.get_experiment_by_name("parabola")
    runs = client.search_runs([experiment.experiment_id], order_by=["metrics.loss ASC"])
    assert len(runs) == 10
    assert runs[0].data.metrics["loss"] == study.best_value
    assert float(runs[0].data.params["x"]) == study.best_params["x"] == runs[0].data.metrics["x"]
    assert runs[0].data.tags["direction"] == "MINIMIZE" and runs[0].info.status == "FINISHED"
