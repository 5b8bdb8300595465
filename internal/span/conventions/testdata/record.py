"""Records what MLflow adds to spans of other instrumentations.

Usage: MLFLOW_MODEL_CATALOG_URI= python record.py > recorded.json, in an environment with MLflow. The setting keeps it from
reading newer prices than its own.
Each case has the attributes and events of a span as OTLP has them, and the attributes with which MLflow stores it.
"""

import json

from mlflow.entities.span import Span
from mlflow.tracing.otel.translation import translate_span_when_storing
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

def cost(model, provider, usage):
    """The attributes of a request by OpenTelemetry's conventions: the tokens of the input, the output, and read from and written to a cache."""
    keys = ("input_tokens", "output_tokens", "cache_read.input_tokens", "cache_creation.input_tokens")
    counts = {"gen_ai.usage." + key: n for key, n in zip(keys, usage)}
    return {"attributes": {"gen_ai.request.model": model, **({} if provider is None else {"gen_ai.provider.name": provider}), **counts}}


CASES = [
    {"attributes": {"plain": "x"}},
    {"attributes": {"openinference.span.kind": "LLM", "input.value": '{"q": 1}', "output.value": "text",
                    "llm.token_count.prompt": 3, "llm.token_count.completion": 4, "llm.model_name": "m", "llm.provider": "p",
                    "llm.token_count.prompt_details.cache_read": 1}},
    {"attributes": {"openinference.span.kind": "UNKNOWN"}},
    {"attributes": {"openinference.span.kind": "other", "traceloop.span.kind": "workflow"}},
    {"attributes": {"mlflow.spanType": "UNKNOWN", "openinference.span.kind": "TOOL"}},
    {"attributes": {"mlflow.spanType": "CHAIN", "openinference.span.kind": "TOOL"}},
    {"attributes": {"mlflow.spanInputs": "mine", "input.value": "other"}},
    {"attributes": {"input.value": "", "gen_ai.input.messages": '[{"role":"user","content":"hi"}]'}},
    {"attributes": {"input.value": "{}", "gen_ai.tool.call.arguments": '{"a":1}', "gen_ai.tool.call.result": "ok"}},
    {"attributes": {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 20,
                    "gen_ai.request.model": "unknown-model", "gen_ai.provider.name": "openai",
                    "gen_ai.usage.cache_read.input_tokens": 2, "gen_ai.usage.cache_creation.input_tokens": 3}},
    {"attributes": {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": "10"}},
    {"attributes": {"gen_ai.usage.output_tokens": 5}},
    {"attributes": {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.definitions": '[{"name":"t"}]'}},
    {"attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.response.model": "r", "gen_ai.request.model": "q"}},
    {"attributes": {"gen_ai.operation.name": "chat"}, "events": [
        ["gen_ai.system.message", {"content": "be good"}], ["gen_ai.user.message", {"content": "hello there"}],
        ["gen_ai.assistant.message", {"content": '{"a":1}'}], ["gen_ai.choice", {"content": "general", "role": "model"}],
        ["gen_ai.choice", {"content": "kenobi"}]]},
    {"attributes": {"gen_ai.operation.name": "chat"}, "events": [
        ["gen_ai.content.prompt", {"gen_ai.prompt": '["p"]'}], ["gen_ai.content.completion", {"gen_ai.completion": '["c"]'}]]},
    {"attributes": {"traceloop.span.kind": "task", "traceloop.entity.input": '{"x": 1}', "traceloop.entity.output": '"y"',
                    "gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 8, "llm.usage.total_tokens": 16,
                    "gen_ai.system": "OpenAI"}},
    {"attributes": {"gen_ai.prompt.0.content": "first", "gen_ai.prompt.1.content": "second",
                    "gen_ai.completion.0.content": "answer"}},
    {"attributes": {"gcp.vertex.agent.llm_request": '{"model": "gem"}', "gcp.vertex.agent.llm_response": '{"x": 1}'}},
    {"attributes": {"ai.operationId": "ai.generateText", "ai.prompt": '{"prompt":"hi"}', "ai.response.text": "text"}},
    {"attributes": {"ai.operationId": "ai.generateText.doGenerate", "ai.prompt.messages": '[{"role":"user"}]',
                    "ai.prompt.format": "messages", "ai.response.text": "answer", "ai.response.id": 5}},
    {"attributes": {"ai.operationId": "ai.toolCall", "ai.toolCall.args": '{"a":1}', "ai.toolCall.result": '{"b":2}'}},
    {"attributes": {"ai.operationId": "ai.embed", "ai.value": "v", "ai.embedding": "[0.1]"}},
    {"attributes": {"entity.type": "agent", "span.type": "memory", "voltagent.operation_id": "o", "input": "i", "output": "o",
                    "usage.prompt_tokens": 1, "usage.completion_tokens": 2}},
    {"attributes": {"entity.type": "agent", "agent.messages": '[{"role":"user","content":"x"}]'}},
    {"attributes": {"span.type": "claude_code.interaction", "user_prompt": "do it"}},
    {"attributes": {"span.type": "claude_code.interaction", "user_prompt": "<REDACTED>", "new_context": "ctx"}},
    {"attributes": {"span.type": "claude_code.llm_request", "input_tokens": 3, "output_tokens": 4, "cache_read_tokens": 5,
                    "cache_creation_tokens": 6, "new_context": "c", "response.model_output": "o"}},
    {"attributes": {"span.type": "tool", "full_command": "ls", "file_path": "/x"}, "events": [
        ["tool.output", {"output": "<REDACTED>", "content": "found"}]]},
    {"attributes": {"span.type": "claude_code.tool", "tool_input": '{"c":1}', "new_context": "n"}},
    {"attributes": {"gen_ai.agent.name": "gemini-cli", "gen_ai.operation.name": "llm_call",
                    "gen_ai.input.messages": '[{"role": "user", "parts": [{"text": "hi"}]}]',
                    "gen_ai.output.messages": '[{"role": "model", "parts": [{"text": "a"}]}, {"parts": [{"text": "b"}]}]'}},
    {"attributes": {"gen_ai.agent.name": "gemini-cli", "gen_ai.operation.name": "tool_call", "gen_ai.input.messages": "plain"}},
    {"attributes": {"lk.agent_name": "a", "lk.user_input": "hello", "lk.response.text": "bye"}},
    {"attributes": {"lk.function_tool.name": "t"}},
    {"attributes": {"gen_ai.request.model": "m-1"}},
    {"attributes": {"lmnr.span.type": "LLM", "lmnr.span.input": "i", "lmnr.span.output": "o", "gen_ai.system": "x"}},
    {"attributes": {"langfuse.observation.type": "generation", "langfuse.observation.input": "i",
                    "langfuse.observation.output": "o"}},
    {"attributes": {"mlflow.spanInputs": {"model": "from-inputs"}}},
    {"attributes": {"mlflow.spanOutputs": '{"model": "from-outputs"}'}},
    {"attributes": {"nä": "é\u2028\"\\\n\x01\x7f", "big": 2**62, "f": 1.0, "f2": 1e-7, "f3": 1e22, "nan": float("nan"), "inf": float("-inf"), "none": None,
                    "empty": "", "el": [], "ed": {}, "bad": '{"a":', "nan text": '{"a": NaN}', "twice": '{"a":1,"a":2}', "spaces": ' {"a":1} ', "face": "\U0001F600"},
     "events": [["ev\u00e4", {"t": '{"a": 1}', "n": None, "l": [1, None, {"k": []}], "f": 0.1}]], "links": [{"l": "x", "i": 1}]},
    *(cost("gpt-4o-mini", "openai", usage) for usage in (
        (1000, 500), (1000, 0), (0, 7), (0, 0), (1000, 500, 200), (1000, 500, 200, 100), (100, 5, 200), (-5, 3), (3, -5), (10**17, 10**17))),
    *(cost(model, provider, (1234, 567, 89, 100)) for model, provider in (
        ("gpt-4o-mini", None), ("gpt-4o-mini", ""), ("gpt-4o-mini", "OpenAI"), ("gpt-4o-mini", "nobody"), ("openai/gpt-4o-mini", None), ("a/b/c", None),
        ("openai/gpt-4o-mini", "azure"), ("GPT-4o-mini", "openai"), ("claude-sonnet-4-5", "anthropic"), ("claude-sonnet-4-5", None), ("gemini-2.5-pro", "gemini"),
        ("gemini-2.5-pro", None), ("1024-x-1024/dall-e-3", "openai"), ("databricks-claude-sonnet-4", None), ("databricks-claude-sonnet-4", "anthropic"),
        ("databricks/databricks-claude-sonnet-4", None), ("gateway:/gpt-4o-mini", "openai"), ("endpoints:/gpt-4o-mini", None), ("text-embedding-3-small", "openai"))),
    *({"attributes": {"mlflow.llm.model": '"gpt-4o-mini"', "mlflow.chat.tokenUsage": usage}} for usage in (
        '{"input_tokens": 10}', '{"output_tokens": 10}', '{"input_tokens": "10", "output_tokens": 1}', '{"input_tokens": 10.5, "output_tokens": 1}',
        '{"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": null}', '{"INPUT_TOKENS": 10}', '[1]', '{"total_tokens": 10}',
        '{"input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 20, "cache_creation_input_tokens_above_1hr": 15}')),
    {"attributes": {"mlflow.llm.model": '"gpt-4o-mini"', "mlflow.chat.tokenUsage": '{"input_tokens": 10}', "mlflow.llm.cost": '{"total_cost": 1.0}'}},
    {"attributes": {"mlflow.llm.model": '"claude-sonnet-4-5"', "mlflow.llm.provider": '"anthropic"', "mlflow.chat.tokenUsage":
                    '{"input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 20, "cache_creation_input_tokens_above_1hr": 15}'}},
    {"attributes": {"mlflow.llm.model": "5", "mlflow.chat.tokenUsage": '{"input_tokens": 10}'}},
    {"attributes": {"s": '"quoted"', "n": "5", "o": '{"a":1}', "l": "[1]", "deep": {"a": [1, None, True, 0.5]}}},
]


def any_value(v):
    a = AnyValue()
    if v is None:
        pass
    elif isinstance(v, bool):
        a.bool_value = v
    elif isinstance(v, str):
        a.string_value = v
    elif isinstance(v, int):
        a.int_value = v
    elif isinstance(v, float):
        a.double_value = v
    elif isinstance(v, list):
        a.array_value.SetInParent()
        a.array_value.values.extend(any_value(x) for x in v)
    elif isinstance(v, dict):
        a.kvlist_value.SetInParent()
        a.kvlist_value.values.extend(KeyValue(key=k, value=any_value(x)) for k, x in v.items())
    return a


def attributes(d):
    return [KeyValue(key=k, value=any_value(v)) for k, v in d.items()]


def main():
    recorded = []
    for case in CASES:
        m = Message(trace_id=b"\1" * 16, span_id=b"\2" * 8, name="s", attributes=attributes(case["attributes"]))
        for name, attrs in case.get("events", []):
            m.events.add(name=name, time_unix_nano=7, attributes=attributes(attrs))
        for attrs in case.get("links", []):
            m.links.add(trace_id=b"\3" * 16, span_id=b"\4" * 8, attributes=attributes(attrs))
        span = translate_span_when_storing(Span.from_otel_proto(m))
        recorded.append({"request": m.SerializeToString().hex(), "stored": span["attributes"], "content": json.dumps(span, ensure_ascii=False),
                         "case": json.loads(json.dumps(case).replace("NaN", "null").replace("-Infinity", "null"))})
    print(json.dumps(recorded, indent=1))


main()
