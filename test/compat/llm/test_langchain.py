"""mlflow.langchain.autolog() with stubs of models: its traces arrive, and Millrace answers for them as MLflow's own server does."""

import json

import mlflow
import pytest
from packaging.version import Version

from conftest import CLIENT

if CLIENT < Version("3.17"):
    pytest.skip(f"MLflow {CLIENT} has another tracer, and its environment has no langchain", allow_module_level=True)

import langchain_programs
from comparing import compare, flat, run


@pytest.fixture(autouse=True)
def autolog(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.langchain.autolog()
    yield
    mlflow.langchain.autolog(disable=True)


@pytest.mark.parametrize("program", langchain_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_as_mlflow(both, program):
    assert compare(program, *both) == []


CHAIN = [("RunnableSequence", "CHAIN", None), ("ChatPromptTemplate", "CHAIN", "RunnableSequence"), ("Model", "CHAT_MODEL", "RunnableSequence"),
         ("StrOutputParser", "CHAIN", "RunnableSequence")]


def test_chain(client, experiment):
    (trace,) = run(langchain_programs.chain, experiment)
    assert flat(trace) == CHAIN
    root, _, model, _ = trace.data.spans
    assert root.inputs == {"question": "ping"} and root.outputs == "pöng 日本"
    assert [(m["role"], m["content"]) for m in model.inputs["messages"]] == [("system", "Be brief."), ("user", "ping")]
    assert model.outputs["choices"][0]["message"]["content"] == "pöng 日本" and model.attributes["mlflow.message.format"] == "langchain"
    assert trace.info.token_usage == langchain_programs.USAGE and trace.info.response_preview == '"pöng 日本"'
    (in_coroutine,) = run(langchain_programs.coroutine, mlflow.set_experiment("langchain in a coroutine").experiment_id)
    assert flat(in_coroutine) == CHAIN and in_coroutine.info.token_usage == langchain_programs.USAGE


def test_stream(client, experiment):
    (trace,) = run(langchain_programs.stream, experiment)
    (model,) = trace.search_spans(span_type="CHAT_MODEL")
    assert trace.data.spans[0].outputs == "one two three" and "".join(e.attributes["token"] for e in model.events) == "one two three"


def test_batch(client, experiment):
    traces = run(langchain_programs.batch, experiment)
    assert [flat(trace) for trace in traces] == [CHAIN] * 3
    assert sorted((t.data.spans[0].inputs["question"], t.data.spans[0].outputs) for t in traces) == [("0", "0"), ("1", "1"), ("2", "2")]


def test_retrieval(client, experiment):
    (trace,) = run(langchain_programs.retrieval, experiment)
    (retriever,) = trace.search_spans(span_type="RETRIEVER")
    assert retriever.inputs == "ping" and [d["page_content"] for d in retriever.outputs] == ["About ping: 0", "About ping: 1"]
    assert retriever.outputs[1]["metadata"] == {"doc_uri": "doc-1", "chunk_id": "1"}
    assert ("Retriever", "RETRIEVER", "RunnableSequence") in flat(trace) and len(trace.data.spans) == 9
    found = mlflow.search_traces(locations=[experiment], filter_string="span.type = 'RETRIEVER' AND span.content LIKE '%doc-1%'", return_type="list")
    assert [t.info.trace_id for t in found] == [trace.info.trace_id]


def test_called_tool(client, experiment):
    (trace,) = run(langchain_programs.called_tool, experiment)
    (span,) = trace.data.spans
    assert (span.name, span.span_type, span.inputs, span.outputs) == ("add", "TOOL", {"a": 2, "b": 3}, 5)


def test_errors(client, experiment):
    (trace,) = run(langchain_programs.errors, experiment)
    root, prompt, failed = trace.data.spans
    assert trace.info.state == "ERROR" and [s.status.status_code.value for s in (root, prompt, failed)] == ["ERROR", "OK", "ERROR"]
    assert failed.events[0].attributes["exception.message"] == "broken"


def test_agent(client, experiment):
    (trace,) = run(langchain_programs.agent, experiment)
    assert flat(trace) == [
        ("calculator", "CHAIN", None), ("model", "CHAIN", "calculator"), ("Model", "CHAT_MODEL", "model"), ("tools", "CHAIN", "calculator"), ("add", "TOOL", "tools"),
        ("model", "CHAIN", "calculator"), ("Model", "CHAT_MODEL", "model"),
    ]
    assert trace.info.trace_metadata["mlflow.trace.session"] == "conversation" and trace.info.token_usage["total_tokens"] == 36
    first = trace.search_spans(name="Model")[0]
    assert first.attributes["mlflow.chat.tools"][0]["function"]["name"] == "add"
    assert json.loads(first.outputs["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == {"a": 2, "b": 3}
