"""The client with artifacts in object stores: through the server, and past it with its own credentials.

The servers are those of test/with_stores.sh. Only the newest client has the drivers for the tests past the server.
"""

import base64
import contextlib
import dataclasses
import email.utils
import hashlib
import hmac
import importlib.util
import os
import re
import time
import urllib.parse
import uuid

import mlflow
import pytest
import requests
from sklearn.linear_model import LogisticRegression

from conftest import since
from servers import MLflow, Millrace
from test_login_door import closed_server

pytestmark = since("3.17", "uploads and downloads in parts")
on_sqlite = pytest.mark.skipif("COMPAT_DATABASE" in os.environ, reason="files do not depend on the database: it runs on SQLite")
PINNED = {"pip_requirements": ["scikit-learn"]}  # keeps the client from loading the model to find them
MIB = 1 << 20
ACCOUNT = "devstoreaccount1"  # Azurite's, which is public
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclasses.dataclass
class Store:
    """A kind of store: the variable with its URL, the driver of the client, and whether its requests can be signed."""

    variable: str
    driver: str
    signs: bool

    @property
    def endpoint(self):
        return os.environ.get(self.variable, "")

    def environment(self):
        return {}

    def bucket(self):
        """Make a bucket and return its URI."""

    def uploads(self, uri):
        """The uploads in parts that have not ended."""
        return []


class S3(Store):
    def environment(self):
        # The servers get only the second one, because they start without the variables of MLflow.
        return {"MLFLOW_S3_ENDPOINT_URL": self.endpoint, "AWS_ENDPOINT_URL_S3": self.endpoint,
                "AWS_ACCESS_KEY_ID": "millrace", "AWS_SECRET_ACCESS_KEY": "millrace-secret", "AWS_DEFAULT_REGION": "us-east-1"}

    def send(self, method, path, query=""):
        """Send a request with a signature of version 4."""
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"host": urllib.parse.urlsplit(self.endpoint).netloc, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": date}
        names = ";".join(headers)
        request = "\n".join([method, path, query, *(f"{k}:{v}" for k, v in headers.items()), "", names, "UNSIGNED-PAYLOAD"])
        scope = f"{date[:8]}/us-east-1/s3/aws4_request"
        key = b"AWS4millrace-secret"
        for word in [*scope.split("/"), f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"]:
            key = hmac.digest(key, word.encode(), "sha256")
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=millrace/{scope},SignedHeaders={names},Signature={key.hex()}"
        answer = requests.request(method, f"{self.endpoint}{path}?{query}", headers=headers)
        answer.raise_for_status()
        return answer.text

    def bucket(self):
        name = "compat-" + uuid.uuid4().hex
        self.send("PUT", "/" + name)
        return "s3://" + name

    def uploads(self, uri):
        return re.findall("<Key>(.*?)</Key>", self.send("GET", "/" + urllib.parse.urlsplit(uri).netloc, "uploads="))


class GCS(Store):
    def environment(self):
        return {"STORAGE_EMULATOR_HOST": self.endpoint}

    def bucket(self):
        name = "compat-" + uuid.uuid4().hex
        requests.post(self.endpoint + "/storage/v1/b?project=compat", json={"name": name}).raise_for_status()
        return "gs://" + name


class Azure(Store):
    def environment(self):
        return {"AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
                                                   f"BlobEndpoint={self.endpoint}/{ACCOUNT};"}

    def bucket(self):
        name = "compat-" + uuid.uuid4().hex
        date = email.utils.formatdate(usegmt=True)
        # The empty lines are those of headers that the request does not have.
        text = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:2025-01-05\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        signature = base64.b64encode(hmac.digest(base64.b64decode(ACCOUNT_KEY), text.encode(), "sha256")).decode()
        requests.put(f"{self.endpoint}/{ACCOUNT}/{name}?restype=container", headers={
            "Authorization": f"SharedKey {ACCOUNT}:{signature}", "x-ms-date": date, "x-ms-version": "2025-01-05"}).raise_for_status()
        return f"wasbs://{name}@{ACCOUNT}.blob.core.windows.net"


class Folder(Store):
    endpoint = "a folder"


STORES = [S3("MILLRACE_TEST_S3", "boto3", True), S3("MILLRACE_TEST_S3_SIGNED", "boto3", True),
          GCS("MILLRACE_TEST_GCS", "google.cloud.storage", False), Azure("MILLRACE_TEST_AZURE", "azure.storage.blob", True)]
FOLDER = Folder("folder", "", True)


def installed(driver):
    try:
        return importlib.util.find_spec(driver) is not None
    except ModuleNotFoundError:
        return False


def each(stores):
    return pytest.mark.parametrize("store", stores, ids=[s.variable for s in stores])


@pytest.fixture
def place(store, tmp_path, monkeypatch):
    """The environment with the store's settings, and the URI of an empty bucket or folder."""
    if not store.endpoint:
        pytest.skip(f"{store.variable} names no server: see test/with_stores.sh")
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    if store is FOLDER:
        return str(tmp_path / "files")
    return store.bucket() + "/a folder"


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


FILES = {
    "empty.txt": b"", "a/b/c/deep.bin": bytes(range(256)), "a/名 x.txt": "ü".encode(), "a/b/plus+and&.csv": b"1,2",
    "semi;colon.txt": b";", ".hidden": b"h", "8.bin": os.urandom(8 * MIB), "20.bin": os.urandom(20 * MIB),
}


def write_tree(folder):
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def use(client, mark, folder):
    """Log files and a model, register it, read everything back, and return the id of the run."""
    mlflow.set_experiment(mark)
    write_tree(folder / "tree")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder / "tree"), "tree")
        mlflow.log_text("a note", "notes.txt")
        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        mlflow.sklearn.log_model(model, name="model", registered_model_name=mark, **PINNED)
    check(client, run.info.run_id, mark, folder / "down")
    return run.info.run_id


def check(client, run_id, model, folder):
    """Read everything that use has stored."""
    folder.mkdir(exist_ok=True)
    down = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="tree", dst_path=str(folder))
    for name, content in FILES.items():
        with open(os.path.join(down, name), "rb") as f:
            assert f.read() == content, name
    assert {f.path: f.file_size or 0 for f in client.list_artifacts(run_id, "tree") if not f.is_dir} == {
        "tree/" + name: len(content) for name, content in FILES.items() if "/" not in name}
    assert {f.path for f in client.list_artifacts(run_id)} >= {"tree", "notes.txt"}
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes.txt") == "a note"
    loaded = mlflow.pyfunc.load_model(f"models:/{model}/1")
    assert list(loaded.predict([[0.0], [1.0]])) == [0, 1]


@contextlib.contextmanager
def tracking(server):
    mlflow.set_tracking_uri(server.url)
    try:
        yield mlflow.MlflowClient(server.url)
    finally:
        while mlflow.active_run():
            mlflow.end_run()


class LightMLflow(MLflow):
    """MLflow without the dozen processes that it starts for jobs."""

    def environment(self):
        return {**super().environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def experiments(client, place, mark, past):
    """Make an experiment for each way to the store: through the server and, if the client has the driver, past it."""
    ways = {"through": "mlflow-artifacts:/of-" + mark}
    if past:
        ways["past"] = f"{place}/past/of-{mark}"
    for way, location in ways.items():
        client.create_experiment(f"{mark} {way}", artifact_location=location)
    return ways


@on_sqlite
@each(STORES)
def test_both_servers(store, place, tmp_path, monkeypatch):
    """Millrace and MLflow, one after the other, use the same bucket and the same database."""
    monkeypatch.chdir(tmp_path)
    past = installed(store.driver)
    # MLflow makes the database, because Millrace makes one of the newest release only.
    turns = [(LightMLflow, "theirs"), (Millrace, "ours"), (LightMLflow, "again")] if past else [(Millrace, "ours")]
    runs = {}
    for start, turn in turns:
        with start(tmp_path, "--artifacts-destination", place, sqlite=True) as server, tracking(server) as client:
            for mark, run_id in runs.items():
                check(client, run_id, mark, tmp_path / f"{turn} after {mark}")
            for way, location in experiments(client, place, turn, past).items():
                mark = f"{turn} {way}"
                (tmp_path / mark).mkdir()
                runs[mark] = use(client, mark, tmp_path / mark)
                assert client.get_run(runs[mark]).info.artifact_uri.startswith(location)
                if start is Millrace:
                    page = requests.get(f"{server.url}/get-artifact", params={"run_id": runs[mark], "path": "tree/20.bin"},
                                        headers={"Range": "bytes=100-199"})
                    assert (page.status_code, page.content) == (206, FILES["20.bin"][100:200])
                    if way == "past":
                        presigned(server, store, runs[mark])
    assert store.uploads(place) == []


@on_sqlite
@each(STORES)
def test_default_root(store, place, tmp_path, monkeypatch):
    """The server hands out locations in the store, and the client goes there with its own credentials."""
    if not installed(store.driver):
        pytest.skip(f"{store.driver} is installed for the newest client only")
    monkeypatch.chdir(tmp_path)
    with Millrace(tmp_path, "--default-artifact-root", place, sqlite=True) as server:
        with tracking(server) as client:
            mlflow.set_experiment("direct")
            run_id = use(client, "direct", tmp_path)
            assert client.get_run(run_id).info.artifact_uri.startswith(place)


def presigned(server, store, run_id):
    """Transfer a file with requests that the server signs."""
    api = server.url + "/api/2.0/mlflow/artifacts/"
    answer = requests.post(api + "presigned-upload-url", json={"run_id": run_id, "path": "signed ü.txt"})
    if not store.signs:
        assert answer.status_code == 501, answer.text
        return
    assert answer.status_code == 200, answer.text
    sent = requests.put(answer.json()["presigned_url"], data=b"signed", headers=answer.json().get("headers"))
    assert sent.status_code in (200, 201), sent.text
    answer = requests.post(api + "presigned-download-url", json={"run_id": run_id, "path": "signed ü.txt"}).json()
    assert requests.get(answer["presigned_url"], headers=answer.get("headers")).content == b"signed"
    altered = answer["presigned_url"].replace("signed", "changed", 1)
    assert requests.get(altered).status_code in (403, 404) or store.variable == "MILLRACE_TEST_S3"  # It checks no signatures.


@pytest.fixture
def parts(monkeypatch):
    """The settings with which the client transfers files in parts, and the requests that it sends to other URLs."""
    for name, value in {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(10 * MIB), "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(8 * MIB),
        "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": str(10 * MIB), "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(8 * MIB),
    }.items():
        monkeypatch.setenv(name, value)
    sent = []
    send = requests.Session.send

    def record(session, request, **kwargs):
        sent.append(request)
        return send(session, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", record)
    return sent


@each([FOLDER, *STORES])
def test_parts(store, place, parts, tmp_path, monkeypatch):
    """Large files in parts, on a server that wants tokens. Signed URLs need none."""
    monkeypatch.chdir(tmp_path)
    with closed_server(tmp_path, "--artifacts-destination", place) as (server, token):
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
        with tracking(server) as client:
            mlflow.set_experiment("parts")
            large = tmp_path / "large.bin"
            large.write_bytes(os.urandom(20 * MIB))
            with mlflow.start_run() as run:
                mlflow.log_artifact(str(large), "folder")
            puts = [r for r in parts if r.method == "PUT" and ("token=" in r.url or "mlflow-artifacts" not in r.url)]
            assert len(puts) == (3 if store.signs else 0), [r.url for r in parts]
            assert not any("Authorization" in r.headers for r in puts)
            del parts[:]
            down = mlflow.artifacts.download_artifacts(
                run_id=run.info.run_id, artifact_path="folder/large.bin", dst_path=str(tmp_path / "down"))
            assert digest(down) == digest(large)
            path = client.get_run(run.info.run_id).info.artifact_uri.removeprefix("mlflow-artifacts:/")
            # Processes of their own receive the parts. In one piece, the file would come from the route artifacts.
            signed = [r for r in parts if "/mlflow-artifacts/presigned/" in r.url]
            whole = [r for r in parts if "/mlflow-artifacts/artifacts/" in r.url and r.url.endswith("large.bin")]
            assert len(signed) == 1 and not whole, [r.url for r in parts]
            signed_url(server, token, path + "/folder/large.bin", large.read_bytes())
            abort(server, token, path, store)
    assert store.uploads(place) == []


def signed_url(server, token, path, content):
    """A signed URL is valid for one file and one method, without a login."""
    login = {"Authorization": "Bearer " + token}
    api = server.url + "/api/2.0/mlflow-artifacts/"
    assert requests.get(f"{api}presigned/{path}").status_code == 401
    answer = requests.get(f"{api}presigned/{path}", headers=login).json()
    assert answer["file_size"] == len(content)
    part = requests.get(answer["url"], headers={**answer["headers"], "Range": "bytes=8388600-8388700"})
    assert (part.status_code, part.content) == (206, content[8388600:8388701])
    if not answer["url"].startswith(server.url):
        return  # It is the store that judges.
    url = urllib.parse.urlsplit(answer["url"])
    assert url.path == "/.well-known/millrace-artifact"
    payload, mac = urllib.parse.parse_qs(url.query)["token"][0].split(".")
    other = payload[:-4] + ("AAAA" if payload[-4:] != "AAAA" else "BBBB")
    for wrong in (f"{other}.{mac}", f"{payload}.{mac[:-4]}AAAA", payload, ""):
        refused = requests.get(url._replace(query=urllib.parse.urlencode({"token": wrong})).geturl())
        assert refused.status_code == 403 and refused.json()["error_code"] == "PERMISSION_DENIED", refused.text
    assert requests.put(answer["url"], data=b"x").status_code == 403
    assert requests.get(f"{api}artifacts/{path}?{url.query}").status_code == 401


def abort(server, token, path, store):
    """An upload that is aborted leaves nothing."""
    login = {"Authorization": "Bearer " + token}
    api = server.url + "/api/2.0/mlflow-artifacts/"
    made = requests.post(f"{api}mpu/create/{path}", json={"path": "gone.bin", "num_parts": 1}, headers=login)
    if not store.signs:
        assert made.status_code == 501, made.text
        return
    credential = made.json()["credentials"][0]
    sent = requests.put(credential["url"], data=b"x" * 100, headers=credential.get("headers"))
    assert sent.status_code in (200, 201), sent.text
    body = {"path": "gone.bin", "upload_id": made.json().get("upload_id")}
    assert requests.post(f"{api}mpu/abort/{path}", json=body, headers=login).status_code == 200
    assert requests.get(f"{api}artifacts/{path}/gone.bin", headers=login).status_code == 404
