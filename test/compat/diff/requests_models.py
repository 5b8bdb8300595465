"""More requests of differential.py: logged models, artifacts and the rest. They use
the experiment and the runs that requests_tracking.py makes."""

from diff.requests_tracking import T, pairs
from diff.requests_tracking import ask as ask_before

REQUESTS = []


def ask(title, method, path, body=None, save=None, headers=None):
    ask_before(title, method, path, body, save, headers, into=REQUESTS)


def post(title, path, body=None, **more):
    ask(title, "POST", path, {} if body is None else body, **more)


def get(title, path, **more):
    ask(title, "GET", path, **more)


# --- logged models ----------------------------------------------------------

def models():
    model_id = ["model", "info", "model_id"]
    lm = "logged-models"
    post("model: create", lm, {"experiment_id": "$x", "name": "lm1", "model_type": "Classifier", "source_run_id": "$m", "params": pairs(lr="0.1"), "tags": pairs(t="1")}, save={"lm": model_id})
    post("model: create minimal", lm, {"experiment_id": "$x"}, save={"lm2": model_id})
    for title, body in {
        "slash": {"name": "a/b"}, "dot": {"name": "a.b"}, "colon": {"name": "a:b"}, "percent": {"name": "a%b"}, "quote": {"name": "a'b"}, "double quote": {"name": 'a"b'}, "empty": {"name": ""}, "number": {"name": 5}, "long": {"name": "n" * 501}, "unknown run": {"source_run_id": "nope"}, "duplicate params": {"params": pairs(a="1") + pairs(a="2")}, "duplicate tags": {"tags": pairs(a="1") + pairs(a="2")},
        "params text": {"params": "x"}, "long param": {"params": pairs(p="x" * 7000)}, "unicode": {"name": "模型"}, "space": {"name": " "},
    }.items():
        post(f"model: create, {title}", lm, {"experiment_id": "$x", **body})
    for body in ({}, {"experiment_id": "abc"}, {"experiment_id": "99999"}, {"experiment_id": 5}):
        post(f"model: create in {body}", lm, body)
    for id in ("$lm", "$lm2", "m-nope", "x%2Fy"):
        get(f"model: get {id}", f"{lm}/{id}")
    for body in ({"status": "LOGGED_MODEL_READY"}, {"status": 2}, {"status": "LOGGED_MODEL_UPLOAD_FAILED"}, {"status": "LOGGED_MODEL_PENDING"}, {"status": "BOGUS"}, {"status": 0}, {}, {"status": 99}, {"model_id": "other", "status": "LOGGED_MODEL_READY"}):
        ask(f"model: finalize {body}", "PATCH", f"{lm}/$lm", {"model_id": "$lm", **body})
    ask("model: finalize without id", "PATCH", f"{lm}/$lm", {"status": "LOGGED_MODEL_READY"})
    ask("model: set tags", "PATCH", f"{lm}/$lm/tags", {"model_id": "$lm", "tags": pairs(t="2", n="x") + pairs(n="y")})
    ask("model: set tags without id", "PATCH", f"{lm}/$lm/tags", {"tags": pairs(z="1")})
    ask("model: set tags of missing", "PATCH", f"{lm}/m-x/tags", {"tags": pairs(z="1")})
    ask("model: set no tags", "PATCH", f"{lm}/$lm/tags", {})
    ask("model: delete tag", "DELETE", f"{lm}/$lm/tags/t")
    ask("model: delete tag again", "DELETE", f"{lm}/$lm/tags/t")
    ask("model: delete tag of missing", "DELETE", f"{lm}/m-x/tags/t")
    for body in ({"params": pairs(p2="v")}, {"params": pairs(p2="v")}, {"params": pairs(p2="w")}, {"params": []}, {}):
        post(f"model: params {body}", f"{lm}/$lm/params", {"model_id": "$lm", **body})
    post("model: params of missing", f"{lm}/m-x/params", {"model_id": "m-x", "params": pairs(a="1")})
    for i, (value, step, name) in enumerate(((0.5, 1, "d1"), (0.7, 2, "d1"), ("NaN", 3, "d2"), ("Infinity", 4, "d2"))):
        post(f"model: metric {i}", "runs/log-batch", {"run_id": "$m", "metrics": [{"key": "acc", "value": value, "timestamp": T + i, "step": step, "model_id": "$lm", "dataset_name": name, "dataset_digest": "g"}]})
    post("model: metric alone", "runs/log-metric", {"run_id": "$m", "key": "loss", "value": 0.25, "timestamp": T, "model_id": "$lm"})
    get("model: get with metrics", f"{lm}/$lm")
    search = f"{lm}/search"
    for body in (
        {"filter": "name = 'lm1'"}, {"max_results": 1, "filter": "name = 'lm1'"}, {"max_results": 0, "filter": "name = 'lm1'"}, {"max_results": -1}, {"max_results": "x"}, {"max_results": 1.5}, {"page_token": "bad"}, {"page_token": "e30="}, {"order_by": [{"field_name": "metrics.acc"}], "filter": "metrics.acc > 0.6"}, {"order_by": [{}], "filter": "name = 'lm1'"}, {"order_by": ["name"]}, {"order_by": "name"},
        {"datasets": [{"dataset_name": "d1", "dataset_digest": "g"}]}, {"datasets": [{}]}, {"datasets": "x"}, {"filter": 5}, {"filter": "metrics.acc > 0.6", "datasets": [{"dataset_name": "d1", "dataset_digest": "g"}]}, {"filter": "params.lr = '0.1' AND tags.n = 'y'"},
    ):
        post(f"model: search {body}", search, {"experiment_ids": ["$x"], **body})
    for body in ({}, {"experiment_ids": []}, {"experiment_ids": ["abc"]}, {"experiment_ids": ["99999"]}, {"experiment_ids": "$x"}):
        post(f"model: search in {body}", search, body)
    ask("model: delete", "DELETE", f"{lm}/$lm2")
    ask("model: delete again", "DELETE", f"{lm}/$lm2")
    ask("model: delete missing", "DELETE", f"{lm}/m-nope")
    get("model: get deleted", f"{lm}/$lm2")
    get("model: get deleted, allowed", f"{lm}/$lm2?allow_deleted=true")
    get("model: get deleted, not allowed", f"{lm}/$lm2?allow_deleted=false")
    get("model: get, bad flag", f"{lm}/$lm2?allow_deleted=maybe")
    ask("model: finalize deleted", "PATCH", f"{lm}/$lm2", {"model_id": "$lm2", "status": "LOGGED_MODEL_READY"})
    ask("model: tag deleted", "PATCH", f"{lm}/$lm2/tags", {"tags": pairs(z="1")})


# --- artifacts --------------------------------------------------------------

def artifacts():
    proxy = "/api/2.0/mlflow-artifacts/artifacts"
    root = proxy + "/$x/$r/artifacts/"
    for name, body in {"a/b.txt": "hello", "a/b.txt ": "x", "empty.bin": "", "x.html": "<script>", "%E5%90%8D%20x.txt": "u", "t.json": "{}", "MLmodel": "flavors: {}\n", "p.png": b"\x89PNG\r\n", "noext": "n", "s.svg": "<svg/>", "a%2Bb.csv": "1,2", "d.js": "x", "e.yaml": "a: 1", "q%22uote.txt": "q", "dir/": "x", "a": "x", "t.json/x": "x", "a//c.txt": "x", "m.md": "# m", "z.tar.gz": "z", "style.css": "a{}"}.items():
        ask(f"artifact: put {name}", "PUT", root + name.replace(" ", "%20"), body)
    for name in ("a/b.txt", "empty.bin", "x.html", "%E5%90%8D%20x.txt", "t.json", "MLmodel", "p.png", "noext", "s.svg", "a%2Bb.csv", "d.js", "e.yaml", "q%22uote.txt", "nope.txt", "a", "a/", "", "m.md", "z.tar.gz", "style.css"):
        ask(f"artifact: get {name}", "GET", root + name)
    for value in ("bytes=0-1", "bytes=2-", "bytes=-2", "bytes=100-", "bytes=x", "bytes=0-0,2-3", "lines=1-2"):
        ask(f"artifact: range {value}", "GET", root + "a/b.txt", headers={"Range": value})
    ask("artifact: head", "HEAD", root + "a/b.txt")
    ask("artifact: head missing", "HEAD", root + "nope")
    for query in ("", "?path=$x/$r/artifacts", "?path=$x/$r/artifacts/a", "?path=$x/$r/artifacts/a/b.txt", "?path=zz/yy", "?path=../x", "?path=/etc", "?path=", "?path=$x/$r/artifacts/a/", "?path=%252e%252e", "?path=a%00b"):
        ask(f"artifact: list {query}", "GET", proxy + query)
    for query in ("run_id=$r", "run_uuid=$r", "run_id=$r&path=a", "run_id=$r&path=a/b.txt", "run_id=$r&path=nope", "run_id=$r&path=..", "run_id=$r&path=/etc", "run_id=$r&path=a/../a", "", "run_id=nope", "run_id=$r&path=%252e%252e", "run_id=$r&page_token=x", "run_id=$r&path=", "run_id=$r&path=a%2F", "run_id=$r&path=file:///etc"):
        get(f"artifact: list run {query}", "artifacts/list?" + query)
    for query in ("run_id=$r&path=a/b.txt", "run_uuid=$r&path=a/b.txt", "run_id=$r&path=x.html", "run_id=$r&path=t.json", "run_id=$r&path=nope", "run_id=$r&path=a", "run_id=$r", "path=a/b.txt", "run_id=nope&path=a", "run_id=$r&path=../a", "run_id=$r&path=/etc/passwd", "run_id=$r&path=%2e%2e/a", "run_id=$r&path=%E5%90%8D%20x.txt", "run_id=$r&path=p.png", "run_id=$r&path=noext", "run_id=$r&path="):
        ask(f"artifact: get-artifact {query}", "GET", "/get-artifact?" + query)
    upload = "/ajax-api/2.0/mlflow/upload-artifact?"
    for query in ("run_uuid=$r&path=up/loaded.txt", "run_id=$r&path=up/loaded.txt", "run_uuid=$r", "path=x", "run_uuid=nope&path=x", "run_uuid=$r&path=../x", "run_uuid=$r&path=/x", "run_uuid=$r&path="):
        ask(f"artifact: upload {query}", "POST", upload + query, "data", headers={"Content-Type": "text/plain"})
    ask("artifact: upload nothing", "POST", upload + "run_uuid=$r&path=up/none.txt", "", headers={"Content-Type": "text/plain"})
    ask("artifact: uploaded", "GET", root + "up/loaded.txt")
    ask("artifact: put to model", "PUT", proxy + "/$x/models/$lm/artifacts/MLmodel", "flavors: {}")
    for query in ("", "?artifact_directory_path=zz", "?artifact_directory_path=..", "?artifact_directory_path=MLmodel"):
        get(f"artifact: list model {query}", "logged-models/$lm/artifacts/directories" + query)
    get("artifact: list missing model", "logged-models/m-nope/artifacts/directories")
    files = "/ajax-api/2.0/mlflow/logged-models/$lm/artifacts/files"
    for query in ("?artifact_file_path=MLmodel", "", "?artifact_file_path=nope", "?artifact_file_path=../x"):
        ask(f"artifact: model file {query}", "GET", files + query)
    ask("artifact: model file outside ajax", "GET", "/api/2.0/mlflow/logged-models/$lm/artifacts/files?artifact_file_path=MLmodel")
    for name in ("noext", "noext", "up", "nope", "%252e%252e/x"):
        ask(f"artifact: delete {name}", "DELETE", root + name)
    for kind in ("create", "complete", "abort"):
        post(f"artifact: multipart {kind}", f"/api/2.0/mlflow-artifacts/mpu/{kind}/$x/$r/artifacts", {"path": "f", "num_parts": 2, "upload_id": "u", "parts": []})
    ask("artifact: presigned", "GET", "/api/2.0/mlflow-artifacts/presigned/$x/$r/artifacts/x.html")
    for kind in ("upload", "download"):
        for body in ({"run_id": "$r", "path": "x"}, {"path": "x"}, {"run_id": "$r", "model_id": "$lm", "path": "x"}, {"run_id": "$r"}, {"run_id": "nope", "path": "x"}):
            post(f"artifact: presigned {kind} {body}", f"artifacts/presigned-{kind}-url", body)


def misc():
    for path in ("/health", "/version", "/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info", "/metrics", "/static-files/x", "/docs", "/openapi.json", "/api/2.0/mlflow/nope", "/api/2.0/mlflow", "/api/2.0/mlflow/experiments/get/", "/api/9.0/mlflow/experiments/get", "/ajax-api/3.0/mlflow/ui-telemetry", "/api/3.0/mlflow/workspaces"):
        ask(f"misc: {path}", "GET", path)
    for method, path in (("HEAD", "/health"), ("HEAD", "/version"), ("POST", "/health"), ("GET", "/api/2.0/mlflow/experiments/create"), ("PUT", "/api/2.0/mlflow/experiments/get"), ("DELETE", "/api/2.0/mlflow/runs/delete"), ("HEAD", "/api/2.0/mlflow/experiments/get?experiment_id=0"), ("OPTIONS", "/api/2.0/mlflow/experiments/search")):
        ask(f"misc: {method} {path}", method, path)


for group in (models, artifacts, misc):
    group()
