"""mlflow.openai.autolog() with a stub of OpenAI: its traces arrive, and Millrace answers for them as MLflow's own server does."""

import mlflow
import pytest
from packaging.version import Version

from conftest import CLIENT

if CLIENT < Version("3.17"):
    pytest.skip(f"MLflow {CLIENT} has another tracer, and its environment has no openai", allow_module_level=True)

import openai_programs
import openai_stub
from comparing import compare, flat, run


@pytest.fixture(autouse=True)
def autolog(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.openai.autolog()
    yield
    mlflow.openai.autolog(disable=True)


@pytest.mark.parametrize("program", openai_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_as_mlflow(both, program):
    assert compare(program, *both) == []


def test_chat(client, experiment):
    (trace,) = run(openai_programs.chat, experiment)
    (span,) = trace.data.spans
    assert (span.name, span.span_type, span.parent_id) == ("Completions", "CHAT_MODEL", None)
    assert span.inputs == {"model": "gpt-4o-mini", "messages": openai_programs.ASK, "temperature": 0.1}
    assert span.outputs["choices"][0]["message"]["content"] == "pong"
    assert span.attributes["temperature"] == 0.1 and span.attributes["mlflow.message.format"] == "openai"
    assert trace.info.token_usage == {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18, "cache_read_input_tokens": 4}
    assert (trace.info.request_preview, trace.info.response_preview) == ("ping", "pong")
    assert trace.info.state == "OK" and trace.info.tags["mlflow.traceName"] == "Completions"


def test_stream(client, experiment):
    (trace,) = run(openai_programs.stream, experiment)
    (span,) = trace.data.spans
    assert len(span.events) == 5 and all(event.name.startswith("mlflow.chunk.item.") for event in span.events)
    assert span.outputs["choices"][0]["message"]["content"] == "pöng 日本"
    assert trace.info.token_usage["total_tokens"] == 18 and trace.info.response_preview == "pöng 日本"


def test_tools(client, experiment):
    (trace,) = run(openai_programs.tools, experiment)
    assert flat(trace) == [("agent", "AGENT", None), ("Completions", "CHAT_MODEL", "agent"), ("add", "TOOL", "agent"), ("Completions", "CHAT_MODEL", "agent")]
    first, last = trace.search_spans(span_type="CHAT_MODEL")
    assert first.attributes["mlflow.chat.tools"][0]["function"]["name"] == "add"
    assert first.outputs["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"a": 2, "b": 3}'
    assert last.inputs["messages"][-1] == {"role": "tool", "tool_call_id": "call-1", "content": "5"}
    assert trace.info.trace_metadata["mlflow.trace.session"] == "conversation" and trace.info.tags["team"] == "x"
    assert trace.info.token_usage["total_tokens"] == 36
    found = mlflow.search_traces(locations=[experiment], filter_string="metadata.`mlflow.trace.session` = 'conversation' AND span.type = 'TOOL'", return_type="list")
    assert [t.info.trace_id for t in found] == [trace.info.trace_id]


def test_responses(client, experiment):
    text, call = run(openai_programs.responses, experiment)
    assert flat(text) == flat(call) == [("Responses", "CHAT_MODEL", None)]
    assert text.info.token_usage["total_tokens"] == 29 and text.info.response_preview == "pong"
    assert call.data.spans[0].outputs["output"][1]["name"] == "add" and call.data.spans[0].attributes["mlflow.chat.tools"][0]["function"]["name"] == "add"
    (streamed,) = [t for t in run(openai_programs.stream_of_a_response, experiment) if t.data.spans[0].events]
    assert streamed.data.spans[0].outputs["output"][1]["content"][0]["text"] == "pong" and streamed.info.token_usage["total_tokens"] == 29


def test_embeddings(client, experiment):
    (trace,) = run(openai_programs.embeddings, experiment)
    (span,) = trace.data.spans
    assert (span.name, span.span_type) == ("Embeddings", "EMBEDDING")
    assert span.inputs["input"] == ["one", "two"] and [row["embedding"] for row in span.outputs["data"]] == [[0.5, -0.25, 0], [0.5, -0.25, 1]]


def test_coroutines(client, experiment):
    names = [flat(trace) for trace in run(openai_programs.coroutines, experiment)]
    assert names == [[("AsyncCompletions", "CHAT_MODEL", None)]] * 2 + [[("AsyncResponses", "CHAT_MODEL", None)], [("AsyncEmbeddings", "EMBEDDING", None)]]


def test_errors(client, experiment):
    refused, unreachable, broken = run(openai_programs.errors, experiment)
    for trace, kind in (refused, "RateLimitError"), (unreachable, "APIConnectionError"), (broken, "APIError"):
        (span,) = trace.data.spans
        assert trace.info.state == "ERROR" and span.status.status_code.value == "ERROR" and span.outputs is None
        assert span.events[-1].name == "exception" and span.events[-1].attributes["exception.type"] == kind
    assert len(broken.data.spans[0].events) == 3  # Two chunks came before the error.
    assert len(mlflow.search_traces(locations=[experiment], filter_string="status = 'ERROR'", return_type="list")) == 3


def test_inside_a_run(client, experiment):
    (trace,) = run(openai_programs.inside_a_run, experiment)
    (found,) = client.search_runs([experiment])
    assert trace.info.trace_metadata["mlflow.sourceRun"] == found.info.run_id
    assert [t.info.trace_id for t in mlflow.search_traces(run_id=found.info.run_id, return_type="list")] == [trace.info.trace_id]


def test_the_called_api_can_continue_the_trace(client, experiment):
    seen = []
    openai_stub.client(seen).chat.completions.create(model="gpt-4o-mini", messages=openai_programs.ASK)
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert seen[0]["traceparent"] == f"00-{trace.info.trace_id.removeprefix('tr-')}-{trace.data.spans[0].span_id}-03"
