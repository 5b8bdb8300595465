"""Write the results of pandas, NumPy and scikit-learn to golden.json and to text files, for the tests of package frame.

Run it in this directory.
"""
import io
import json

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

pd.set_option("display.width", None)
frames = {
    "cancer": pd.read_csv("../../cancer/cancer_classification.csv.gz"),
    "small": pd.read_csv("small.csv"),
    "large": pd.read_csv("large.csv"),
}
for name, df in frames.items():
    df = df.astype({c: float for c in df.select_dtypes("int")})  # Package frame has no integer type.
    info = io.StringIO()
    df.info(buf=info)
    lines = info.getvalue().splitlines(keepends=True)
    with open(f"{name}.txt", "w") as f:
        f.writelines(lines[1:-1])  # The class and the memory usage differ.
        f.write(df.describe().transpose().to_string() + "\n")

def mt(seed):
    rng = np.random.RandomState(seed)
    draws = rng.randint(0, 2**32, 1500, dtype=np.uint32)
    return [int(v) for v in draws[[0, 1, 2, 623, 624, 1499]]]

def split(n, size, seed):
    train, test = train_test_split(np.arange(n), test_size=size, random_state=seed)
    return {"n": n, "size": size, "seed": seed, "train": train.tolist(), "test": test.tolist()}

cancer = frames["cancer"]
numbers = cancer.drop("diagnosis", axis=1)
_, test = train_test_split(np.arange(len(cancer)), test_size=0.25, random_state=101)
train, _ = train_test_split(np.arange(len(cancer)), test_size=0.25, random_state=101)
scaler = MinMaxScaler().fit(numbers.values[train])
toy = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, 2.0], [2.5, 5.0, 7.0]])
cancer = cancer.assign(diagnosis=cancer["diagnosis"].map({"benign": 0.0, "malignant": 1.0}))
golden = {
    "mt": {str(s): mt(s) for s in (0, 101, 2**32 - 1)},
    "splits": [split(569, 0.25, 101), split(10, 0.25, 0), split(2, 0.5, 7), split(33, 0.1, 2**32 - 1)],
    "corr": cancer.corr()["diagnosis"].tolist(),
    "smallCorr": frames["small"].corr(numeric_only=True).replace({np.nan: None}).values.tolist(),
    "scaledTest": scaler.transform(numbers.values[test])[:3].tolist(),
    "scaledToy": [[None if np.isnan(v) else v for v in row] for row in MinMaxScaler().fit_transform(toy).tolist()],
}
with open("golden.json", "w") as f:
    json.dump(golden, f, separators=(",", ":"))
    f.write("\n")
