"""Programs of LangChain and LangGraph with models that answer from a list, as users of mlflow.langchain.autolog() write them."""

import asyncio

import pytest
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool

USAGE = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}


class Model(GenericFakeChatModel):
    """A model that answers with the next message of a list and may be told of tools."""

    def bind_tools(self, tools, **_):
        return self.bind(tools=[{"type": "function", "function": {"name": t.name, "description": t.description}} for t in tools])


def model(*messages):
    return Model(messages=iter(messages))


def answer(text="pöng 日本", **more):
    return AIMessage(content=text, usage_metadata=USAGE, **more)


class Retriever(BaseRetriever):
    def _get_relevant_documents(self, query, *, run_manager):
        return [Document(page_content=f"About {query}: {n}", metadata={"doc_uri": f"doc-{n}", "chunk_id": str(n)}) for n in range(2)]


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def prompt(text="{question}"):
    return ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", text)])


def chain():
    (prompt() | model(answer()) | StrOutputParser()).invoke({"question": "ping"})


def stream():
    parts = list((prompt() | model(AIMessage(content="one two three")) | StrOutputParser()).stream({"question": "ping"}))
    assert "".join(parts) == "one two three" and len(parts) > 1


def batch():
    (prompt() | model(*[answer(str(n)) for n in range(3)]) | StrOutputParser()).batch([{"question": str(n)} for n in range(3)], config={"max_concurrency": 1})


def retrieval():
    documents = Retriever() | RunnableLambda(lambda found: "\n".join(d.page_content for d in found), name="join")
    steps = {"context": documents, "question": RunnablePassthrough()} | prompt("{context} {question}") | model(answer()) | StrOutputParser()
    steps.invoke("ping")


def called_tool():
    assert add.invoke({"a": 2, "b": 3}) == 5


def coroutine():
    asyncio.run((prompt() | model(answer()) | StrOutputParser()).ainvoke({"question": "ping"}))


def errors():
    def fail(_):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        (prompt() | RunnableLambda(fail, name="fail")).invoke({"question": "ping"})


def agent():
    call = answer("", tool_calls=[{"name": "add", "args": {"a": 2, "b": 3}, "id": "call-1"}])
    graph = create_agent(model(call, answer("5")), [add], system_prompt="Be brief.", name="calculator")
    result = graph.invoke({"messages": [("user", "What is 2 + 3?")]}, {"configurable": {"thread_id": "conversation"}})
    assert result["messages"][-1].content == "5"


PROGRAMS = [chain, stream, batch, retrieval, called_tool, coroutine, errors, agent]
