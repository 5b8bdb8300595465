"""Traces of a program on two servers, in a form in which they agree."""

import json
import re

import mlflow
import requests

# The sizes contain the digits of the duration.
LEFT_OUT = ("mlflow.trace.sizeBytes", "mlflow.trace.sizeStats")

# What a query of each kind finds in the traces of a program.
FILTERS = (
    "trace.status = 'OK'", "trace.status = 'ERROR'", "span.type = 'CHAT_MODEL'", "span.type = 'RETRIEVER'", "span.name LIKE '%Completions%'", "span.status = 'ERROR'",
    "span.content LIKE '%pong%'", "trace.text LIKE '%pong%'", "metadata.`mlflow.trace.session` = 'conversation'", "metadata.`mlflow.trace.user` = 'ada'",
    "span.attributes.model LIKE '%gpt%'", "span.attributes.`mlflow.chat.tools` LIKE '%add%'", "trace.execution_time_ms >= 0",
)
METRICS = [
    {"metric_name": name, "aggregations": [{"aggregation_type": kind}], "view_type": view, **more}
    for view, name, kind, more in (
        ("TRACES", "trace_count", "COUNT", {"dimensions": ["trace_status"]}), ("TRACES", "input_tokens", "SUM", {}), ("TRACES", "total_tokens", "AVG", {"dimensions": ["trace_name"]}),
        ("SPANS", "span_count", "COUNT", {"dimensions": ["span_type", "span_status"]}), ("SPANS", "span_count", "COUNT", {"dimensions": ["span_model_name"]}),
        ("SPANS", "total_cost", "SUM", {"dimensions": ["span_model_name"]}),
    )
]


def span_tree(trace):
    """The spans of a trace as nested dictionaries, without ids and times. Siblings are sorted, because some run at the same time."""
    children = {}
    for span in trace.data.spans:
        assert span.end_time_ns >= span.start_time_ns > 0
        children.setdefault(span.parent_id, []).append(span)

    def tree(span):
        nodes = [tree(child) for child in children.get(span.span_id, [])]
        return {
            "name": span.name, "type": span.span_type, "status": [span.status.status_code.value, span.status.description], "attributes": without_ids(span.attributes),
            "events": [[e.name, without_ids({k: v for k, v in e.attributes.items() if k != "exception.stacktrace"})] for e in span.events],
            "links": len(span.links or []), "children": sorted(nodes, key=lambda node: json.dumps(node, sort_keys=True)),
        }

    (root,) = [tree(span) for span in children[None]]
    return root


def without_ids(value):
    """A value whose ids, which are new in each run of a program, are named instead."""
    if isinstance(value, dict):
        return {key: without_ids(v) for key, v in value.items() if key not in LEFT_OUT}
    if isinstance(value, (list, tuple)):
        return [without_ids(v) for v in value]
    if isinstance(value, str):
        value = re.sub(r"mlflow-attachment://[0-9a-f-]+", "mlflow-attachment://<uuid>", value)
        value = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>", value)
        return re.sub(r"\b(tr-)?[0-9a-f]{32}\b", "<id>", value)
    return value


def info_of(trace, experiment):
    """The information of a trace without ids and times."""
    info = trace.info
    assert info.experiment_id == experiment and info.request_time > 1.6e12 and info.execution_duration >= 0
    tags = {k: v.replace(f"/{experiment}/", "/<experiment>/") for k, v in info.tags.items()}
    return without_ids({
        "state": str(info.state), "request_preview": info.request_preview, "response_preview": info.response_preview, "metadata": info.trace_metadata, "tags": tags,
        "session": info.trace_metadata.get("mlflow.trace.session"), "usage": info.token_usage,
    })


def run(program, experiment):
    """Run a program and return the traces of its experiment, oldest first."""
    program()
    mlflow.flush_trace_async_logging()
    found = mlflow.search_traces(locations=[experiment], return_type="list")
    return sorted(found, key=lambda trace: min(span.start_time_ns for span in trace.data.spans))  # Timestamps have milliseconds only.


def flat(trace):
    """The names and types of the spans of a trace and the names of their parents, in the order of their starts."""
    names = {span.span_id: span.name for span in trace.data.spans}
    return [(span.name, span.span_type, names.get(span.parent_id)) for span in sorted(trace.data.spans, key=lambda span: span.start_time_ns)]


def compare(program, ours, theirs):
    """Run a program on two servers and return where they tell different things of its traces."""
    seen = []
    for server in (ours, theirs):
        mlflow.set_tracking_uri(server.url)
        experiment = mlflow.set_experiment(f"{program.__module__}.{program.__name__}").experiment_id
        seen.append(observed(run(program, experiment), experiment))
    assert seen[0]["traces"], "the program left no trace"
    return list(differences(*seen))


def differences(ours, theirs, path=""):
    """Yield the places at which two values differ, with both values."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            yield from differences(ours.get(key), theirs.get(key), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for n, pair in enumerate(zip(ours, theirs)):
            yield from differences(*pair, f"{path}/{n}")
    elif ours != theirs:
        yield path, ours, theirs


def observed(found, experiment):
    """All that a server tells of the traces of an experiment."""
    numbers = {trace.info.trace_id: n for n, trace in enumerate(found)}
    answers = {"traces": [[info_of(trace, experiment), span_tree(trace)] for trace in found]}
    for trace in found:
        again = mlflow.get_trace(trace.info.trace_id)
        assert span_tree(again) == span_tree(trace) and info_of(again, experiment) == info_of(trace, experiment)
    for filter in FILTERS:
        matching = mlflow.search_traces(locations=[experiment], filter_string=filter, return_type="list", include_spans=False)
        answers[filter] = sorted(numbers[trace.info.trace_id] for trace in matching)
    for body in METRICS:
        answer = requests.post(f"{mlflow.get_tracking_uri()}/api/3.0/mlflow/traces/metrics", json={"experiment_ids": [experiment], **body}, timeout=60)
        answer.raise_for_status()
        answers[str(body)] = sorted(answer.json().get("data_points", []), key=lambda point: json.dumps(point, sort_keys=True))
    return answers
