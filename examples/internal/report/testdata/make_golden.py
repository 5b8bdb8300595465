"""Write the results of scikit-learn to golden.json, for the tests of package report. Run it in this directory."""
import json
import re
import warnings

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix, log_loss, roc_auc_score

warnings.simplefilter("ignore")
rng = np.random.RandomState(3)
noisy = rng.randint(0, 10, 400)
cases = {
    "binary": ([0] * 90 + [1] * 53, [0] * 88 + [1] * 2 + [0] * 3 + [1] * 50, None),
    "binary named": ([0, 1, 1, 0, 1, 0, 0], [0, 1, 0, 0, 1, 1, 0], ["benign", "malignant"]),
    "all one class predicted": ([0] * 5 + [1] * 3, [0] * 8, ["benign", "malignant"]),
    "all one class": ([1] * 4, [1] * 4, None),
    "one class of two names": ([0] * 4, [0] * 4, ["benign", "malignant"]),
    "nothing right": ([0, 0, 1], [1, 1, 0], None),
    "gaps between numbers": ([2, 7, 7, -1], [2, 7, 2, 2], None),
    "long names": ([0, 1, 2, 2], [0, 1, 2, 1], ["a", "an uncommonly long name", "é"]),
    "ten classes": (noisy.tolist(), np.where(rng.rand(400) < 0.7, noisy, rng.randint(0, 10, 400)).tolist(), None),
    "large counts": ([0] * 1234 + [1] * 5, [0] * 1200 + [1] * 39, None),
}
golden = {"reports": [], "scores": []}
for name, (true, pred, names) in cases.items():
    labels = None if names is None else list(range(len(names)))
    golden["reports"].append({
        "name": name, "true": true, "pred": pred, "names": names,
        # If no sample is predicted correctly, scikit-learn 1.9 prints the support as 3.0; package report prints 3.
        "text": re.sub(r"( +\d+)\.0\n", r"  \1\n", classification_report(true, pred, labels=labels, target_names=names)),
        "matrix": str(confusion_matrix(true, pred, labels=labels)),
    })
y = rng.randint(0, 2, 200)
for true, score in [
    (y, np.clip(y * 0.4 + rng.rand(200) * 0.6, 0, 1)),
    (y, np.round(np.clip(y * 0.2 + rng.rand(200) * 0.8, 0, 1), 1)),  # Many scores are equal.
    (np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 0.0, 1.0])),  # Probabilities of 0 and 1 that are wrong.
    (np.array([0, 1]), np.array([0.5, 0.5])),
]:
    golden["scores"].append({
        "true": true.tolist(), "score": np.round(score, 4).tolist(),
        "auc": roc_auc_score(true, np.round(score, 4)), "logLoss": log_loss(true, np.round(score, 4)),
    })
with open("golden.json", "w") as f:
    json.dump(golden, f, separators=(",", ":"), ensure_ascii=False)
    f.write("\n")
