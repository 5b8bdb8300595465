"""mlflow-export-import takes an experiment and a model out of Millrace, and puts them into it again."""

import mlflow


def test_export_import(client, server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)  # Its modules look for it when they are imported.
    from mlflow_export_import.experiment.export_experiment import ExperimentExporter
    from mlflow_export_import.experiment.import_experiment import ExperimentImporter

    mlflow.set_experiment("exported")
    with mlflow.start_run(run_name="one") as run:
        mlflow.log_params({"lr": 0.1, "ü": "ü"})
        for step in range(30):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.set_tag("team", "a")
        mlflow.log_text("artifact_path: model\nflavors: {}\n", "model/MLmodel")

    ExperimentExporter(client).export_experiment("exported", str(tmp_path / "experiment"))
    ExperimentImporter(client).import_experiment("imported", str(tmp_path / "experiment"))
    imported = client.search_runs([client.get_experiment_by_name("imported").experiment_id])
    assert len(imported) == 1
    got = imported[0]
    assert got.data.params == {"lr": "0.1", "ü": "ü"} and got.data.tags["team"] == "a" and got.info.status == "FINISHED"
    assert [(m.step, m.value) for m in client.get_metric_history(got.info.run_id, "loss")] == [(s, 1 / (s + 1)) for s in range(30)]
    assert "flavors: {}" in mlflow.artifacts.load_text(got.info.artifact_uri + "/model/MLmodel")


def test_export_and_import_of_a_model(client, server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    from mlflow_export_import.model.export_model import ModelExporter
    from mlflow_export_import.model.import_model import ModelImporter

    # It imports only versions whose files are in folders that it sees, of any server: it looks for the source on the disk.
    for name in ("from", "to"):
        client.create_experiment(name, artifact_location=(tmp_path / name).as_uri())
    mlflow.set_experiment("from")
    with mlflow.start_run() as run:
        mlflow.log_text("artifact_path: model\nflavors: {}\n", "model/MLmodel")
    source = run.info.artifact_uri.removeprefix("file://") + "/model"
    client.create_registered_model("exported", tags={"owner": "me"}, description="a model")
    for stage in ("Production", "Staging"):
        version = client.create_model_version("exported", source, run.info.run_id, description=stage, tags={"t": stage})
        client.transition_model_version_stage("exported", version.version, stage)

    ModelExporter(client).export_model("exported", str(tmp_path / "model"))
    ModelImporter(client).import_model("imported", str(tmp_path / "model"), "to", sleep_time=0)
    model = client.get_registered_model("imported")
    assert model.description == "a model" and model.tags == {"owner": "me"}
    versions = client.search_model_versions("name = 'imported'")
    assert sorted((v.current_stage, v.description, v.tags["t"]) for v in versions) == [(s, s, s) for s in ("Production", "Staging")]
    for version in versions:
        assert version.source.startswith(str(tmp_path / "to")) and version.run_id != run.info.run_id
        with open(version.source + "/MLmodel", encoding="utf-8") as f:
            assert "flavors: {}" in f.read()
