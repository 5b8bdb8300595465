"""Programs that call models of OpenAI, as users of mlflow.openai.autolog() write them."""

import asyncio

import mlflow
import openai
import pydantic
import pytest

from openai_stub import async_client, client

ASK = [{"role": "user", "content": "ping"}]
ADD = {"name": "add", "description": "Add two numbers.", "parameters": {
    "type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"], "additionalProperties": False}}
TOOLS = [{"type": "function", "function": ADD}]
IMAGE = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]


class Weather(pydantic.BaseModel):
    city: str
    degrees: float


def chat():
    client().chat.completions.create(model="gpt-4o-mini", messages=ASK, temperature=0.1)


def image():
    client().chat.completions.create(model="gpt-4o", messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": IMAGE}])


def stream():
    for _ in client().chat.completions.create(model="gpt-4o-mini", messages=ASK, stream=True, stream_options={"include_usage": True}):
        pass


def stream_of_a_tool_call():
    for _ in client().chat.completions.create(model="gpt-4o-mini", messages=ASK, stream=True, tools=TOOLS):
        pass


@mlflow.trace(span_type="TOOL")
def add(a, b):
    return a + b


@mlflow.trace(span_type="AGENT")
def agent(question):
    mlflow.update_current_trace(metadata={"mlflow.trace.session": "conversation", "mlflow.trace.user": "ada"}, tags={"team": "x"})
    messages = [{"role": "user", "content": question}]
    call = client().chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS, tool_choice="auto").choices[0].message
    messages += [call.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": str(add(2, 3))}]
    return client().chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS).choices[0].message.content


def tools():
    assert agent("What is 2 + 3?") == "pong"


def structured():
    parsed = client().chat.completions.parse(model="gpt-4o-mini", messages=ASK, response_format=Weather)
    assert parsed.choices[0].message.parsed == Weather(city="Ulm", degrees=21.5)


def raw():
    client().chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=ASK).parse()


def responses():
    client().responses.create(model="gpt-5", input="ping", instructions="Be brief.", reasoning={"effort": "low"})
    client().responses.create(model="gpt-5", input=ASK, tools=[{"type": "function", "strict": True, **ADD}])


def stream_of_a_response():
    for _ in client().responses.create(model="gpt-5", input="ping", stream=True):
        pass


def embeddings():
    client().embeddings.create(model="text-embedding-3-small", input=["one", "two"], dimensions=3, encoding_format="float")


def completion():
    client().completions.create(model="gpt-3.5-turbo-instruct", prompt="ping", max_tokens=5)


def coroutines():
    async def main():
        await async_client().chat.completions.create(model="gpt-4o-mini", messages=ASK)
        async for _ in await async_client().chat.completions.create(model="gpt-4o-mini", messages=ASK, stream=True):
            pass
        await async_client().responses.create(model="gpt-5", input="ping")
        await async_client().embeddings.create(model="text-embedding-3-small", input="one", encoding_format="float")

    asyncio.run(main())


def errors():
    with pytest.raises(openai.RateLimitError):
        client().chat.completions.create(model="refused", messages=ASK)
    with pytest.raises(openai.APIConnectionError):
        client().responses.create(model="unreachable", input="ping")
    with pytest.raises(openai.APIError):
        for _ in client().chat.completions.create(model="breaks", messages=ASK, stream=True):
            pass


def inside_a_run():
    with mlflow.start_run():
        chat()


PROGRAMS = [chat, image, stream, stream_of_a_tool_call, tools, structured, raw, responses, stream_of_a_response, embeddings, completion, coroutines, errors, inside_a_run]
