"""Run a command with a Millrace and an MLflow server that have the same runs: both.py RUNS -- COMMAND...

MLflow makes a database, Millrace fills it, and then each opens a copy of it. The command finds their URLs in
MILLRACE_URL and MLFLOW_URL, and the id of the experiment in EXPERIMENT_ID.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "test", "compat"))
from servers import ROOT, Millrace, MLflow  # noqa: E402

SEED = os.path.join(ROOT, "web", "e2e", "seedMany.mjs")
NAME = "beside"


def fill(folder, runs):
    """Write a database with an experiment of some runs and return the experiment's id."""
    with MLflow(folder, sqlite=True):
        pass
    with Millrace(folder, sqlite=True) as server:
        subprocess.run(["node", SEED, server.url, f"runs={runs}", "steps=5", f"name={NAME}"], check=True)
    return "1"


def main():
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory(prefix="beside-") as folder:
        ours, theirs = os.path.join(folder, "millrace"), os.path.join(folder, "mlflow")
        os.mkdir(ours)
        experiment = fill(ours, int(sys.argv[1]))
        shutil.copytree(ours, theirs)
        with Millrace(ours, sqlite=True) as millrace, MLflow(theirs, sqlite=True) as mlflow:
            variables = {"MILLRACE_URL": millrace.url, "MLFLOW_URL": mlflow.url, "EXPERIMENT_ID": experiment}
            code = subprocess.run(sys.argv[3:], env={**os.environ, **variables}, check=False).returncode
    raise SystemExit(code)


if __name__ == "__main__":
    main()
