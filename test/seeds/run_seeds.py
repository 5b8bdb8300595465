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


def start_server(binary, folder):
    """Start the server in folder and return (process, url) once it answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([binary, "server", "--port", str(port)], cwd=folder)
    for _ in range(200):
        try:
            with urllib.request.urlopen(url + "/health", timeout=1) as answer:
                if answer.read() == b"OK":
                    return process, url
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise SystemExit("the server did not come up within 10 seconds")


def run_program(path, folder, env, keep):
    """Run a program to its end, then pickle keep(its globals), which is Python source, for the checks."""
    result = folder / "result.pickle"
    driver = (
        "import pickle, runpy\n"
        f"g = runpy.run_path({str(path)!r}, run_name='__main__')\n"
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


def check_breast_cancer(url):
    """Check seeds/004's run: the page's plain training loop logs a run and nothing in it, with any server."""
    import mlflow

    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient()
    (run,) = client.search_runs(["0"])
    assert run.info.status == "FINISHED", run.info
    assert run.data.tags["mlflow.source.name"], run.data.tags
    print("ok: seeds/004 ran, its run is", run.info.run_id)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("seeds", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=60000, help="training images of the synthetic FashionMNIST")
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

            print("== seeds/004", flush=True)
            subprocess.run([sys.executable, seeds / "make_cancer_csv.py", tmp / "cancer" / "data" / "cancer_classification.csv"], check=True)
            run_program(seeds / "breast_cancer_004.py", folders["cancer/src"], {"MLFLOW_TRACKING_URI": url, "MPLBACKEND": "Agg"}, "None")
            check_breast_cancer(url)
        finally:
            server.terminate()
            if server.wait(30) != 0:
                raise SystemExit(f"the server ended with {server.returncode}")
    print("compat-torch: 3 passed, 0 failed")


if __name__ == "__main__":
    main()
