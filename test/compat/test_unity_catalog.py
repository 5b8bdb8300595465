"""The registry that mlflow.login() selects: Unity Catalog's routes, with an access token."""

import contextlib
import json
import os
import shutil
import subprocess
import time

import mlflow
import numpy
import pytest
import requests
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

from conftest import since
from servers import free_port
from test_login_door import closed, closed_server, python  # noqa: F401 - closed is a fixture

# The first lines of the programs. PREDICT checks that the model at a URI predicts.
START = """
    import json, os
    import mlflow
    import numpy
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    mlflow.login()
    if os.environ.get("SET_REGISTRY"):
        mlflow.set_registry_uri(os.environ["SET_REGISTRY"])
    assert mlflow.get_tracking_uri() == "databricks", mlflow.get_tracking_uri()
    assert mlflow.get_registry_uri() == "databricks-uc", mlflow.get_registry_uri()
    client = mlflow.MlflowClient()
    x, y = numpy.array([[0.0], [1.0]]), [0, 1]
    where = {"artifact_path": "model"} if mlflow.__version__.startswith("2.") else {"name": "model"}

    def log(name="main.default.cancer"):
        model = LogisticRegression().fit(x, y)
        with mlflow.start_run() as run:
            mlflow.log_metric("accuracy", 0.9)
            mlflow.sklearn.log_model(model, **where, signature=infer_signature(x, y), registered_model_name=name,
                                     pip_requirements=["scikit-learn"])
        return run.info.run_id

    def predict(uri):
        assert list(mlflow.pyfunc.load_model(uri).predict(x)) == y, uri

    mlflow.set_experiment("/Users/me@example.org/catalog")
    run_id = log()
"""

# The whole life of a model, by every way to transfer files.
LIFE = START + """
    client.set_registered_model_alias("main.default.cancer", "champion", "1")
    predict("models:/main.default.cancer@champion")
    predict("models:/main.default.cancer/1")

    version = client.get_model_version("main.default.cancer", "1")
    assert (version.status, version.run_id) == ("READY", run_id), version
    client.set_registered_model_tag("main.default.cancer", "team", "a")
    client.set_registered_model_tag("main.default.cancer", "gone", "b")
    client.delete_registered_model_tag("main.default.cancer", "gone")
    client.set_model_version_tag("main.default.cancer", "1", "checked", "yes")
    client.set_model_version_tag("main.default.cancer", "1", "gone", "b")
    client.delete_model_version_tag("main.default.cancer", "1", "gone")
    client.update_registered_model("main.default.cancer", "about cancer")
    client.update_model_version("main.default.cancer", "1", "the first")
    model = client.get_registered_model("main.default.cancer")
    assert (model.description, model.tags, model.aliases) == ("about cancer", {"team": "a"}, {"champion": "1"}), model
    version = client.get_model_version_by_alias("main.default.cancer", "champion")
    assert (version.description, version.tags, list(version.aliases)) == ("the first", {"checked": "yes"}, ["champion"]), version
    assert version.current_stage in (None, ""), version.current_stage

    log()
    found = client.search_model_versions("name='main.default.cancer'")
    assert sorted(str(v.version) for v in found) == ["1", "2"], found
    assert [m.name for m in client.search_registered_models()] == ["main.default.cancer"]
    client.set_registered_model_alias("main.default.cancer", "champion", "2")
    client.delete_registered_model_alias("main.default.cancer", "champion")
    client.delete_model_version("main.default.cancer", "2")
    client.set_registered_model_alias("main.default.cancer", "champion", "1")

    copied = client.copy_model_version("models:/main.default.cancer/1", "prod.default.cancer")
    assert (copied.name, str(copied.version)) == ("prod.default.cancer", "1"), copied
    predict("models:/prod.default.cancer/1")
    client.rename_registered_model("main.default.cancer", "main.default.renamed")
    predict("models:/main.default.renamed@champion")
    client.delete_registered_model("prod.default.cancer")
    print("RESULT " + json.dumps({"run": run_id}))
"""


def run(program, url, token, folder, **environment):
    environment.setdefault("SET_REGISTRY", "databricks-uc")
    done = python(program, folder, DATABRICKS_HOST=url, DATABRICKS_TOKEN=token, **environment)
    assert done.returncode == 0, done.stderr[-6000:]
    assert "No run link will be recorded" not in done.stderr, done.stderr
    return json.loads(done.stdout.split("RESULT ")[1])


FILES_API = {}
SIGNED_URLS = {"MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC": "false"}


NATIVE = {"MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY": "true"}


@pytest.mark.parametrize("environment", [
    FILES_API,
    SIGNED_URLS,
    pytest.param(NATIVE, marks=since("3.17", "native routes")),
    pytest.param({**NATIVE, **SIGNED_URLS}, marks=since("3.17", "native routes")),
], ids=["files-api", "signed-urls", "native", "native-signed-urls"])
def test_life(closed, tmp_path, environment):  # noqa: F811
    server, token = closed
    run(LIFE, server.url, token, tmp_path, **environment)


NGINX = """
daemon off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        location /ml/ {{
            proxy_pass {url}{path};
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            {prefix}
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(folder, url, static_prefix):
    """Run nginx as a reverse proxy at https://localhost:PORT/ml, which ends TLS and removes the path /ml.

    With a static prefix the server knows the path. The result is the URL.
    """
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(
        port=port, url=url, path="/ml/" if static_prefix else "/",
        prefix="" if static_prefix else "proxy_set_header X-Forwarded-Prefix /ml;"))
    with subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]) as process:
        try:
            base = f"https://localhost:{port}/ml"
            for _ in range(100):
                with contextlib.suppress(requests.ConnectionError):
                    requests.get(base + "/health", verify=folder / "cert.pem").raise_for_status()
                    break
                time.sleep(0.1)
            yield base
        finally:
            process.terminate()


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
@pytest.mark.parametrize("static_prefix", [False, True], ids=["prefix-of-proxy", "static-prefix"])
@pytest.mark.parametrize("environment", [FILES_API, SIGNED_URLS], ids=["files-api", "signed-urls"])
def test_behind_proxy(tmp_path, static_prefix, environment):
    options = ["--static-prefix", "/ml"] if static_prefix else []
    (tmp_path / "server").mkdir()
    with (closed_server(tmp_path / "server", *options, path="/ml" if static_prefix else "") as (server, token),
          nginx(tmp_path, server.url, static_prefix) as url):
        run(LIFE, url, token, tmp_path, REQUESTS_CA_BUNDLE=str(tmp_path / "cert.pem"), **environment)


def test_one_model_in_every_interface(closed, tmp_path):  # noqa: F811
    """A model registered after login() is an ordinary registered model over http."""
    server, token = closed
    run(START + """
    client.set_registered_model_alias("main.default.cancer", "champion", "1")
    print("RESULT {}")
    """, server.url, token, tmp_path)
    done = python("""
    import mlflow
    import numpy

    client = mlflow.MlflowClient()
    version = client.get_model_version_by_alias("main.default.cancer", "champion")
    assert (version.version, version.status, version.current_stage) == ("1", "READY", "None"), version
    for uri in ("models:/main.default.cancer/1", "models:/main.default.cancer@champion"):
        assert list(mlflow.pyfunc.load_model(uri).predict(numpy.array([[0.0], [1.0]]))) == [0, 1], uri
    client.transition_model_version_stage("main.default.cancer", "1", "Production")
    assert mlflow.pyfunc.load_model("models:/main.default.cancer/Production")
    client.create_registered_model("plain")
    copied = client.copy_model_version("models:/main.default.cancer/1", "plain")
    client.delete_registered_model("main.default.cancer")
    assert mlflow.pyfunc.load_model(f"models:/plain/{copied.version}")
    """, tmp_path, MLFLOW_TRACKING_URI=server.url, MLFLOW_TRACKING_TOKEN=token)
    assert done.returncode == 0, done.stderr[-6000:]
    folder = os.path.join(server.artifacts, "model-versions")
    assert len(os.listdir(folder)) == 1, "the copy has the files of the deleted version"
    deleted = requests.delete(server.url + "/api/2.0/mlflow/registered-models/delete", json={"name": "plain"},
                              headers={"Authorization": "Bearer " + token})
    assert deleted.status_code == 200, deleted.text
    assert os.listdir(folder) == []


@pytest.mark.skipif(os.environ.get("COMPAT_SERVER") == "mlflow", reason="Millrace's own")
@since("3.17", "registry URI uc: with these routes")
def test_open_source_scheme(client, server, tmp_path):
    """The registry URI uc:http://... on the machine of the server, which reads and writes the files itself."""
    mlflow.set_registry_uri("uc:" + server.url)
    try:
        x, y = numpy.array([[0.0], [1.0]]), [0, 1]
        mlflow.set_experiment("open source catalog")
        with mlflow.start_run():
            mlflow.sklearn.log_model(LogisticRegression().fit(x, y), name="model", signature=infer_signature(x, y),
                                     registered_model_name="main.default.open", pip_requirements=["scikit-learn"])
        assert list(mlflow.pyfunc.load_model("models:/main.default.open/1").predict(x)) == y
        registry = mlflow.MlflowClient()
        registry.update_registered_model("main.default.open", "about")
        registry.update_model_version("main.default.open", "1", "the first")
        version = registry.get_model_version("main.default.open", "1")
        assert (version.description, version.status) == ("the first", "READY"), version
        assert [str(v.version) for v in registry.search_model_versions("name='main.default.open'")] == ["1"]
        assert "main.default.open" in [m.name for m in registry.search_registered_models()]
        mlflow.set_registry_uri(server.url)
        assert list(mlflow.pyfunc.load_model("models:/main.default.open/1").predict(x)) == y
        mlflow.set_registry_uri("uc:" + server.url)
        registry = mlflow.MlflowClient()
        registry.delete_model_version("main.default.open", "1")
        registry.delete_registered_model("main.default.open")
    finally:
        mlflow.set_registry_uri(None)
