"""The Go SDK against MLflow's own server, of the release that runs pytest, and against Millrace on the database of this run."""

import subprocess

import pytest

from servers import ROOT, MLflow, Millrace, without_mlflow

TESTS = "TestRun|TestResume|TestWithRun|TestArtifacts|TestLogInput|TestModel|TestImages|TestTables|TestReaders|TestRelatedRuns|TestInputs"


@pytest.mark.parametrize("kind", [MLflow, Millrace], ids=lambda kind: kind.__name__)
def test_sdk(kind, tmp_path):
    with kind(tmp_path) as server:
        ran = subprocess.run(["go", "test", "-count=1", "-v", "-run", f"^({TESTS})$", "./mlflow"], cwd=ROOT, check=False,
                             env={**without_mlflow(), "MILLRACE_TEST_SERVER": server.url}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("--- PASS") == len(TESTS.split("|"))
