"""Writes scikit-learn models as ONNX files, with batches of 1 and 1,000 rows, and adds them to zoo.json.

    python tabular.py FOLDER
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import zoo
from skl2onnx import to_onnx
from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, preprocessing, svm, tree
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

warnings.filterwarnings("ignore")
COLUMNS = 30


def data():
    x = zoo.fill((2000, COLUMNS), 3)
    score = x[:, 0] + x[:, 1] * x[:, 2] - 0.5 * np.abs(x[:, 3]) + 0.2 * zoo.fill((2000,), 4)
    return x, score, np.digitize(score, [-0.3, 0.3])


def estimators():
    two = lambda y: (y > 0).astype(np.int64)  # noqa: E731
    yield "random_forest", ensemble.RandomForestClassifier(100, random_state=1), None
    yield "random_forest_regressor", ensemble.RandomForestRegressor(100, max_depth=10, random_state=1), "number"
    yield "extra_trees", ensemble.ExtraTreesClassifier(50, random_state=1), None
    yield "gradient_boosting", ensemble.GradientBoostingClassifier(n_estimators=100, random_state=1), None
    yield "gradient_boosting_binary", ensemble.GradientBoostingClassifier(n_estimators=100, random_state=1), two
    yield "decision_tree", tree.DecisionTreeClassifier(random_state=1), None
    yield "logistic_regression", make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()), two
    yield "multinomial", make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()), None
    yield "linear_regression", linear_model.LinearRegression(), "number"
    yield "ridge", make_pipeline(SimpleImputer(), preprocessing.MinMaxScaler(), linear_model.Ridge()), "number"
    yield "svc", make_pipeline(preprocessing.StandardScaler(), svm.SVC(probability=True, random_state=1)), None
    yield "svr", svm.SVR(), "number"
    yield "mlp_classifier", neural_network.MLPClassifier((64, 32), max_iter=50, random_state=1), None
    yield "naive_bayes", naive_bayes.GaussianNB(), None
    yield "pca_logistic", make_pipeline(PCA(10, random_state=1), linear_model.LogisticRegression()), None
    yield "neighbors", neighbors.KNeighborsClassifier(5), None


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "zoo.json"
    entries = json.loads(listing.read_text()) if listing.exists() else {}
    x, score, classes = data()
    for name, model, target in estimators():
        y = score if target == "number" else classes if target is None else target(classes)
        model.fit(x, y)
        options = {"zipmap": False} if hasattr(model, "predict_proba") else {}
        onnx = to_onnx(model, x[:1], options={id(model): options} if options else None)
        for rows in (1, 1000):
            label = f"sklearn_{name}_{rows}"
            (folder / (label + ".onnx")).write_bytes(onnx.SerializeToString())
            entries[label] = {"inputs": [{"shape": [rows, COLUMNS], "vocabulary": 0, "seed": 7}], "spread": [1.0, 1.0], "tabular": True}
        print(name, flush=True)
    listing.write_text(json.dumps(entries, sort_keys=True))


if __name__ == "__main__":
    main()
