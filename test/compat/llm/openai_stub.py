"""Answers of the API of OpenAI, for clients whose requests leave no machine."""

import json

import httpx
import openai

CHAT_USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18, "prompt_tokens_details": {"cached_tokens": 4}}
RESPONSE_USAGE = {
    "input_tokens": 20, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 29,
}
CALL = {"id": "call-1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'}}


def chunks(request):
    """The parts of a streamed answer of chat completions: a text in pieces, a tool call in pieces if there are tools, and the usage."""
    deltas = [{"role": "assistant", "content": ""}, {"content": "pö"}, {"content": "ng 日本"}]
    if "tools" in request:
        deltas = [{"role": "assistant", "tool_calls": [{"index": 0, **CALL, "function": {"name": "add", "arguments": ""}}]},
                  *({"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in ('{"a": 2,', ' "b": 3}'))]
    common = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1700000000, "model": request["model"]}
    for delta in deltas:
        yield {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**common, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if "tools" in request else "stop"}]}
    if request.get("stream_options", {}).get("include_usage"):
        yield {**common, "choices": [], "usage": CHAT_USAGE}


def chat(request):
    """An answer of chat completions: a tool call if there are tools and no result yet, JSON if that is asked for, otherwise a text."""
    message = {"role": "assistant", "content": "pong"}
    if "response_format" in request:
        message["content"] = '{"city": "Ulm", "degrees": 21.5}'
    elif "tools" in request and request["messages"][-1]["role"] != "tool":
        message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": request["model"], "usage": CHAT_USAGE,
        "choices": [{"index": 0, "finish_reason": "tool_calls" if "tool_calls" in message else "stop", "message": message}],
    }


def response(request):
    """An answer of the Responses API, with reasoning and a call of a tool or a text."""
    output = [{"type": "reasoning", "id": "rs-1", "summary": [{"type": "summary_text", "text": "They ask."}]}]
    if request.get("tools"):
        output.append({"type": "function_call", "id": "fc-1", "call_id": "call-1", "name": "add", "arguments": '{"a": 2, "b": 3}', "status": "completed"})
    else:
        output.append({"type": "message", "id": "msg-1", "role": "assistant", "status": "completed",
                       "content": [{"type": "output_text", "text": "pong", "annotations": []}]})
    return {
        "id": "resp-1", "object": "response", "created_at": 1700000000, "status": "completed", "model": request["model"], "output": output,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": request.get("tools", []), "usage": RESPONSE_USAGE,
    }


def response_events(request):
    """The events of a streamed answer of the Responses API."""
    whole = response(request)
    yield {"type": "response.created", "sequence_number": 0, "response": {**whole, "status": "in_progress", "output": [], "usage": None}}
    for n, part in enumerate(("po", "ng"), 1):
        yield {"type": "response.output_text.delta", "sequence_number": n, "item_id": "msg-1", "output_index": 1, "content_index": 0, "delta": part, "logprobs": []}
    yield {"type": "response.completed", "sequence_number": 3, "response": whole}


def events(parts):
    """A body of server-sent events. A part that is a text is sent as it is."""
    return "".join(part if isinstance(part, str) else f"data: {json.dumps(part)}\n\n" for part in parts)


def answer(request):
    """Answer a request as the API would. The name of the model chooses among failures."""
    body = json.loads(request.content)
    if body["model"] == "refused":
        return httpx.Response(429, json={"error": {"message": "Too many requests.", "type": "requests", "param": None, "code": "rate_limit_exceeded"}})
    if body["model"] == "unreachable":
        raise httpx.ConnectError("no route")
    path = request.url.path.removeprefix("/v1/")
    if body.get("stream"):
        if body["model"] == "breaks":
            parts = [*list(chunks(body))[:2], {"error": {"message": "It broke.", "type": "server_error", "code": None}}]
        else:
            parts = response_events(body) if path == "responses" else [*chunks(body), "data: [DONE]\n\n"]
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=events(parts).encode())
    if path == "embeddings":
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        return httpx.Response(200, json={
            "object": "list", "model": body["model"], "usage": {"prompt_tokens": 6, "total_tokens": 6},
            "data": [{"object": "embedding", "index": n, "embedding": [0.5, -0.25, float(n)]} for n in range(len(texts))],
        })
    if path == "completions":
        return httpx.Response(200, json={
            "id": "cmpl-1", "object": "text_completion", "created": 1700000000, "model": body["model"], "usage": CHAT_USAGE,
            "choices": [{"index": 0, "text": "pong", "finish_reason": "stop", "logprobs": None}],
        })
    return httpx.Response(200, json=response(body) if path == "responses" else chat(body))


def client(seen=None):
    """A client of the stub. The headers of its requests are added to seen."""

    def transport(request):
        if seen is not None:
            seen.append(request.headers)
        return answer(request)

    return openai.OpenAI(api_key="key", base_url="http://stub/v1", max_retries=0, http_client=httpx.Client(transport=httpx.MockTransport(transport)))


def async_client():
    """A client of the stub for coroutines."""
    return openai.AsyncOpenAI(api_key="key", base_url="http://stub/v1", max_retries=0, http_client=httpx.AsyncClient(transport=httpx.MockTransport(answer)))
