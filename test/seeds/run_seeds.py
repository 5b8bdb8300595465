"""Run the seed documents' Python code, unchanged, against a Millrace server and check what it left there.

usage: run_seeds.py MILLRACE_BINARY SEEDS_FOLDER [--images N]

Each program runs in a process of its own and a folder of its own. The checks go through the ordinary client.
"""

import argparse
import os
import pathlib
import pickle
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

EPOCHS = 3


def start_server(binary, folder, arguments=()):
    """Start the server in folder and return (process, url) once it answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([binary, "server", "--port", str(port), *arguments], cwd=folder)
    for _ in range(200):
        try:
            with urllib.request.urlopen(url + "/health", timeout=1) as answer:
                if answer.read() == b"OK":
                    return process, url
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise SystemExit("the server did not come up within 10 seconds")


def run_program(path, folder, env, keep, afterwards=""):
    """Run a program to its end, then the source afterwards, and pickle the value of the source keep for the checks.

    Both find the program's globals in g.
    """
    result = folder / "result.pickle"
    driver = (
        "import pickle, runpy\n"
        f"g = runpy.run_path({str(path)!r}, run_name='__main__')\n"
        f"{afterwards}\n"
        f"pickle.dump({keep}, open({str(result)!r}, 'wb'))\n"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DATABRICKS_"))}
    subprocess.run([sys.executable, "-c", driver], cwd=folder, env={**clean, "HOME": str(folder), **env}, check=True)
    return pickle.loads(result.read_bytes())


KEEP_QUICKSTART = """{
    'run_id': g['run'].info.run_id, 'model_uri': g['model_info'].model_uri, 'outputs': g['outputs'],
    'trained': g['model'].eval()(g['training_data'][0][0][None, :]).detach().numpy(),
    'summary': open('model_summary.txt').read(), 'batches': len(g['train_dataloader'])}"""


def check_quickstart(url, kept, login):
    """Check the quickstart's run through the client; kept is what the program had in hand."""
    import mlflow
    import numpy

    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient()
    run = client.get_run(kept["run_id"])
    assert run.info.status == "FINISHED", run.info
    assert run.data.params == {
        "epochs": "3", "learning_rate": "0.001", "batch_size": "64", "loss_function": "CrossEntropyLoss",
        "metric_function": "MulticlassAccuracy", "optimizer": "SGD",
    }, run.data.params
    logged = -(-kept["batches"] // 100)
    want_steps = sorted(step * (epoch + 1) for epoch in range(EPOCHS) for step in range(logged))
    for key in ("loss", "accuracy"):
        history = client.get_metric_history(kept["run_id"], key)
        assert sorted(m.step for m in history) == want_steps, (key, history)
    for key in ("eval_loss", "eval_accuracy"):
        history = client.get_metric_history(kept["run_id"], key)
        assert 1 <= len(history) <= EPOCHS and {m.step for m in history} == {0}, (key, history)
    text = mlflow.artifacts.load_text(f"runs:/{kept['run_id']}/model_summary.txt")
    assert text == kept["summary"]
    (output,) = run.outputs.model_outputs
    assert kept["model_uri"] == f"models:/{output.model_id}"
    model = client.get_logged_model(output.model_id)
    assert model.status.value == "READY" and model.source_run_id == kept["run_id"], model
    numpy.testing.assert_array_equal(kept["outputs"], kept["trained"])
    again = mlflow.pytorch.load_model(kept["model_uri"])
    del again
    experiment = client.get_experiment(run.info.experiment_id)
    if login:
        assert experiment.tags["mlflow.ownerEmail"] == "me@example.org", experiment.tags
        assert experiment.tags["mlflow.experiment.sourceName"] == experiment.name, experiment.tags
    print(f"ok: {len(client.get_metric_history(kept['run_id'], 'loss'))} losses, params, summary, model; "
          f"the reloaded model predicts what the trained one does")


# What seeds/004's Monitor tab shows: the model's versions, each trained a little longer, with their metrics, a stage
# transition and an alias move.
REGISTER = """
import mlflow, torch
model, criterion, optimizer = g['model'], g['criterion'], g['optimizer']
train = torch.tensor(g['X_train'], dtype=torch.float32), torch.tensor(g['y_train'], dtype=torch.float32).view(-1, 1)
test = torch.tensor(g['X_test'], dtype=torch.float32), torch.tensor(g['y_test'], dtype=torch.float32).view(-1, 1)
mlflow.set_experiment('breast-cancer')
client, versions = mlflow.MlflowClient(), []
for n in range(3):
    for group in optimizer.param_groups:
        group['lr'] = 0.01
    model.train()
    for _ in range(10 * n):
        optimizer.zero_grad()
        criterion(model(train[0]), train[1]).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        out = model(test[0])
    with mlflow.start_run(run_name=f'training-{n + 1}'):
        info = mlflow.pytorch.log_model(model, name='model', input_example=test[0][:2].numpy(), registered_model_name='breast-cancer')
        mlflow.log_metric('val_loss', criterion(out, test[1]).item(), model_id=info.model_id)
        mlflow.log_metric('accuracy', ((out > 0).float() == test[1]).float().mean().item(), model_id=info.model_id)
    versions.append(info.registered_model_version)
    client.set_registered_model_alias('breast-cancer', 'champion', versions[-1])
    client.transition_model_version_stage('breast-cancer', versions[-1], 'Production', archive_existing_versions=True)
expected = out[:5].numpy()
"""


def check_breast_cancer(url, kept):
    """Check seeds/004's run, then what its Monitor tab is about: versions, metrics, stages, aliases."""
    import json

    import mlflow
    import numpy

    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient()
    (run,) = client.search_runs(["0"])  # The page's plain training loop logs a run and nothing in it, with any server.
    assert run.info.status == "FINISHED", run.info
    assert run.data.tags["mlflow.source.name"], run.data.tags

    assert [int(v) for v in kept["versions"]] == [1, 2, 3], kept["versions"]
    for uri in ("models:/breast-cancer/3", "models:/breast-cancer@champion", "models:/breast-cancer/Production"):
        loaded = mlflow.pyfunc.load_model(uri)
        numpy.testing.assert_allclose(loaded.predict(kept["inputs"]), kept["expected"], rtol=1e-5, atol=1e-6)
    with urllib.request.urlopen(f"{url}/ajax-api/millrace/registered-models/monitor?name=breast-cancer") as answer:
        monitored = json.load(answer)["versions"]
    losses = [next(m["value"] for m in v["metrics"] if m["key"] == "val_loss") for v in monitored]
    assert [v["version"] for v in monitored] == ["3", "2", "1"] and losses == sorted(losses), (monitored, losses)
    assert [v["current_stage"] for v in monitored] == ["Production", "Archived", "Archived"], monitored
    with urllib.request.urlopen(f"{url}/ajax-api/millrace/registered-models/transitions?name=breast-cancer") as answer:
        moves = [(t["kind"], t["version"], t["from"], t["to"]) for t in json.load(answer)["transitions"]]
    assert ("stage", "1", "Production", "Archived") in moves and ("alias", "3", "2", "3") in moves, moves
    print("ok: seeds/004 ran; three versions of its model are registered, monitored and load; their losses are", losses)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("seeds", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=60000, help="training images of the synthetic FashionMNIST")
    parser.add_argument("--stay", action="store_true", help="leave the server up until Enter is pressed, to look at the pages")
    args = parser.parse_args()
    seeds = args.seeds.resolve()
    if not (seeds / "quickstart_000.py").exists():
        raise SystemExit(f"no seed programs in {seeds}: give the folder with quickstart_000.py")
    with tempfile.TemporaryDirectory(prefix="millrace-seeds-") as tmp:
        tmp = pathlib.Path(tmp)
        folders = {name: tmp / name for name in ("server", "login", "plain", "cancer/src")}
        for folder in folders.values():
            folder.mkdir(parents=True)
        server, url = start_server(os.path.abspath(args.binary), folders["server"])
        try:
            data = tmp / "data"
            subprocess.run([sys.executable, seeds / "make_fashionmnist_idx.py", data, str(args.images), str(args.images // 6)], check=True)
            for name in ("login", "plain"):
                (folders[name] / "data").symlink_to(data)

            print("== seeds/000 as written, through mlflow.login()", flush=True)
            kept = run_program(seeds / "quickstart_000.py", folders["login"], {"DATABRICKS_HOST": url, "DATABRICKS_TOKEN": "any"}, KEEP_QUICKSTART)
            check_quickstart(url, kept, login=True)

            print("== seeds/000 with MLFLOW_TRACKING_URI: without login(), with input_example", flush=True)
            code = (seeds / "quickstart_000.py").read_text()
            code, n = re.subn(r"^mlflow\.login\(\)\n", "", code, flags=re.M)
            code, m = re.subn(r'log_model\(model, name="model"\)', 'log_model(model, name="model", input_example=training_data[0][0][None, :].numpy())', code)
            assert (n, m) == (1, 1), "the quickstart has changed"
            plain = folders["plain"] / "quickstart_plain.py"
            plain.write_text(code)
            kept = run_program(plain, folders["plain"], {"MLFLOW_TRACKING_URI": url}, KEEP_QUICKSTART)
            check_quickstart(url, kept, login=False)

            print("== seeds/004, then registration of its model", flush=True)
            subprocess.run([sys.executable, seeds / "make_cancer_csv.py", tmp / "cancer" / "data" / "cancer_classification.csv"], check=True)
            kept = run_program(seeds / "breast_cancer_004.py", folders["cancer/src"], {"MLFLOW_TRACKING_URI": url, "MPLBACKEND": "Agg"},
                               "{'versions': versions, 'expected': expected, 'inputs': test[0][:5].numpy()}", REGISTER)
            check_breast_cancer(url, kept)
            if args.stay:
                input(f"the server is at {url}; press Enter to end it ")
        finally:
            server.terminate()
            if server.wait(30) != 0:
                raise SystemExit(f"the server ended with {server.returncode}")
    print("compat-torch: 3 passed, 0 failed")


if __name__ == "__main__":
    main()
