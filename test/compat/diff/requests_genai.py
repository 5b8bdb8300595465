"""More requests of differential.py: evaluation datasets, scorers, schemas of labels and prompts. They use
the experiment $x that requests_tracking.py makes."""

import json
from urllib.parse import quote

from diff.requests_tracking import ask as ask_before
from diff.requests_tracking import pairs

REQUESTS = []
V3 = "/api/3.0/mlflow/"


def ask(title, method, path, body=None, save=None, headers=None):
    ask_before("genai: " + title, method, path if path.startswith("/") else V3 + path, body, save, headers, into=REQUESTS)


def post(title, path, body=None, **more):
    ask(title, "POST", path, {} if body is None else body, **more)


def get(title, path, **more):
    ask(title, "GET", path, **more)


def datasets():
    create = "datasets/create"
    post("dataset, create", create, {"name": "d1", "experiment_ids": ["$x"], "tags": json.dumps({"a": "1", "mlflow.user": "bob"})}, save={"d": ["dataset", "dataset_id"]})
    for title, body in {
        "minimal": {"name": "d2"}, "same name": {"name": "d1"}, "no name": {}, "empty name": {"name": ""}, "number": {"name": 5}, "name 256": {"name": "n" * 256},
        "tags object": {"name": "x", "tags": {"a": "b"}}, "tags broken": {"name": "x", "tags": "{"}, "tags list": {"name": "x", "tags": "[1]"}, "tags number": {"name": "tn", "tags": '{"n": 5}'},
        "unknown experiment": {"name": "x", "experiment_ids": ["99999"]}, "experiment text": {"name": "x", "experiment_ids": "$x"}, "experiment twice": {"name": "x", "experiment_ids": ["$x", "$x"]},
        "two experiments": {"name": "d3", "experiment_ids": ["0", "$x"], "tags": "{}"}, "unicode": {"name": "ünï 日本", "experiment_ids": ["$x"], "tags": '{"ü": "日本"}'},
    }.items():
        post(f"dataset, create, {title}", create, body)
    for path in ("datasets/$d", "datasets/d-nope", "datasets/$d?page_token=x", "/ajax-api/3.0/mlflow/datasets/$d", "/api/2.0/mlflow/datasets/$d", "datasets/$d/experiment-ids", "datasets/d-nope/experiment-ids"):
        get(f"dataset, GET {path}", path)
    for title, tags in {"set": '{"a": "2", "b": 5, "c": null, "d": {"x": [1, true, null, 1.5, "it\'s"]}, "e": true, "f": 1e20}', "empty": "{}", "broken": "{", "list": "[1]", "object": {"a": "b"}, "none": None}.items():
        ask(f"dataset, tags, {title}", "PATCH", "datasets/$d/tags", {} if tags is None else {"tags": tags})
    ask("dataset, tags of none", "PATCH", "datasets/d-nope/tags", {"tags": '{"a": "1"}'})
    for title in ("tag", "tag again"):
        ask(f"dataset, delete {title}", "DELETE", "datasets/$d/tags/b")
    ask("dataset, delete tag of none", "DELETE", "datasets/d-nope/tags/b")
    get("dataset, after tags", "datasets/$d")
    for action in ("add", "remove"):
        for title, body in {"one": {"experiment_ids": ["0"]}, "again": {"experiment_ids": ["0"]}, "nothing": {}, "unknown": {"experiment_ids": ["99999"]}, "text": {"experiment_ids": ["abc"]}, "no list": {"experiment_ids": "0"}}.items():
            post(f"dataset, {action} experiments, {title}", f"datasets/$d/{action}-experiments", body)
        post(f"dataset, {action} experiments of none", f"datasets/d-nope/{action}-experiments", {"experiment_ids": ["0"]})
        get(f"dataset, experiments after {action}", "datasets/$d/experiment-ids")


def records():
    path = "datasets/$d/records"
    for title, list in {
        "one": [{"inputs": {"b": 1, "a": "ü"}, "tags": {"t": "1"}}], "same": [{"inputs": {"a": "ü", "b": 1}, "expectations": {"e": True}}],
        "outputs": [{"inputs": {"a": "ü", "b": 1}, "outputs": ["x", None], "expectations": {"e": 1.5}, "tags": {"u": "2", "mlflow.user": "carol"}}],
        "empty": [], "not dicts": ["x"], "numbers": [1], "null": [None], "null inputs": [{"inputs": None}], "text inputs": [{"inputs": "x"}], "list inputs": [{"inputs": [1]}],
        "tags list": [{"inputs": {"q": 1}, "tags": [1]}], "expectations text": [{"inputs": {"q": 1}, "expectations": "x"}], "source text": [{"inputs": {"q": 1}, "source": "x"}],
        "bogus source": [{"inputs": {"q": 1}, "source": {"source_type": "BOGUS"}}], "source without type": [{"inputs": {"q": 1}, "source": {"source_data": {}}}],
        "source with more": [{"inputs": {"q": 1}, "source": {"source_type": "CODE", "x": 1}}],
        "all or nothing": [{"inputs": {"new": 1}}, {"inputs": "x"}],
    }.items():
        post(f"records, {title}", path, {"records": json.dumps(list)})
    for title, text in {"broken": "[", "object": '{"inputs": {}}', "empty": "", "number": "5", "list": [{"inputs": {}}]}.items():
        post(f"records, text {title}", path, {"records": text})
    post("records, none", path, {})
    post("records, of no dataset", "datasets/d-nope/records", {"records": '[{"inputs": {"a": 1}}]'})
    get("records, first", path)
    get("dataset, after records", "datasets/$d")
    for n, (title, record) in enumerate({
        "trace": {"source": {"source_type": "trace", "source_data": {"trace_id": "tr-1", "x": [1, {}]}}, "outputs": None}, "human": {"source": {"source_type": "HUMAN"}, "outputs": 1.0},
        "unspecified": {"source": {"source_type": "UNSPECIFIED", "source_data": None}}, "document": {"source": {"source_type": "DOCUMENT", "source_data": {"source_id": "doc"}}, "outputs": {"a": {"b": None}}},
        "empty source": {"source": {}, "expectations": {}, "tags": {}}, "nulls": {"source": None, "expectations": None, "tags": None}, "numbers": {"outputs": [1e300, 12345678901234567890, -0.0, 1e-7]}, "more fields": {"other": 1},
    }.items()):
        post(f"records, {title}", path, {"records": json.dumps([{"inputs": {"n": n}, **record}])})
        get(f"records, after {title}", f"{path}?page_token={n + 1}")
    get("dataset, at the end", "datasets/$d")
    for query in ("max_results=2", "max_results=0", "max_results=-1", "page_token=zz", "page_token=3", "page_token=99", "max_results=x"):
        get(f"records, {query}", f"{path}?{query}")
    get("records, next page", f"{path}?max_results=2", save={"page": ["next_page_token"]})
    get("records, page", f"{path}?max_results=3&page_token=$page")
    get("records, of none", "datasets/d-nope/records")
    for title, body in {"unknown": {"dataset_record_ids": ["dr-1"]}, "nothing": {}, "text": {"dataset_record_ids": "dr-1"}}.items():
        ask(f"records, delete {title}", "DELETE", path, body)
    ask("records, delete of none", "DELETE", "datasets/d-nope/records", {"dataset_record_ids": ["dr-1"]})


def searches():
    for title, body in {
        "all": {}, "of one": {"experiment_ids": ["$x"]}, "of two": {"experiment_ids": ["$x", "0"]}, "of unknown": {"experiment_ids": ["99999"]}, "max 1": {"max_results": 1}, "max 0": {"max_results": 0},
        "max -1": {"max_results": -1}, "max 50001": {"max_results": 50001}, "token": {"page_token": "zz"}, "page 2": {"max_results": 1, "page_token": "eyJvZmZzZXQiOiAxfQ=="},
    }.items():
        post(f"dataset, search {title}", "datasets/search", body)
    for filter in ("name = 'd1'", "name = 'D1'", "name LIKE 'd%'", "name ILIKE 'D%'", "name != 'd1'", "name IN ('d1', 'x')", "name NOT IN ('d1')", "name IN ()", "name like 'd%'", "tags.a = '2'", "tags.a != '2'", "tags.a LIKE '%'",
                   "tags.`mlflow.user` = 'bob'", "tag.a = '1'", "tags.a IN ('1')", "tags.a IS NULL", "created_by = 'bob'", "last_updated_by = 'carol'", "created_by IN ('bob')", "created_time > 0", "last_update_time <= 1", "created_time = 1.5",
                   "created_time > '5'", "created_time LIKE '1'", "dataset_id = 'd'", "digest = 'x'", "attributes.name = 'd1'", "schema = 'x'", "name = 'd1' AND created_by = 'bob'", "name = 'd1' and created_by = 'bob'", "name = 'd1' OR name = 'x'", "name = d1", "name > 'd'", "name", "'d1' = name", "", " "):
        post(f"dataset, filter {filter}", "datasets/search", {"filter_string": filter, "experiment_ids": ["$x"], "order_by": ["name", "created_time"]})
    for order in (["name"], ["name DESC"], ["created_time"], ["last_update_time DESC", "name"], ["dataset_id"], ["created_by"], ["tags.a"], ["name foo"], ["name", "name DESC"], ["attributes.name"], [""]):
        post(f"dataset, order {order}", "datasets/search", {"order_by": order, "experiment_ids": ["$x"]})
    get("dataset, search by GET", "datasets/search?experiment_ids=$x&max_results=1")
    for n in range(2):
        ask(f"dataset, delete {n}", "DELETE", "datasets/$d")
    get("dataset, deleted", "datasets/$d")


def scorers():
    judge = '{"name": "s", "instructions_judge_pydantic_data": {"instructions": "ok?", "model": "openai:/m"}}'
    for title, body in {
        "first": {"name": "s", "serialized_scorer": judge}, "second": {"name": "s", "serialized_scorer": "{}"}, "other": {"name": "b /ü", "serialized_scorer": judge}, "code": {"name": "c", "serialized_scorer": '{"call_source": "return 1"}'},
        "code inside": {"name": "c", "serialized_scorer": '{"ensemble_scorer_data": {"scorers": [{"call_source": "return 1"}]}}'}, "broken": {"name": "c", "serialized_scorer": "{"}, "list": {"name": "c", "serialized_scorer": "[1]"}, "blank": {"name": " ", "serialized_scorer": "{}"},
        "no name": {"serialized_scorer": "{}"}, "nothing": {"name": "c"}, "empty model": {"name": "c", "serialized_scorer": '{"builtin_scorer_pydantic_data": {"model": " "}}'}, "gateway": {"name": "c", "serialized_scorer": '{"builtin_scorer_pydantic_data": {"model": "gateway:/m"}}'},
    }.items():
        post(f"scorer, register {title}", "scorers/register", {"experiment_id": "$x", **body}, save={f"scorer-{title}": ["scorer_id"]} if title in ("first", "other") else None)
    for id in ("99999", "abc"):
        post(f"scorer, register in {id}", "scorers/register", {"experiment_id": id, "name": "s", "serialized_scorer": "{}"})
        get(f"scorer, list {id}", f"scorers/list?experiment_id={id}")
    for query in ("list?experiment_id=$x", "list", "list?experiment_ids=$x&experiment_ids=0", "list?experiment_id=$x&experiment_ids=$x", "versions?experiment_id=$x&name=s", "versions?experiment_id=$x&name=zz", "versions?experiment_id=$x", "get?experiment_id=$x&name=s",
                  "get?experiment_id=$x&name=s&version=1", "get?experiment_id=$x&name=s&version=9", "get?experiment_id=$x&name=s&version=x", "get?experiment_id=$x&name=S", "get?experiment_id=$x&name=zz", "get?experiment_id=$x&name=b%20/%C3%BC", "online-configs?scorer_ids=x", "online-configs?scorer_ids=x&scorer_ids=y", "online-configs"):
        get(f"scorer, {query}", f"scorers/{query}")
    for body in ({"version": 1}, {"version": 1}, {}, {}, {"version": "x"}):
        ask(f"scorer, delete {body} of {len(REQUESTS)}", "DELETE", "scorers/delete", {"experiment_id": "$x", "name": "s", **body})
    get("scorer, after deletions", "scorers/list?experiment_id=$x")


def schemas():
    get("schema, list", "label-schemas/list?experiment_id=$x", save={"ls0": ["label_schemas", 0, "schema_id"]})
    text = {"text": {}}
    for title, body in {
        "pass_fail": {"name": "p", "input": {"pass_fail": {"positive_label": "Yes", "negative_label": "No"}}, "instruction": "i", "enable_comment": True}, "categorical": {"name": "c", "type": "EXPECTATION", "input": {"categorical": {"options": ["a", "ü"], "multi_select": True}}},
        "numeric": {"name": "n", "input": {"numeric": {"min_value": 0, "max_value": 1.5}}}, "numeric free": {"name": "n2", "input": {"numeric": {}}}, "text": {"name": "t", "input": {"text": {"max_length": 5}}}, "text free": {"name": "t2", "input": text},
        "taken": {"name": "t", "input": text}, "reserved": {"name": "feedback", "input": text}, "no name": {"input": text}, "long name": {"name": "n" * 251, "input": text}, "no input": {"name": "x"}, "empty input": {"name": "x", "input": {}}, "bogus type": {"name": "x", "type": "BOGUS", "input": text}, "no type": {"name": "x", "type": None, "input": text},
        "same labels": {"name": "x", "input": {"pass_fail": {"positive_label": "a", "negative_label": "a"}}}, "no labels": {"name": "x", "input": {"pass_fail": {}}}, "no options": {"name": "x", "input": {"categorical": {}}}, "options twice": {"name": "x", "input": {"categorical": {"options": ["a", "a"]}}},
        "bounds": {"name": "x", "input": {"numeric": {"min_value": 2, "max_value": 1}}}, "length": {"name": "x", "input": {"text": {"max_length": 0}}}, "long instruction": {"name": "x", "instruction": "i" * 1001, "input": text},
    }.items():
        post(f"schema, create {title}", "label-schemas/create", {"experiment_id": "$x", "type": "FEEDBACK", **body}, save={"ls": ["label_schema", "schema_id"]} if title == "categorical" else None)
    post("schema, create in none", "label-schemas/create", {"experiment_id": "99999", "name": "x", "type": "FEEDBACK", "input": text})
    for query in ("get?schema_id=$ls", "get?schema_id=ls-nope", "get", "get-by-name?experiment_id=$x&name=p", "get-by-name?experiment_id=$x&name=zz", "get-by-name?experiment_id=99999&name=p", "list?experiment_id=99999", "list", "list?experiment_id=$x&max_results=0", "list?experiment_id=$x&page_token=zz"):
        get(f"schema, {query}", f"label-schemas/{query}")
    for title, body in {"rename": {"name": "c2"}, "taken": {"name": "p"}, "reserved": {"name": "Feedback"}, "options": {"input": {"categorical": {"options": ["z"], "multi_select": True}}}, "single": {"input": {"categorical": {"options": ["z"]}}}, "kind": {"input": text}, "comment": {"enable_comment": True, "instruction": ""}, "nothing": {}}.items():
        ask(f"schema, update {title}", "PATCH", "label-schemas/update", {"schema_id": "$ls", **body})
    ask("schema, update none", "PATCH", "label-schemas/update", {"schema_id": "ls-nope", "name": "x"})
    ask("schema, update default", "PATCH", "label-schemas/update", {"schema_id": "$ls0", "name": "x"})
    for id in ("$ls", "$ls", "$ls0"):
        ask(f"schema, delete {id} {len(REQUESTS)}", "DELETE", "label-schemas/delete", {"schema_id": id})


def prompts():
    v2 = "/api/2.0/mlflow/"
    prompt = pairs(**{"mlflow.prompt.is_prompt": "true"})
    post("prompt, create", v2 + "registered-models/create", {"name": "genai-p", "tags": prompt + pairs(_mlflow_experiment_ids=",$x,", team="x")})
    post("prompt, create again", v2 + "registered-models/create", {"name": "genai-p", "tags": prompt})
    post("prompt, create as a model", v2 + "registered-models/create", {"name": "genai-p"})
    post("prompt, a model", v2 + "registered-models/create", {"name": "genai-m"})
    post("prompt, create as a prompt", v2 + "registered-models/create", {"name": "genai-m", "tags": prompt})
    text = pairs(**{"mlflow.prompt.text": "Hi {{name}}", "_mlflow_prompt_type": "text"})
    for title, body in {
        "first": {"source": "dummy-source", "tags": prompt + text, "description": "message"}, "second": {"source": "prompt-template", "tags": prompt + text}, "source": {"source": "s3://x/y", "tags": prompt + text}, "no tag": {"source": "dummy-source"},
        "text 100000": {"source": "prompt-template", "tags": prompt + pairs(**{"mlflow.prompt.text": "x" * 100000})}, "text 100001": {"source": "prompt-template", "tags": prompt + pairs(**{"mlflow.prompt.text": "x" * 100001})}, "upper": {"source": "prompt-template", "tags": pairs(**{"mlflow.prompt.is_prompt": "TRUE"})},
    }.items():
        post(f"prompt, version {title}", v2 + "model-versions/create", {"name": "genai-p", **body})
    post("prompt, alias latest", v2 + "registered-models/alias", {"name": "genai-p", "alias": "latest", "version": "1"})
    post("prompt, alias", v2 + "registered-models/alias", {"name": "genai-p", "alias": "prod", "version": "1"})
    for path in ("registered-models/get?name=genai-p", "registered-models/alias?name=genai-p&alias=latest", "registered-models/alias?name=genai-p&alias=prod", "registered-models/alias?name=genai-p&alias=none", "model-versions/get?name=genai-p&version=1", "model-versions/get-download-uri?name=genai-p&version=1"):
        get(f"prompt, {path}", v2 + path)
    for filter in ("", "tags.`mlflow.prompt.is_prompt` = 'true'", "tags.mlflow.prompt.is_prompt = 'true'", "tags.`mlflow.prompt.is_prompt` = 'false'", "tags.`mlflow.prompt.is_prompt` != 'true'", "tags.`mlflow.prompt.is_prompt` != 'false'", "tags.`mlflow.prompt.is_prompt` LIKE 'true'", "tags.`mlflow.prompt.is_prompt` = 'TRUE'", "name = 'genai-p'",
                   "name = 'genai-p' AND tags.`mlflow.prompt.is_prompt` = 'true'", "tags.`mlflow.prompt.is_prompt` = 'true' AND tags.`_mlflow_experiment_ids` LIKE '%,$x,%'", "tags.`mlflow.prompt.is_prompt` = 'true' AND tags.`_mlflow_experiment_ids` ILIKE '%,$x,%'", "tags.`mlflow.prompt.is_prompt` = 'true' AND tags.team = 'x'", "experiment_id = '$x'"):
        for noun in ("registered-models", "model-versions"):
            get(f"prompt, search {noun} {filter}", f"{v2}{noun}/search?filter=" + quote(f"{filter}{' AND ' if filter else ''}name LIKE 'genai%'").replace("%24x", "$x"))
    post("prompt, set text", v2 + "model-versions/set-tag", {"name": "genai-p", "version": "1", "key": "mlflow.prompt.text", "value": "new"})
    post("prompt, stage", v2 + "model-versions/transition-stage", {"name": "genai-p", "version": "1", "stage": "Production", "archive_existing_versions": False})
    ask("prompt, delete version", "DELETE", v2 + "model-versions/delete", {"name": "genai-p", "version": "2"})
    ask("prompt, delete", "DELETE", v2 + "registered-models/delete", {"name": "genai-p"})


datasets()
records()
searches()
scorers()
schemas()
prompts()
