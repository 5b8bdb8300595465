package genai_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
)

func TestScorers(t *testing.T) {
	t.Parallel()
	register := func(name, scorer string, status int, has ...string) apitest.Fact {
		return post(name+" "+scorer, "scorers/register", `{"experiment_id":"0","name":"`+name+`","serialized_scorer":"`+
			strings.ReplaceAll(scorer, `"`, `\"`)+`"}`, status, has...)
	}
	apitest.New(t).Check(t, []apitest.Fact{
		get("none", "scorers/list?experiment_id=0", 200, `{}`),
		register("s", `{"name": "s"}`, 200, `"version":1`, `"experiment_id":"0"`, `"serialized_scorer":"{\"name\": \"s\"}"`),
		register("s", `{"instructions_judge_pydantic_data": {"model": "openai:/m"}}`, 200, `"version":2`),
		register("b", `{}`, 200, `"version":1`),
		register("c", `{"call_source": "return 1"}`, 400, "Custom scorer registration"),
		register("c", `{"ensemble_scorer_data": {"scorers": [{"call_source": "return 1"}]}}`, 400, "Custom scorer registration"),
		register("c", `{"call_source": null}`, 200),
		register("d", `{`, 400, "serialized_scorer must be valid JSON"),
		register("d", `[]`, 400, "JSON object"),
		register("d", `{"builtin_scorer_pydantic_data": {"model": " "}}`, 400, "model"),
		register("d", `{"memory_augmented_judge_data": {"base_judge": {"third_party_scorer_data": {"model": 1}}}}`, 400, "model"),
		register("d", `{"instructions_judge_pydantic_data": {"model": "gateway:/m"}}`, 501, "gateway"),
		register("d", `{"x": "`+strings.Repeat("x", 65_536)+`"}`, 400, "bytes"),
		register(" ", `{}`, 400, "whitespace"),
		register(strings.Repeat("x", 257), `{}`, 400, "256"),
		post("nothing", "scorers/register", `{}`, 400, "'experiment_id'"),
		post("no experiment", "scorers/register", `{"experiment_id":"99999","name":"s","serialized_scorer":"{}"}`, 404, "No Experiment with id=99999 exists"),
		get("list", "scorers/list?experiment_id=0", 200, `{"scorers":[{"experiment_id":0,"scorer_name":"b","scorer_version":1,`, `"scorer_name":"s","scorer_version":2`),
		get("list of all", "scorers/list", 200, `"scorer_name":"b"`),
		get("list of some", "scorers/list?experiment_ids=0&experiment_ids=7", 200, `"scorer_name":"b"`),
		get("list of both", "scorers/list?experiment_ids=0&experiment_id=0", 400, "Cannot specify both"),
		get("list of none", "scorers/list?experiment_id=99999", 404, "No Experiment with id=99999 exists"),
		get("versions", "scorers/versions?experiment_id=0&name=s", 200, `"scorer_version":1`, `"scorer_version":2`),
		get("versions of none", "scorers/versions?experiment_id=0&name=zz", 404, "Scorer with name 'zz' not found for experiment 0."),
		get("get", "scorers/get?experiment_id=0&name=s", 200, `{"scorer":{"experiment_id":0,"scorer_name":"s","scorer_version":2`),
		get("get a version", "scorers/get?experiment_id=0&name=s&version=1", 200, `"scorer_version":1`),
		get("get no version", "scorers/get?experiment_id=0&name=s&version=9", 404, "Scorer with name 's' and version 9 not found for experiment 0."),
		get("configs", "scorers/online-configs?scorer_ids=x", 200, `{"configs":[]}`),
		get("configs of nothing", "scorers/online-configs", 400, "'scorer_ids'"),
		method("PUT", post("config", "scorers/online-config", `{}`, 501, "Runs of scorers")),
		method("DELETE", post("delete a version", "scorers/delete", `{"experiment_id":"0","name":"s","version":1}`, 200, `{}`)),
		method("DELETE", post("delete it again", "scorers/delete", `{"experiment_id":"0","name":"s","version":1}`, 404, "version 1 not found")),
		method("DELETE", post("delete all", "scorers/delete", `{"experiment_id":"0","name":"s"}`, 200, `{}`)),
		method("DELETE", post("delete all again", "scorers/delete", `{"experiment_id":"0","name":"s"}`, 404, "Scorer with name 's' not found")),
	})
}

func TestLabelSchemas(t *testing.T) {
	t.Parallel()
	create := func(name, rest string, status int, has ...string) apitest.Fact {
		return post(name+" "+rest, "label-schemas/create", `{"experiment_id":"0","name":"`+name+`",`+rest+`}`, status, has...)
	}
	const text = `"type":"FEEDBACK","input":{"text":{}}`
	input := func(input string, has string) apitest.Fact { return create("x", `"type":1,"input":`+input, 400, has) }
	apitest.New(t).Check(t, []apitest.Fact{
		with(get("the default", "label-schemas/list?experiment_id=0", 200, `"experiment_id":"0","name":"Feedback","type":"FEEDBACK","instruction":"Share any feedback on this trace.","enable_comment":false,"input":{"text":{}}`, `"is_default":true`, `"next_page_token":""`),
			func(f *apitest.Fact) { f.Save = map[string]string{"default": `"schema_id":"(ls-[0-9a-f]{32})"`} }),
		with(create("q", `"type":"EXPECTATION","instruction":"i","enable_comment":true,"input":{"categorical":{"options":["a","b"]}}`, 200, `"type":"EXPECTATION"`, `"input":{"categorical":{"options":["a","b"],"multi_select":false}}`),
			func(f *apitest.Fact) { f.Save = map[string]string{"q": `"schema_id":"(ls-[0-9a-f]{32})"`} }),
		create("q", text, 400, "Label schema with name 'q' already exists for experiment '0'."),
		create(" feedback ", text, 400, "reserved"),
		create(strings.Repeat("x", 251), text, 400, "250"),
		create("", text, 400, "'name'"),
		create("x", `"input":{"text":{}}`, 400, "`type`"),
		create("x", `"type":"BOGUS","input":{"text":{}}`, 400, "type"),
		create("x", `"type":1`, 400, "exactly one"),
		create("x", `"type":1,"instruction":"`+strings.Repeat("x", 1001)+`","input":{"text":{}}`, 400, "1000"),
		input(`{}`, "exactly one"), input(`{"text":{},"numeric":{}}`, "exactly one"),
		input(`{"pass_fail":{"positive_label":"a"}}`, "negative_label"), input(`{"pass_fail":{"positive_label":"a","negative_label":"a"}}`, "distinct"),
		input(`{"pass_fail":{"positive_label":"a","negative_label":"`+strings.Repeat("x", 65)+`"}}`, "64"),
		input(`{"categorical":{}}`, "non-empty"), input(`{"categorical":{"options":[""]}}`, "non-empty"), input(`{"categorical":{"options":["a","a"]}}`, "twice"),
		input(`{"categorical":{"options":["1","2","3","4","5","6","7","8","9","10","11"]}}`, "at most 10"),
		input(`{"numeric":{"min_value":2,"max_value":2}}`, "min=2.0, max=2.0"), input(`{"text":{"max_length":0}}`, "at least 1"),
		get("get", "label-schemas/get?schema_id={q}", 200, `"name":"q"`),
		get("get none", "label-schemas/get?schema_id=ls-nope", 404, "Label schema with id 'ls-nope' not found."),
		get("by name", "label-schemas/get-by-name?experiment_id=0&name=q", 200, `"schema_id":"{q}"`),
		get("by no name", "label-schemas/get-by-name?experiment_id=0&name=zz", 404, "Label schema with name 'zz' not found for experiment '0'."),
		get("of no experiment", "label-schemas/list?experiment_id=99999", 404, "No Experiment with id=99999 exists"),
		method("PATCH", post("update", "label-schemas/update", `{"schema_id":"{q}","name":"r","input":{"categorical":{"options":["c"]}}}`, 200, `"name":"r"`, `"options":["c"]`)),
		method("PATCH", post("another kind", "label-schemas/update", `{"schema_id":"{q}","input":{"text":{}}}`, 400, "existing: InputCategorical, got: InputText")),
		method("PATCH", post("several options", "label-schemas/update", `{"schema_id":"{q}","input":{"categorical":{"options":["c"],"multi_select":true}}}`, 400, "multi_select")),
		method("PATCH", post("a reserved name", "label-schemas/update", `{"schema_id":"{q}","name":"FEEDBACK"}`, 400, "reserved")),
		method("PATCH", post("update the default", "label-schemas/update", `{"schema_id":"{default}","name":"x"}`, 400, "cannot be edited")),
		method("PATCH", post("update none", "label-schemas/update", `{"schema_id":"ls-nope"}`, 404, "ls-nope")),
		method("DELETE", post("delete the default", "label-schemas/delete", `{"schema_id":"{default}"}`, 400, "cannot be deleted")),
		method("DELETE", post("delete", "label-schemas/delete", `{"schema_id":"{q}"}`, 200)),
		method("DELETE", post("delete again", "label-schemas/delete", `{"schema_id":"{q}"}`, 200)),
	})
}
