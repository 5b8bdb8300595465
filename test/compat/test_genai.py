"""Traces, assessments, prompts, evaluation datasets, scorers and evaluations."""

import json
import time

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from conftest import since

pytestmark = since("3.17", "the whole surface of GenAI")


@pytest.fixture(autouse=True)
def sent_at_once(monkeypatch):
    """Send spans before the call returns, so that the next one finds them."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")


def agent(question="hi", answer="hello"):
    """Trace a function with a call of a model in it and return the id of the trace."""
    with mlflow.start_span("agent") as root:
        root.set_inputs({"question": question})
        with mlflow.start_span("model", span_type="CHAT_MODEL", attributes={"temperature": 0.5, "ü": ["日本", None]}) as child:
            child.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
            child.set_outputs(answer)
        root.set_outputs(answer)
    return root.trace_id


def test_spans(experiment):
    id = agent()
    trace = mlflow.get_trace(id)
    assert [s.name for s in trace.data.spans] == ["agent", "model"]
    root, model = trace.data.spans
    assert model.parent_id == root.span_id and model.span_type == "CHAT_MODEL"
    assert model.attributes["ü"] == ["日本", None] and model.outputs == "hello"
    assert root.inputs == {"question": "hi"}
    assert trace.info.state == "OK" and trace.info.experiment_id == experiment
    assert trace.info.token_usage["total_tokens"] == 15
    assert trace.info.request_preview == '{"question": "hi"}'


def test_decorator_and_error(experiment):
    @mlflow.trace(name="named", span_type="TOOL", attributes={"k": 1})
    def tool(a, b=2):
        if a < 0:
            raise ValueError("negative")
        return a + b

    assert tool(1) == 3
    good = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert good.data.spans[0].inputs == {"a": 1, "b": 2} and good.data.spans[0].outputs == 3
    with pytest.raises(ValueError):
        tool(-1)
    bad = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert bad.info.state == "ERROR"
    assert bad.data.spans[0].events[0].attributes["exception.message"] == "negative"
    assert [t.info.trace_id for t in mlflow.search_traces(filter_string="trace.status = 'ERROR'", return_type="list")] == [bad.info.trace_id]


def test_tags_sessions_and_search(client, experiment):
    @mlflow.trace
    def turn(n):
        mlflow.update_current_trace(tags={"n": str(n)}, metadata={"mlflow.trace.session": f"s{n // 2}", "mlflow.trace.user": "me"}, client_request_id=f"c{n}")
        return n

    for n in range(4):
        turn(n)
    found = mlflow.search_traces(filter_string="metadata.`mlflow.trace.session` = 's1'", order_by=["timestamp ASC"], return_type="list")
    assert [t.info.tags["n"] for t in found] == ["2", "3"]
    assert found[0].info.client_request_id == "c2" and found[0].data.spans[0].outputs == 2
    frame = mlflow.search_traces(filter_string="tags.n != '0'")
    assert len(frame) == 3 and set(frame["client_request_id"]) == {"c1", "c2", "c3"}
    assert len(mlflow.search_traces(filter_string="span.name = 'turn'", max_results=2, return_type="list")) == 2
    id = found[0].info.trace_id
    client.set_trace_tag(id, "k", "ü")
    assert mlflow.get_trace(id).info.tags["k"] == "ü"
    client.delete_trace_tag(id, "k")
    assert "k" not in mlflow.get_trace(id).info.tags
    assert client.delete_traces(experiment, trace_ids=[id]) == 1
    assert mlflow.get_trace(id) is None
    assert client.delete_traces(experiment, max_timestamp_millis=2**41) == 3
    assert mlflow.search_traces(return_type="list") == []


def test_assessments(experiment):
    id = agent()
    first = mlflow.log_feedback(trace_id=id, name="good", value=False, rationale="no", metadata={"a": "1"})
    expected = mlflow.log_expectation(trace_id=id, name="expected", value={"answer": "hello", "n": [1, 2]})
    error = mlflow.log_feedback(trace_id=id, name="failed", error=ValueError("broken"))
    assert error.feedback.error.error_message == "broken"
    second = mlflow.override_feedback(trace_id=id, assessment_id=first.assessment_id, value=True, rationale="yes")
    assert second.overrides == first.assessment_id
    by_id = {a.assessment_id: a for a in mlflow.get_trace(id).info.assessments}
    assert len(by_id) == 4 and not by_id[first.assessment_id].valid and by_id[second.assessment_id].value is True
    assert by_id[expected.assessment_id].value == {"answer": "hello", "n": [1, 2]}
    mlflow.update_assessment(trace_id=id, assessment_id=second.assessment_id, assessment=mlflow.entities.Feedback(name="good", value="maybe", rationale="well"))
    got = mlflow.get_assessment(trace_id=id, assessment_id=second.assessment_id)
    assert (got.value, got.rationale) == ("maybe", "well")
    mlflow.delete_assessment(trace_id=id, assessment_id=second.assessment_id)
    assert mlflow.get_assessment(trace_id=id, assessment_id=first.assessment_id).valid
    assert len(mlflow.search_traces(filter_string="feedback.good = 'false'", return_type="list")) == 1


def test_datasets(client, experiment):
    from mlflow.genai.datasets import create_dataset, delete_dataset, delete_dataset_tag, get_dataset, search_datasets, set_dataset_tags

    made = create_dataset(name="questions", experiment_id=experiment, tags={"team": "x"})
    assert made.experiment_ids == [experiment] and made.tags["team"] == "x"
    made.merge_records([
        {"inputs": {"q": "1", "n": 1}, "expectations": {"answer": "ü"}, "tags": {"t": "1"}},
        {"inputs": {"q": "2"}, "outputs": {"o": 1.5}},
    ])
    made.merge_records([{"inputs": {"n": 1, "q": "1"}, "expectations": {"more": [True, None]}}])
    again = get_dataset(name="questions")
    assert again.dataset_id == made.dataset_id and again.profile == '{"num_records": 2}'
    frame = again.to_df()
    assert list(frame["inputs"]) == [{"q": "1", "n": 1}, {"q": "2"}]
    assert frame["expectations"][0] == {"answer": "ü", "more": [True, None]}
    assert json.loads(again.schema)["expectations"] == {"answer": "string", "more": "array"}
    made.merge_records([mlflow.get_trace(agent("from a trace"))])
    records = get_dataset(dataset_id=made.dataset_id).to_df()
    assert len(records) == 3 and records["source_type"][2] == "TRACE" and records["inputs"][2] == {"question": "from a trace"}
    assert made.delete_records([records["dataset_record_id"][2]]) == 1
    set_dataset_tags(dataset_id=made.dataset_id, tags={"state": "ready", "n": 5})
    delete_dataset_tag(dataset_id=made.dataset_id, key="team")
    found = search_datasets(experiment_ids=[experiment], filter_string="tags.state = 'ready' AND name LIKE 'quest%'", order_by=["name ASC"])
    assert [d.dataset_id for d in found] == [made.dataset_id] and found[0].tags["n"] == "5" and "team" not in found[0].tags
    assert search_datasets(experiment_ids=[experiment], filter_string="name = 'other'") == []
    other = client.create_experiment("of datasets")
    mlflow.genai.datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=[other])
    assert set(get_dataset(dataset_id=made.dataset_id).experiment_ids) == {experiment, other}
    mlflow.genai.datasets.remove_dataset_from_experiments(dataset_id=made.dataset_id, experiment_ids=[experiment])
    assert get_dataset(dataset_id=made.dataset_id).experiment_ids == [other]
    delete_dataset(dataset_id=made.dataset_id)
    with pytest.raises(MlflowException) as error:
        get_dataset(dataset_id=made.dataset_id)
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_many_records(experiment):
    made = mlflow.genai.datasets.create_dataset(name="many", experiment_id=experiment)
    made.merge_records([{"inputs": {"i": i}, "outputs": "x" * 500} for i in range(2500)])
    assert [r["i"] for r in mlflow.genai.datasets.get_dataset(dataset_id=made.dataset_id).to_df()["inputs"]] == list(range(2500))


def test_text_prompt(client, experiment):
    made = mlflow.genai.register_prompt(name="greeting", template="Hello {{name}}!", commit_message="first", tags={"author": "me"})
    assert made.version == 1 and made.template == "Hello {{name}}!"
    second = mlflow.genai.register_prompt(name="greeting", template="Hi {{ name }}, {{question}}", commit_message="second",
                                          model_config={"model_name": "m", "temperature": 0.5})
    assert second.version == 2
    assert mlflow.genai.load_prompt("greeting", version=1).format(name="Ada") == "Hello Ada!"
    loaded = mlflow.genai.load_prompt("prompts:/greeting/2")
    assert loaded.variables == {"name", "question"} and loaded.model_config["temperature"] == 0.5
    assert loaded.commit_message == "second"
    mlflow.genai.set_prompt_alias("greeting", alias="production", version=1)
    assert mlflow.genai.load_prompt("prompts:/greeting@production").version == 1
    assert mlflow.genai.load_prompt("prompts:/greeting@latest").version == 2
    with pytest.raises(MlflowException):
        mlflow.genai.set_prompt_alias("greeting", alias="latest", version=1)
    mlflow.genai.delete_prompt_alias("greeting", alias="production")
    assert mlflow.genai.load_prompt("prompts:/greeting@production", allow_missing=True) is None
    mlflow.genai.set_prompt_tag("greeting", "team", "x")
    mlflow.genai.set_prompt_version_tag("greeting", 1, "state", "old")
    assert mlflow.genai.get_prompt_tags("greeting")["team"] == "x"
    assert mlflow.genai.load_prompt("greeting", version=1).tags["state"] == "old"
    mlflow.genai.delete_prompt_tag("greeting", "team")
    mlflow.genai.delete_prompt_version_tag("greeting", 1, "state")
    assert "state" not in mlflow.genai.load_prompt("greeting", version=1).tags


def test_chat_prompt(experiment):
    from pydantic import BaseModel

    class Answer(BaseModel):
        text: str
        sure: bool

    messages = [{"role": "system", "content": "Be {{style}}."}, {"role": "user", "content": "{{question}}"}]
    made = mlflow.genai.register_prompt(name="chat", template=messages, response_format=Answer)
    loaded = mlflow.genai.load_prompt("chat")
    assert loaded.template == messages and not loaded.is_text_prompt and made.version == loaded.version
    assert loaded.response_format["properties"]["sure"]["type"] == "boolean"
    assert loaded.format(style="brief", question="Why?")[0] == {"role": "system", "content": "Be brief."}


def test_search_and_delete_prompts(client, experiment):
    for name in ("find-a", "find-b"):
        mlflow.genai.register_prompt(name=name, template="x", tags={"group": name[-1]})
    client.create_registered_model("find-model")
    assert {p.name for p in mlflow.genai.search_prompts("name LIKE 'find-%'")} == {"find-a", "find-b"}
    assert "find-a" in {p.name for p in mlflow.genai.search_prompts(f"experiment_id = '{experiment}'")}
    assert {m.name for m in client.search_registered_models("name LIKE 'find-%'")} == {"find-model"}
    with pytest.raises(MlflowException, match="same name"):
        mlflow.genai.register_prompt(name="find-model", template="x")
    with pytest.raises(MlflowException, match="already taken by a prompt"):
        client.create_registered_model("find-a")
    client.delete_prompt_version("find-a", "1")
    client.delete_prompt("find-a")
    assert {p.name for p in mlflow.genai.search_prompts("name LIKE 'find-%'")} == {"find-b"}


def test_prompts_are_linked_to_traces(client, experiment):
    mlflow.genai.register_prompt(name="linked", template="Hi {{name}}")
    with mlflow.start_span("with a prompt") as span:
        mlflow.genai.load_prompt("linked", version=1)
    trace = mlflow.get_trace(span.trace_id)
    assert json.loads(trace.info.tags["mlflow.linkedPrompts"]) == [{"name": "linked", "version": "1"}]
    for _ in range(50):  # The client links prompts in a thread of its own.
        if found := mlflow.search_traces(filter_string="prompt = 'linked/1'", return_type="list"):
            break
        time.sleep(0.1)
    assert [t.info.trace_id for t in found] == [span.trace_id]


def test_scorers(experiment):
    from mlflow.genai.judges import make_judge
    from mlflow.genai.scorers import delete_scorer, get_scorer, list_scorers, scorer
    from mlflow.genai.scorers.registry import list_scorer_versions

    judge = make_judge(name="polite", instructions="Is {{ outputs }} polite?", model="openai:/gpt-4o-mini", feedback_value_type=bool)
    judge.register(name="polite")
    judge.register(name="polite")
    assert [s.name for s in list_scorers()] == ["polite"]
    assert len(list_scorer_versions(name="polite")) == 2
    assert get_scorer(name="polite").instructions == "Is {{ outputs }} polite?"

    @scorer
    def own(outputs):
        return True

    with pytest.raises(MlflowException, match="Custom scorer registration"):
        own.register()
    delete_scorer(name="polite", version=1)
    assert len(list_scorer_versions(name="polite")) == 1
    delete_scorer(name="polite", version="all")
    assert list_scorers() == []


def test_label_schemas(experiment):
    from mlflow.genai import label_schemas as ls

    made = ls.create_label_schema("Is it right?", type="feedback", input=ls.InputPassFail(positive_label="Yes", negative_label="No"),
                                  instruction="Read it.", experiment_id=experiment)
    assert ls.get_label_schema("Is it right?", experiment_id=experiment).input == made.input
    assert {s.name for s in ls.list_label_schemas(experiment_id=experiment)} == {"Feedback", "Is it right?"}
    ls.delete_label_schema(schema_id=made.schema_id)
    assert {s.name for s in ls.list_label_schemas(experiment_id=experiment)} == {"Feedback"}


def own_scorers():
    from mlflow.entities import Feedback
    from mlflow.genai.scorers import scorer

    @scorer
    def exact(outputs, expectations):
        return outputs == expectations["answer"]

    @scorer
    def length(outputs):
        return Feedback(value=len(str(outputs)), rationale="its characters")

    return [exact, length]


def test_evaluate_on_a_dataset(client, experiment):
    made = mlflow.genai.datasets.create_dataset(name="evaluated", experiment_id=experiment)
    made.merge_records([{"inputs": {"question": str(i)}, "expectations": {"answer": f"answer {i % 2}"}} for i in range(4)])
    result = mlflow.genai.evaluate(data=made, predict_fn=lambda question: f"answer {question}", scorers=own_scorers())
    assert result.metrics["exact/mean"] == 0.5 and result.metrics["length/mean"] == 8
    run = client.get_run(result.run_id)
    assert run.data.metrics["exact/mean"] == 0.5 and run.inputs.dataset_inputs[0].dataset.name == "evaluated"
    traces = mlflow.search_traces(run_id=result.run_id, return_type="list")
    assert len(traces) == 4
    for trace in traces:
        values = {a.name: a.value for a in trace.info.assessments}
        assert values["exact"] == (values["answer"] == trace.data.spans[0].outputs) and values["length"] == 8
        assert all(a.metadata["mlflow.assessment.sourceRunId"] == result.run_id for a in trace.info.assessments if a.name == "exact")


def test_evaluate_on_traces(experiment):
    ids = [agent(str(i), "x" * i) for i in range(3)]
    for id in ids:
        mlflow.log_expectation(trace_id=id, name="answer", value="xx")
    result = mlflow.genai.evaluate(data=mlflow.search_traces(), scorers=own_scorers())
    assert result.metrics["exact/mean"] == pytest.approx(1 / 3) and result.metrics["length/mean"] == 1
    assert {a.name for a in mlflow.get_trace(ids[2]).info.assessments} == {"answer", "exact", "length"}
