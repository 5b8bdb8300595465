"""The requests of differential.py that a client or a user might send."""

import json

from differential import Request

API = "/api/2.0/mlflow/"
REQUESTS = []
T = 1700000000000
LONG = {n: "x" * n for n in (249, 250, 251, 500, 501, 6000, 6001, 8000, 8001, 20000, 20001)}


def ask(title, method, path, body=None, save=None, headers=None, into=REQUESTS):
    if not path.startswith("/"):
        path = API + path
    into.append(Request(title, method, path, body, save, headers))


def post(title, path, body=None, **more):
    ask(title, "POST", path, {} if body is None else body, **more)


def get(title, path, **more):
    ask(title, "GET", path, **more)


def pairs(**values):
    return [{"key": k, "value": v} for k, v in values.items()]


# --- experiments ------------------------------------------------------------

def experiments():
    create = "experiments/create"
    post("experiment: create", create, {"name": "e1"}, save={"e1": ["experiment_id"]})
    post("experiment: create with tags and location", create, {"name": "e2", "artifact_location": "s3://bucket/p", "tags": pairs(a="1", b="2")},
         save={"e2": ["experiment_id"]})
    for id in ("$e1", "$e2", "0", "", "abc", "999999", "-1", "1.5", "99999999999999999999", " 1", "+1", "01"):
        get(f"experiment: get {id}", "experiments/get?experiment_id=" + id.replace(" ", "%20").replace("+", "%2B"))
    get("experiment: get without id", "experiments/get")
    for name in ("e1", "e2", "Default", "nope", ""):
        get(f"experiment: get by name {name}", "experiments/get-by-name?experiment_name=" + name)
    get("experiment: get by no name", "experiments/get-by-name")
    for title, body in {
        "duplicate": {"name": "e1"}, "no name": {}, "empty name": {"name": ""}, "null name": {"name": None}, "number": {"name": 5},
        "name list": {"name": ["x"]}, "name true": {"name": True},
        "name 500": {"name": "n" * 500}, "name 501": {"name": "n" * 501}, "name 500 wide": {"name": "é" * 500}, "name spaces": {"name": "  sp  "},
        "name slash": {"name": "/Users/me/x"}, "name unicode": {"name": "实验室"}, "name newline": {"name": "a\nb"}, "name blank": {"name": " "},
        "unknown field": {"name": "unknown", "bogus": 1}, "camel case": {"name": "camel", "artifactLocation": "s3://b/x"},
        "both cases": {"name": "both", "artifactLocation": "s3://b/x", "artifact_location": "s3://b/x"},
        "duplicate tags": {"name": "dt", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
        "tag without value": {"name": "tnv", "tags": [{"key": "a"}]}, "tag without key": {"name": "tnk", "tags": [{"value": "a"}]},
        "tags text": {"name": "tt", "tags": "x"}, "tags texts": {"name": "tts", "tags": ["x"]}, "tags object": {"name": "to", "tags": {"a": "b"}},
        "tag key bad": {"name": "tkb", "tags": [{"key": "a$", "value": "1"}]}, "tag value number": {"name": "tvn", "tags": [{"key": "a", "value": 1}]},
        "tag key 251": {"name": "tk251", "tags": [{"key": LONG[251], "value": "1"}]},
        "location runs:": {"name": "l1", "artifact_location": "runs:/x"}, "location query": {"name": "l2", "artifact_location": "s3://b/p?x=1"},
        "location fragment": {"name": "l3", "artifact_location": "s3://b/p#f"}, "location dots": {"name": "l4", "artifact_location": "s3://b/../p"},
        "location empty": {"name": "l11", "artifact_location": ""}, "location params": {"name": "l12", "artifact_location": "s3://b/p;x=1"},
        "location long": {"name": "l10", "artifact_location": "s3://b/" + "x" * 2048}, "location number": {"name": "l13", "artifact_location": 5},
        "location artifacts": {"name": "l9", "artifact_location": "mlflow-artifacts:/custom/x"},
        "location models": {"name": "l14", "artifact_location": "models:/x/1"},
    }.items():
        post(f"experiment: create, {title}", create, body)
    for title, raw, kind in (
        ("bad json", "{bad", "application/json"), ("no content type", '{"name":"nct"}', None), ("text", '{"name":"txt"}', "text/plain"),
        ("form", "name=form", "application/x-www-form-urlencoded"), ("charset", '{"name":"cs"}', "application/json; charset=utf-8"),
        ("twice encoded", json.dumps('{"name":"twice"}'), "application/json"), ("empty body", "", "application/json"), ("null", "null", "application/json"),
        ("array", "[1]", "application/json"), ("number", "5", "application/json"), ("text in json", '"x"', "application/json"),
        ("duplicate keys", '{"name":"dk1","name":"dk2"}', "application/json"), ("bom", "\ufeff{\"name\":\"bom\"}", "application/json"),
        ("trailing comma", '{"name":"tc",}', "application/json"), ("two values", '{"name":"tv"} {}', "application/json"),
        ("surrogate", '{"name":"\\ud83d\\ude00"}', "application/json"), ("upper case type", '{"name":"uct"}', "APPLICATION/JSON"),
    ):
        ask(f"experiment: create, {title}", "POST", create, raw, headers={"Content-Type": kind})
    update = "experiments/update"
    for title, body in {
        "rename": {"experiment_id": "$e1", "new_name": "e1b"}, "rename same": {"experiment_id": "$e1", "new_name": "e1b"},
        "rename taken": {"experiment_id": "$e1", "new_name": "e2"}, "rename none": {"experiment_id": "$e1"}, "rename missing": {"experiment_id": "99999", "new_name": "q"},
        "rename empty": {"experiment_id": "$e1", "new_name": ""}, "rename long": {"experiment_id": "$e1", "new_name": "n" * 501}, "rename number": {"experiment_id": "$e1", "new_name": 5},
        "rename bad id": {"experiment_id": "abc", "new_name": "q"}, "rename int id": {"experiment_id": 1, "new_name": "q"}, "rename no id": {"new_name": "q"},
    }.items():
        post(f"experiment: {title}", update, body)
    for title, body in {
        "": {"key": "k", "value": "v"}, "again": {"key": "k", "value": "v2"}, "no value": {"key": "k"}, "empty": {"key": "ke", "value": ""}, "null": {"key": "kn", "value": None},
        "no key": {"value": "v"}, "empty key": {"key": "", "value": "v"}, "key 250": {"key": LONG[250], "value": "v"}, "key 251": {"key": LONG[251], "value": "v"}, "value 20000": {"key": "big", "value": LONG[20000]},
        "value 20001": {"key": "big", "value": LONG[20001]}, "bad key": {"key": "a$", "value": "v"}, "key dots": {"key": "../a", "value": "v"}, "value number": {"key": "a", "value": 5},
    }.items():
        post(f"experiment: set tag {title}", "experiments/set-experiment-tag", {"experiment_id": "$e1", **body})
    post("experiment: set tag, no experiment", "experiments/set-experiment-tag", {"key": "a", "value": "v"})
    post("experiment: set tag, unknown experiment", "experiments/set-experiment-tag", {"experiment_id": "99999", "key": "a", "value": "v"})
    get("experiment: get with tags", "experiments/get?experiment_id=$e1")
    for title, body in {"": {"key": "k"}, "again": {"key": "k"}, "no key": {}, "unknown": {"key": "zz"}}.items():
        post(f"experiment: delete tag {title}", "experiments/delete-experiment-tag", {"experiment_id": "$e1", **body})
    post("experiment: delete tag, unknown experiment", "experiments/delete-experiment-tag", {"experiment_id": "99999", "key": "k"})
    post("experiment: make one to delete", create, {"name": "gone"}, save={"gone": ["experiment_id"]})
    post("experiment: run in it", "runs/create", {"experiment_id": "$gone", "run_name": "g", "start_time": T}, save={"gone_run": ["run", "info", "run_id"]})
    for title, path, body in (
        ("delete", "delete", {}), ("delete again", "delete", {}), ("rename deleted", "update", {"new_name": "zz"}),
        ("tag deleted", "set-experiment-tag", {"key": "k", "value": "v"}), ("untag deleted", "delete-experiment-tag", {"key": "k"}),
    ):
        post(f"experiment: {title}", "experiments/" + path, {"experiment_id": "$gone", **body})
    get("experiment: get deleted", "experiments/get?experiment_id=$gone")
    get("experiment: get deleted by name", "experiments/get-by-name?experiment_name=gone")
    get("experiment: run of deleted", "runs/get?run_id=$gone_run")
    post("experiment: create name of deleted", create, {"name": "gone"})
    post("experiment: run in deleted", "runs/create", {"experiment_id": "$gone"})
    post("experiment: search deleted", "experiments/search", {"max_results": 10, "view_type": "DELETED_ONLY"})
    post("experiment: restore", "experiments/restore", {"experiment_id": "$gone"})
    post("experiment: restore again", "experiments/restore", {"experiment_id": "$gone"})
    get("experiment: run of restored", "runs/get?run_id=$gone_run")
    for path in ("delete", "restore"):
        for body in ({}, {"experiment_id": "abc"}, {"experiment_id": "99999"}, {"experiment_id": 5}):
            post(f"experiment: {path} {body}", "experiments/" + path, body)
    post("experiment: delete default", "experiments/delete", {"experiment_id": "0"})
    post("experiment: restore default", "experiments/restore", {"experiment_id": "0"})
    for body in (
        {}, {"max_results": 2}, {"max_results": 0}, {"max_results": -1}, {"max_results": 50000}, {"max_results": 50001}, {"max_results": "abc"}, {"max_results": "3"},
        {"max_results": 1.5}, {"max_results": 2.0}, {"max_results": None}, {"max_results": True}, {"max_results": 10**30}, {"max_results": 5, "view_type": 2}, {"max_results": 5, "view_type": 3},
        {"max_results": 5, "view_type": 4}, {"max_results": 5, "view_type": 0}, {"max_results": 5, "view_type": "ALL"}, {"max_results": 5, "view_type": "bogus"}, {"max_results": 5, "view_type": "2"},
        {"max_results": 2, "page_token": "bad"}, {"max_results": 2, "page_token": "eyJvZmZzZXQiOiAyfQ=="}, {"max_results": 2, "page_token": "eyJvZmZzZXQiOiAwfQ=="},
        {"max_results": 2, "page_token": "e30="}, {"max_results": 2, "page_token": "eyJvZmZzZXQiOiAiYSJ9"}, {"max_results": 2, "page_token": 5}, {"max_results": 2, "page_token": ""},
        {"max_results": 2, "filter": 5}, {"max_results": 2, "order_by": "name"}, {"max_results": 2, "order_by": [5]}, {"max_results": 100, "order_by": ["name"]},
    ):
        post(f"experiment: search {body}", "experiments/search", body)
    get("experiment: search by GET", "experiments/search?max_results=3&order_by=name&filter=name%20LIKE%20%27e%25%27")
    get("experiment: search by GET without maximum", "experiments/search")


# --- runs -------------------------------------------------------------------

def runs():
    create = "runs/create"
    post("run: experiment", "experiments/create", {"name": "for runs"}, save={"x": ["experiment_id"]})
    run_id = ["run", "info", "run_id"]
    post("run: create", create, {"experiment_id": "$x", "user_id": "bob", "start_time": T, "run_name": "n1", "tags": pairs(**{"mlflow.user": "bob", "k": "v"})}, save={"r": run_id})
    post("run: create minimal", create, {"experiment_id": "$x"}, save={"r2": run_id})
    for title, body in {
        "start_time text": {"start_time": str(T)}, "start_time word": {"start_time": "xx"}, "start_time float": {"start_time": 1.5}, "start_time whole float": {"start_time": 5.0}, "start_time negative": {"start_time": -5},
        "start_time huge": {"start_time": 2**63}, "start_time null": {"start_time": None}, "start_time bool": {"start_time": True},
        "name and tag": {"run_name": "a", "tags": pairs(**{"mlflow.runName": "b"})}, "same name and tag": {"run_name": "a", "tags": pairs(**{"mlflow.runName": "a"})}, "name tag": {"tags": pairs(**{"mlflow.runName": "b"})},
        "empty name": {"run_name": ""}, "name number": {"run_name": 5}, "name 250": {"run_name": "n" * 250}, "duplicate tags": {"tags": pairs(a="b") + pairs(a="c")},
        "bad tag key": {"tags": pairs(**{"a$": "b"})}, "long tag": {"tags": pairs(long="b" * 9000)}, "tag without value": {"tags": [{"key": "a"}]}, "tag without key": {"tags": [{"value": "a"}]},
        "tags text": {"tags": "x"}, "tags null": {"tags": None}, "tag numbers": {"tags": [5]}, "user number": {"user_id": 5}, "unknown field": {"bogus": {}},
    }.items():
        post(f"run: create, {title}", create, {"experiment_id": "$x", **body})
    for body in ({}, {"experiment_id": 20}, {"experiment_id": "abc"}, {"experiment_id": "99999"}, {"experiment_id": ""}, {"experiment_id": None}):
        post(f"run: create in {body}", create, body)
    for query in ("run_id=$r", "run_uuid=$r", "", "run_id=", "run_id=nope", "run_id=$r2", "run_id=$r&run_id=$r2", "run_id=$r&bogus=1"):
        get(f"run: get {query}", "runs/get?" + query)
    for body in (
        {"status": "FINISHED", "end_time": T + 1000}, {"status": "RUNNING"}, {"status": "KILLED"}, {"status": "FAILED"}, {"status": "SCHEDULED"}, {"status": "BOGUS"}, {"status": 3}, {"status": "3"}, {"status": 99}, {"status": None},
        {"run_name": "new"}, {"run_name": ""}, {}, {"end_time": "abc"}, {"end_time": 0}, {"end_time": -1}, {"end_time": str(T)}, {"end_time": 1.5}, {"run_name": 5}, {"run_name": "n" * 251}, {"status": "finished"},
    ):
        post(f"run: update {str(body)[:60]}", "runs/update", {"run_id": "$r", **body})
        get(f"run: after update {str(body)[:60]}", "runs/get?run_id=$r")
    post("run: update nothing", "runs/update", {})
    post("run: update missing", "runs/update", {"run_id": "nope"})
    post("run: update by uuid", "runs/update", {"run_uuid": "$r", "run_name": "by uuid"})

    for body in (
        {"key": "p", "value": "1"}, {"key": "p", "value": "1"}, {"key": "p", "value": "2"}, {"key": "pe", "value": ""}, {"key": "pn"}, {"key": "pnull", "value": None}, {"key": "pi", "value": 5}, {"key": "pb", "value": True},
        {"key": "p6000", "value": LONG[6000]}, {"key": "p6001", "value": LONG[6001]}, {"key": "p6001", "value": LONG[6000]}, {"key": LONG[250], "value": "x"}, {"key": LONG[251], "value": "x"}, {"key": "a$", "value": "x"},
        {"value": "x"}, {"key": "", "value": "x"}, {"key": "a/b c:d.e-f_g", "value": "x"}, {"key": "实", "value": "实"}, {"key": "../x", "value": "x"}, {"key": "a/", "value": "x"}, {"key": 5, "value": "x"}, {"key": "p6000w", "value": "é" * 6001},
    ):
        post(f"run: param {str(body)[:50]}", "runs/log-parameter", {"run_id": "$r", **body})
    post("run: param, missing run", "runs/log-parameter", {"run_id": "nope", "key": "a", "value": "b"})
    post("run: param, no run", "runs/log-parameter", {"key": "a", "value": "b"})
    post("run: param by uuid", "runs/log-parameter", {"run_uuid": "$r", "key": "byuuid", "value": "b"})
    for body in (
        {"key": "t", "value": "1"}, {"key": "t", "value": "2"}, {"key": "t2"}, {"key": "tnull", "value": None}, {"key": "t8000", "value": LONG[8000]}, {"key": "t8001", "value": LONG[8001]}, {"key": LONG[251], "value": "x"}, {"key": "a$", "value": "x"},
        {"key": "mlflow.runName", "value": "viaTag"}, {"key": "mlflow.runName", "value": ""}, {"key": "mlflow.note.content", "value": "# n\n"}, {"value": "x"}, {"key": "ti", "value": 5}, {"key": "", "value": "x"}, {"key": "a//b", "value": "x"},
    ):
        post(f"run: tag {str(body)[:50]}", "runs/set-tag", {"run_id": "$r", **body})
    post("run: tag, missing run", "runs/set-tag", {"run_id": "nope", "key": "a", "value": "b"})
    for body in ({"key": "t"}, {"key": "t"}, {}, {"key": ""}, {"key": "mlflow.runName"}):
        post(f"run: delete tag {body}", "runs/delete-tag", {"run_id": "$r", **body})
    post("run: delete tag, missing run", "runs/delete-tag", {"run_id": "nope", "key": "t"})
    get("run: get with params and tags", "runs/get?run_id=$r")
    batches(create, run_id)
    inputs()
    for title, path in (("delete", "delete"), ("delete again", "delete")):
        post(f"run: {title}", "runs/" + path, {"run_id": "$r2"})
    get("run: get deleted", "runs/get?run_id=$r2")
    for path, body in {
        "log-metric": {"key": "m", "value": 1, "timestamp": T}, "log-parameter": {"key": "zz", "value": "1"}, "set-tag": {"key": "zz", "value": "1"}, "delete-tag": {"key": "zz"}, "update": {"status": "FINISHED"},
        "log-batch": {"tags": pairs(a="b")}, "log-inputs": {"datasets": []}, "outputs": {"models": []}, "log-model": {"model_json": "{}"},
    }.items():
        post(f"run: {path} on deleted", "runs/" + path, {"run_id": "$r2", **body})
    for name in ("listed c", "listed a", "listed b"):
        post(f"run: create {name}", create, {"experiment_id": "$x", "run_name": name, "start_time": T, "tags": pairs(listed="yes")}, save={name.replace(" ", "_"): run_id})
    post("run: delete one of three", "runs/delete", {"run_id": "$listed_b"})
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", 2, "bogus"):
        post(f"run: search {view}", "runs/search", {"experiment_ids": ["$x"], "run_view_type": view, "order_by": ["status", "run_name"], "filter": "tags.listed = 'yes'"})
    post("run: restore", "runs/restore", {"run_id": "$r2"})
    post("run: restore again", "runs/restore", {"run_id": "$r2"})
    for path in ("delete", "restore"):
        for body in ({}, {"run_id": "nope"}, {"run_uuid": "$r2"}, {"run_id": 5}):
            post(f"run: {path} {body}", "runs/" + path, body)


def batches(create, run_id):
    def metric(key, value=1, timestamp=T, step=0, **more):
        return {"key": key, "value": value, "timestamp": timestamp, "step": step, **more}

    post("batch: run", create, {"experiment_id": "$x", "run_name": "batch"}, save={"b": run_id})
    for title, body in {
        "": {"metrics": [metric("b1"), metric("b1", 2, T + 1, 1)], "params": pairs(bp="1"), "tags": pairs(bt="1")}, "nothing": {}, "empty lists": {"metrics": [], "params": [], "tags": []},
        "param conflict": {"params": pairs(bp="2", newp="z"), "metrics": [metric("after")], "tags": pairs(after="1")}, "two conflicts": {"params": pairs(bp="3") + pairs(bp="4")},
        "param twice": {"params": pairs(d="1") + pairs(d="1")}, "param again": {"params": pairs(bp="1")}, "metric twice": {"metrics": [metric("dup"), metric("dup")]}, "tag twice": {"tags": pairs(tt="1") + pairs(tt="2")},
        "bad metric name": {"metrics": [metric("ok1"), metric("a$")]}, "no value": {"metrics": [{"key": "x", "timestamp": T}]}, "no timestamp": {"metrics": [{"key": "x", "value": 1}]}, "no key": {"metrics": [{"value": 1, "timestamp": T}]}, "no step": {"metrics": [{"key": "nostep", "value": 1, "timestamp": T}]},
        "text value": {"metrics": [metric("x", "abc")]}, "nan": {"metrics": [metric("x", "NaN")]}, "infinity": {"metrics": [metric("xi", "-Infinity")]}, "negative time": {"metrics": [metric("x", 1, -1)]}, "float step": {"metrics": [metric("fs", 1, T, 1.5)]},
        "text step": {"metrics": [metric("ts", 1, T, "3")]}, "param without key": {"params": [{"value": "x"}]}, "param without value": {"params": [{"key": "pwv"}]}, "tag without key": {"tags": [{"value": "x"}]}, "tag without value": {"tags": [{"key": "twv"}]}, "long param": {"params": pairs(lp=LONG[6001])}, "long param key": {"params": pairs(**{LONG[251]: "x"})},
        "long tag": {"tags": pairs(lt=LONG[8001])}, "long tag key": {"tags": pairs(**{LONG[251]: "x"})}, "long metric key": {"metrics": [metric(LONG[251])]}, "101 params": {"params": pairs(**{f"q{i}": "x" for i in range(101)})}, "101 tags": {"tags": pairs(**{f"q{i}": "x" for i in range(101)})},
        "1001 metrics": {"metrics": [metric(f"q{i}") for i in range(1001)]}, "1000 metrics": {"metrics": [metric("q", i, T, i) for i in range(1000)]}, "1001 in all": {"metrics": [metric(f"q{i}") for i in range(950)], "params": pairs(**{f"q{i}": "x" for i in range(51)})},
        "metrics text": {"metrics": "x"}, "metrics numbers": {"metrics": [1]}, "params object": {"params": {"a": "b"}}, "null lists": {"metrics": None}, "param number": {"params": [{"key": "pn", "value": 5}]}, "run name": {"tags": pairs(**{"mlflow.runName": "renamed"})}, "metric with model": {"metrics": [metric("wm", model_id="m-nope")]},
        "metric with dataset name": {"metrics": [metric("wd", dataset_name="d")]}, "metric with dataset": {"metrics": [metric("wd", dataset_name="d", dataset_digest="x")]}, "key spaces": {"params": pairs(**{"a b": "x", " a": "x", "a ": "y"})}, "case": {"params": pairs(CASE="1", case="2")},
    }.items():
        post(f"batch: {title}", "runs/log-batch", {"run_id": "$b", **body})
    for body in ({"metrics": []}, {"run_id": "nope"}, {"run_id": "bad id!"}, {"run_id": 5}, {"run_id": ""}):
        post(f"batch: run {body}", "runs/log-batch", body)
    get("batch: get", "runs/get?run_id=$b")


def inputs():
    def dataset(**more):
        return {"dataset": {"name": "d", "digest": "g", "source_type": "local", "source": "s", **more}}

    for title, body in {
        "": {"datasets": [{**dataset(schema="{}", profile="{}"), "tags": pairs(**{"mlflow.data.context": "train"})}]}, "again": {"datasets": [{**dataset(), "tags": pairs(**{"mlflow.data.context": "eval"})}]}, "second": {"datasets": [dataset(name="d2"), dataset(digest="g2")]},
        "empty dataset": {"datasets": [{"dataset": {}}]}, "no dataset": {"datasets": [{}]}, "no datasets": {}, "empty": {"datasets": []}, "text": {"datasets": "x"}, "name 501": {"datasets": [dataset(name=LONG[501])]}, "digest 37": {"datasets": [dataset(digest="d" * 37)]},
        "source 65536": {"datasets": [dataset(source="s" * 65536)]}, "tag key 256": {"datasets": [{**dataset(name="tk"), "tags": pairs(**{"k" * 256: "v"})}]}, "tag value 501": {"datasets": [{**dataset(name="tv"), "tags": pairs(k=LONG[501])}]}, "duplicate tags": {"datasets": [{**dataset(name="dt"), "tags": pairs(a="1") + pairs(a="2")}]},
        "model": {"models": [{"model_id": "m-x"}]}, "model again": {"models": [{"model_id": "m-x"}]}, "model without id": {"models": [{}]}, "number name": {"datasets": [dataset(name=5)]},
    }.items():
        post(f"inputs: {title}", "runs/log-inputs", {"run_id": "$r", **body})
    post("inputs: missing run", "runs/log-inputs", {"run_id": "nope", "datasets": []})
    post("inputs: no run", "runs/log-inputs", {"datasets": []})
    for title, body in {
        "": {"models": [{"model_id": "m-y", "step": 3}]}, "again": {"models": [{"model_id": "m-y", "step": 3}]}, "no step": {"models": [{"model_id": "m-z"}]}, "none": {"models": []}, "missing": {}, "no id": {"models": [{"step": 1}]},
    }.items():
        post(f"outputs: {title}", "runs/outputs", {"run_id": "$r", **body})
    post("outputs: missing run", "runs/outputs", {"run_id": "nope", "models": [{"model_id": "m-y"}]})
    get("inputs: get", "runs/get?run_id=$r")
    post("inputs: search", "runs/search", {"experiment_ids": ["$x"], "filter": "datasets.name = 'd'"})
    for model in ('{"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": "$r"}', "{}", "bad", "[]", ""):
        post(f"log-model: {model}", "runs/log-model", {"run_id": "$r", "model_json": model})
    post("log-model: no model", "runs/log-model", {"run_id": "$r"})


# --- metrics ----------------------------------------------------------------

def metrics():
    run_id = ["run", "info", "run_id"]
    post("metric: run", "runs/create", {"experiment_id": "$x", "run_name": "metrics"}, save={"m": run_id})
    post("metric: second run", "runs/create", {"experiment_id": "$x", "run_name": "metrics 2"}, save={"m2": run_id})
    for body in (
        {"key": "m", "value": 1.5, "timestamp": T}, {"key": "m", "value": 1.5, "timestamp": T}, {"key": "m", "value": 2, "timestamp": T + 1, "step": 1}, {"key": "m", "value": 0.5, "timestamp": T + 5, "step": 0}, {"key": "nan", "value": "NaN", "timestamp": T},
        {"key": "nan", "value": -1, "timestamp": T}, {"key": "inf", "value": "Infinity", "timestamp": T}, {"key": "ninf", "value": "-Infinity", "timestamp": T}, {"key": "infw", "value": "inf", "timestamp": T}, {"key": "str", "value": "1.25", "timestamp": T}, {"key": "strsp", "value": " 1.25", "timestamp": T},
        {"key": "s2", "value": "abc", "timestamp": T}, {"key": "b", "value": True, "timestamp": T}, {"key": "nv", "timestamp": T}, {"key": "null", "value": None, "timestamp": T}, {"key": "nt", "value": 1}, {"key": "tneg", "value": 1, "timestamp": -1}, {"key": "tf", "value": 1, "timestamp": 1.5}, {"key": "tbig", "value": 1, "timestamp": 2**63}, {"key": "tstr", "value": 1, "timestamp": "12"},
        {"key": "t0", "value": 1, "timestamp": 0}, {"key": "sneg", "value": 1, "timestamp": T, "step": -5}, {"key": "sbig", "value": 1, "timestamp": T, "step": 2**63 - 1}, {"key": "shuge", "value": 1, "timestamp": T, "step": 2**63}, {"key": "sstr", "value": 1, "timestamp": T, "step": "x"}, {"key": "", "value": 1, "timestamp": T}, {"value": 1, "timestamp": T}, {"key": "a$b", "value": 1, "timestamp": T},
        {"key": "a/../b", "value": 1, "timestamp": T}, {"key": "/abs", "value": 1, "timestamp": T}, {"key": "a//b", "value": 1, "timestamp": T}, {"key": "a/b c:d.e-f_g", "value": 1, "timestamp": T}, {"key": ".", "value": 1, "timestamp": T}, {"key": "..", "value": 1, "timestamp": T}, {"key": "...", "value": 1, "timestamp": T}, {"key": "./a", "value": 1, "timestamp": T}, {"key": "a\nb", "value": 1, "timestamp": T}, {"key": "a\n", "value": 1, "timestamp": T},
        {"key": "实", "value": 1, "timestamp": T}, {"key": LONG[250], "value": 1, "timestamp": T}, {"key": LONG[251], "value": 1, "timestamp": T}, {"key": "big", "value": 1.7976931348623157e308, "timestamp": T}, {"key": "tiny", "value": 5e-324, "timestamp": T}, {"key": "mzero", "value": -0.0, "timestamp": T}, {"key": "int", "value": 12345678901234567890, "timestamp": T}, {"key": "third", "value": 1 / 3, "timestamp": T},
        {"key": "mm", "value": 1, "timestamp": T, "model_id": "m-nope"}, {"key": "md", "value": 1, "timestamp": T, "dataset_name": "d", "dataset_digest": "x"}, {"key": "mdn", "value": 1, "timestamp": T, "dataset_name": "d"}, {"key": "list", "value": [1], "timestamp": T}, {"key": 5, "value": 1, "timestamp": T},
    ):
        post(f"metric: log {str(body)[:70]}", "runs/log-metric", {"run_id": "$m", **body})
    post("metric: no run", "runs/log-metric", {"key": "m", "value": 1, "timestamp": T})
    post("metric: missing run", "runs/log-metric", {"run_id": "nope", "key": "m", "value": 1, "timestamp": T})
    post("metric: run for literals", "runs/create", {"experiment_id": "$x", "run_name": "literals"}, save={"lit": run_id})
    for literal in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1E5", "00", "1.", ".5", "nan", "+1", "0x10"):
        ask(f"metric: literal {literal}", "POST", "runs/log-metric", '{"run_id":"$lit","key":"lit %s","value":%s,"timestamp":1}' % (literal.replace("+", "p"), literal), headers={"Content-Type": "application/json"})
    post("metric: nan in lower case", "runs/log-metric", {"run_id": "$lit", "key": "nan", "value": "nan", "timestamp": T})
    get("metric: get", "runs/get?run_id=$m")
    get("metric: get literals", "runs/get?run_id=$lit")
    for i, (step, timestamp, value) in enumerate(((0, T, 1), (2, T + 20, 5), (1, T + 10, 3), (2, T + 20, 4), (2, T + 20, "NaN"), (-1, T + 30, 9), (5, T - 5, "Infinity"))):
        post(f"metric: curve {i}", "runs/log-metric", {"run_id": "$m2", "key": "m", "value": value, "timestamp": timestamp, "step": step})
    get("metric: latest of curve", "runs/get?run_id=$m2")
    history = "metrics/get-history?"
    for query in (
        "run_id=$m&metric_key=m", "run_id=$m2&metric_key=m", "run_uuid=$m2&metric_key=m", "run_id=$m&metric_key=nan", "run_id=$m&metric_key=inf", "run_id=$m&metric_key=zzz", "run_id=$m", "metric_key=m", "run_id=nope&metric_key=m", "run_id=$m2&metric_key=m&max_results=3", "run_id=$m2&metric_key=m&max_results=3&page_token=eyJvZmZzZXQiOiAzfQ==",
        "run_id=$m2&metric_key=m&max_results=0", "run_id=$m2&metric_key=m&max_results=-1", "run_id=$m2&metric_key=m&max_results=x", "run_id=$m2&metric_key=m&max_results=1.5", "run_id=$m2&metric_key=m&page_token=bad", "run_id=$m2&metric_key=m&page_token=eyJvZmZzZXQiOiAzfQ==", "run_id=$m2&metric_key=m&max_results=7", "run_id=$m2&metric_key=m&max_results=6", "run_id=$m&metric_key=%E5%AE%9E",
    ):
        get(f"metric: history {query}", history + query)
    bulk = "/ajax-api/2.0/mlflow/metrics/get-history-bulk?"
    for query in ("run_id=$m&run_id=$m2&metric_key=m", "run_id=$m&metric_key=inf", "", "run_id=$m", "metric_key=m", "run_id=nope&metric_key=m", "&".join(["run_id=$m"] * 101) + "&metric_key=m", "run_id=$m2&metric_key=m&max_results=2", "run_id=$m2&metric_key=m&max_results=0"):
        get(f"metric: bulk {query[:60]}", bulk + query)
    get("metric: bulk outside ajax", "metrics/get-history-bulk?run_id=$m&metric_key=m")
    interval = "metrics/get-history-bulk-interval?"
    for query in (
        "run_ids=$m&run_ids=$m2&metric_key=m", "run_ids=$m2&metric_key=m&max_results=2", "metric_key=m", "run_ids=$m", "run_ids=$m&metric_key=m&start_step=0", "run_ids=$m&metric_key=m&end_step=0", "run_ids=$m&metric_key=m&start_step=5&end_step=1", "run_ids=$m2&metric_key=m&start_step=1&end_step=2", "run_ids=$m2&metric_key=m&max_results=0",
        "run_ids=$m2&metric_key=m&max_results=2501", "&".join(["run_ids=$m"] * 101) + "&metric_key=m", "run_ids=nope&metric_key=m", "run_ids=$b&metric_key=q&max_results=10", "run_ids=$b&run_ids=$m2&metric_key=q&max_results=1", "run_ids=$b&metric_key=q&max_results=7&start_step=100&end_step=200", "run_ids=$m2&metric_key=m&max_results=x",
    ):
        get(f"metric: interval {query[:70]}", interval + query)
        get(f"metric: ajax interval {query[:70]}", "/ajax-api/2.0/mlflow/" + interval + query)


# --- searching runs (the grammar itself is compared by test_differential.py) -

LISTED = "tags.listed = 'yes'"


def searches():
    for body in (
        {"experiment_ids": ["$x"], "max_results": 1, "order_by": ["run_name"], "filter": LISTED}, {"experiment_ids": ["$x"], "max_results": 1, "order_by": ["run_name"], "filter": LISTED, "page_token": "eyJvZmZzZXQiOiAxfQ=="}, {"experiment_ids": []}, {}, {"experiment_ids": ["99999"]}, {"experiment_ids": ["abc"]}, {"experiment_ids": "$x"}, {"experiment_ids": [5]}, {"experiment_ids": None}, {"experiment_ids": ["$x", "$x"], "max_results": 3, "order_by": ["run_name"], "filter": LISTED},
        {"experiment_ids": ["$x"], "max_results": 0}, {"experiment_ids": ["$x"], "max_results": -1}, {"experiment_ids": ["$x"], "max_results": 50001}, {"experiment_ids": ["$x"], "max_results": "x"}, {"experiment_ids": ["$x"], "max_results": "2", "order_by": ["run_name"], "filter": LISTED}, {"experiment_ids": ["$x"], "max_results": 1.5}, {"experiment_ids": ["$x"], "max_results": 2**40}, {"experiment_ids": ["$x"], "page_token": "zz"},
        {"experiment_ids": ["$x"], "order_by": "start_time"}, {"experiment_ids": ["$x"], "filter": 5}, {"experiment_ids": ["$x"], "order_by": [5]}, {"experiment_ids": ["$x"], "filter": "run_name = 'metrics'"}, {"experiment_ids": ["$x"], "filter": "run_name = 'batch'"}, {"experiment_ids": ["$x"], "filter": "metrics.m > 1", "order_by": ["metrics.m DESC"]}, {"experiment_ids": ["$x"], "filter": "params.bp = '1'"},
        {"experiment_ids": ["99999999999999999999"]}, {"experiment_ids": ["$x"], "filter": "params.bp = '1", "run_view_type": "ALL"},
    ):
        post(f"search runs: {body}", "runs/search", body)
    ask("search runs: by GET", "GET", "runs/search?experiment_ids=$x")
    ask("search runs: ajax", "POST", "/ajax-api/2.0/mlflow/runs/search", {"experiment_ids": ["$x"], "filter": "run_name = 'metrics'"})


for group in (experiments, runs, metrics, searches):
    group()
