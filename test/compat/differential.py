"""Send the same requests to MLflow and to Millrace and compare the answers.

    python differential.py              # compare; exit 1 on a difference
    python differential.py --markdown   # print the table of accepted differences

MLflow is the one installed beside the Python that runs this and must be one of
RELEASES. The requests are in diff/requests_*.py and diff/hostile.py.
"""

import collections
import datetime
import fnmatch
import http.client
import importlib.metadata
import json
import os
import re
import sys
import tempfile
import time

from servers import MLflow, Millrace

# What Millrace is compared with, oldest first.
RELEASES = ("3.17.2", "3.18.0")

Request = collections.namedtuple("Request", "title method path body save headers")
Answer = collections.namedtuple("Answer", "status headers body")

# Headers whose values must agree where MLflow sends them.
HEADERS = ("content-type", "content-disposition", "content-range", "accept-ranges", "x-content-type-options",
           "x-frame-options", "access-control-allow-origin")

TIME_KEYS = {
    "creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp", "creation_timestamp_ms", "last_updated_timestamp_ms",
    "created_time", "created_at", "last_updated_at",
}


class Side:
    """One server, with the values saved from its answers."""

    def __init__(self, server):
        self.server = server
        self.saved = {}
        self.experiments = {}

    def fill(self, value):
        """Put saved values where $name stands."""
        if isinstance(value, str):
            return re.sub(r"\$(\w+)", lambda m: self.saved.get(m[1], m[0]), value)
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if isinstance(value, dict):
            return {k: self.fill(v) for k, v in value.items()}
        return value

    def send(self, request):
        path, body, headers = self.fill(request.path), self.fill(request.body), self.fill(dict(request.headers or {}))
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            connection.putrequest(request.method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            if body is not None:
                headers.setdefault("Content-Length", str(len(body)))
            for key, value in headers.items():
                if value is not None:
                    connection.putheader(key, value)
            connection.endheaders(body)
            response = connection.getresponse()
            raw = response.read()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, raw)
        finally:
            connection.close()
        for name, keys in (request.save or {}).items():
            value = json.loads(raw)
            for key in keys:
                value = value[key]
            self.saved[name] = value
        return answer

    def experiment(self, id):
        """Name an experiment by when it appeared first, because a refused INSERT uses up a number on some databases."""
        return id if id == "0" else f"<experiment #{self.experiments.setdefault(id, len(self.experiments) + 1)}>"

    def plain(self, text):
        """Replace what differs between two runs of the same server in text."""
        for name, value in sorted(self.saved.items(), key=lambda item: -len(item[1])):
            if len(value) > 8:
                text = text.replace(value, f"<{name}>")
        text = text.replace(self.server.url, "<url>").replace(self.server.folder, "<folder>")
        text = re.sub(r"\b(m-)?[0-9a-f]{32}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>", text)
        text = re.sub(r"\(raised as a result of Query-invoked autoflush.*|\(sqlite3\..*", "<SQL>", text, flags=re.S)
        text = re.sub(r"""(id='?|[Ee]xperiment '?|Invalid value "|mlflow-artifacts:/|'(?=\d+/))(\d+)(?!\d)""", lambda m: m[1] + self.experiment(m[2]), text)
        text = re.sub(r"\{('[^{}]*')\}", lambda m: "{" + ", ".join(sorted(m[1].split(", "))) + "}", text)
        return re.sub(r"\b[a-z]+-[a-z]+-\d{1,4}\b", "<random name>", text)

    def comparable(self, answer):
        """Return the answer's body in a form that two servers agree on."""
        try:
            value = json.loads(answer.body)
        except ValueError:
            return self.plain(answer.body.decode("utf-8", "replace"))
        return self.clean(value)

    def clean(self, value, key=None):
        if isinstance(value, dict):
            if "dataset_id" in value and "digest" in value:  # An evaluation dataset: the digest is one of a time.
                value = {**value, "digest": "<digest>", "tags": sorted(json.loads(value["tags"]).items())}
            if value.get("key") == "_mlflow_experiment_ids":  # A prompt belongs to experiments by a tag such as ",1,2,".
                value = {**value, "value": re.sub(r"\d+", lambda m: self.experiment(m[0]), value["value"])}
            return {k: self.clean(v, k) for k, v in value.items()}
        if key == "records" and isinstance(value, str):
            return self.clean(json.loads(value))
        if isinstance(value, list):
            if value and all(isinstance(v, dict) and "key" in v for v in value):
                value = sorted(value, key=lambda v: v["key"])
            if value and all(isinstance(v, dict) and "dataset" in v for v in value):  # MLflow's order is that of random ids.
                value = sorted(value, key=lambda v: (v["dataset"]["name"], v["dataset"]["digest"]))
            if key == "webhooks":  # Those of one millisecond have no order.
                value = sorted(value, key=lambda v: json.dumps([v["name"], v["url"], v["events"], v.get("description")]))
            return [self.clean(v, key if key == "experiment_ids" else None) for v in value]
        if key in ("experiment_id", "experiment_ids") or key == "path" and value.isdigit():
            return self.experiment(str(value))
        if isinstance(value, str) and re.fullmatch(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", value):
            seconds = datetime.datetime.fromisoformat(value).timestamp()
            return "<now>" if abs(seconds - time.time()) < 3600 else value
        if isinstance(value, str):
            return self.plain(value)
        if key in TIME_KEYS and isinstance(value, int) and abs(value / 1000 - time.time()) < 3600:
            return "<now>"
        return value


# Whether Millrace's database is a server's. MLflow's is SQLite all the same: what
# is compared is whether the database makes a difference.
ON_SERVER = "COMPAT_DATABASE" in os.environ


def is_html(answer):
    return "text/html" in answer.headers.get("content-type", "")


def differences(ours, theirs, our_answer, their_answer):
    """Return what differs as a list of (part, MLflow's, Millrace's). The status is
    called "refused" if ours is a 4xx. Where MLflow fails (500) any 4xx of ours will
    do, and its HTML error pages need no copy."""
    if our_answer.status != their_answer.status:
        if their_answer.status == 500 and 400 <= our_answer.status < 500:
            return []
        part = "refused" if 400 <= our_answer.status < 500 else "status"
        return [(part, f"{their_answer.status} {theirs.comparable(their_answer)}",
                 f"{our_answer.status} {ours.comparable(our_answer)}")]
    if is_html(their_answer) and their_answer.status >= 400:
        return []
    found = []
    for name in HEADERS:
        theirs_value = their_answer.headers.get(name)
        if theirs_value is not None and theirs_value.lower() != our_answer.headers.get(name, "").lower():
            found.append((name, theirs.plain(theirs_value), ours.plain(our_answer.headers.get(name, ""))))
    our_body, their_body = ours.comparable(our_answer), theirs.comparable(their_answer)
    if our_body == their_body:
        return found
    if not isinstance(our_body, dict) or not isinstance(their_body, dict):
        return found + [("body", their_body, our_body)]
    if our_body.get("error_code") != their_body.get("error_code"):
        return found + [("error_code", their_body, our_body)]
    for key in sorted(set(our_body) | set(their_body)):
        if our_body.get(key) != their_body.get(key):
            found.append((key, their_body.get(key), our_body.get(key)))
    return found


def compare(requests, accepted, ours, theirs, report):
    """Play requests and return the number of differences that nobody accepted.
    accepted is a list of (titles, parts, reason); used ones are counted."""
    bad = 0
    used = collections.Counter()
    for request in requests:
        their_answer, our_answer = theirs.send(request), ours.send(request)
        for part, their_value, our_value in differences(ours, theirs, our_answer, their_answer):
            for i, (titles, parts, _) in enumerate(accepted):
                if fnmatch.fnmatchcase(request.title, titles) and any(fnmatch.fnmatchcase(part, p) for p in parts.split()):
                    used[i] += 1
                    break
            else:
                bad += 1
                report(f"{request.title}: {part}\n    {request.method} {request.path[:300]} {str(request.body)[:300]}\n"
                       f"    MLflow   {str(their_value)[:500]}\n    Millrace {str(our_value)[:500]}")
    for i, (titles, parts, reason) in enumerate(accepted):
        if not used[i]:
            bad += 1
            report(f"accepted difference that does not occur: {titles!r} {parts!r}: {reason}")
    return bad


def status_last(requests, accepted):
    """Put requests that one server may refuse and the other take at the end, where
    what they leave behind disturbs no other comparison."""
    patterns = [titles for titles, parts, _ in accepted if {"status", "refused"} & set(parts.split())]
    late = [any(fnmatch.fnmatchcase(r.title, p) for p in patterns) for r in requests]
    return [r for r, l in zip(requests, late) if not l] + [r for r, l in zip(requests, late) if l]


def accepted_of(release):
    """The differences that are accepted from a release of MLflow."""
    from diff.accepted import ACCEPTED, OF_RELEASE

    return ACCEPTED + OF_RELEASE[release]


def filters_accepted(entity):
    """The filters that this Python's MLflow answers otherwise, on purpose."""
    from diff.accepted import FILTERS_OF_RELEASE

    return FILTERS_OF_RELEASE[importlib.metadata.version("mlflow")].get(entity, {})


def run(ours, theirs, report=print):
    """Compare two servers and return the numbers of requests and of differences that are not accepted."""
    from diff.accepted import NOT_ON_SERVERS
    from diff.hostile import HOSTILE
    from diff.requests_tracking import REQUESTS
    from diff.requests_genai import REQUESTS as GENAI
    from diff.requests_models import REQUESTS as MORE
    from diff.requests_registry import REQUESTS as REGISTRY
    from diff.requests_traces import REQUESTS as TRACES
    from diff.requests_webhooks import REQUESTS as WEBHOOKS

    accepted = accepted_of(importlib.metadata.version("mlflow"))
    requests = status_last(REQUESTS + MORE + REGISTRY + TRACES + GENAI + WEBHOOKS + HOSTILE, accepted)
    if ON_SERVER:
        def left_out(title):
            return any(fnmatch.fnmatchcase(title, titles) for titles in NOT_ON_SERVERS)

        requests = [r for r in requests if not left_out(r.title)]
        accepted = [row for row in accepted if not left_out(row[0])]
    bad = compare(requests, accepted, Side(ours), Side(theirs), report)
    report(f"{len(requests)} requests, {bad} differences that are not accepted")
    return len(requests), bad


def markdown():
    from diff.accepted import ACCEPTED, FILTERS_OF_RELEASE, OF_RELEASE

    def table(rows):
        lines = ["| requests | what differs | why |", "|---|---|---|"]
        for titles, parts, reason in rows:
            lines.append(f"| {titles} | {parts.replace(' ', ', ')} | {reason} |".replace("*", "\\*"))
        return "\n".join(lines)

    text = table(ACCEPTED)
    for release in RELEASES:
        filters = [(f"{entity}: {question}", "answer", reason)
                   for entity, questions in FILTERS_OF_RELEASE[release].items() for question, reason in questions.items()]
        text += f"\n\nWith MLflow {release} only:\n\n{table(OF_RELEASE[release] + filters)}"
    return text


if __name__ == "__main__":
    if "--markdown" in sys.argv:
        print(markdown())
    else:
        with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b, MLflow(a, sqlite=True) as m, Millrace(b) as r:
            sys.exit(1 if run(r, m)[1] else 0)
