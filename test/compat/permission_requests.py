"""The requests of test_permissions.py, which each of its users sends to Millrace and to MLflow with its users.

In paths and bodies, $name is a value of the user: $c is its column, $me and $password
are its login, and the others are what SETUP made for the column.
"""

import collections

# shown is where in the answer a list or an object is that a user may see or not.
Row = collections.namedtuple("Row", "title method path body shown", defaults=(None, None))

API, AJAX = "/api/2.0/mlflow", "/ajax-api/2.0/mlflow"
V3 = "/api/3.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts"
PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
LOGGED = '{"artifact_path": "m", "flavors": {}, "utc_time_created": "2026-01-01 00:00:00.000000", "run_id": "$run"}'


def graphql(kind, text, field):
    return "POST", "/graphql", {"query": f"{kind} q {{ {text} }}"}, "data." + field


# What the column's experiment, models and prompt are made of, by the owner or by the administrator: (name of the id, where
# the id is in the answer, method, path, body).
SETUP = [
    ("exp", ["experiment_id"], "POST", f"{API}/experiments/create", {"name": "$c-exp"}),
    ("old_exp", ["experiment_id"], "POST", f"{API}/experiments/create", {"name": "$c-old-exp"}),
    ("run", ["run", "info", "run_id"], "POST", f"{API}/runs/create", {"experiment_id": "$exp", "start_time": 1}),
    ("old_run", ["run", "info", "run_id"], "POST", f"{API}/runs/create", {"experiment_id": "$exp", "start_time": 1}),
    (None, None, "POST", f"{API}/runs/log-metric", {"run_id": "$run", "key": "m", "value": 1, "timestamp": 1}),
    (None, None, "PUT", f"{PROXY}/artifacts/$exp/$run/artifacts/f.txt", "f"),
    (None, None, "PUT", f"{PROXY}/artifacts/$exp/$run/artifacts/g.txt", "g"),
    ("model", ["model", "info", "model_id"], "POST", f"{API}/logged-models",
     {"experiment_id": "$exp", "name": "m", "source_run_id": "$run", "tags": [{"key": "t", "value": "v"}]}),
    ("old_model", ["model", "info", "model_id"], "POST", f"{API}/logged-models", {"experiment_id": "$exp", "name": "old"}),
    (None, None, "PUT", f"{PROXY}/artifacts/$exp/models/$model/artifacts/MLmodel", "flavors: {}"),
    *((None, None, "POST", f"{API}/registered-models/create", {"name": f"$c-{name}"}) for name in ("rm", "old-rm", "shy-rm")),
    (None, None, "POST", f"{API}/model-versions/create",
     {"name": "$c-rm", "source": "mlflow-artifacts:/$exp/$run/artifacts", "run_id": "$run"}),
    *((None, None, "POST", f"{API}/registered-models/create", {"name": f"$c-{name}", "tags": [PROMPT]}) for name in ("pr", "old-pr")),
    (None, None, "POST", f"{API}/model-versions/create", {"name": "$c-pr", "source": "dummy-source", "tags": [PROMPT, {"key": "mlflow.prompt.text", "value": "x"}]}),
    *((None, None, "POST", f"{API}/registered-models/alias", {"name": f"$c-{name}", "alias": "first", "version": "1"}) for name in ("rm", "pr")),
    *((None, None, "POST", f"{API}/model-versions/set-tag", {"name": f"$c-{name}", "version": "1", "key": "t", "value": "v"}) for name in ("rm", "pr")),
]

# The resources of SETUP on which the columns have their grants.
RESOURCES = [
    ("experiment", "$exp"), ("experiment", "$old_exp"), ("registered_model", "$c-rm"), ("registered_model", "$c-old-rm"),
    ("registered_model", "$c-shy-rm"), ("prompt", "$c-pr"), ("prompt", "$c-old-pr"),
]

# Users and roles that each column may change if it may. The administrator makes them.
SETUP_USERS = [
    *((None, None, "POST", f"{API}/users/create", {"username": f"$c-{name}", "password": "password of $c"}) for name in ("other", "old")),
    ("role", ["role", "id"], "POST", f"{V3}/roles/create", {"name": "$c-role", "workspace": "default"}),
    ("old_role", ["role", "id"], "POST", f"{V3}/roles/create", {"name": "$c-old-role", "workspace": "default"}),
    ("part", ["role_permission", "id"], "POST", f"{V3}/roles/permissions/add",
     {"role_id": "$role", "resource_type": "experiment", "resource_pattern": "5", "permission": "READ"}),
    ("elsewhere", ["role", "id"], "POST", f"{V3}/roles/create", {"name": "$c-role", "workspace": "other"}),
    (None, None, "POST", f"{V3}/roles/assign", {"username": "$c-old", "role_id": "$old_role"}),
]

EXPERIMENTS = [
    Row("experiments/get", "GET", f"{API}/experiments/get?experiment_id=$exp"),
    Row("experiments/get of none", "GET", f"{API}/experiments/get?experiment_id=999999"),
    Row("experiments/get without id", "GET", f"{API}/experiments/get"),
    Row("experiments/get-by-name", "GET", f"{API}/experiments/get-by-name?experiment_name=$c-exp"),
    Row("experiments/get-by-name of none", "GET", f"{API}/experiments/get-by-name?experiment_name=none"),
    Row("experiments/search", "POST", f"{API}/experiments/search", {"max_results": 1000, "filter": "name LIKE '$c-%'"}, "experiments"),
    Row("experiments/search (GET)", "GET", f"{API}/experiments/search?max_results=1000&filter=name+LIKE+%27$c-%25%27", None, "experiments"),
    Row("experiments/search of all", "POST", f"{API}/experiments/search", {"max_results": 1000, "filter": "name LIKE '%-exp'"}, "experiments"),
    Row("experiments/set-experiment-tag", "POST", f"{API}/experiments/set-experiment-tag", {"experiment_id": "$exp", "key": "k", "value": "v"}),
    Row("experiments/delete-experiment-tag", "POST", f"{API}/experiments/delete-experiment-tag", {"experiment_id": "$exp", "key": "k"}),
    Row("experiments/update", "POST", f"{API}/experiments/update", {"experiment_id": "$exp", "new_name": "$c-exp"}),
    Row("experiments/create", "POST", f"{API}/experiments/create", {"name": "new-of-$c"}),
    Row("experiments/search-datasets", "POST", f"{AJAX}/experiments/search-datasets", {"experiment_ids": ["$exp"]}),
]

RUNS = [
    Row("runs/get", "GET", f"{API}/runs/get?run_id=$run"),
    Row("runs/get of none", "GET", f"{API}/runs/get?run_id={'0' * 32}"),
    Row("runs/search", "POST", f"{API}/runs/search", {"experiment_ids": ["$exp"]}, "runs"),
    Row("runs/search in two", "POST", f"{API}/runs/search", {"experiment_ids": ["$exp", "0"]}, "runs"),
    Row("runs/create", "POST", f"{API}/runs/create", {"experiment_id": "$exp", "start_time": 1}),
    Row("runs/update", "POST", f"{API}/runs/update", {"run_id": "$run", "status": "FINISHED"}),
    Row("runs/log-metric", "POST", f"{API}/runs/log-metric", {"run_id": "$run", "key": "m", "value": 1, "timestamp": 1}),
    Row("runs/log-metric of a model", "POST", f"{API}/runs/log-metric", {"run_id": "$run", "key": "m", "value": 1, "timestamp": 1, "model_id": "$model"}),
    Row("runs/log-parameter", "POST", f"{API}/runs/log-parameter", {"run_id": "$run", "key": "p", "value": "1"}),
    Row("runs/log-batch", "POST", f"{API}/runs/log-batch", {"run_id": "$run", "metrics": [{"key": "b", "value": 1, "timestamp": 1, "step": 0}]}),
    Row("runs/log-batch of a model", "POST", f"{API}/runs/log-batch",
        {"run_id": "$run", "metrics": [{"key": "b", "value": 1, "timestamp": 1, "step": 0, "model_id": "$model"}]}),
    Row("runs/log-inputs", "POST", f"{API}/runs/log-inputs",
        {"run_id": "$run", "datasets": [{"dataset": {"name": "d", "digest": "x", "source_type": "local", "source": "s"}}]}),
    Row("runs/outputs", "POST", f"{API}/runs/outputs", {"run_id": "$run", "models": [{"model_id": "$model", "step": 0}]}),
    Row("runs/log-model", "POST", f"{API}/runs/log-model", {"run_id": "$run", "model_json": LOGGED}),
    Row("runs/set-tag", "POST", f"{API}/runs/set-tag", {"run_id": "$run", "key": "k", "value": "v"}),
    Row("runs/delete-tag", "POST", f"{API}/runs/delete-tag", {"run_id": "$run", "key": "k"}),
    Row("metrics/get-history", "GET", f"{API}/metrics/get-history?run_id=$run&metric_key=m"),
    Row("metrics/get-history-bulk", "GET", f"{AJAX}/metrics/get-history-bulk?run_id=$run&metric_key=m"),
    Row("metrics/get-history-bulk of two", "GET", f"{AJAX}/metrics/get-history-bulk?run_id=$run&run_id={'0' * 32}&metric_key=m"),
    Row("metrics/get-history-bulk-interval", "GET", f"{API}/metrics/get-history-bulk-interval?run_ids=$run&metric_key=m&max_results=5"),
]

ARTIFACTS = [
    Row("artifacts/list", "GET", f"{API}/artifacts/list?run_id=$run"),
    Row("artifacts/presigned-download-url", "POST", f"{API}/artifacts/presigned-download-url", {"run_id": "$run", "path": "f.txt"}),
    Row("artifacts/presigned-upload-url", "POST", f"{API}/artifacts/presigned-upload-url", {"run_id": "$run", "path": "f.txt"}),
    Row("get-artifact", "GET", "/get-artifact?run_id=$run&path=f.txt"),
    Row("upload-artifact", "POST", f"{AJAX}/upload-artifact?run_uuid=$run&path=z.txt", "z"),
    Row("proxy: list run", "GET", f"{PROXY}/artifacts?path=$exp/$run/artifacts"),
    Row("proxy: list experiment", "GET", f"{PROXY}/artifacts?path=$exp"),
    Row("proxy: list root", "GET", f"{PROXY}/artifacts"),
    Row("proxy: get", "GET", f"{PROXY}/artifacts/$exp/$run/artifacts/f.txt"),
    Row("proxy: get, encoded", "GET", f"{PROXY}/artifacts/$exp%2F$run%2Fartifacts%2Ff.txt"),
    Row("proxy: put", "PUT", f"{PROXY}/artifacts/$exp/$run/artifacts/h.txt", "y"),
    Row("proxy: get outside", "GET", f"{PROXY}/artifacts/zzz/f.txt"),
    Row("proxy: put outside", "PUT", f"{PROXY}/artifacts/zzz/f.txt", "y"),
    Row("proxy: mpu/create", "POST", f"{PROXY}/mpu/create/$exp/$run/artifacts", {"path": "f.bin", "num_parts": 1}),
    Row("proxy: mpu/complete", "POST", f"{PROXY}/mpu/complete/$exp/$run/artifacts", {"path": "f.bin", "upload_id": "x", "parts": []}),
    Row("proxy: mpu/abort", "POST", f"{PROXY}/mpu/abort/$exp/$run/artifacts", {"path": "f.bin", "upload_id": "x"}),
    Row("proxy: presigned", "GET", f"{PROXY}/presigned/$exp/$run/artifacts/f.txt"),
]

LOGGED_MODELS = [
    Row("logged-models: create", "POST", f"{API}/logged-models", {"experiment_id": "$exp", "name": "c"}),
    Row("logged-models: search", "POST", f"{API}/logged-models/search", {"experiment_ids": ["$exp"]}, "models"),
    Row("logged-models: get", "GET", f"{API}/logged-models/$model"),
    Row("logged-models: get of none", "GET", f"{API}/logged-models/m-{'0' * 32}"),
    Row("logged-models: finalize", "PATCH", f"{API}/logged-models/$model", {"model_id": "$model", "status": "LOGGED_MODEL_READY"}),
    Row("logged-models: params", "POST", f"{API}/logged-models/$model/params", {"model_id": "$model", "params": [{"key": "a", "value": "b"}]}),
    Row("logged-models: set tags", "PATCH", f"{API}/logged-models/$model/tags", {"model_id": "$model", "tags": [{"key": "a", "value": "b"}]}),
    Row("logged-models: delete tag", "DELETE", f"{API}/logged-models/$model/tags/t"),
    Row("logged-models: list artifacts", "GET", f"{API}/logged-models/$model/artifacts/directories"),
    Row("logged-models: get artifact", "GET", f"{AJAX}/logged-models/$model/artifacts/files?artifact_file_path=MLmodel"),
]


def of_registered(kind, name, version_body, search):
    """The requests about a registered model or a prompt."""
    model, versions = f"{API}/registered-models", f"{API}/model-versions"
    return [Row(f"{kind}: {title}", *rest) for title, *rest in (
        ("registered-models/get", "GET", f"{model}/get?name={name}"),
        ("registered-models/get of none", "GET", f"{model}/get?name=none"),
        ("registered-models/search", "GET", f"{model}/search?filter={search}", None, "registered_models"),
        ("registered-models/update", "PATCH", f"{model}/update", {"name": name, "description": "d"}),
        ("registered-models/set-tag", "POST", f"{model}/set-tag", {"name": name, "key": "k", "value": "v"}),
        ("registered-models/delete-tag", "DELETE", f"{model}/delete-tag", {"name": name, "key": "k"}),
        ("registered-models/get-latest-versions", "POST", f"{model}/get-latest-versions", {"name": name}),
        ("registered-models/alias: set", "POST", f"{model}/alias", {"name": name, "alias": "al", "version": "1"}),
        ("registered-models/alias: get", "GET", f"{model}/alias?name={name}&alias=first"),
        ("registered-models/alias: delete", "DELETE", f"{model}/alias", {"name": name, "alias": "al"}),
        ("registered-models/create", "POST", f"{model}/create", {"name": f"new-{kind}-of-$c", "tags": version_body.get("tags", [])}),
        ("registered-models/create of another's", "POST", f"{model}/create", {"name": name}),
        ("model-versions/create", "POST", f"{versions}/create", {"name": name, **version_body}),
        ("model-versions/get", "GET", f"{versions}/get?name={name}&version=1"),
        ("model-versions/search", "GET", f"{versions}/search?filter={search}", None, "model_versions"),
        ("model-versions/update", "PATCH", f"{versions}/update", {"name": name, "version": "1", "description": "x"}),
        ("model-versions/transition-stage", "POST", f"{versions}/transition-stage", {"name": name, "version": "1", "stage": "Staging", "archive_existing_versions": False}),
        ("model-versions/get-download-uri", "GET", f"{versions}/get-download-uri?name={name}&version=1"),
        ("model-versions/set-tag", "POST", f"{versions}/set-tag", {"name": name, "version": "1", "key": "k", "value": "v"}),
        ("model-versions/delete-tag", "DELETE", f"{versions}/delete-tag", {"name": name, "version": "1", "key": "t"}),
        ("model-versions/get-artifact", "GET", f"/model-versions/get-artifact?name={name}&version=1&path=f.txt"),
        ("model-versions/delete", "DELETE", f"{versions}/delete", {"name": name, "version": "1"}),
    )]


REGISTRY = [
    *of_registered("model", "$c-rm", {"source": "mlflow-artifacts:/$exp/$run/artifacts", "run_id": "$run"}, "name%3D%27$c-rm%27"),
    *of_registered("prompt", "$c-pr", {"source": "dummy-source", "tags": [PROMPT, {"key": "mlflow.prompt.text", "value": "x"}]},
                   "name%3D%27$c-pr%27+AND+tag.%60mlflow.prompt.is_prompt%60%3D%27true%27"),
    Row("model: versions of a run that none may read", "POST", f"{API}/model-versions/create", {"name": "$c-rm", "source": "s", "run_id": "0" * 32}),
    Row("model: versions of a logged model", "POST", f"{API}/model-versions/create", {"name": "$c-rm", "source": "models:/$model", "model_id": "$model"}),
    Row("model: registered-models/rename", "POST", f"{API}/registered-models/rename", {"name": "$c-shy-rm", "new_name": "$c-bold-rm"}),
    Row("model: registered-models/get after rename", "GET", f"{API}/registered-models/get?name=$c-bold-rm"),
    Row("model: registered-models/delete", "DELETE", f"{API}/registered-models/delete", {"name": "$c-old-rm"}),
    Row("prompt: registered-models/delete", "DELETE", f"{API}/registered-models/delete", {"name": "$c-old-pr"}),
]

USERS = [
    Row("users/current", "GET", f"{API}/users/current"),
    Row("users/current (AJAX)", "GET", f"{AJAX}/users/current"),
    Row("users/list", "GET", f"{API}/users/list"),
    Row("users/get: self", "GET", f"{API}/users/get?username=$me"),
    Row("users/get: other", "GET", f"{API}/users/get?username=$c-other"),
    Row("users/get of none", "GET", f"{API}/users/get?username=none"),
    Row("users/create", "POST", f"{API}/users/create", {"username": "new-of-$c", "password": "password of $c"}),
    Row("users/create: short password", "POST", f"{API}/users/create", {"username": "newer-of-$c", "password": "short"}),
    Row("users/update-password: other", "PATCH", f"{API}/users/update-password", {"username": "$c-other", "password": "new password of $c"}),
    Row("users/update-password: self, wrong", "PATCH", f"{API}/users/update-password",
        {"username": "$me", "password": "new password of $c", "current_password": "wrong password"}),
    Row("users/update-admin: other", "PATCH", f"{API}/users/update-admin", {"username": "$c-other", "is_admin": False}),
    Row("users/update-admin: self", "PATCH", f"{API}/users/update-admin", {"username": "$me", "is_admin": True}),
    Row("users/delete: other", "DELETE", f"{API}/users/delete", {"username": "$c-old"}),
    Row("users/delete: self", "DELETE", f"{API}/users/delete", {"username": "$me"}),
]

ROLES = [
    Row("roles/create", "POST", f"{V3}/roles/create", {"name": "new-of-$c", "workspace": "default"}),
    Row("roles/create elsewhere", "POST", f"{V3}/roles/create", {"name": "new-of-$c", "workspace": "other"}),
    Row("roles/get", "GET", f"{V3}/roles/get?role_id=$role"),
    Row("roles/get elsewhere", "GET", f"{V3}/roles/get?role_id=$elsewhere"),
    Row("roles/get of none", "GET", f"{V3}/roles/get?role_id=999999"),
    Row("roles/list", "GET", f"{V3}/roles/list"),
    Row("roles/list of default", "GET", f"{V3}/roles/list?workspace=default"),
    Row("roles/list of other", "GET", f"{V3}/roles/list?workspace=other"),
    Row("roles/list of two", "GET", f"{V3}/roles/list?workspace=default&workspace=other"),
    Row("roles/update", "PATCH", f"{V3}/roles/update", {"role_id": "$role", "description": "d"}),
    Row("roles/permissions/add", "POST", f"{V3}/roles/permissions/add",
        {"role_id": "$role", "resource_type": "run", "resource_pattern": "*", "permission": "READ"}),
    Row("roles/permissions/update", "PATCH", f"{V3}/roles/permissions/update", {"role_permission_id": "$part", "permission": "EDIT"}),
    Row("roles/permissions/list", "GET", f"{V3}/roles/permissions/list?role_id=$role"),
    Row("roles/permissions/remove", "DELETE", f"{V3}/roles/permissions/remove", {"role_permission_id": "$part"}),
    Row("roles/permissions/remove of none", "DELETE", f"{V3}/roles/permissions/remove", {"role_permission_id": 999999}),
    Row("roles/assign", "POST", f"{V3}/roles/assign", {"username": "$c-other", "role_id": "$role"}),
    Row("roles/users/list", "GET", f"{V3}/roles/users/list?role_id=$role"),
    Row("roles/unassign", "DELETE", f"{V3}/roles/unassign", {"username": "$c-other", "role_id": "$role"}),
    Row("roles/delete", "DELETE", f"{V3}/roles/delete", {"role_id": "$old_role"}),
    Row("roles/delete elsewhere", "DELETE", f"{V3}/roles/delete", {"role_id": "$elsewhere"}),
]


def grants(title, type, id):
    """Give a permission, look at it, and take it back."""
    what = {"username": "$c-other", "resource_type": type, "resource_id": id}
    asked = f"resource_type={type}&resource_id={id}"
    return [
        Row(f"grant: {title}", "POST", f"{V3}/users/permissions/grant", {**what, "permission": "READ"}),
        Row(f"permission of self: {title}", "GET", f"{V3}/users/permissions/get?username=$me&{asked}", None, "permission"),
        Row(f"permission of other: {title}", "GET", f"{V3}/users/permissions/get?username=$c-other&{asked}", None, "permission"),
        Row(f"revoke: {title}", "POST", f"{V3}/users/permissions/revoke", what),
    ]


GRANTS = [
    Row("users/current/permissions", "GET", f"{V3}/users/current/permissions"),
    Row("users/permissions/list: self", "GET", f"{V3}/users/permissions/list?username=$me"),
    Row("users/permissions/list: other", "GET", f"{V3}/users/permissions/list?username=$c-other"),
    Row("users/roles/list: self", "GET", f"{V3}/users/roles/list?username=$me"),
    Row("users/roles/list: other", "GET", f"{V3}/users/roles/list?username=$c-other"),
    Row("users/roles/list: with a role", "GET", f"{V3}/users/roles/list?username=$c-old"),
    *grants("experiment", "experiment", "$exp"),
    *grants("missing experiment", "experiment", "999999"),
    *grants("all experiments", "experiment", "*"),
    *grants("model", "registered_model", "$c-rm"),
    *grants("missing model", "registered_model", "none"),
    *grants("prompt", "prompt", "$c-pr"),
    *grants("runs", "run", "*"),
    *grants("scorer", "scorer", "$exp/s"),
    *grants("endpoint", "gateway_endpoint", "e"),
    *grants("workspace", "workspace", "*"),
]


def classic(kind, where, key, value):
    what = {key: value, "username": "$c-other"}
    path = f"{API}/{where}/permissions"
    return [
        Row(f"classic: {kind}, create", "POST", f"{path}/create", {**what, "permission": "READ"}),
        Row(f"classic: {kind}, get", "GET", f"{path}/get?{key}={value}&username=$c-other"),
        Row(f"classic: {kind}, update", "PATCH", f"{path}/update", {**what, "permission": "EDIT"}),
        Row(f"classic: {kind}, delete", "DELETE", f"{path}/delete", what),
    ]


CLASSIC = [*classic("experiment", "experiments", "experiment_id", "$exp"), *classic("model", "registered-models", "name", "$c-rm")]

OTHERS = [
    Row("graphql: experiment", *graphql("query", 'mlflowGetExperiment(input:{experimentId:"$exp"}){experiment{name}}', "mlflowGetExperiment.experiment")),
    Row("graphql: run", *graphql("query", 'mlflowGetRun(input:{runId:"$run"}){run{info{runId}}}', "mlflowGetRun.run")),
    Row("graphql: files", *graphql("query", 'mlflowListArtifacts(input:{runId:"$run"}){files{path}}', "mlflowListArtifacts.files")),
    Row("graphql: search of runs", *graphql("mutation", 'mlflowSearchRuns(input:{experimentIds:["$exp"]}){runs{info{runId}}}', "mlflowSearchRuns.runs")),
    Row("graphql: search of versions", *graphql("query", "mlflowSearchModelVersions(input:{filter:\"name='$c-pr'\"}){modelVersions{name}}", "mlflowSearchModelVersions.modelVersions")),
    Row("server-info", "GET", f"{V3}/server-info"),
    Row("health", "GET", "/health"),
    Row("version", "GET", "/version"),
    Row("pages", "GET", "/"),
    Row("ui-telemetry", "GET", "/ajax-api/3.0/mlflow/ui-telemetry"),
    Row("unknown route", "GET", f"{API}/nope"),
    Row("OPTIONS", "OPTIONS", f"{API}/experiments/search"),
    Row("webhooks", "GET", f"{API}/webhooks"),
    Row("workspaces", "GET", f"{V3}/workspaces"),
    Row("signup", "GET", "/signup"),
]

# These delete what others are about.
LAST = [
    Row("runs/delete", "POST", f"{API}/runs/delete", {"run_id": "$old_run"}),
    Row("runs/restore", "POST", f"{API}/runs/restore", {"run_id": "$old_run"}),
    Row("logged-models: delete", "DELETE", f"{API}/logged-models/$old_model"),
    Row("proxy: delete file", "DELETE", f"{PROXY}/artifacts/$exp/$run/artifacts/g.txt"),
    Row("proxy: delete run", "DELETE", f"{PROXY}/artifacts/$exp/$run"),
    Row("proxy: delete experiment", "DELETE", f"{PROXY}/artifacts/$exp"),
    Row("proxy: delete outside", "DELETE", f"{PROXY}/artifacts/zzz"),
    Row("experiments/delete", "POST", f"{API}/experiments/delete", {"experiment_id": "$old_exp"}),
    Row("experiments/restore", "POST", f"{API}/experiments/restore", {"experiment_id": "$old_exp"}),
    Row("users/update-password: self", "PATCH", f"{API}/users/update-password",
        {"username": "$me", "password": "new password of $c", "current_password": "$password"}),
    Row("after the change", "GET", f"{API}/users/current"),
]

ROWS = [*EXPERIMENTS, *RUNS, *ARTIFACTS, *LOGGED_MODELS, *OTHERS, *GRANTS, *CLASSIC, *USERS, *ROLES, *REGISTRY, *LAST]

# The requests of the table of grants on the parts of experiments and models.
PARTS = [
    Row("run: get", "GET", f"{API}/runs/get?run_id=$run"),
    Row("run: search", "POST", f"{API}/runs/search", {"experiment_ids": ["$exp"]}, "runs"),
    Row("run: tag", "POST", f"{API}/runs/set-tag", {"run_id": "$run", "key": "k", "value": "v"}),
    Row("run: create", "POST", f"{API}/runs/create", {"experiment_id": "$exp", "start_time": 1}),
    Row("run: metric of a model", "POST", f"{API}/runs/log-metric", {"run_id": "$run", "key": "m", "value": 1, "timestamp": 1, "model_id": "$model"}),
    Row("run: history", "GET", f"{API}/metrics/get-history?run_id=$run&metric_key=m"),
    Row("run: outputs", "POST", f"{API}/runs/outputs", {"run_id": "$run", "models": [{"model_id": "$model", "step": 0}]}),
    Row("run: get outputs", "GET", f"{API}/runs/get?run_id=$run", None, "run.outputs.model_outputs"),
    Row("experiment: get", "GET", f"{API}/experiments/get?experiment_id=$exp"),
    Row("experiment: get, none", "GET", f"{API}/experiments/get?experiment_id=999999"),
    Row("model: get, none", "GET", f"{API}/registered-models/get?name=none"),
    Row("version: get, none", "GET", f"{API}/model-versions/get?name=none&version=1"),
    Row("alias: get, none", "GET", f"{API}/registered-models/alias?name=none&alias=first"),
    Row("latest versions: get, none", "GET", f"{API}/registered-models/get-latest-versions?name=none"),
    Row("download: none", "GET", f"{API}/model-versions/get-download-uri?name=none&version=1"),
    Row("artifact: list, none", "GET", f"{PROXY}/artifacts?path=999999"),
    Row("artifact: get, none", "GET", f"{PROXY}/artifacts/999999/{'0' * 32}/artifacts/f.txt"),
    Row("datasets: none", "POST", f"{AJAX}/experiments/search-datasets", {"experiment_ids": ["999999"]}),
    Row("experiment: tag, none", "POST", f"{API}/experiments/set-experiment-tag", {"experiment_id": "999999", "key": "k", "value": "v"}),
    Row("model: tag, none", "POST", f"{API}/registered-models/set-tag", {"name": "none", "key": "k", "value": "v"}),
    Row("run: create, none", "POST", f"{API}/runs/create", {"experiment_id": "999999", "start_time": 1}),
    Row("experiment: search", "POST", f"{API}/experiments/search", {"max_results": 1000, "filter": "name LIKE '$c-%'"}, "experiments"),
    Row("experiment: create", "POST", f"{API}/experiments/create", {"name": "new-of-$c"}),
    Row("experiment: update", "POST", f"{API}/experiments/update", {"experiment_id": "$exp", "new_name": "$c-exp"}),
    Row("logged model: get", "GET", f"{API}/logged-models/$model", None, "model.info.source_run_id"),
    Row("logged model: search", "POST", f"{API}/logged-models/search", {"experiment_ids": ["$exp"]}, "models"),
    Row("logged model: create", "POST", f"{API}/logged-models", {"experiment_id": "$exp", "name": "c"}),
    Row("logged model: tag", "PATCH", f"{API}/logged-models/$model/tags", {"model_id": "$model", "tags": [{"key": "a", "value": "b"}]}),
    Row("logged model: delete tag", "DELETE", f"{API}/logged-models/$model/tags/t"),
    Row("model: get", "GET", f"{API}/registered-models/get?name=$c-rm", None, "registered_model.latest_versions"),
    Row("model: create", "POST", f"{API}/registered-models/create", {"name": "new-of-$c"}),
    Row("model: alias", "GET", f"{API}/registered-models/alias?name=$c-rm&alias=first"),
    Row("version: get", "GET", f"{API}/model-versions/get?name=$c-rm&version=1", None, "model_version.run_id"),
    Row("version: search", "GET", f"{API}/model-versions/search?filter=name%3D%27$c-rm%27", None, "model_versions"),
    Row("version: tag", "POST", f"{API}/model-versions/set-tag", {"name": "$c-rm", "version": "1", "key": "k", "value": "v"}),
    Row("version: create", "POST", f"{API}/model-versions/create", {"name": "$c-rm", "source": "mlflow-artifacts:/$exp/$run/artifacts", "run_id": "$run"}),
    Row("version: file", "GET", "/model-versions/get-artifact?name=$c-rm&version=1&path=f.txt"),
    Row("prompt: get", "GET", f"{API}/registered-models/get?name=$c-pr", None, "registered_model.latest_versions"),
    Row("prompt: version", "GET", f"{API}/model-versions/get?name=$c-pr&version=1"),
    Row("artifact: get", "GET", f"{PROXY}/artifacts/$exp/$run/artifacts/f.txt"),
    Row("artifact: put", "PUT", f"{PROXY}/artifacts/$exp/$run/artifacts/h.txt", "y"),
    Row("artifact: of a logged model", "GET", f"{PROXY}/artifacts/$exp/models/$model/artifacts/MLmodel"),
    Row("artifact: list experiment", "GET", f"{PROXY}/artifacts?path=$exp"),
    Row("artifact: delete", "DELETE", f"{PROXY}/artifacts/$exp/$run/artifacts/g.txt"),
    Row("run: delete", "POST", f"{API}/runs/delete", {"run_id": "$old_run"}),
    Row("run: restore", "POST", f"{API}/runs/restore", {"run_id": "$old_run"}),
    Row("logged model: delete", "DELETE", f"{API}/logged-models/$old_model"),
    Row("alias: delete", "DELETE", f"{API}/registered-models/alias", {"name": "$c-rm", "alias": "first"}),
    Row("model: delete", "DELETE", f"{API}/registered-models/delete", {"name": "$c-old-rm"}),
    Row("experiment: delete", "POST", f"{API}/experiments/delete", {"experiment_id": "$old_exp"}),
    Row("artifact: delete experiment", "DELETE", f"{PROXY}/artifacts/$exp"),
]
