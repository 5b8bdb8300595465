"""Record what MLflow answers to the filters in internal/search/testdata/*.search.

    python record_search.py ../../internal/search/testdata/*.search

Starts `mlflow server` (of the Python that runs this) on a temporary database,
makes the rows of each file over REST, asks every question in it and writes the
file again with MLflow's answers. The Go tests of internal/search hold Millrace
to them.

A file is made of blocks with an empty line between them. A block of `row` lines
holds JSON objects; recording adds the ids and times that the server gave. Any
other block is one question: `filter TEXT` (or `filterjson "TEXT"`), `order JSON`,
`datasets JSON`, then the answer: `= names in order`, `! message` (status 400) or
`500` (MLflow or its
database failed; Millrace must answer 400). A line `ours = ...` or `ours ! ...`
holds where Millrace differs on purpose; recording keeps it. In a filter, $name
stands for a row's id and $name.key for another of its values.
"""

import json
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request

from servers import MLflow


class Recorder:
    def __init__(self, url):
        self.url = url

    def ask(self, path, body, method="POST"):
        """Return (status, answer); the answer is {} where it is not JSON."""
        request = urllib.request.Request(
            f"{self.url}/api/2.0/mlflow/{path}", json.dumps(body).encode(),
            {"Content-Type": "application/json"}, method=method,
        )
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else {}

    def must(self, path, body, method="POST"):
        status, answer = self.ask(path, body, method)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {answer}")
        return answer


def pairs(values):
    return [{"key": k, "value": v} for k, v in (values or {}).items()]


class Runs:
    def __init__(self, server):
        self.server = server
        self.experiment = server.must("experiments/create", {"name": "search-runs"})["experiment_id"]

    def make(self, row):
        run = self.server.must("runs/create", {
            "experiment_id": self.experiment, "run_name": row["name"], "user_id": row.get("user_id", ""),
            "start_time": row["start_time"], "tags": pairs(row.get("tags")),
        })["run"]["info"]
        row["id"], row["artifact_uri"] = run["run_id"], run["artifact_uri"]
        self.server.must("runs/log-batch", {
            "run_id": row["id"], "params": pairs(row.get("params")),
            "metrics": [{**m, "timestamp": 1, "step": 0} for m in pairs(row.get("metrics"))],
        })
        if "status" in row:
            self.server.must("runs/update", {"run_id": row["id"], "status": row["status"], "end_time": row["end_time"]})
        for name, digest, context in row.get("datasets", []):
            self.server.must("runs/log-inputs", {"run_id": row["id"], "datasets": [{
                "dataset": {"name": name, "digest": digest, "source_type": "local", "source": "x"},
                "tags": [{"key": "mlflow.data.context", "value": context}] if context else [],
            }]})

    def search(self, question):
        status, answer = self.server.ask("runs/search", {
            "experiment_ids": [self.experiment], "filter": question.get("filter", ""),
            "order_by": question.get("order", []),
        })
        return status, answer, [r["info"]["run_id"] for r in answer.get("runs", [])]


class Experiments:
    def __init__(self, server):
        self.server = server

    def make(self, row):
        if row["name"] == "Default":
            row["id"] = "0"
        else:
            time.sleep(0.01)
            row["id"] = self.server.must("experiments/create", {"name": row["name"], "tags": pairs(row.get("tags"))})["experiment_id"]
        if row.get("rename"):
            self.server.must("experiments/update", {"experiment_id": row["id"], "new_name": row["name"]})
        found = self.server.must("experiments/get?experiment_id=" + row["id"], {}, "GET")["experiment"]
        row["creation_time"], row["last_update_time"] = found["creation_time"], found["last_update_time"]

    def search(self, question):
        status, answer = self.server.ask("experiments/search", {
            "max_results": 1000, "filter": question.get("filter", ""), "order_by": question.get("order", []),
        })
        return status, answer, [e["experiment_id"] for e in answer.get("experiments", [])]


class LoggedModels:
    def __init__(self, server):
        self.server = server
        self.experiment = server.must("experiments/create", {"name": "search-models"})["experiment_id"]
        self.run = server.must("runs/create", {"experiment_id": self.experiment})["run"]["info"]["run_id"]

    def make(self, row):
        time.sleep(0.01)
        info = self.server.must("logged-models", {
            "experiment_id": self.experiment, "name": row["name"], "model_type": row.get("model_type", ""),
            "params": pairs(row.get("params")), "tags": pairs(row.get("tags")),
        })["model"]["info"]
        row["id"], row["artifact_location"] = info["model_id"], info["artifact_uri"]
        if row.get("ready"):
            info = self.server.must("logged-models/" + row["id"], {
                "model_id": row["id"], "status": "LOGGED_MODEL_READY"}, "PATCH")["model"]["info"]
        row["creation_timestamp_ms"] = info["creation_timestamp_ms"]
        row["last_updated_timestamp_ms"] = info["last_updated_timestamp_ms"]
        row["experiment_id"] = self.experiment
        for metric in row.get("metrics", []):
            key, value, timestamp, step = metric[:4]
            more = dict(zip(("dataset_name", "dataset_digest"), metric[4:]))
            self.server.must("runs/log-batch", {"run_id": self.run, "metrics": [{
                "key": key, "value": value, "timestamp": timestamp, "step": step, "model_id": row["id"], **more}]})

    def search(self, question):
        status, answer = self.server.ask("logged-models/search", {
            "experiment_ids": [self.experiment], "filter": question.get("filter", ""),
            "order_by": question.get("order", []), "datasets": question.get("datasets", []),
        })
        return status, answer, [m["info"]["model_id"] for m in answer.get("models", [])]


ENTITIES = {"runs": Runs, "experiments": Experiments, "logged_models": LoggedModels}


def with_sorted_sets(message):
    """Python prints sets in random order."""
    return re.sub(r"\{('[^{}]*')\}", lambda m: "{" + ", ".join(sorted(m[1].split(", "))) + "}", message)


def fill_in(text, rows):
    def value(match):
        row = rows.get(match[1])
        return str(row[match[2] or "id"]) if row else match[0]

    return re.sub(r"\$(\w+)(?:\.(\w+))?", value, text)


def play(path, server, answered):
    """Make the rows of a file on server and ask its questions. Return the file's
    text with what answered(kept lines, status, answer, names of the rows found)
    makes of each question."""
    with open(path, encoding="utf-8") as f:
        blocks = f.read().strip("\n").split("\n\n")
    rows, entity, out = {}, None, []
    for block in blocks:
        kept, question = [], {}
        for line in block.split("\n"):
            word, _, rest = line.partition(" ")
            if word == "entity":
                entity = ENTITIES[rest](server)
            elif word == "row":
                row = json.loads(rest)
                entity.make(row)
                rows[row["name"]] = row
                line = "row " + json.dumps(row, ensure_ascii=False)
            elif word == "filter":
                question["filter"] = fill_in(rest, rows)
            elif word == "filterjson":
                question["filter"] = fill_in(json.loads(rest), rows)
            elif word in ("order", "datasets"):
                question[word] = json.loads(rest)
            kept.append(line)
        if question:
            status, answer, ids = entity.search(question)
            names = {row["id"]: name for name, row in rows.items()}
            kept = answered(kept, status, answer, [names[i] for i in ids if i in names])
        out.append("\n".join(kept))
    return "\n\n".join(out) + "\n"


def record_answer(lines, status, answer, names):
    kept = [line for line in lines if line.split(" ")[0] not in ("=", "!", "500", "ours")]
    if status == 200:
        kept.append(" ".join(["=", *names]))
    elif status == 400 and not answer["message"].startswith("(sqlite3."):
        kept.append("! " + json.dumps(with_sorted_sets(answer["message"]), ensure_ascii=False)[1:-1])
    else:
        kept.append("500")
    return kept + [line for line in lines if line.startswith("ours ")]


def record(path, server):
    text = play(path, server, record_answer)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    with tempfile.TemporaryDirectory() as folder:
        with MLflow(folder) as server:
            for path in sys.argv[1:]:
                record(path, Recorder(server.url))


if __name__ == "__main__":
    main()
