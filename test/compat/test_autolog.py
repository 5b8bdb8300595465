"""mlflow.autolog() with scikit-learn: what it logs on its own must arrive."""

import mlflow
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

X = np.arange(120, dtype=float).reshape(60, 2)
Y = np.array([0, 1] * 30)


@pytest.fixture
def autolog():
    mlflow.sklearn.autolog(log_datasets=True, silent=True)
    yield
    mlflow.sklearn.autolog(disable=True)


def test_classifier(client, experiment, autolog):
    with mlflow.start_run() as run:
        model = RandomForestClassifier(n_estimators=5, max_depth=2, random_state=1).fit(X, Y)
        model.score(X, Y)
    got = client.get_run(run.info.run_id)
    assert got.data.params["n_estimators"] == "5"
    assert {"training_accuracy_score", "training_f1_score"} <= set(got.data.metrics)
    assert got.data.tags["estimator_name"] == "RandomForestClassifier"
    assert {i.dataset.name for i in got.inputs.dataset_inputs} == {"dataset"}
    files = {f.path for f in client.list_artifacts(run.info.run_id)}
    assert "training_confusion_matrix.png" in files
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    assert (loaded.predict(X) == model.predict(X)).all()


def test_without_a_run(client, experiment, autolog):
    LinearRegression().fit(X, Y)
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FINISHED" and "training_mean_squared_error" in run.data.metrics


def test_grid_search(client, experiment, autolog):
    with mlflow.start_run() as parent:
        GridSearchCV(RandomForestClassifier(n_estimators=3, random_state=1), {"max_depth": [1, 2, 3]}, cv=2).fit(X, Y)
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert sorted(r.data.params["max_depth"] for r in children) == ["1", "2", "3"]
    assert "best_max_depth" in client.get_run(parent.info.run_id).data.params
