"""Fill a server with what a team has after a month, by the Python client: seed.py URL.

Numbers come from a fixed seed, so that pictures of two days look alike. The program prints the ids that the pictures
need, as JSON.
"""

import json
import math
import os
import random
import sys
import tempfile
import time
import zlib
from pathlib import Path

import mlflow
import numpy
import pandas
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.models import ModelSignature
from mlflow.server.auth.client import AuthServiceClient
from mlflow.types.schema import ColSpec, Schema

HOUR = 3_600_000
NOW = int(time.time() * 1000)
EPOCHS = 30
chance = random.Random(17)
USERS = ["ana", "ben", "chidi", "dara"]


def curve(last, rate, epoch, noise=0.02):
    return last + (2.3 - last) * math.exp(-rate * epoch) + chance.gauss(0, noise)


def history(key, values, start, pace=60_000):
    return [Metric(key, value, start + step * pace, step) for step, value in enumerate(values)]


def in_batches(client, run_id, metrics, params=(), tags=()):
    for at in range(0, max(len(metrics), 1), 900):
        first = at == 0
        client.log_batch(run_id, metrics[at:at + 900], list(params) if first else [], list(tags) if first else [])


def train(client, experiment, index, setting, start, epochs=EPOCHS, status="FINISHED", parent=None, name=None):
    """Create a run that looks like a training and return its id."""
    lr, net = setting["lr"], setting["model"]
    quality = {"resnet18": 0.24, "vit_tiny": 0.31, "mlp": 0.42}[net] + abs(math.log10(lr) + 2.5) * 0.05
    quality += chance.gauss(0, 0.012)
    rate = 0.12 + 0.05 * (setting["optimizer"] == "adam")
    tags = {
        "mlflow.user": USERS[index % len(USERS)],
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": f"{zlib.crc32(str(index // 7).encode()):08x}" + "4c1d9e0b7a25f3688d41a0c2e95b73f6"[:32],
        "mlflow.source.git.branch": "main",
        "team": "vision" if index % 3 else "platform",
    }
    if parent:
        tags["mlflow.parentRunId"] = parent
    run = client.create_run(experiment, start_time=start, tags=tags, run_name=name or f"{net}-{index:02d}").info.run_id
    losses = [curve(quality, rate, e) for e in range(epochs)]
    checks = [curve(quality + 0.06, rate * 0.9, e, 0.03) for e in range(epochs)]
    if status == "FAILED":
        losses[-3:] = [4.1, 90.0, float("nan")]
    metrics = history("train/loss", losses, start) + history("val/loss", checks, start)
    metrics += history("train/accuracy", [1 - x / 2.6 for x in losses if x == x], start)
    metrics += history("val/accuracy", [1 - x / 2.6 for x in checks], start)
    metrics += history("epoch", range(epochs), start)
    metrics += history("learning_rate", [lr * (1 + math.cos(math.pi * e / EPOCHS)) / 2 for e in range(epochs)], start)
    metrics += [Metric("parameters", {"resnet18": 11_689_512, "vit_tiny": 5_717_416, "mlp": 669_706}[net], start, 0)]
    if index % 10 == 0:
        for i in range(2):
            for kind, base in (("utilization_percentage", 84), ("memory_usage_percentage", 61), ("power_usage_watts", 212)):
                values = [max(0, base + chance.gauss(-i * 6, 5)) for _ in range(120)]
                metrics += history(f"system/gpu_{i}_{kind}", values, start, 15_000)
        for key, base in (("cpu_utilization_percentage", 37), ("system_memory_usage_percentage", 48),
                          ("network_receive_megabytes", 3.1), ("network_transmit_megabytes", 1.2),
                          ("disk_usage_percentage", 71)):
            metrics += history(f"system/{key}", [abs(base + chance.gauss(0, base / 9)) for _ in range(120)], start, 15_000)
    params = {**setting, "epochs": EPOCHS, "batch_size": 128, "weight_decay": 0.0005}
    in_batches(client, run, metrics, [Param(k, str(v)) for k, v in params.items()])
    if status:
        client.set_terminated(run, status, start + epochs * 60_000)
    return run


def sweep(client, experiment):
    settings = [
        {"model": net, "lr": lr, "optimizer": optimizer, "seed": seed}
        for net in ("resnet18", "vit_tiny") for lr in (0.1, 0.01, 0.001) for optimizer in ("sgd", "adam") for seed in range(5)
    ]
    runs = []
    for i, setting in enumerate(settings):
        start = NOW - (len(settings) - i) * 11 * HOUR
        runs.append(train(client, experiment, i, setting, start, status="FAILED" if i in (7, 31) else "FINISHED"))
    last = {"model": "resnet18", "lr": 0.003, "optimizer": "adam", "seed": 0}
    live = train(client, experiment, len(settings), last, NOW - 12 * 60_000, epochs=12, status=None, name="resnet18-long")
    return runs, live


def nested(client, experiment):
    """A search of two rounds, each with trials."""
    tags = {"mlflow.user": "dara", "mlflow.source.name": "search.py"}
    search = client.create_run(experiment, NOW - 9 * HOUR, tags, "bayesian-search").info.run_id
    for r in range(2):
        start = NOW - (8 - 3 * r) * HOUR
        below = {**tags, "mlflow.parentRunId": search}
        round_id = client.create_run(experiment, start, below, f"round-{r + 1}").info.run_id
        for i in range(4):
            setting = {"model": "mlp", "lr": [0.1, 0.03, 0.01, 0.003][i], "optimizer": "sgd", "seed": 1}
            train(client, experiment, i, setting, start + i * 600_000, parent=round_id, name=f"trial-{r + 1}.{i + 1}")
        client.set_terminated(round_id, "FINISHED", start + 2 * HOUR)
    client.set_terminated(search, "FINISHED", NOW - HOUR)
    return search


def garment(index, epoch):
    """A picture that becomes clearer with each epoch."""
    y, x = numpy.mgrid[0:56, 0:56]
    shape = numpy.exp(-(((x - 28 - 6 * math.sin(index)) / 13) ** 2 + ((y - 28) / (10 + 3 * (index % 4))) ** 4))
    noise = numpy.random.default_rng(index * 100 + epoch).random((56, 56))
    clear = min(1, 0.15 + epoch / 25)
    grey = (shape * clear + noise * (1 - clear) * 0.8) * 255
    return numpy.stack([grey, grey * 0.9, 255 - grey], axis=-1).clip(0, 255).astype("uint8")


LOG = """\x1b[1m{time} loading fashion-mnist\x1b[0m
{time} 60000 images for training, 10000 for validation
"""

NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "id": "a", "source": "# Errors of the classifier\nShirts are taken for *pullovers*."},
        {"cell_type": "code", "metadata": {}, "id": "b", "execution_count": 1, "source": "errors.groupby('label').size().nlargest(3)",
         "outputs": [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
                      "data": {"text/plain": "shirt       211\npullover    148\ncoat        120\ndtype: int64"}}]},
    ],
}


def files(client, runs):
    """Artifacts of every kind, and images by step."""
    for i, run in enumerate(runs):
        for epoch in range(0, EPOCHS, 5):
            for key in range(2):
                name = ("samples/generated", "samples/attention")[key]
                client.log_image(run, garment(key + 3 * i, epoch), key=name, step=epoch)
    run = runs[0]
    stamp = time.strftime("%H:%M:%S", time.gmtime(NOW / 1000))
    lines = [f"{stamp} epoch {e:2d}  loss {curve(0.25, 0.15, e):.4f}  \x1b[32m{1 - curve(0.25, 0.15, e) / 2.6:.1%}\x1b[0m" for e in range(EPOCHS)]
    lines.insert(12, f"{stamp} \x1b[33mwarning: the learning rate is reduced\x1b[0m")
    client.log_text(run, LOG.format(time=stamp) + "\n".join(lines) + "\n", "train.log")
    client.log_dict(run, NOTEBOOK, "analysis/errors.ipynb")
    client.log_text(run, "diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -12,3 +12,3 @@\n model = resnet18()\n"
                         "-optimizer = SGD(model.parameters(), lr=0.1)\n+optimizer = Adam(model.parameters(), lr=0.01)\n", "code/changes.diff")
    client.log_dict(run, {"model": {"name": "resnet18", "width": 64}, "augment": ["flip", "crop"]}, "config.yaml")
    figure = {"data": [{"type": "heatmap", "z": [[91, 4, 5], [7, 83, 10], [3, 12, 85]], "x": ["shirt", "coat", "bag"], "y": ["shirt", "coat", "bag"]}],
              "layout": {"title": {"text": "Confusion"}}}
    client.log_text(run, json.dumps(figure), "plots/confusion.plotly.json")
    table = pandas.DataFrame({"image": [f"test/{i:05d}.png" for i in range(2000)], "label": [chance.choice(["shirt", "coat", "bag"]) for _ in range(2000)],
                              "probability": [round(chance.random(), 4) for _ in range(2000)]})
    with tempfile.TemporaryDirectory() as folder:
        table.to_parquet(Path(folder) / "predictions.parquet", index=False)
        table.to_csv(Path(folder) / "predictions.csv", index=False)
        numpy.save(Path(folder) / "embedding.npy", numpy.random.default_rng(1).normal(size=(2000, 16)).astype("float32"))
        client.log_artifacts(run, folder, "evaluation")
    client.log_table(run, table.head(50), "errors.json")
    return run


def datasets(client, runs):
    frame = pandas.DataFrame({"pixel_0": [0.1, 0.4], "pixel_1": [0.3, 0.2], "label": [1, 0]})
    for name, part in (("fashion-mnist", runs[:40]), ("fashion-mnist-balanced", runs[20:60:2])):
        data = mlflow.data.from_pandas(frame if name[-1] == "t" else frame * 2, source=f"s3://datasets/{name}", name=name, targets="label")
        source = data._to_mlflow_entity()
        for run in part:
            entity = mlflow.entities.DatasetInput(source, [mlflow.entities.InputTag("mlflow.data.context", "training")])
            client.log_inputs(run, [entity])


def registry(client, experiment, runs):
    name = "clothes-classifier"
    client.create_registered_model(name, {"task": "image-classification"}, "Classifies garments of the shop's catalogue.")
    signature = ModelSignature(Schema([ColSpec("double", "pixel_0"), ColSpec("double", "pixel_1")]), Schema([ColSpec("long", "label")]))
    stages = ["Archived", "Archived", "Archived", "Archived", "Production", "Staging", "None"]
    for i, stage in enumerate(stages):
        run = runs[8 * i]
        model = client.create_logged_model(experiment, name=f"model-{i + 1}", source_run_id=run, params={"model": "resnet18"})
        with tempfile.TemporaryDirectory() as folder:
            signed = mlflow.models.Model(model_id=model.model_id, signature=signature, flavors={"python_function": {"loader_module": "model"}})
            signed.save(Path(folder) / "MLmodel")
            (Path(folder) / "weights.bin").write_bytes(bytes(4096))
            client.log_model_artifacts(model.model_id, folder)
        client.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(run, [mlflow.entities.LoggedModelOutput(model.model_id, 0)])
        for key, value in (("val/accuracy", 0.83 + 0.012 * i), ("val/loss", 0.52 - 0.03 * i)):
            client.log_metric(run, key, value, step=EPOCHS, model_id=model.model_id)
        version = client.create_model_version(
            name, f"models:/{model.model_id}", run, model_id=model.model_id, description=f"Trained on week {i + 1} of the catalogue.")
        if stage != "None":
            client.transition_model_version_stage(name, version.version, stage)
    client.set_registered_model_alias(name, "champion", "5")
    client.set_registered_model_alias(name, "challenger", "6")
    for other in ("defect-detector", "size-recommender", "return-forecast"):
        client.create_registered_model(other, {"task": "tabular"}, "")
        client.create_model_version(other, f"{client.get_run(runs[3]).info.artifact_uri}/model", runs[3])
    return name


def others(client):
    names = ["nlp/reviews/sentiment", "nlp/reviews/topics", "nlp/search/ranking", "tabular/returns/forecast", "tabular/returns/baseline",
             "tabular/pricing", "vision/defects/detector", "vision/defects/segmentation", "vision/pretraining"]
    for i, name in enumerate(names):
        experiment = client.create_experiment(name, tags={"team": ["nlp", "tabular", "vision"][i % 3]})
        for j in range(3 + 5 * (i % 3)):
            setting = {"model": "mlp", "lr": 0.01, "optimizer": "adam", "seed": j}
            train(client, experiment, j, setting, NOW - int(chance.random() ** 2 * 27 * 24 * HOUR) - HOUR, epochs=5)
    gone = client.create_experiment("vision/old-attempts")
    for j in range(4):
        train(client, gone, j, {"model": "mlp", "lr": 0.1, "optimizer": "sgd", "seed": j}, NOW - 40 * 24 * HOUR, epochs=3)
    client.delete_experiment(gone)


def users(url, experiment, model):
    """Create users with grants, on a server that has users."""
    if "MLFLOW_TRACKING_USERNAME" not in os.environ:
        return
    accounts = AuthServiceClient(url)
    readers = accounts.create_role("default", "vision readers", "Read what the vision team does.")
    accounts.add_role_permission(readers.id, "experiment", experiment, "READ")
    for name in USERS:
        accounts.create_user(name, f"the password of {name}")
        accounts.assign_role(name, readers.id)
    accounts.grant_user_permission("ana", "experiment", experiment, "EDIT")
    accounts.grant_user_permission("ana", "registered_model", model, "MANAGE")
    accounts.update_user_admin("dara", True)


def main():
    mlflow.set_tracking_uri(sys.argv[1])
    client = MlflowClient()
    experiment = client.create_experiment("vision/fashion-mnist/sweep", tags={"team": "vision"})
    client.set_experiment_tag(experiment, "mlflow.note.content", "Which network and which learning rate for **FashionMNIST**?")
    runs, live = sweep(client, experiment)
    search_experiment = client.create_experiment("vision/fashion-mnist/search", tags={"team": "vision"})
    search = nested(client, search_experiment)
    run = files(client, [runs[20], runs[25], runs[50]])
    datasets(client, runs)
    model = registry(client, experiment, runs)
    others(client)
    users(sys.argv[1], experiment, model)
    for unwanted in runs[30:34]:
        client.delete_run(unwanted)
    print(json.dumps({"experiment": experiment, "searchExperiment": search_experiment, "search": search, "run": run,
                      "runs": [r for r in runs if r not in runs[30:34]], "live": live, "model": model}))


if __name__ == "__main__":
    main()
