"""More requests of differential.py: traces, spans and assessments. They use the experiment $x and
the run $m that requests_tracking.py makes."""

import gzip
import json
import zlib

from diff.requests_tracking import LONG, pairs
from diff.requests_tracking import ask as ask_before

REQUESTS = []
V3 = "/api/3.0/mlflow/traces"
V2 = "/api/2.0/mlflow/traces"


def ask(title, method, path, body=None, save=None, headers=None):
    ask_before("trace: " + title, method, path, body, save, headers, into=REQUESTS)


def post(title, path, body=None, **more):
    ask(title, "POST", path, {} if body is None else body, **more)


def get(title, path, **more):
    ask(title, "GET", path, **more)


def hex_id(n, digits=32):
    return f"{n:0{digits}x}"


def tr(n):
    return "tr-" + hex_id(n)


def info(n, **more):
    """The information of a trace in $x."""
    return {"trace_id": tr(n), "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "$x"}},
            "request_time": "2026-11-28T10:00:00.123Z", "execution_duration": "1.5s", "state": "OK", **more}


def value(v):
    if isinstance(v, bool):
        return {"boolValue": v}
    if isinstance(v, int):
        return {"intValue": str(v)}
    if isinstance(v, float):
        return {"doubleValue": v}
    if isinstance(v, list):
        return {"arrayValue": {"values": [value(x) for x in v]}}
    if isinstance(v, dict):
        return {"kvlistValue": {"values": [{"key": k, "value": value(x)} for k, x in v.items()]}}
    return {} if v is None else {"stringValue": v}


def attributes(d):
    return [{"key": k, "value": value(v)} for k, v in d.items()]


def span(n, id=1, parent=None, start=1700000000000, end=1700000001000, status=None, attrs=None, **more):
    s = {"traceId": hex_id(n), "spanId": hex_id(id, 16), "name": f"span {id}", "startTimeUnixNano": str(start * 10**6),
         "endTimeUnixNano": str(end * 10**6), "attributes": attributes(attrs or {}), **more}
    if parent:
        s["parentSpanId"] = hex_id(parent, 16)
    if status:
        s["status"] = status
    return s


def export(title, *spans, resource=None, body=None, experiment="$x", content_type="application/json", **headers):
    if body is None:
        body = {"resourceSpans": [{"resource": {"attributes": attributes(resource or {})}, "scopeSpans": [{"spans": list(spans)}]}]}
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    all_headers = {"Content-Type": content_type, "x-mlflow-experiment-id": experiment,
                   **{k.replace("_", "-"): v for k, v in headers.items()}}
    ask("export " + title, "POST", "/v1/traces", body, headers={k: v for k, v in all_headers.items() if v is not None})


def look(title, n):
    get(f"{title}, info", f"{V3}/{tr(n)}")
    get(f"{title}, spans", f"{V3}/get?trace_id={tr(n)}&allow_partial=true")
    get(f"{title}, file", f"/ajax-api/3.0/mlflow/get-trace-artifact?request_id={tr(n)}")


def experiments():
    post("experiment", "/api/2.0/mlflow/experiments/create", {"name": "traces"}, save={"t": ["experiment_id"]})
    post("experiment, deleted", "/api/2.0/mlflow/experiments/create", {"name": "traces deleted"}, save={"td": ["experiment_id"]})
    post("experiment, delete", "/api/2.0/mlflow/experiments/delete", {"experiment_id": "$td"})


def starts():
    post("start", V3, {"trace": {"trace_info": info(1, client_request_id="c", request_preview="q", response_preview="a", trace_metadata={"m": "1", "mlflow.trace.session": "s", "mlflow.trace.tokenUsage": '{"input_tokens": 5, "output_tokens": 7, "total_tokens": 12, "other": 1}', "mlflow.trace.cost": '{"input_cost": 1e-05, "total_cost": 2}'}, tags={"k": "v", "mlflow.traceName": "n", "ünï": "ü"})}})
    post("start again", V3, {"trace": {"trace_info": info(1, execution_duration="2s", state="ERROR", tags={"k": "w", "l": "x"})}})
    look("started", 1)
    for title, more in {
        "minimal": {}, "running": {"state": "IN_PROGRESS", "execution_duration": None}, "state number": {"state": 2}, "bogus state": {"state": "BOGUS"},
        "time": {"request_time": "yesterday"}, "time number": {"request_time": 1700000000000}, "time with zone": {"request_time": "2026-11-28T12:00:00+02:00"}, "nanoseconds": {"request_time": "2026-11-28T10:00:00.123456789Z"}, "duration": {"execution_duration": "5"}, "negative": {"execution_duration": "-1.5s"},
        "no location": {"trace_location": None}, "no id": {"trace_id": ""}, "unknown experiment": {"trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "99999"}}}, "text experiment": {"trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "abc"}}},
        "deleted experiment": {"trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "$td"}}}, "long name": {"tags": {"mlflow.traceName": "n" * 4097}}, "long session": {"trace_metadata": {"mlflow.trace.session": LONG[251]}}, "usage text": {"trace_metadata": {"mlflow.trace.tokenUsage": "x"}}, "usage odd": {"trace_metadata": {"mlflow.trace.tokenUsage": '{"input_tokens": 1.0, "output_tokens": true, "total_tokens": "3"}'}},
        "tag number": {"tags": {"a": 1}}, "tags list": {"tags": []}, "camel case": {"requestTime": "2026-11-28T10:00:00Z", "request_time": None},
        "assessment": {"assessments": [{"assessment_name": "n", "source": {"source_type": "HUMAN", "source_id": "u"}, "feedback": {"value": "yes"}, "create_time": "2026-11-28T10:00:00Z", "last_update_time": "2026-11-28T10:00:00Z"}]},
    }.items():
        body = {k: v for k, v in info(100 + len(REQUESTS), **more).items() if v is not None}
        post(f"start, {title}", V3, {"trace": {"trace_info": body}})
    for body in ({}, {"trace": {}}, {"trace": 5}, {"trace": {"trace_info": 5}}):
        post(f"start {body}", V3, body)
    for path in (f"{V3}/tr-nope", f"{V3}/search", f"{V3}/get?trace_id=tr-nope", f"{V3}/get", f"{V3}/get?trace_id={tr(1)}&allow_partial=1", f"{V3}/get?trace_id=tr-nope&allow_partial=True"):
        get(f"get {path[len(V3):]}", path)
    for method, path in (("PUT", V3), ("PUT", f"{V3}/x"), ("GET", V3)):
        ask(f"{method} {path[len(V3):]}", method, path, {} if method == "PUT" else None)


def exports():
    export("root and child", span(2, 1, attrs={"mlflow.spanInputs": {"q": "hi"}, "mlflow.spanOutputs": "answer", "mlflow.traceTag.color": "red", "mlflow.traceTag.mlflow.traceName": "named", "user.id": "u"}, status={"code": 1}),
           span(2, 2, 1, attrs={"mlflow.spanType": "CHAT_MODEL", "mlflow.chat.tokenUsage": {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}, "session.id": "sess", "n": 5, "f": 1.5, "b": True, "none": None, "list": [1, "a"], "text": "ünï", "json": '{"a": 1}', "mlflow.llm.model": "m", "mlflow.llm.provider": "p"}),
           resource={"service.name": "svc", "telemetry.sdk.name": "x", "count": 3})
    look("exported", 2)
    export("another sibling", span(2, 3, 1, start=1699999999000, end=1700000005000, attrs={"mlflow.chat.tokenUsage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}, status={"code": 2, "message": "boom"}))
    get("exported, sibling", f"{V3}/{tr(2)}")
    export("the child again", span(2, 2, 1, attrs={"mlflow.chat.tokenUsage": {"input_tokens": 100, "output_tokens": 1, "total_tokens": 101}}))
    get("exported, child again", f"{V3}/{tr(2)}")
    export("root with usage", span(2, 1, attrs={"mlflow.chat.tokenUsage": {"input_tokens": 500, "output_tokens": 5, "total_tokens": 505}}))
    get("exported, root again", f"{V3}/{tr(2)}")
    export("only a child", span(3, 2, 1))
    look("only a child", 3)
    export("its root", span(3, 1, status={"code": 2}))
    get("its root", f"{V3}/{tr(3)}")
    export("events and links", span(4, 1, events=[{"name": "e", "timeUnixNano": "1700000000000000001", "attributes": attributes({"a": 1, "b": {"c": [None, 1.0]}})}], links=[{"traceId": hex_id(9), "spanId": hex_id(8, 16), "attributes": attributes({"l": "x"})}]))
    look("events and links", 4)
    post("export, information", V3, {"trace": {"trace_info": info(2, tags={"late": "1"}, request_preview="mine")}})
    export("late", span(2, 9, 1, end=1800000000000, attrs={"mlflow.chat.tokenUsage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}))
    get("exported, late", f"{V3}/{tr(2)}")
    export("chat", span(5, 1, attrs={"mlflow.spanInputs": {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "the question"}]}, "mlflow.spanOutputs": {"choices": [{"message": {"role": "assistant", "content": "the answer"}}]}}))
    get("chat", f"{V3}/{tr(5)}")
    export("long inputs", span(6, 1, attrs={"mlflow.spanInputs": "x" * 2000}))
    get("long inputs", f"{V3}/{tr(6)}")
    export("with run", span(7, 1), x_mlflow_run_id="$m")
    for title, more in {
        "no header": {"experiment": None}, "unknown experiment": {"experiment": "99999"}, "text experiment": {"experiment": "abc"}, "other type": {"content_type": "text/plain"}, "no type": {"content_type": None}, "type with charset": {"content_type": "application/json; charset=utf-8"},
        "br": {"Content_Encoding": "br"},
    }.items():
        export(title, span(20 + len(title), 1), **more)
    export("deleted experiment", span(19, 1), experiment="$td")
    plain = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span(40, 1)]}]}]}).encode()
    for title, body, coding in (("gzip", gzip.compress(plain), "gzip"), ("deflate", zlib.compress(plain), "deflate"), ("raw deflate", zlib.compress(plain)[2:-4], "deflate"), ("bad gzip", b"xxxxxxxxxx", "gzip")):
        export(title, body=body, Content_Encoding=coding)
    for title, body in {"empty": "", "object": "{}", "array": "[]", "cut": "{", "no spans": {"resourceSpans": []}, "resource without spans": {"resourceSpans": [{}]}, "unknown fields": {"resourceSpans": [{"x": 1, "scopeSpans": [{"scope": {"name": "s"}, "spans": [{**span(41, 1), "kind": 2, "flags": 1, "y": []}]}]}]},
                        "no trace id": {"resourceSpans": [{"scopeSpans": [{"spans": [{"spanId": "01"}]}]}]}, "no span id": {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "01"}]}]}]}, "bad hex": {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xx", "spanId": "01"}]}]}]}}.items():
        export(f"body {title}", body=body)
    export("protobuf of text", body=b"\xff\xff\xff", content_type="application/x-protobuf")
    export("empty protobuf", body=b"", content_type="application/x-protobuf")
    get("export by GET", "/v1/traces")


def tags_and_links():
    tags = f"{V3}/{tr(1)}/tags"
    for body in ({"key": "a", "value": "1"}, {"key": "a", "value": "2"}, {"key": "b"}, {"key": "mlflow.traceName", "value": "renamed"}, {"key": "mlflow.trace.spansLocation", "value": "x"}, {"key": "mlflow.trace.archiveLocation", "value": "x"}, {"key": "mlflow.trace.archivalFailure", "value": "x"}, {"key": "bad\nkey", "value": "1"}, {"key": LONG[251], "value": "1"}, {"value": "1"}, {}, {"key": 5, "value": "1"}, {"key": "c", "value": LONG[8001]}):
        ask(f"set tag {str(body)[:60]}", "PATCH", tags, body)
    ask("set tag of unknown", "PATCH", f"{V3}/tr-nope/tags", {"key": "a", "value": "1"})
    ask("set tag by V2", "PATCH", f"{V2}/{tr(1)}/tags", {"key": "v2", "value": "1"})
    for body in ({"key": "b"}, {"key": "b"}, {"key": "mlflow.trace.spansLocation"}, {"key": "mlflow.traceName"}, {}):
        ask(f"delete tag {body}", "DELETE", tags, body)
    ask("delete tag of unknown", "DELETE", f"{V3}/tr-nope/tags", {"key": "b"})
    get("tags", f"{V3}/{tr(1)}")
    get("info by V2", f"{V2}/{tr(1)}/info")
    link = f"{V2}/link-to-run"
    for body in ({"trace_ids": [tr(1), tr(2)], "run_id": "$m"}, {"trace_ids": [tr(1)], "run_id": "$m"}, {"trace_ids": [], "run_id": "$m"}, {"trace_ids": [tr(i) for i in range(101)], "run_id": "$m"}, {"trace_ids": [tr(1)]}, {}, {"trace_ids": "x", "run_id": "$m"}):
        post(f"link {str(body)[:60]} {len(body.get('trace_ids', []))}", link, body)
    prompts = f"{V2}/link-prompts"
    for body in ({"trace_id": tr(1), "prompt_versions": [{"name": "greet", "version": "1"}]}, {"trace_id": tr(1), "prompt_versions": []}, {"trace_id": "tr-nope", "prompt_versions": [{"name": "greet", "version": "1"}]}, {"trace_id": tr(1), "prompt_versions": [{"name": "greet"}]}, {"trace_id": tr(1), "prompt_versions": [{"name": "greet", "version": "x"}]}, {}):
        post(f"link prompts {str(body)[40:120]}", prompts, body)


def reads():
    for ids in ([tr(2), tr(4)], [tr(4), tr(2), tr(4)], ["tr-nope"], [tr(2), "tr-nope"], []):
        get(f"batch {len(ids)} {ids[:1]}", f"{V3}/batchGet?" + "&".join("trace_ids=" + i for i in ids))
        post(f"batch infos {len(ids)} {ids[:1]}", f"{V3}/batchGetInfos", {"trace_ids": ids})
    for body in ({"trace_ids": [tr(2)], "experiment_ids": ["$x"]}, {"trace_ids": [tr(2)], "experiment_ids": []}, {"trace_ids": [tr(2)], "experiment_ids": ["0"]}, {"trace_ids": [5]}, {}):
        post(f"batch infos {body}", f"{V3}/batchGetInfos", body)
    post("batch by POST", f"{V3}/batchGet", {"trace_ids": [tr(2)]})
    for query in ("", "?request_id=tr-nope", f"?request_id={tr(1)}", f"?request_id={tr(2)}&path=nope", f"?request_id={tr(2)}&path=../x", f"?request_id={tr(2)}&path=11111111-1111-4111-8111-111111111111"):
        get(f"file {query}", "/ajax-api/3.0/mlflow/get-trace-artifact" + query)
    get("file by api", f"/api/3.0/mlflow/get-trace-artifact?request_id={tr(2)}")


HUMAN = {"source_type": "HUMAN", "source_id": "u"}
WHEN = {"create_time": "2026-11-28T10:00:00Z", "last_update_time": "2026-11-28T10:00:00.500Z"}


def assessments():
    path = f"{V3}/{tr(2)}/assessments"

    def assess(title, assessment, **more):
        post(f"assess, {title}", path, {"assessment": {"source": HUMAN, "assessment_name": "n", **WHEN, **assessment}}, **more)

    assess("feedback", {"assessment_id": "a-1", "feedback": {"value": True}, "rationale": "r", "metadata": {"a": "1"}, "span_id": hex_id(1, 16)})
    for title, v in {"integer": 1, "float": 0.5, "text": "yes", "null": None, "list": [1, "a"], "object": {"a": {"b": 1}}, "huge": 12345678901234567890}.items():
        assess(f"feedback {title}", {"assessment_id": f"a-f-{title}", "feedback": {"value": v}})
        assess(f"expectation {title}", {"assessment_id": f"a-e-{title}", "expectation": {"value": v}})
    assess("error", {"assessment_id": "a-err", "feedback": {"error": {"error_code": "E", "error_message": "m", "stack_trace": "t"}}})
    assess("serialized", {"assessment_id": "a-ser", "expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": [1, 2]}'}}})
    assess("serialized XML", {"expectation": {"serialized_value": {"serialization_format": "XML", "value": "x"}}})
    assess("serialized cut", {"expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": "{"}}})
    assess("issue", {"assessment_id": "a-issue", "issue": {"issue_name": "nm"}})
    assess("nothing", {})
    assess("bogus source", {"source": {"source_type": "BOGUS", "source_id": "x"}, "feedback": {"value": 1}})
    assess("no source id", {"assessment_id": "a-nosrc", "source": {"source_type": "CODE"}, "feedback": {"value": 1}})
    assess("unknown span", {"assessment_id": "a-span", "span_id": "ffffffffffffffff", "feedback": {"value": 1}})
    assess("override", {"assessment_id": "a-2", "feedback": {"value": False}, "overrides": "a-1"})
    assess("override of unknown", {"feedback": {"value": False}, "overrides": "a-zz"})
    assess("the same id", {"assessment_id": "a-1", "feedback": {"value": 1}})
    assess("not valid", {"assessment_id": "a-inv", "feedback": {"value": 1}, "valid": False})
    post("assess, unknown trace", f"{V3}/tr-nope/assessments", {"assessment": {"assessment_name": "n", "source": HUMAN, "feedback": {"value": 1}}})
    for body in ({}, {"assessment": {}}, {"assessment": 5}):
        post(f"assess {body}", path, body)
    for id in ("a-1", "a-2", "a-err", "a-ser", "a-issue", "a-nope"):
        get(f"assessment {id}", f"{path}/{id}")
    get("assessment of unknown", f"{V3}/tr-nope/assessments/a-1")
    get("assessments", path)
    for title, assessment, mask in (
        ("rationale", {"rationale": "new"}, "rationale"), ("metadata", {"metadata": {"b": "2"}}, "metadata"), ("feedback", {"feedback": {"value": 0.25}}, "feedback"), ("feedback without value", {}, "feedback"), ("name", {"assessment_name": "m"}, "assessmentName"), ("several", {"rationale": "x", "feedback": {"value": "no"}}, "rationale,feedback"), ("expectation", {"expectation": {"value": 1}}, "expectation"), ("no mask", {"rationale": "y"}, None), ("empty mask", {"rationale": "y"}, ""), ("snake case", {"assessment_name": "o"}, "assessment_name"), ("bogus mask", {"rationale": "y"}, "bogus"), ("valid", {"valid": False}, "valid"),
    ):
        ask(f"update assessment, {title}", "PATCH", f"{path}/a-1", {"assessment": assessment, **({} if mask is None else {"update_mask": mask})})
    ask("update assessment, feedback of expectation", "PATCH", f"{path}/a-ser", {"assessment": {"feedback": {"value": 1}}, "update_mask": "feedback"})
    ask("update assessment, unknown", "PATCH", f"{path}/a-nope", {"assessment": {"rationale": "y"}, "update_mask": "rationale"})
    for id in ("a-2", "a-2", "a-nope"):
        ask(f"delete assessment {id}", "DELETE", f"{path}/{id}")
    get("assessment a-1, restored", f"{path}/a-1")
    get("assessed", f"{V3}/{tr(2)}")


def version_2():
    post("V2 start", V2, {"experiment_id": "$x", "timestamp_ms": 1700000000000, "request_metadata": pairs(a="1") + [{"key": "mlflow.trace.session", "value": "s2"}], "tags": pairs(t="1") + [{"key": "mlflow.traceName", "value": "old"}]}, save={"v2": ["trace_info", "request_id"]})
    get("V2 info", f"{V2}/$v2/info")
    ask("V2 end", "PATCH", f"{V2}/$v2", {"request_id": "$v2", "timestamp_ms": 1700000000500, "status": "OK", "request_metadata": pairs(b="2"), "tags": pairs(u="2")})
    get("V2 info, ended", f"{V2}/$v2/info")
    get("V2 info by V3", f"{V3}/$v2")
    for body in ({}, {"experiment_id": "$x"}, {"experiment_id": "99999", "timestamp_ms": 1}, {"experiment_id": "abc", "timestamp_ms": 1}, {"experiment_id": "$x", "timestamp_ms": "x"}, {"experiment_id": "$x", "timestamp_ms": 1, "tags": [{"value": "v"}]}):
        post(f"V2 start {body}", V2, body)
    for body in ({"timestamp_ms": 1}, {"timestamp_ms": 1, "status": "BOGUS"}):
        ask(f"V2 end {body}", "PATCH", f"{V2}/$v2", {"request_id": "$v2", **body})
    ask("V2 end of unknown", "PATCH", f"{V2}/nope", {"request_id": "nope", "timestamp_ms": 1, "status": "OK"})
    get("V2 info of unknown", f"{V2}/nope/info")


def deletes():
    for title, body in {
        "nothing": {}, "no selection": {"experiment_id": "$x"}, "no ids": {"experiment_id": "$x", "request_ids": []}, "both": {"experiment_id": "$x", "request_ids": [tr(1)], "max_timestamp_millis": 1}, "ids and number": {"experiment_id": "$x", "request_ids": [tr(1)], "max_traces": 1}, "number 0": {"experiment_id": "$x", "max_timestamp_millis": 1, "max_traces": 0}, "other experiment": {"experiment_id": "0", "request_ids": [tr(1)]}, "unknown id": {"experiment_id": "$x", "request_ids": ["tr-nope"]},
        "by id": {"experiment_id": "$x", "request_ids": [tr(1), tr(3)]}, "again": {"experiment_id": "$x", "request_ids": [tr(1)]}, "old": {"experiment_id": "$x", "max_timestamp_millis": 1}, "unknown experiment": {"experiment_id": "99999", "request_ids": [tr(1)]},
    }.items():
        post(f"delete, {title}", f"{V3}/delete-traces", body)
    post("delete by V2", f"{V2}/delete-traces", {"experiment_id": "$x", "request_ids": [tr(4)]})
    get("deleted", f"{V3}/{tr(1)}")


for part in (experiments, starts, exports, tags_and_links, reads, assessments, version_2, deletes):
    part()
