"""scikit-learn models: log_model, load_model, signatures, autologging."""

import mlflow
import numpy as np
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

from conftest import model_name, since

X = np.arange(40, dtype=float).reshape(20, 2)
Y = np.array([0] * 10 + [1] * 10)
PINNED = {"pip_requirements": ["scikit-learn"]}  # keeps the client from loading the model to find them


@pytest.fixture
def fitted():
    return LogisticRegression().fit(X, Y)


def test_model_by_run(client, experiment, fitted):
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, **model_name("model"), signature=infer_signature(X, Y), input_example=X[:2], **PINNED)
    uri = f"runs:/{run.info.run_id}/model"
    assert (mlflow.sklearn.load_model(uri).predict(X) == fitted.predict(X)).all()
    assert (mlflow.pyfunc.load_model(uri).predict(X) == fitted.predict(X)).all()
    assert (mlflow.pyfunc.load_model(info.model_uri).predict(X) == fitted.predict(X)).all()
    assert mlflow.models.get_model_info(uri).signature == info.signature


@since("3.0", "logged models")
def test_model_by_id(client, experiment, fitted):
    info = mlflow.sklearn.log_model(fitted, name="alone", params={"C": 1.0}, tags={"t": "v"}, model_type="classifier", **PINNED)
    assert info.model_id.startswith("m-")
    model = mlflow.get_logged_model(info.model_id)
    assert (model.name, model.status.name, model.model_type, model.params, model.tags["t"]) == ("alone", "READY", "classifier", {"C": "1.0"}, "v")
    loaded = mlflow.sklearn.load_model(f"models:/{info.model_id}")
    assert (loaded.predict(X) == fitted.predict(X)).all()
    names = {f.path for f in client.list_logged_model_artifacts(info.model_id)} if hasattr(client, "list_logged_model_artifacts") else {"MLmodel"}
    assert "MLmodel" in names


def test_save_and_log_as_artifact(client, experiment, fitted, tmp_path):
    mlflow.sklearn.save_model(fitted, str(tmp_path / "saved"), **PINNED)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "saved"), "copied")
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/copied")
    assert (loaded.coef_ == fitted.coef_).all()


def test_python_model(client, experiment):
    class Adder(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [row + 1 for row in model_input]

    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(**model_name("adder"), python_model=Adder(), pip_requirements=["mlflow"])
    assert mlflow.pyfunc.load_model(info.model_uri).predict([1, 2]) == [2, 3]
