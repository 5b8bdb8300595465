"""Traces of all clients: spans, tags, search and deletion; assessments and OpenTelemetry's SDK of those that have them."""

import mlflow
import pytest
from mlflow.entities import AssessmentSource, SpanType
from mlflow.exceptions import MlflowException

from conftest import CLIENT, since

V3 = CLIENT.major >= 3


def trace_id(trace):
    return trace.info.trace_id if V3 else trace.info.request_id


def state(trace):
    return str(trace.info.state if V3 else trace.info.status).rsplit(".", 1)[-1]


def flush():
    if hasattr(mlflow, "flush_trace_async_logging"):
        mlflow.flush_trace_async_logging()


def search(client, experiment, filter_string="", **more):
    return list(client.search_traces(experiment_ids=[experiment], filter_string=filter_string, **more))


@mlflow.trace(span_type=SpanType.TOOL)
def tool(x):
    return {"y": x, "text": "ünï"}


@mlflow.trace(name="agent", span_type=SpanType.AGENT)
def agent(question):
    mlflow.update_current_trace(tags={"env": "dev"})
    with mlflow.start_span("model", span_type=SpanType.CHAT_MODEL) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_outputs("answer")
        span.set_attribute("temperature", 0.5)
    return tool(question)


@mlflow.trace(name="broken")
def broken():
    raise ValueError("boom")


def test_trace(client, experiment):
    agent("first")
    with pytest.raises(ValueError, match="boom"):
        broken()
    flush()
    traces = {t.info.tags["mlflow.traceName"]: t for t in search(client, experiment)}
    assert set(traces) == {"agent", "broken"}
    assert state(traces["agent"]) == "OK" and state(traces["broken"]) == "ERROR"
    got = client.get_trace(trace_id(traces["agent"]))
    spans = {s.name: s for s in got.data.spans}
    assert set(spans) == {"agent", "model", "tool"}
    assert spans["agent"].inputs == {"question": "first"} and spans["tool"].outputs == {"y": "first", "text": "ünï"}
    assert spans["model"].attributes["temperature"] == 0.5 and spans["model"].span_type == SpanType.CHAT_MODEL
    assert spans["model"].parent_id == spans["agent"].span_id and spans["agent"].parent_id is None
    assert got.info.tags["env"] == "dev"
    failed = client.get_trace(trace_id(traces["broken"])).data.spans[0]
    assert failed.status.status_code.value == "ERROR" and failed.events[0].attributes["exception.message"] == "boom"


def test_search(client, experiment):
    for i in range(5):
        agent(f"question {i}")
    flush()
    assert len(search(client, experiment, "tags.env = 'dev'")) == 5
    assert search(client, experiment, "tags.env = 'other'") == []
    assert search(client, experiment, "status = 'ERROR'") == []
    first = client.search_traces(experiment_ids=[experiment], max_results=2, order_by=["timestamp_ms ASC"])
    second = client.search_traces(experiment_ids=[experiment], max_results=2, order_by=["timestamp_ms ASC"], page_token=first.token)
    assert len({trace_id(t) for t in [*first, *second]}) == 4
    with pytest.raises(MlflowException):
        search(client, experiment, "bogus = 'x'")
    newest = search(client, experiment, order_by=["timestamp_ms DESC"])[0]
    assert newest.info.timestamp_ms == max(t.info.timestamp_ms for t in search(client, experiment))


def test_tags(client, experiment):
    agent("x")
    flush()
    id = trace_id(search(client, experiment)[0])
    client.set_trace_tag(id, "key", "value")
    assert client.get_trace(id).info.tags["key"] == "value"
    client.delete_trace_tag(id, "key")
    assert "key" not in client.get_trace(id).info.tags
    with pytest.raises(MlflowException):
        client.delete_trace_tag(id, "key")


def test_delete(client, experiment):
    for i in range(3):
        agent(f"question {i}")
    flush()
    traces = search(client, experiment, order_by=["timestamp_ms ASC"])
    ids = {"trace_ids" if V3 else "request_ids": [trace_id(traces[0])]}
    assert client.delete_traces(experiment, **ids) == 1
    assert client.delete_traces(experiment, max_timestamp_millis=traces[-1].info.timestamp_ms, max_traces=1) == 1
    assert [trace_id(t) for t in search(client, experiment)] == [trace_id(traces[2])]


@since("3.2", "mlflow.log_feedback on such a server")
def test_assessments(client, experiment):
    agent("x")
    flush()
    id = mlflow.get_last_active_trace_id()
    feedback = mlflow.log_feedback(trace_id=id, name="good", value=True, rationale="r", source=AssessmentSource("HUMAN", "me"))
    assert mlflow.get_assessment(id, feedback.assessment_id).feedback.value is True
    second = mlflow.override_feedback(trace_id=id, assessment_id=feedback.assessment_id, value=False)
    assert mlflow.get_assessment(id, feedback.assessment_id).valid is False
    expectation = mlflow.log_expectation(trace_id=id, name="wanted", value={"a": [1, 2]})
    assert mlflow.get_assessment(id, expectation.assessment_id).expectation.value == {"a": [1, 2]}
    mlflow.delete_assessment(id, second.assessment_id)
    names = sorted(a.name for a in mlflow.get_trace(id).info.assessments)
    assert names == ["good", "wanted"]
    assert len(search(client, experiment, "feedback.good = 'true'")) == 1


@since("3.5", "sessions in the database")
def test_sessions(client, experiment):
    for session in ("a", "a", "b"):
        with mlflow.start_span("turn"):
            mlflow.update_current_trace(metadata={"mlflow.trace.session": session})
    flush()
    assert len(search(client, experiment, "metadata.`mlflow.trace.session` = 'a'")) == 2


@since("3.5", "spans in the database")
def test_opentelemetry(server, client, experiment):
    sdk = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    exporter = sdk.OTLPSpanExporter(f"{server.url}/v1/traces", headers={"x-mlflow-experiment-id": experiment}, compression=sdk.Compression.Gzip)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("root") as root:
        root.set_attribute("gen_ai.operation.name", "invoke_agent")
        with tracer.start_as_current_span("chat") as chat:
            chat.set_attribute("gen_ai.usage.input_tokens", 3)
            chat.set_attribute("gen_ai.usage.output_tokens", 4)
    provider.shutdown()
    trace = search(client, experiment)[0]
    assert {s.name for s in client.get_trace(trace_id(trace)).data.spans} == {"root", "chat"}
    assert trace.info.token_usage == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
