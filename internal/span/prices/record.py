"""Writes the prices of models that MLflow carries to prices.tsv.

Usage: python record.py, in an environment with MLflow. The columns are the provider, the model, and US dollars for a
million tokens: input, output, read from a cache, written to a cache, and written to a cache for an hour. Unknown
prices are empty.
"""

import csv
import importlib.resources
import json
import pathlib

KEYS = ("input", "output", "cache_read", "cache_write", "cache_write_1hr")

with open(pathlib.Path(__file__).with_name("prices.tsv"), "w", encoding="utf-8", newline="") as file:
    rows = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
    for catalog in sorted(importlib.resources.files("mlflow.utils").joinpath("model_catalog").glob("*.json"), key=lambda path: path.stem):
        for model, entry in sorted(json.loads(catalog.read_text("utf-8"))["models"].items()):
            prices = entry.get("pricing") or {}
            values = (prices.get(key + "_per_million_tokens") for key in KEYS)
            rows.writerow([catalog.stem, model, *("" if v is None else v for v in values)])
