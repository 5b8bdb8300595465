package genai_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
)

// post returns a fact about a request to a route of genai.
func post(name, path, body string, status int, has ...string) apitest.Fact {
	return apitest.Fact{Name: name, Path: "/api/3.0/mlflow/" + path, Body: body, Status: status, Has: has}
}

func with(f apitest.Fact, change func(*apitest.Fact)) apitest.Fact {
	change(&f)
	return f
}

// method returns a fact about a request with another method.
func method(m string, f apitest.Fact) apitest.Fact {
	return with(f, func(f *apitest.Fact) { f.Method = m })
}

func get(name, path string, status int, has ...string) apitest.Fact {
	return apitest.Get(name, "/api/3.0/mlflow/"+path, status, has...)
}

func TestDatasets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5001)
	apitest.New(t).Check(t, []apitest.Fact{
		with(post("create", "datasets/create", `{"name":"d","experiment_ids":["0"],"tags":"{\"a\":\"1\",\"n\":5,\"o\":{\"x\":true},\"z\":null}"}`, 200,
			`"experiment_ids":["0"]`, `"tags":"{\"a\": \"1\", \"n\": \"5\", \"o\": \"{'x': True}\"}"`),
			func(f *apitest.Fact) { f.Save = map[string]string{"d": `"dataset_id":"(d-[0-9a-f]{32})"`} }),
		post("create with a user", "datasets/create", `{"name":"d","tags":"{\"mlflow.user\":\"bob\"}"}`, 200, `"created_by":"bob"`, `"last_updated_by":"bob"`),
		post("without a name", "datasets/create", `{}`, 400, "'name'"),
		post("with a long name", "datasets/create", `{"name":"`+long[:256]+`"}`, 400, "255 characters"),
		post("tags as an object", "datasets/create", `{"name":"x","tags":{"a":"b"}}`, 400, "'tags'"),
		post("tags that are no JSON", "datasets/create", `{"name":"x","tags":"{"}`, 400, "not valid JSON"),
		post("tags as a list", "datasets/create", `{"name":"x","tags":"[1]"}`, 400, "JSON object"),
		post("a long tag", "datasets/create", `{"name":"x","tags":"{\"a\":\"`+long+`\"}"}`, 400, "5000"),
		post("a long key", "datasets/create", `{"name":"x","tags":"{\"`+long[:256]+`\":\"\"}"}`, 400, "255"),
		post("NUL in a tag", "datasets/create", `{"name":"x","tags":"{\"a\":\"\\u0000\"}"}`, 400, "NUL"),
		post("an experiment twice", "datasets/create", `{"name":"x","experiment_ids":["0","0"]}`, 400, "twice"),
		post("an unknown experiment", "datasets/create", `{"name":"x","experiment_ids":["99999"]}`, 404, "No Experiment with id=99999"),
		post("experiments as a text", "datasets/create", `{"name":"x","experiment_ids":"0"}`, 400, "experiment_ids"),
		get("get", "datasets/{d}", 200, `"name":"d"`),
		get("get by pages", "datasets/{d}?page_token=x", 200, `"name":"d"`),
		get("an unknown dataset", "datasets/d-nope", 404, "Evaluation dataset with id 'd-nope' not found"),
		method("PATCH", post("tags", "datasets/{d}/tags", `{"tags":"{\"a\":\"2\",\"b\":1.50}"}`, 200, "{}")),
		method("PATCH", post("no tags", "datasets/{d}/tags", `{"tags":"{}"}`, 200)),
		method("PATCH", post("tags are required", "datasets/{d}/tags", `{}`, 400, "'tags'")),
		method("PATCH", post("tags of no dataset", "datasets/d-nope/tags", `{"tags":"{\"a\":\"1\"}"}`, 404, "d-nope")),
		method("DELETE", post("delete a tag", "datasets/{d}/tags/n", ``, 200)),
		method("DELETE", post("delete it again", "datasets/{d}/tags/n", ``, 200)),
		get("tags were changed", "datasets/{d}", 200, `\"a\": \"2\"`, `\"b\": \"1.5\"`),
		post("add experiments", "datasets/{d}/add-experiments", `{"experiment_ids":["0"]}`, 200, `"name":"d"`),
		post("add no experiment", "datasets/{d}/add-experiments", `{}`, 200),
		post("add an unknown experiment", "datasets/{d}/add-experiments", `{"experiment_ids":["99999"]}`, 404, "No Experiment with id=99999"),
		post("add a text", "datasets/{d}/add-experiments", `{"experiment_ids":["abc"]}`, 400),
		post("add to no dataset", "datasets/d-nope/add-experiments", `{"experiment_ids":["0"]}`, 404, "Dataset 'd-nope' not found"),
		get("experiments", "datasets/{d}/experiment-ids", 200, `{"experiment_ids":["0"]}`),
		post("remove experiments", "datasets/{d}/remove-experiments", `{"experiment_ids":["0","7"]}`, 200),
		get("no experiments", "datasets/{d}/experiment-ids", 200, `{}`),
		post("search", "datasets/search", `{"filter_string":"tags.a = '2'"}`, 200, `"name":"d"`),
		post("search pages", "datasets/search", `{"max_results":1}`, 200, `"next_page_token":"eyJvZmZzZXQiOiAxfQ=="`),
		post("search none", "datasets/search", `{"max_results":0}`, 400, "max_results"),
		post("search too many", "datasets/search", `{"max_results":50001}`, 400, "at most 50000"),
		post("a bad token", "datasets/search", `{"page_token":"zz"}`, 400, "page token"),
		post("NOT IN", "datasets/search", `{"filter_string":"name NOT IN ('a')"}`, 400, "List values for 'name' are only supported with the IN comparator."),
		post("a prefix", "datasets/search", `{"filter_string":"attributes.name = 'a'"}`, 400, "Invalid identifier token 'attributes' specified"),
		post("a time with a fraction", "datasets/search", `{"filter_string":"created_time = 1.5"}`, 400, "Invalid value for numeric attribute 'created_time': '1.5'"),
		post("a tag that is NULL", "datasets/search", `{"filter_string":"tags.a IS NULL"}`, 400, "Invalid comparator for tag: IS NULL"),
		post("OR", "datasets/search", `{"filter_string":"name = 'a' OR name = 'b'"}`, 400, "Invalid clause(s) in filter string: OR"),
		post("order by a tag", "datasets/search", `{"order_by":["tags.a"]}`, 400, "Invalid order_by entity: tag"),
		post("order by an unknown key", "datasets/search", `{"order_by":["created_by"]}`, 400, "created_by"),
		method("DELETE", post("delete", "datasets/{d}", ``, 200, `{}`)),
		method("DELETE", post("delete again", "datasets/{d}", ``, 200, `{}`)),
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	apitest.New(t).Check(t, []apitest.Fact{
		with(post("create", "datasets/create", `{"name":"d","experiment_ids":["0"]}`, 200),
			func(f *apitest.Fact) { f.Save = map[string]string{"d": `"dataset_id":"(d-[0-9a-f]{32})"`} }),
		post("insert", "datasets/{d}/records", `{"records":"[{\"inputs\":{\"q\":\"ü\"},\"expectations\":{\"a\":true}},{\"inputs\":{\"q\":2}}]"}`, 200, `{"inserted_count":2,"updated_count":0}`),
		post("update", "datasets/{d}/records", `{"records":"[{\"inputs\":{\"q\":2},\"outputs\":null}]"}`, 200, `{"inserted_count":0,"updated_count":1}`),
		post("nothing", "datasets/{d}/records", `{"records":"[]"}`, 200, `{"inserted_count":0,"updated_count":0}`),
		post("no list", "datasets/{d}/records", `{"records":"{\"inputs\":{\"q\":1}}"}`, 400, "JSON list"),
		post("no JSON", "datasets/{d}/records", `{"records":"["}`, 400, "not valid JSON"),
		post("missing", "datasets/{d}/records", `{}`, 400, "'records'"),
		post("no text", "datasets/{d}/records", `{"records":[{"inputs":{"a":1}}]}`, 400, "'records'"),
		post("a bad source", "datasets/{d}/records", `{"records":"[{\"inputs\":{\"s\":1},\"source\":{\"source_type\":\"BOGUS\"}}]"}`, 400,
			"Invalid dataset record source type: BOGUS. Valid source types: ['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', 'CODE']"),
		post("all or nothing", "datasets/{d}/records", `{"records":"[{\"inputs\":{\"new\":1}},{\"inputs\":5}]"}`, 400, "Record 1"),
		post("of no dataset", "datasets/d-nope/records", `{"records":"[]"}`, 404, "d-nope"),
		with(get("a page", "datasets/{d}/records?max_results=1", 200, `\"inputs\": {\"q\": \"\\u00fc\"}, \"expectations\": {\"a\": true}, \"tags\": {}, \"created_time\"`, `\"outputs\": {}}]"`),
			func(f *apitest.Fact) {
				f.Save = map[string]string{"next": `"next_page_token":"([^"]*)"`, "r": `dataset_record_id\\": \\"(dr-[0-9a-f]{32})`}
			}),
		with(get("the last page", "datasets/{d}/records?max_results=1&page_token={next}", 200, `\"inputs\": {\"q\": 2}`),
			func(f *apitest.Fact) { f.HasNot = []string{"next_page_token", "outputs"} }),
		get("by a number", "datasets/{d}/records?page_token=1", 200, `{\"q\": 2}`),
		get("the default size", "datasets/{d}/records?max_results=0", 200, `{\"q\": 2}`),
		get("a bad size", "datasets/{d}/records?max_results=-1", 400, "max_results"),
		get("a bad token", "datasets/{d}/records?page_token=zz", 400, "page_token"),
		get("of no dataset", "datasets/d-nope/records", 404, "d-nope"),
		get("the summary", "datasets/{d}", 200, `"profile":"{\"num_records\": 2}"`, `"schema":"{\"inputs\": {\"q\": \"string\"}, \"outputs\": {}, \"expectations\": {\"a\": \"boolean\"}, \"version\": \"1.0\"}"`),
		method("DELETE", post("delete", "datasets/{d}/records", `{"dataset_record_ids":["{r}"]}`, 200, `{"deleted_count":1}`)),
		method("DELETE", post("delete none", "datasets/{d}/records", `{}`, 200, `{"deleted_count":0}`)),
		method("DELETE", post("delete of no dataset", "datasets/d-nope/records", `{}`, 404)),
	})
}
