"""More requests of differential.py: registered models and their versions."""

from diff.requests_tracking import T, pairs
from diff.requests_tracking import ask as ask_before

REQUESTS = []
RM, MV = "registered-models/", "model-versions/"


def ask(title, method, path, body=None, save=None, headers=None):
    ask_before("registry: " + title, method, path, body, save, headers, into=REQUESTS)


def post(title, path, body=None, **more):
    ask(title, "POST", path, {} if body is None else body, **more)


def get(title, path, **more):
    ask(title, "GET", path, **more)


def query(**values):
    """Return values as a query; only what the requests below hold is escaped."""
    text = "&".join(f"{k}={item}" for k, v in values.items() for item in (v if isinstance(v, list) else [v]))
    for char in "%<> '\"`,()/:@名":
        if char in text:
            text = text.replace(char, "".join(f"%{b:02X}" for b in char.encode()))
    return "?" + text


def short(value):
    return str(value) if len(str(value)) < 120 else str(value)[:60] + "..."


# --- models -----------------------------------------------------------------

def models():
    create = RM + "create"
    post("create", create, {"name": "rm", "description": "d", "tags": pairs(a="1")})
    for body in (
        {"name": "rm"}, {}, {"name": ""}, {"name": None}, {"name": "  "}, {"name": "a/b"}, {"name": "a:b"}, {"name": ".."}, {"name": "."}, {"name": 5}, {"name": ["x"]}, {"name": True},
        {"name": "y" * 256}, {"name": "rmt", "tags": pairs(**{"a$": "1"})}, {"name": "rmt2", "tags": pairs(**{"k" * 251: "1"})}, {"name": "rmt3", "tags": pairs(k="v" * 100001)},
        {"name": "rmt4", "tags": pairs(k="v" * 5000)}, {"name": "rmt5", "tags": [{"key": "k"}]}, {"name": "rmt6", "tags": [{"value": "v"}]}, {"name": "rmt7", "tags": "x"}, {"name": "rmt8", "tags": [{"key": "k", "value": 5}]},
        {"name": "rmmin"}, {"name": "rmdup", "tags": pairs(a="1") + pairs(a="2")}, {"name": "sp ace"}, {"name": "名"}, {"name": "rmdesc", "description": "x" * 5000}, {"name": "rmd2", "description": 5},
        {"name": "rmd3", "description": ""}, {"name": "rmx", "bogus": 1}, {"name": "a#b"}, {"name": " lead"}, {"name": "-dash"}, {"name": "a\nb"}, {"name": "a%b"}, {"name": "RM"},
        {"name": "rmprompt", "tags": pairs(**{"mlflow.prompt.is_prompt": "true"})},
    ):
        post(f"create {short(body)}", create, body)
    for name in ("rm", "rmdup", "nope", "", "a/b", "rmt5", "rmprompt", "名", "sp ace"):
        get(f"get {name}", RM + "get" + query(name=name))
    get("get without name", RM + "get")


# --- versions ---------------------------------------------------------------

def versions():
    create = MV + "create"
    post("experiment", "experiments/create", {"name": "for the registry"}, save={"rx": ["experiment_id"]})
    post("run", "runs/create", {"experiment_id": "$rx", "run_name": "g", "start_time": T}, save={"rr": ["run", "info", "run_id"]})
    post("logged model", "logged-models", {"experiment_id": "$rx", "name": "m", "source_run_id": "$rr"}, save={"rlm": ["model", "info", "model_id"]})
    ask("upload", "PUT", "/api/2.0/mlflow-artifacts/artifacts/$rx/$rr/artifacts/model/MLmodel", "flavors: {}\n")
    root = "mlflow-artifacts:/$rx/$rr/artifacts"
    for body in (
        {"source": root + "/model", "run_id": "$rr"}, {"source": "runs:/$rr/model", "run_id": "$rr"},
        {"source": "models:/$rlm", "model_id": "$rlm", "run_id": "$rr", "description": "dd", "tags": pairs(t="1"), "run_link": "http://x"},
        {"source": "models:/rm/1"}, {"source": "s3://bucket/x"}, {"source": root + "/model"}, {"source": root + "/../x", "run_id": "$rr"}, {"source": root + "/%2e%2e/x", "run_id": "$rr"}, {"source": root, "run_id": "$rr"},
        {"source": "mlflow-artifacts:/$rx/$rr", "run_id": "$rr"}, {"source": "/etc/passwd"}, {"source": "/etc/passwd", "run_id": "$rr"}, {"source": "file:///etc", "run_id": "$rr"}, {"source": "file:///etc"}, {"source": "model", "run_id": "$rr"}, {"source": "model"},
        {"source": "runs:/$rr/model"}, {"source": "runs:/$rr/../x", "run_id": "$rr"}, {"source": "runs:/$rr", "run_id": "$rr"}, {"source": "runs:/nope/model", "run_id": "nope"}, {"source": "runs:/other/model", "run_id": "$rr"}, {"source": "models:/$rlm"},
        {"source": "models:/m-nope", "model_id": "m-nope"}, {"source": "models:/m-nope", "model_id": "$rlm"}, {"source": "s3://b/k", "model_id": "m-nope"}, {"source": "mlflow-artifacts:/0/zzz/artifacts/m", "run_id": "$rr"},
       
        {"source": "gs://b/x"}, {"source": "wasbs://c@a.blob.core.windows.net/x"}, {"source": "s3:/my_bucket/models/path/../../other/path"}, {"source": "s3://b/a/../c"}, {"source": "s3://b/a%2F..%2Fc"},
        {"source": "foo://x"}, {"source": "foo://x/y"}, {"source": ""}, {"source": " "}, {"source": None}, {"source": 5}, {}, {"source": "s3://a"}, {"source": "s3://a/"}, {"source": "s3://a/b?x=1"}, {"source": "s3://a#f"}, {"source": "s3://a/b#f"}, {"source": "s3://a//b"},
        {"source": "dbfs:/x"}, {"source": "models:/nope/1"}, {"source": "models:/rm/99"}, {"source": "models:/rm/abc"}, {"source": "models:/rm"}, {"source": "models:/rm/None"}, {"source": "models:/rm/latest"}, {"source": "models:/rm@champ"}, {"source": "models:/"},
        {"source": "s3://b/k", "run_id": "nonexistent"}, {"source": "s3://b/k", "tags": [{"key": "k"}]}, {"source": "s3://b/k", "tags": pairs(**{"a$": "1"})}, {"source": "s3://b/k", "tags": pairs(**{"k" * 251: "1"})}, {"source": "s3://b/k", "tags": pairs(k="v" * 100001)},
        {"source": "s3://b/k", "tags": pairs(a="1") + pairs(a="2")}, {"source": "s3://b/k", "tags": "x"}, {"source": "s3://b/k", "description": 5}, {"source": "s3://b/k", "description": "x" * 5001}, {"source": "s3://b/k", "run_id": 5},
        {"source": "s3://b/k", "run_link": "x" * 501}, {"source": "s3://b/" + "k" * 500}, {"source": "s3://b/k", "bogus": 1}, {"source": "mlflow-artifacts:/0/x"}, {"source": "mlflow-artifacts:/$rx/models/$rlm/artifacts", "model_id": "$rlm"}, {"source": "mlflow-artifacts:/$rx/models/$rlm/artifacts"},
    ):
        post(f"version {short(body)}", create, {"name": "rm", **body})
    for source in (
        "http://h/api/2.0/mlflow-artifacts/artifacts/../../x", "http://h/x", "https://h/x", "HTTP://h/x", "ftp://h/x", "sftp://h/x", "hdfs://h/x", "abfss://c@a.dfs.core.windows.net/x", "r2://b/x",
        "mlflow-artifacts://host/$rx/$rr/artifacts/model", "mlflow-artifacts://127.0.0.1/$rx/$rr/artifacts/model",
    ):
        post(f"version on another host {source}", create, {"name": "rm", "source": source, "run_id": "$rr"})
    for body in ({"source": "s3://a"}, {"source": "s3://a/b"}, {"name": "nope", "source": "s3://a"}, {"name": "nope", "source": "s3://a/b"}, {"name": "a/b", "source": "s3://a/b"}, {"name": 5, "source": "s3://a/b"}, {"name": "", "source": "s3://a/b"}):
        post(f"version of {body}", create, body)
    for version in ("1", "2", "3", "4", "5", "6", "99", "abc", "1.0", "-1", "0", "01", "", "99999999999999999999"):
        get(f"version {version}", MV + "get" + query(name="rm", version=version))
        get(f"download uri {version}", MV + "get-download-uri" + query(name="rm", version=version))
    for path in ("get", "get-download-uri"):
        get(f"{path} without version", MV + path + query(name="rm"))
        get(f"{path} without name", MV + path + query(version="1"))
        get(f"{path} without model", MV + path + query(name="nope", version="1"))
    get("logged model with versions", "logged-models/$rlm")
    for title, values in {"": {"path": "MLmodel", "name": "rm", "version": "1"}, " missing": {"path": "nope", "name": "rm", "version": "1"}, " without path": {"name": "rm", "version": "1"}, " of no version": {"path": "MLmodel", "name": "rm", "version": "99"},
                          " by model": {"path": "MLmodel", "name": "rm", "version": "4"}, " outside": {"path": "../x", "name": "rm", "version": "1"}, " without name": {"path": "MLmodel", "version": "1"}, " without version": {"path": "MLmodel", "name": "rm"}}.items():
        get("artifact" + title, "/model-versions/get-artifact" + query(**values))


# --- what changes -----------------------------------------------------------

def changes():
    for body in ({"version": "1", "description": "new"}, {"version": "1"}, {"version": "1", "description": ""}, {"version": "1", "description": 5}, {"version": 1, "description": "z"}, {"version": "abc"}, {"version": "99"}, {}, {"version": "2", "name": "nope"}):
        ask(f"update version {body}", "PATCH", MV + "update", {"name": "rm", **body})
    for body in ({"name": "rm", "description": "nd"}, {"name": "rm"}, {"name": "nope"}, {}, {"name": "rm", "description": 5}, {"name": "a/b"}):
        ask(f"update {body}", "PATCH", RM + "update", body)
    for body in (
        {"version": "1", "stage": "Staging"}, {"version": "2", "stage": "staging", "archive_existing_versions": True}, {"version": "2", "stage": "Production"}, {"version": "3", "stage": "PRODUCTION", "archive_existing_versions": False},
        {"version": "1", "stage": "production", "archive_existing_versions": True}, {"version": "1", "stage": "Archived", "archive_existing_versions": True}, {"version": "1", "stage": "None", "archive_existing_versions": True}, {"version": "1", "stage": "Bogus"},
        {"version": "1", "stage": ""}, {"version": "1", "stage": 5}, {"version": "1"}, {"stage": "Staging"}, {"version": "99", "stage": "Staging"}, {"version": "1", "stage": "Staging", "archive_existing_versions": "yes"}, {"version": "1", "stage": "Staging", "archive_existing_versions": "true"},
        {"version": "1", "stage": "Production", "archive_existing_versions": 1}, {"version": "1", "stage": "Production"}, {"version": "abc", "stage": "Production"}, {"version": 1, "stage": "Production"}, {"version": "1", "stage": "Deleted_Internal"}, {"version": "1", "stage": "Production", "name": "nope"},
    ):
        post(f"stage {body}", MV + "transition-stage", {"name": "rm", **body})
    for body in ({"name": "rm"}, {"name": "rm", "stages": ["Production"]}, {"name": "rm", "stages": ["production", "none"]}, {"name": "rm", "stages": ["Bogus"]}, {"name": "rm", "stages": []}, {"name": "rm", "stages": "Production"}, {"name": "rm", "stages": [5]}, {}, {"name": "nope"}, {"name": "rmmin"}):
        post(f"latest {body}", RM + "get-latest-versions", body)
    for values in ({"name": "rm"}, {"name": "rm", "stages": ["Production", "Staging"]}, {"name": "rm", "stages": "Production"}, {"name": "nope"}, {"name": "rm", "stages": "Bogus"}):
        get(f"latest by GET {values}", RM + "get-latest-versions" + query(**values))
    for body in (
        {"alias": "champion", "version": "1"}, {"alias": "champion", "version": "2"}, {"alias": "Champ_2-x", "version": "2"}, {"alias": "latest", "version": "1"}, {"alias": "LATEST", "version": "1"}, {"alias": "v1", "version": "1"}, {"alias": "V12", "version": "1"},
        {"alias": "v1x", "version": "1"}, {"alias": "v", "version": "1"}, {"alias": "a b", "version": "1"}, {"alias": "a.b", "version": "1"}, {"alias": "a\n", "version": "1"}, {"alias": "", "version": "1"}, {"alias": 5, "version": "1"}, {"alias": "x" * 255, "version": "1"}, {"alias": "x" * 256, "version": "1"},
        {"alias": "q", "version": "99"}, {"alias": "q", "version": "abc"}, {"alias": "q", "version": 1}, {"alias": "q"}, {"version": "1"}, {"alias": "q", "version": "1", "name": "nope"}, {"alias": "q", "version": "1", "name": "a/b"}, {"alias": "1", "version": "1"}, {"alias": "名", "version": "1"},
    ):
        post(f"alias {short(body)}", RM + "alias", {"name": "rm", **body})
    for alias in ("champion", "CHAMPION", "latest", "Latest", "zz", "v1", "1", "名", "", "a b"):
        get(f"get alias {alias}", RM + "alias" + query(name="rm", alias=alias))
    get("get alias without model", RM + "alias" + query(name="nope", alias="zz"))
    get("get alias latest without versions", RM + "alias" + query(name="rmmin", alias="latest"))
    get("get alias without name", RM + "alias" + query(alias="zz"))
    get("get alias without alias", RM + "alias" + query(name="rm"))
    get("get with aliases", RM + "get" + query(name="rm"))
    get("version with aliases", MV + "get" + query(name="rm", version="2"))
    post("version from alias", MV + "create", {"name": "rmmin", "source": "models:/rm@champion"})
    post("version from another model", MV + "create", {"name": "rmdesc", "source": "models:/rm/4"})
    post("version from stage", MV + "create", {"name": "rmdesc", "source": "models:/rm/Production"})
    get("download uri from alias", MV + "get-download-uri" + query(name="rmmin", version="1"))
    for body in ({"name": "rm", "alias": "champion"}, {"name": "rm", "alias": "champion"}, {"name": "nope", "alias": "c"}, {"name": "rm"}, {}, {"name": "rm", "alias": "latest"}, {"name": "rm", "alias": "a b"}):
        ask(f"delete alias {body}", "DELETE", RM + "alias", body)
    tags = (
        {"key": "k", "value": "v"}, {"key": "k", "value": "v2"}, {"key": "k2"}, {"key": "k3", "value": None}, {"key": "k$", "value": "v"}, {"key": "", "value": "v"}, {"value": "v"}, {"key": 5, "value": "v"}, {"key": "k5", "value": 5},
        {"key": "k" * 250, "value": "v"}, {"key": "k" * 251, "value": "v"}, {"key": "big", "value": "v" * 100000}, {"key": "big", "value": "v" * 100001}, {"key": "big", "value": "small"}, {"key": "team", "value": "x"}, {"key": "../a", "value": "v"}, {"key": "a b/c:d.e", "value": "v"},
    )
    for kind, path, of, missing in (("model", RM, {"name": "rm"}, {"name": "nope"}), ("version", MV, {"name": "rm", "version": "1"}, {"name": "rm", "version": "99"})):
        for body in tags:
            post(f"tag of {kind} {short(body)}", path + "set-tag", {**of, **body})
        post(f"tag of no {kind}", path + "set-tag", {**missing, "key": "k", "value": "v"})
        post(f"tag of unnamed {kind}", path + "set-tag", {"key": "k", "value": "v"})
        for body in ({**of, "key": "k"}, {**of, "key": "k"}, of, {**of, "key": "$"}, {**missing, "key": "k"}, {"key": "k"}):
            ask(f"delete tag of {kind} {body}", "DELETE", path + "delete-tag", body)
    for version in (1, "abc"):
        post(f"tag of version {version!r}", MV + "set-tag", {"name": "rm", "version": version, "key": "k", "value": "v"})
        ask(f"delete tag of version {version!r}", "DELETE", MV + "delete-tag", {"name": "rm", "version": version, "key": "k"})
    post("tag of second version", MV + "set-tag", {"name": "rm", "version": "2", "key": "q", "value": "1"})
    get("get with tags", RM + "get" + query(name="rm"))
    get("version with tags", MV + "get" + query(name="rm", version="1"))


# --- searching --------------------------------------------------------------

def search():
    get("search with stages", RM + "search" + query(filter="name='rm'"))
    post("stage for searching", MV + "transition-stage", {"name": "rm", "version": "1", "stage": "Archived"})
    for values in (
        {}, {"filter": "name='rm'"}, {"filter": "name = \"rm\""}, {"filter": "name LIKE 'rm%'"}, {"filter": "name like 'rm%'"}, {"filter": "name ilike 'RM%'"}, {"filter": "name LIKE 'RM%'"}, {"filter": "name IN ('rm')"}, {"filter": "name IN ('rm', 'rmmin')"},
        {"filter": "name NOT IN ('rm')", "max_results": 1}, {"filter": "name != 'rm'", "max_results": 1}, {"filter": "name > 'a'"}, {"filter": "tags.team='x'"}, {"filter": "tag.team = 'x'"}, {"filter": "tags.team != 'zz'"}, {"filter": "tags.team LIKE 'x%'"}, {"filter": "tags.team ILIKE 'X'"},
        {"filter": "tags.`team` = 'x'"}, {"filter": "tags.team > 'x'"}, {"filter": "tags.team IN ('x')"}, {"filter": "tags.team IS NULL"}, {"filter": "tags.team IS NOT NULL"}, {"filter": "description='x'"}, {"filter": "attribute.name='x'"}, {"filter": "attributes.name='x'"}, {"filter": "name='x' OR name='y'"},
        {"filter": "name=5"}, {"filter": "run_id='x'"}, {"filter": "creation_timestamp > 1"}, {"filter": "tags.team='x' AND tags.a='1'"}, {"filter": "tags.team='x' AND tags.team='y'"}, {"filter": "tags.team='x' AND name LIKE 'rm%'"}, {"filter": "name LIKE 'rm%' AND name != 'rm'"},
        {"filter": "tags.`mlflow.prompt.is_prompt` = 'true'"}, {"filter": "tags.`mlflow.prompt.is_prompt` != 'true'"}, {"filter": "tags.`mlflow.prompt.is_prompt` = 'false'"}, {"filter": "name = 'rmprompt'"}, {"filter": "name ="}, {"filter": "(name='rm')"}, {"filter": "'rm' = name"}, {"filter": ""}, {"filter": " "},
        {"max_results": 0}, {"max_results": -1}, {"max_results": 1000}, {"max_results": 1001}, {"max_results": 1}, {"max_results": "x"}, {"max_results": "1.5"}, {"max_results": 2, "page_token": "eyJvZmZzZXQiOiAyfQ=="}, {"max_results": 2, "page_token": "eyJvZmZzZXQiOiA5OX0="},
        {"order_by": "name DESC", "max_results": 1}, {"order_by": "name desc"}, {"order_by": "timestamp DESC", "max_results": 1}, {"order_by": "last_updated_timestamp", "max_results": 1}, {"order_by": "creation_timestamp", "max_results": 1}, {"order_by": ["name", "name"], "max_results": 1},
        {"order_by": "foo"}, {"order_by": "name FOO"}, {"order_by": ""}, {"order_by": "attribute.name"}, {"order_by": "tags.team"}, {"order_by": ["last_updated_timestamp DESC", "name ASC"], "max_results": 1}, {"order_by": ["timestamp", "last_updated_timestamp"]}, {"page_token": "bad"}, {"page_token": ""},
    ):
        get(f"search {values}", RM + "search" + (query(**values) if values else ""))
    rm = "name='rm'"
    for values in (
        {}, {"filter": rm}, {"filter": rm + " AND version_number > 2"}, {"filter": rm + " AND version_number = '2'"}, {"filter": rm + " AND version_number != 2"}, {"filter": rm + " AND version_number <= 2"}, {"filter": "run_id='$rr'"}, {"filter": "run_id IN ('$rr','x')"},
        {"filter": "run_id NOT IN ('$rr') AND name='rm'"}, {"filter": "run_id != '$rr'"}, {"filter": "run_id LIKE 'n%'"}, {"filter": "run_id = ''"}, {"filter": "source_path LIKE 's3:%'"}, {"filter": "source_path = 's3://bucket/x'"}, {"filter": "source_path ILIKE 'S3:%'"},
        {"filter": rm + " AND tags.q='1'"}, {"filter": "tags.q='1'"}, {"filter": "tags.q != '2'"}, {"filter": "tags.q LIKE '%'"}, {"filter": "tags.q='1' AND tags.team='x'"}, {"filter": "tags.k='v' AND tags.team='x'"}, {"filter": "tags.q IS NULL"}, {"filter": "current_stage='Production'"}, {"filter": "stage='x'"},
        {"filter": "version_number=1.5"}, {"filter": "version_number='abc'"}, {"filter": "version_number='1.5'"}, {"filter": "version_number LIKE '1'"}, {"filter": "version_number IN (1, 2)"}, {"filter": "version_number > 99999999999999999999"}, {"filter": "source_path IN ('a')"}, {"filter": "name IN ('rm')"}, {"filter": "name NOT IN ('rm')"}, {"filter": "name != 'rm'"},
        {"filter": "name LIKE 'rm%'"}, {"filter": "name ILIKE 'RM%'"}, {"filter": "name > 'a'"}, {"filter": "attribute.name='rm'"}, {"filter": "attributes.name='x'"}, {"filter": "name=rm"}, {"filter": "name='rm' OR name='x'"}, {"filter": "name IN ()"}, {"filter": "name IN ('rm', 5)"},
        {"filter": "tags.`mlflow.prompt.is_prompt` = 'true'"}, {"filter": rm, "order_by": "version_number ASC"}, {"filter": rm, "order_by": "creation_timestamp"}, {"filter": rm, "order_by": "name DESC"}, {"filter": rm, "order_by": "last_updated_timestamp DESC"}, {"filter": rm, "order_by": ["name", "version_number DESC"]},
        {"order_by": "run_id"}, {"order_by": "name FOO"}, {"order_by": ["name", "name"]}, {"order_by": "tags.q"}, {"order_by": "timestamp"}, {"filter": rm, "max_results": 2}, {"filter": rm, "max_results": 2, "page_token": "eyJvZmZzZXQiOiAyfQ=="}, {"max_results": 0}, {"max_results": -1},
        {"max_results": 200000}, {"max_results": 200001}, {"max_results": "x"}, {"page_token": "bad"},
    ):
        get(f"search versions {values}", MV + "search" + (query(**values) if values else ""))
    for values in ({"filter": "source='x'"}, {"filter": "version=1"}, {"filter": "alias='x'"}, {"order_by": "version"}):
        get(f"search versions by word of SQL {values}", MV + "search" + query(**values))
    post("stage after searching", MV + "transition-stage", {"name": "rm", "version": "1", "stage": "Production"})


# --- deleting and renaming --------------------------------------------------

def ends():
    for body in ({"version": "2"}, {"version": "2"}, {"version": "99"}, {"version": "abc"}, {"version": 1}, {}, {"version": "1", "name": "nope"}):
        ask(f"delete version {body}", "DELETE", MV + "delete", {"name": "rm", **body})
    ask("delete version by query", "DELETE", MV + "delete?name=rm&version=1")
    for title, path in (("get", "get"), ("download uri of", "get-download-uri")):
        get(f"{title} deleted version", MV + path + query(name="rm", version="2"))
    get("artifact of deleted version", "/model-versions/get-artifact" + query(path="MLmodel", name="rm", version="2"))
    get("alias of deleted version", RM + "alias" + query(name="rm", alias="Champ_2-x"))
    post("tag deleted version", MV + "set-tag", {"name": "rm", "version": "2", "key": "k", "value": "v"})
    post("stage of deleted version", MV + "transition-stage", {"name": "rm", "version": "2", "stage": "Staging"})
    post("alias to deleted version", RM + "alias", {"name": "rm", "alias": "gone", "version": "2"})
    ask("update deleted version", "PATCH", MV + "update", {"name": "rm", "version": "2", "description": "z"})
    post("version from deleted one", MV + "create", {"name": "rm", "source": "models:/rm/2"})
    get("search after deleting", MV + "search" + query(filter="name='rm' AND version_number < 4"))
    post("new version", MV + "create", {"name": "rm", "source": "s3://b/k"}, save={"newest": ["model_version", "version"]})
    ask("delete newest version", "DELETE", MV + "delete", {"name": "rm", "version": "$newest"})
    post("newer version", MV + "create", {"name": "rm", "source": "s3://b/k"})
    rename = RM + "rename"
    post("rename", rename, {"name": "rm", "new_name": "rm-r"})
    for body in ({"name": "rm-r", "new_name": "rmmin"}, {"name": "rm-r", "new_name": "a/b"}, {"name": "rm-r", "new_name": ".."}, {"name": "rm-r", "new_name": ""}, {"name": "rm-r", "new_name": 5}, {"name": "rm-r"}, {"name": "rm-r", "new_name": "rm-r"}, {"name": "nope", "new_name": "x"}, {"new_name": "x"}, {}, {"name": "nope", "new_name": "rmmin"}, {"name": "nope", "new_name": "a:b"}):
        post(f"rename {body}", rename, body)
    get("get old name", RM + "get" + query(name="rm"))
    get("get new name", RM + "get" + query(name="rm-r"))
    for path, body in ((RM + "get", {"name": "rm-r"}), (RM + "search", {"filter": "name='none'"}), (MV + "search", {"filter": "name='rm-r'", "max_results": 1}),
                       (MV + "get", {"name": "rm-r", "version": "1"}), (RM + "alias", {"name": "rm-r", "alias": "v1x"}), (RM + "get", {}),
                       ("experiments/get", {"experiment_id": "0"}), ("experiments/search", {"max_results": 1, "filter": "name = 'none'"})):
        for kind in ("application/json", "text/plain", None):
            ask(f"GET {path} with body {body} of {kind}", "GET", path, body, headers={"Content-Type": kind})
    ask("GET with both", "GET", RM + "search?max_results=1", {"filter": "name='none'"})
    ask("GET with a query and {}", "GET", RM + "search?max_results=1", {})
    get("version of old name", MV + "get" + query(name="rm", version="1"))
    get("version of new name", MV + "get" + query(name="rm-r", version="1"))
    get("alias of new name", RM + "alias" + query(name="rm-r", alias="v1x"))
    get("download uri of a copy", MV + "get-download-uri" + query(name="rmdesc", version="1"))
    delete = RM + "delete"
    for body in ({"name": "rm-r"}, {"name": "rm-r"}, {"name": "a/b"}, {"name": ""}, {"name": 5}, {}):
        ask(f"delete {body}", "DELETE", delete, body)
    ask("delete by query", "DELETE", delete + "?name=rmmin")
    get("versions of deleted", MV + "search" + query(filter="name='rm-r'"))
    get("version of deleted", MV + "get" + query(name="rm-r", version="1"))
    get("logged model of deleted", "logged-models/$rlm")
    post("create again", RM + "create", {"name": "rm-r"})
    post("first version again", MV + "create", {"name": "rm-r", "source": "s3://b/k"})
    for method, path in (("GET", RM + "create"), ("POST", RM + "get"), ("PUT", RM + "update"), ("POST", MV + "search"), ("POST", RM + "search"), ("POST", RM + "update"), ("POST", MV + "update"), ("POST", RM + "delete"), ("GET", "/ajax-api/2.0/mlflow/registered-models/get?name=rm-r")):
        ask(f"{method} {path}", method, path, {"name": "rm-r"} if method != "GET" else None)


models()
versions()
changes()
search()
ends()
