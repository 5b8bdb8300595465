"""Millrace answers as MLflow does: differential.py, and the filters of internal/search."""

import glob
import os

import mlflow
import pytest

import differential
from record_search import Recorder, play, with_sorted_sets
from servers import ROOT

pytestmark = pytest.mark.skipif(
    mlflow.__version__ not in differential.RELEASES, reason=f"MLflow {mlflow.__version__} is none of {', '.join(differential.RELEASES)}, which Millrace is compared with")


@pytest.mark.parametrize("name", ["runs", "experiments", "logged_models"])
def test_filters(name, both):
    path = os.path.join(ROOT, "internal/search/testdata", name + ".search")
    assert path in glob.glob(os.path.join(ROOT, "internal/search/testdata/*.search"))

    def answers(server):
        found = []

        def answered(lines, status, answer, names):
            if any(line.startswith("ours ") for line in lines):
                return lines  # Millrace differs on purpose
            order = [line for line in lines if line.startswith("order")]
            if any(column in line for line in order for column in ("run_id", "artifact_uri", "model_id")):
                names = sorted(names)  # ids are random
            elif name == "runs":  # so is the order of these two, which started at the same time
                names = sorted(names), ["beta or gamma" if n in ("beta", "gamma") else n for n in names]
            message = with_sorted_sets(answer.get("message", ""))
            failed = status >= 500 or message.startswith("(sqlite3.")
            found.append((lines[0], "refused" if failed else status, "" if failed or "$" in lines[0] else message, names))
            return lines

        play(path, Recorder(server.url), answered)
        return found

    ours, theirs = map(answers, both)
    assert len(theirs) == len(ours) > 80
    different = set()
    for (question, status, message, names), (_, our_status, our_message, our_names) in zip(theirs, ours):
        if differential.ON_SERVER and "ILIKE" in question and not question.isascii():
            continue  # SQLite knows upper and lower case of ASCII only.
        if (our_status != 400) if status == "refused" else (our_status, our_message, our_names) != (status, message, names):
            different.add(question)
            print(f"{question}\n    MLflow   {status} {message} {names}\n    Millrace {our_status} {our_message} {our_names}")
    assert different == set(differential.filters_accepted(name))


def test_requests(both):
    """This is after the filters, because it leaves different things behind on both servers where a difference is accepted."""
    lines = []
    count, bad = differential.run(*both, lines.append)
    assert count > 800
    assert bad == 0, "\n".join(lines)


def test_documented():
    with open(os.path.join(ROOT, "docs/compatibility.md"), encoding="utf-8") as page:
        assert differential.markdown() in page.read(), "renew the table: python test/compat/differential.py --markdown"
