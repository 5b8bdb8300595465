"""Webhooks by the real client: what Millrace sends is what MLflow sends, and both keep the same rows."""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import threading
import time

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException

from conftest import since
from servers import Millrace, MLflow

pytestmark = since("3.17", "all events of webhooks")

SECRET = "a secret of the tests"
VARIABLES = {
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": base64.urlsafe_b64encode(bytes(range(32))).decode(),
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_CACHE_TTL": "0",
    # What a server that is killed has begun to send is sent again 15 seconds after this time, too.
    "MLFLOW_WEBHOOK_REQUEST_TIMEOUT": "2",
}
EVENTS = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
          "model_version_alias.created", "model_version_alias.deleted", "prompt.created", "prompt_version.created", "prompt_tag.set",
          "prompt_tag.deleted", "prompt_version_tag.set", "prompt_version_tag.deleted", "prompt_alias.created", "prompt_alias.deleted"]


class Receiver:
    """A server that keeps the requests it gets, after it has checked their signatures, and answers them with a status."""

    def __init__(self, status=200):
        self.requests = queue.Queue()
        self.status = status
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = f"{self.headers['X-MLflow-Delivery-Id']}.{self.headers['X-MLflow-Timestamp']}.".encode() + body
                signature = "v1," + base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
                assert self.headers["X-MLflow-Signature"] == signature
                assert abs(int(self.headers["X-MLflow-Timestamp"]) - time.time()) < 60
                receiver.requests.put((self.headers["X-MLflow-Delivery-Id"], dict(self.headers), json.loads(body)))
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(b"done\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def take(self, n):
        return [self.requests.get(timeout=30) for _ in range(n)]


def plain(body):
    """Return an event without what differs between two servers."""
    data = {k: v for k, v in body["data"].items()}
    if isinstance(data.get("tags"), dict):
        data["tags"] = {k: v for k, v in data["tags"].items() if k != "_mlflow_experiment_ids"}
    assert body.keys() == {"entity", "action", "timestamp", "data"} and body["timestamp"].endswith("+00:00")
    return json.dumps([body["entity"], body["action"], data], sort_keys=True)


def walk(url):
    """Do once what MLflow has an event of."""
    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient(url)
    client.create_registered_model("m", tags={"k": "ü"}, description="d")
    client.create_model_version("m", "s3://bucket/model", tags={"a": "b"}, description="first", await_creation_for=0)
    client.create_model_version("m", "s3://bucket/model", await_creation_for=0)
    client.set_registered_model_tag("m", "k", "v")
    client.delete_registered_model_tag("m", "k")
    client.set_model_version_tag("m", "1", "k", "v")
    client.delete_model_version_tag("m", "1", "k")
    client.delete_model_version_tag("m", "1", "never set")
    for version in ("1", "2", "2"):
        client.set_registered_model_alias("m", "champion", version)
    client.delete_registered_model_alias("m", "champion")
    client.delete_registered_model_alias("m", "never-set")
    client.update_model_version("m", "1", description="changed")
    client.transition_model_version_stage("m", "1", "Production")
    mlflow.genai.register_prompt("p", "Hello {{name}}", commit_message="c", tags={"t": "1"})
    mlflow.genai.register_prompt("p", [{"role": "user", "content": "Hi {{name}}"}], response_format={"type": "object"})
    client.set_prompt_tag("p", "k", "v")
    client.delete_prompt_tag("p", "k")
    client.set_prompt_version_tag("p", "1", "k", "v")
    client.delete_prompt_version_tag("p", "1", "k")
    client.set_prompt_alias("p", "prod", 1)
    client.delete_prompt_alias("p", "prod")
    client.delete_model_version("m", "2")
    client.rename_registered_model("m", "n")
    client.delete_registered_model("n")
    # The last event tells that all have been sent.
    client.create_registered_model("the end")


def events_of(server):
    """Return what a receiver gets from a walk."""
    client = mlflow.MlflowClient(server.url)
    with Receiver() as receiver:
        hook = client.create_webhook("all", receiver.url, EVENTS, description="d", secret=SECRET)
        assert {str(e) for e in hook.events} == {str(e) for e in client.get_webhook(hook.webhook_id).events} and len(hook.events) == len(EVENTS)
        walk(server.url)
        got = []
        while not got or '"the end"' not in json.dumps(got[-1]):
            got += [body for _, _, body in receiver.take(1)]
        time.sleep(1)  # Several workers send at once.
        while not receiver.requests.empty():
            got.append(receiver.requests.get()[2])
        return sorted(map(plain, got))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Millrace and MLflow, whose webhooks may be anywhere."""
    folders = [tmp_path_factory.mktemp(name) for name in ("ours", "theirs")]
    with Millrace(folders[0], variables=VARIABLES) as ours, MLflow(folders[1], sqlite=True, variables=VARIABLES) as theirs:
        yield ours, theirs


def test_events(both):
    our_events, their_events = map(events_of, both)
    assert our_events == their_events
    assert len({json.loads(e)[0] + json.loads(e)[1] for e in our_events}) == len(EVENTS)


def test_examples(both):
    """The example of each event is that of MLflow."""
    def examples(server):
        client = mlflow.MlflowClient(server.url)
        with Receiver() as receiver:
            hook = client.create_webhook("all", receiver.url, ["prompt.created"], secret=SECRET, status="DISABLED")
            for event in [None, *EVENTS, "budget_policy.exceeded"]:
                result = client.test_webhook(hook.webhook_id, event) if event else client.test_webhook(hook.webhook_id)
                assert result.success and result.response_status == 200 and result.response_body == "done\n", result
            receiver.status = 418
            result = client.test_webhook(hook.webhook_id)
            assert not result.success and result.response_status == 418
            return [plain(body) for _, _, body in receiver.take(len(EVENTS) + 3)]

    ours, theirs = both
    assert examples(ours) == examples(theirs)


def test_crud(tmp_path):
    with Millrace(tmp_path, variables=VARIABLES) as server:
        client = mlflow.MlflowClient(server.url)
        first = client.create_webhook("first", "https://1.1.1.1/x", ["model_version.created"])
        time.sleep(0.01)
        second = client.create_webhook("second", "https://1.1.1.1/x", ["prompt.created"], secret=SECRET, status="DISABLED")
        assert first.status == "ACTIVE" and second.status == "DISABLED" and second.secret is None
        page = client.list_webhooks(max_results=1)
        assert [w.name for w in page] == ["second"]
        assert [w.name for w in client.list_webhooks(max_results=1, page_token=page.token)] == ["first"]
        changed = client.update_webhook(first.webhook_id, name="new", events=["prompt_alias.created"], status="DISABLED")
        assert (changed.name, str(changed.events[0]), changed.status, changed.url) == ("new", str(client.get_webhook(first.webhook_id).events[0]), "DISABLED", first.url)
        client.delete_webhook(first.webhook_id)
        for call in (client.get_webhook, client.delete_webhook, client.test_webhook):
            with pytest.raises(MlflowException, match="not found"):
                call(first.webhook_id)
        for arguments in (("a b", "https://1.1.1.1/", ["prompt.created"]), ("w", "ftp://1.1.1.1/", ["prompt.created"]), ("w", "https://1.1.1.1/", [])):
            with pytest.raises(MlflowException):
                client.create_webhook(*arguments)


def test_private_addresses(server, client):
    """Without a word of the administrator, requests go to public addresses by https."""
    for url in ("http://1.1.1.1/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://localhost/"):
        with pytest.raises(MlflowException):
            client.create_webhook("w", url, ["prompt.created"])
    with pytest.raises(MlflowException, match="MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"):
        client.create_webhook("w", "https://1.1.1.1/", ["prompt.created"], secret=SECRET)


def test_swap(tmp_path):
    """One database, one after the other: MLflow's webhook is called by Millrace, and the reverse; a restart loses no event."""
    def create(server, name):
        mlflow.MlflowClient(server.url).create_webhook(name, receiver.url, ["registered_model.created"], secret=SECRET)

    def calls(server, model, n):
        mlflow.MlflowClient(server.url).create_registered_model(model)
        return {body["data"]["name"] for _, _, body in receiver.take(n)}

    with Receiver() as receiver:
        with MLflow(tmp_path, variables=VARIABLES) as theirs:
            create(theirs, "theirs")
            assert calls(theirs, "a", 1) == {"a"}
        with Millrace(tmp_path, variables=VARIABLES) as ours:
            create(ours, "ours")
            own = {"name": "own", "url": receiver.url, "secret": SECRET, "millrace_events": [{"entity": "RUN", "action": "FINISHED"}]}
            requests.post(ours.url + "/api/2.0/mlflow/webhooks", json=own).raise_for_status()
            assert calls(ours, "b", 2) == {"b"}
            mlflow.set_tracking_uri(ours.url)
            with mlflow.start_run(run_name="named") as run:
                pass
            [(_, _, body)] = receiver.take(1)
            assert (body["entity"], body["action"], body["data"]["run_id"], body["data"]["run_name"]) == ("run", "finished", run.info.run_id, "named")
            receiver.status = 503
            assert calls(ours, "c", 2) == {"c"}  # They are to be repeated.
            ours.process.kill()
            ours.process.wait()
        while not receiver.requests.empty():
            receiver.requests.get()
        receiver.status = 200
        with Millrace(tmp_path, variables=VARIABLES):
            again = {id: body["data"]["name"] for id, _, body in receiver.take(2)}
            assert list(again.values()) == ["c", "c"] and len(again) == 2
        with MLflow(tmp_path, variables=VARIABLES) as theirs:
            # MLflow cannot read a webhook that has events of Millrace alone, so it does not see it.
            assert {w.name for w in mlflow.MlflowClient(theirs.url).list_webhooks()} == {"theirs", "ours"}
            assert calls(theirs, "d", 2) == {"d"}
        with Millrace(tmp_path, variables=VARIABLES) as ours:
            assert {w.name for w in mlflow.MlflowClient(ours.url).list_webhooks()} == {"theirs", "ours"}
            names = {w["name"] for w in requests.get(ours.url + "/api/millrace/webhooks").json()["webhooks"]}
            assert names == {"theirs", "ours", "own"}


def test_missing_key(tmp_path):
    """A server without the key of stored secrets says so, lists the webhooks, and sends nothing unsigned."""
    with Receiver() as receiver:
        with Millrace(tmp_path, variables=VARIABLES) as server:
            mlflow.MlflowClient(server.url).create_webhook("keyed", receiver.url, ["registered_model.created"], secret=SECRET)
        without = {k: v for k, v in VARIABLES.items() if not k.endswith("_KEY")}
        with Millrace(tmp_path, variables=without) as server:
            client = mlflow.MlflowClient(server.url)
            assert [w.name for w in client.list_webhooks()] == ["keyed"]
            client.create_registered_model("m")
            with open(server.log, encoding="utf-8") as log:
                text = log.read()
            assert "keyed" in text and "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY" in text
            time.sleep(0.5)
            assert receiver.requests.empty()
        with Millrace(tmp_path, variables=VARIABLES):
            [(_, _, body)] = receiver.take(1)
            assert body["data"]["name"] == "m"
