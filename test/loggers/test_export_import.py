"""mlflow-export-import takes an experiment and a model out of Millrace, and puts the experiment into it again."""

import json

import mlflow


def test_export_import(client, server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)  # Its modules look for it when they are imported.
    from mlflow_export_import.experiment.export_experiment import ExperimentExporter
    from mlflow_export_import.experiment.import_experiment import ExperimentImporter
    from mlflow_export_import.model.export_model import ModelExporter

    mlflow.set_experiment("exported")
    with mlflow.start_run(run_name="one") as run:
        mlflow.log_params({"lr": 0.1, "ü": "ü"})
        for step in range(30):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.set_tag("team", "a")
        mlflow.log_text("artifact_path: model\nflavors: {}\n", "model/MLmodel")
    client.create_registered_model("exported", tags={"owner": "me"}, description="a model")
    for stage in ("Production", "Staging"):
        version = client.create_model_version("exported", run.info.artifact_uri + "/model", run.info.run_id, description=stage, tags={"t": stage})
        client.transition_model_version_stage("exported", version.version, stage)
    client.set_registered_model_alias("exported", "champion", "1")

    ExperimentExporter(client).export_experiment("exported", str(tmp_path / "experiment"))
    ExperimentImporter(client).import_experiment("imported", str(tmp_path / "experiment"))
    imported = client.search_runs([client.get_experiment_by_name("imported").experiment_id])
    assert len(imported) == 1
    got = imported[0]
    assert got.data.params == {"lr": "0.1", "ü": "ü"} and got.data.tags["team"] == "a" and got.info.status == "FINISHED"
    assert [(m.step, m.value) for m in client.get_metric_history(got.info.run_id, "loss")] == [(s, 1 / (s + 1)) for s in range(30)]
    assert "flavors: {}" in mlflow.artifacts.load_text(got.info.artifact_uri + "/model/MLmodel")

    ModelExporter(client).export_model("exported", str(tmp_path / "model"))
    # It cannot import versions whose source begins with mlflow-artifacts:, of any server: it takes the scheme for the folder "artifacts".
    exported = json.loads((tmp_path / "model" / "model.json").read_text())["mlflow"]["registered_model"]
    assert exported["name"] == "exported" and exported["description"] == "a model"
    assert sorted(v["current_stage"] for v in exported.get("versions") or exported["latest_versions"]) == ["Production", "Staging"]
