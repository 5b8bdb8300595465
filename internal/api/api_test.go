package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
	_ "github.com/millrace-ml/millrace/internal/artifact/all"
)

// server is an API with helpers of these tests.
type server struct{ *apitest.Server }

type fact = apitest.Fact

func newServer(t *testing.T) *server {
	t.Helper()
	return &server{apitest.New(t)}
}

func TestTransport(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	huge := `{"name": "` + strings.Repeat("x", 9<<20) + `"}`
	s.Check(t, []fact{
		{Name: "no content type", Path: "experiments/create", Body: `{"name":"a"}`, ContentType: "-", Status: 400, Has: []string{"Content-Type header is missing"}},
		{Name: "form", Path: "experiments/create", Body: `name=a`, ContentType: "application/x-www-form-urlencoded", Status: 400, Has: []string{"must be one of ['application/json']"}},
		{Name: "charset", Path: "experiments/create", Body: `{"name":"charset"}`, ContentType: "application/json; charset=utf-8"},
		{Name: "broken JSON", Path: "experiments/create", Body: `{"name":`, Status: 400, Has: []string{"not valid JSON"}},
		{Name: "two documents", Path: "experiments/create", Body: `{"name":"x"} {"name":"y"}`, Status: 400, Has: []string{"not valid JSON"}},
		{Name: "array", Path: "experiments/create", Body: `[1]`, Status: 400, Has: []string{"must be a JSON object"}},
		{Name: "empty", Path: "experiments/create", Body: ``, Status: 400, Has: []string{"Missing value for required parameter 'name'"}},
		{Name: "encoded twice", Path: "experiments/create", Body: `"{\"name\":\"twice\"}"`, Has: []string{`"experiment_id":"2"`}},
		{Name: "camel case", Path: "experiments/create", Body: `{"name":"camel", "artifactLocation":"s3://b/c"}`},
		{Name: "both spellings", Path: "experiments/create", Body: `{"name":"both", "artifactLocation":"s3://b/c", "artifact_location":"s3://b/c"}`, Status: 400, Has: []string{"specifies both 'artifact_location' and 'artifactLocation'"}},
		{Name: "unknown field", Path: "experiments/create", Body: `{"name":"unknown", "x": {"y":[1,2]}}`},
		{Name: "invalid UTF-8", Path: "experiments/create", Body: "{\"name\":\"\xff\"}", Status: 400},
		{Name: "NUL", Path: "experiments/create", Body: `{"name":"a\u0000b"}`, Status: 400, Has: []string{"NUL"}},
		{Name: "deep", Path: "experiments/create", Body: `{"name":"deep","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, Status: 400},
		{Name: "too large", Path: "experiments/create", Body: huge, Status: 413, Has: []string{"larger than"}},
		{Name: "int for text", Path: "experiments/create", Body: `{"name":5}`, Status: 400, Has: []string{`Invalid value 5 for parameter 'name' supplied:  Hint: Value was of type 'int'.`}},
		{Name: "text for list", Path: "experiments/create", Body: `{"name":"l","tags":"x"}`, Status: 400, Has: []string{`Invalid value \"x\" for parameter 'tags'`, "'str'"}},
		{Name: "null item", Path: "experiments/create", Body: `{"name":"l","tags":[null]}`, Status: 400, Has: []string{"tags[0]"}},
		{Name: "unknown route", Path: "experiments/nonsense", Status: 404, Has: []string{"ENDPOINT_NOT_FOUND"}},
		{Name: "wrong method", Method: "GET", Path: "experiments/create", Status: 405},
		{Name: "dirty path", Path: "/api/2.0/mlflow/../mlflow/experiments/create", Body: `{"name":"dirty"}`, Status: 400},
		{Name: "double slash", Path: "/api//2.0/mlflow/experiments/create", Body: `{"name":"dirty"}`, Status: 400},
		{Name: "query with a semicolon", Method: "GET", Path: "/api/2.0/mlflow-artifacts/artifacts?path=..;/x", Status: 400, Has: []string{"query"}},
		{Name: "query with a broken escape", Method: "GET", Path: "experiments/get?experiment_id=%zz", Status: 400},
		{Name: "first of two values", Method: "GET", Path: "experiments/get?experiment_id=0&experiment_id=1", Has: []string{`"experiment_id":"0"`}},
		{Name: "encoded slash", Method: "GET", Path: "experiments%2Fget?experiment_id=0", Status: 404},
		{Name: "ajax prefix", Path: "/ajax-api/2.0/mlflow/experiments/create", Body: `{"name":"ajax"}`},
		{Name: "health", Method: "GET", Path: "/health", Has: []string{"OK"}},
		{Name: "version", Method: "GET", Path: "/version", Has: []string{api.MLflowVersion}},
		{Name: "server info", Method: "GET", Path: "/api/3.0/mlflow/server-info", Has: []string{`"store_type":"SqlStore"`, `"multipart_uploads_enabled":false`}},
	})
}

func TestExperiments(t *testing.T) {
	t.Parallel()
	newServer(t).Check(t, []fact{
		{Name: "create", Path: "experiments/create", Body: `{"name":"e","tags":[{"key":"k","value":"v"}]}`, Has: []string{`{"experiment_id":"1"}`}},
		{Name: "again", Path: "experiments/create", Body: `{"name":"e"}`, Status: 400, Has: []string{"RESOURCE_ALREADY_EXISTS", "Experiment(name=e) already exists."}},
		{Name: "long name", Path: "experiments/create", Body: `{"name":"` + strings.Repeat("n", 501) + `"}`, Status: 400, Has: []string{"'name' exceeds the maximum length of 500 characters"}},
		{Name: "500 wide characters", Path: "experiments/create", Body: `{"name":"` + strings.Repeat("é", 500) + `"}`},
		{Name: "relative location", Path: "experiments/create", Body: `{"name":"rel","artifact_location":"a/b"}`, Save: map[string]string{"rel": `"experiment_id":"(\d+)"`}},
		{Name: "is kept absolute", Method: "GET", Path: "experiments/get?experiment_id={rel}", Has: []string{`"artifact_location":"/`, `/a/b"`}},
		{Name: "relative URI", Path: "experiments/create", Body: `{"name":"relURI","artifact_location":"file:a/b?x=y"}`, Save: map[string]string{"rel": `"experiment_id":"(\d+)"`}},
		{Name: "is kept absolute as well", Method: "GET", Path: "experiments/get?experiment_id={rel}", Has: []string{`"artifact_location":"file:///`, `/a/b?x=y"`}},
		{Name: "location with a query", Path: "experiments/create", Body: `{"name":"query","artifact_location":"s3://b/p/?endpoint=x/y"}`, Save: map[string]string{"query": `"experiment_id":"(\d+)"`}},
		{Name: "ends with it", Path: "runs/create", Body: `{"experiment_id":"{query}"}`, Has: []string{`"artifact_uri":"s3://b/p/`, `/artifacts?endpoint=x/y"`}},
		{Name: "fragment", Path: "experiments/create", Body: `{"name":"f","artifact_location":"s3://b/p#f"}`, Status: 400, Has: []string{"fragments"}},
		{Name: "tag twice", Path: "experiments/create", Body: `{"name":"tt","tags":[{"key":"k","value":"1"},{"key":"k","value":"2"}]}`, Status: 400},
		{Name: "nothing of it was stored", Method: "GET", Path: "experiments/get-by-name?experiment_name=tt", Status: 404},
		{Name: "get", Method: "GET", Path: "experiments/get?experiment_id=1", Has: []string{`"artifact_location":"mlflow-artifacts:/1"`, `"tags":[{"key":"k","value":"v"}]`, `"workspace":"default"`}},
		{Name: "get by name", Method: "GET", Path: "experiments/get-by-name?experiment_name=e", Has: []string{`"experiment_id":"1"`}},
		{Name: "no such id", Method: "GET", Path: "experiments/get?experiment_id=99", Status: 404, Has: []string{"No Experiment with id=99 exists"}},
		{Name: "no number", Method: "GET", Path: "experiments/get?experiment_id=abc", Status: 400, Has: []string{"Experiment ID must be a valid integer"}},
		{Name: "rename", Path: "experiments/update", Body: `{"experiment_id":"1","new_name":"e2"}`},
		{Name: "rename to a taken name", Path: "experiments/update", Body: `{"experiment_id":"1","new_name":"Default"}`, Status: 400, Has: []string{"BAD_REQUEST"}},
		{Name: "set tag", Path: "experiments/set-experiment-tag", Body: `{"experiment_id":"1","key":"k","value":"w"}`},
		{Name: "bad tag key", Path: "experiments/set-experiment-tag", Body: `{"experiment_id":"1","key":"a$","value":"w"}`, Status: 400, Has: []string{`Invalid value \"a$\" for parameter 'key'`}},
		{Name: "delete tag", Path: "experiments/delete-experiment-tag", Body: `{"experiment_id":"1","key":"k"}`},
		{Name: "delete tag again", Path: "experiments/delete-experiment-tag", Body: `{"experiment_id":"1","key":"k"}`, Status: 404},
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"1"}`, Save: map[string]string{"run": `"run_id":"(\w{32})"`}},
		{Name: "delete", Path: "experiments/delete", Body: `{"experiment_id":"1"}`},
		{Name: "delete again", Path: "experiments/delete", Body: `{"experiment_id":"1"}`, Status: 404},
		{Name: "its run is deleted too", Method: "GET", Path: "runs/get?run_id={run}", Has: []string{`"lifecycle_stage":"deleted"`}},
		{Name: "no run in it", Path: "runs/create", Body: `{"experiment_id":"1"}`, Status: 400, Has: []string{"must be in the 'active' state"}},
		{Name: "no rename", Path: "experiments/update", Body: `{"experiment_id":"1","new_name":"e3"}`, Status: 500, Has: []string{"INVALID_STATE"}},
		{Name: "its name stays taken", Path: "experiments/create", Body: `{"name":"e2"}`, Status: 400},
		{Name: "search deleted", Path: "experiments/search", Body: `{"max_results":10,"view_type":"DELETED_ONLY"}`, Has: []string{`"name":"e2"`}, HasNot: []string{`"Default"`}},
		{Name: "search by number of the view", Path: "experiments/search", Body: `{"max_results":10,"view_type":3}`, Has: []string{`"name":"e2"`, `"Default"`}},
		{Name: "restore", Path: "experiments/restore", Body: `{"experiment_id":"1"}`},
		{Name: "its run is back", Method: "GET", Path: "runs/get?run_id={run}", Has: []string{`"lifecycle_stage":"active"`}},
		{Name: "search needs a number", Path: "experiments/search", Body: `{}`, Status: 400, Has: []string{"Invalid value 0 for parameter 'max_results'"}},
		{Name: "search too many", Path: "experiments/search", Body: `{"max_results":50001}`, Status: 400},
		{Name: "page", Path: "experiments/search", Body: `{"max_results":1,"order_by":["name"]}`, Has: []string{`"next_page_token"`, "Default"}, Save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
		{Name: "next page", Path: "experiments/search", Body: `{"max_results":1,"order_by":["name"],"page_token":"{token}"}`, Has: []string{`"name":"e2"`}},
		{Name: "filter", Path: "experiments/search", Body: `{"max_results":9,"filter":"name = 'e2'"}`, Has: []string{"e2"}, HasNot: []string{"Default"}},
		{Name: "bad filter", Path: "experiments/search", Body: `{"max_results":9,"filter":"name = "}`, Status: 400, Has: []string{"Invalid clause"}},
		{Name: "activity", Path: "/ajax-api/millrace/experiments/activity", Body: `{"experiment_ids":["1","0"]}`, Has: []string{`"experiment_id":"1","runs":1,"running":1`}},
	})
}

func TestRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := strings.Repeat("v", 9000)
	s.Check(t, []fact{
		{
			Name: "create", Path: "runs/create", Body: `{"experiment_id":"0","user_id":"bob","start_time":"1700000000000","run_name":"n","tags":[{"key":"mlflow.user","value":"bob"}]}`,
			Has: []string{`"status":"RUNNING"`, `"run_name":"n"`, `{"key":"mlflow.runName","value":"n"}`, `"start_time":1700000000000`, `"inputs":{}`}, HasNot: []string{`"end_time"`, `"outputs"`},
			Save: map[string]string{"run": `"run_id":"(\w{32})"`},
		},
		{Name: "made-up name", Path: "runs/create", Body: `{"experiment_id":"0"}`, Has: []string{`"user_id":""`, `"start_time":0`}, Save: map[string]string{"other": `"run_id":"(\w{32})"`, "_": `"run_name":"(\w+-\w+-\d+)"`}},
		{Name: "two names", Path: "runs/create", Body: `{"experiment_id":"0","run_name":"a","tags":[{"key":"mlflow.runName","value":"b"}]}`, Status: 400},
		{Name: "number for an id", Path: "runs/create", Body: `{"experiment_id":0}`, Status: 400, Has: []string{"'int'"}},
		{Name: "half a millisecond", Path: "runs/create", Body: `{"experiment_id":"0","start_time":1.5}`, Status: 400, Has: []string{"'float'"}},
		{Name: "no such experiment", Path: "runs/create", Body: `{"experiment_id":"99"}`, Status: 404},
		{Name: "update", Path: "runs/update", Body: `{"run_id":"{run}","status":"FINISHED","end_time":1700000001000,"run_name":"n2"}`, Has: []string{`"status":"FINISHED"`, `"end_time":1700000001000`, `"run_name":"n2"`}},
		{Name: "update by number", Path: "runs/update", Body: `{"run_uuid":"{run}","status":4}`, Has: []string{`"status":"FAILED"`, `"end_time":1700000001000`}},
		{Name: "bogus status", Path: "runs/update", Body: `{"run_id":"{run}","status":"BOGUS"}`, Status: 400},
		{Name: "tag", Path: "runs/set-tag", Body: `{"run_id":"{run}","key":"t","value":"` + long + `"}`},
		{Name: "param", Path: "runs/log-parameter", Body: `{"run_id":"{run}","key":"p","value":"1"}`},
		{Name: "same param", Path: "runs/log-parameter", Body: `{"run_uuid":"{run}","key":"p","value":"1"}`},
		{Name: "other value", Path: "runs/log-parameter", Body: `{"run_id":"{run}","key":"p","value":"2"}`, Status: 400, Has: []string{"Param with key='p' was already logged with value='1' for run ID='{run}'. Attempted logging new value '2'."}},
		{Name: "rename by tag", Path: "runs/set-tag", Body: `{"run_id":"{run}","key":"mlflow.runName","value":"n3"}`},
		{Name: "get", Method: "GET", Path: "runs/get?run_uuid={run}", Has: []string{`"run_name":"n3"`, `"value":"` + long[:8000] + `"`, `"outputs":{}`}, HasNot: []string{long[:8001]}},
		{Name: "delete tag", Path: "runs/delete-tag", Body: `{"run_id":"{run}","key":"t"}`},
		{Name: "delete tag again", Path: "runs/delete-tag", Body: `{"run_id":"{run}","key":"t"}`, Status: 404, Has: []string{"No tag with name: t in run with id {run}"}},
		{Name: "child", Path: "runs/set-tag", Body: `{"run_id":"{other}","key":"mlflow.parentRunId","value":"{run}"}`},
		{Name: "children", Method: "GET", Path: "/ajax-api/millrace/runs/children?run_id={run}", Has: []string{`"run_id":"{other}"`}},
		{Name: "second child", Path: "runs/create", Body: `{"experiment_id":"0","start_time":99,"tags":[{"key":"mlflow.parentRunId","value":"{run}"}]}`, Save: map[string]string{"second": `"run_id":"(\w{32})"`}},
		{Name: "two children", Method: "GET", Path: "/ajax-api/millrace/runs/children?run_id={run}", Has: []string{`"run_id":"{other}"`, `"run_id":"{second}"`}, HasNot: []string{"bounded"}},
		{Name: "one of two children", Method: "GET", Path: "/ajax-api/millrace/runs/children?run_id={run}&max_results=1", Has: []string{`"bounded":true`}, HasNot: []string{`"run_id":"{second}"`}},
		{Name: "too many children", Method: "GET", Path: "/ajax-api/millrace/runs/children?run_id={run}&max_results=1001", Status: 400, Has: []string{"max_results"}},
		{Name: "no second child", Path: "runs/delete", Body: `{"run_id":"{second}"}`},
		{Name: "delete", Path: "runs/delete", Body: `{"run_id":"{run}"}`},
		{Name: "delete again", Path: "runs/delete", Body: `{"run_id":"{run}"}`},
		{Name: "no change now", Path: "runs/set-tag", Body: `{"run_id":"{run}","key":"t","value":"1"}`, Status: 400, Has: []string{"Current state is deleted."}},
		{Name: "search active", Path: "runs/search", Body: `{"experiment_ids":["0"]}`, Has: []string{"{other}"}, HasNot: []string{"n3"}},
		{Name: "search deleted", Path: "runs/search", Body: `{"experiment_ids":["0"],"run_view_type":"DELETED_ONLY"}`, Has: []string{"n3"}, HasNot: []string{"{other}"}},
		{Name: "restore", Path: "runs/restore", Body: `{"run_id":"{run}"}`},
		{Name: "gone", Method: "GET", Path: "runs/get?run_id=nope", Status: 404, Has: []string{"Run with id=nope not found"}},
		{Name: "nothing asked", Method: "GET", Path: "runs/get", Status: 400, Has: []string{"'run_id'"}},
		{Name: "too many on a page", Path: "runs/search", Body: `{"experiment_ids":["0"],"max_results":50001}`, Status: 400},
		{Name: "too few on a page", Path: "runs/search", Body: `{"experiment_ids":["0"],"max_results":0}`, Status: 400},
		{Name: "no experiments", Path: "runs/search", Body: `{}`, Has: []string{`{}`}},
		{Name: "filter", Path: "runs/search", Body: `{"experiment_ids":["0"],"filter":"params.p = '1'"}`, Has: []string{"n3"}, HasNot: []string{"{other}"}},
		{Name: "bad filter says where", Path: "runs/search", Body: `{"experiment_ids":["0"],"filter":"params.p = '1' OR x"}`, Status: 400, Has: []string{`"position":`}},
	})
}

func TestLogBatch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.Run(t)
	list := func(n int, item string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(item, i)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	metric := `{"key":"m%d","value":1,"timestamp":1}`
	batch := func(fields string) string { return `{"run_id":"` + run + `",` + fields + `}` }
	s.Check(t, []fact{
		{Name: "all kinds", Path: "runs/log-batch", Body: batch(`"metrics":[{"key":"a","value":NaN,"timestamp":1,"step":"2"},{"key":"b","value":"-Infinity","timestamp":1.0}],"params":[{"key":"p","value":"1"}],"tags":[{"key":"t","value":"x"}]`)},
		{Name: "as logged", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"key":"a","value":"NaN","timestamp":1,"step":2`, `"key":"b","value":-1.7976931348623157e+308`, `"key":"p","value":"1"`, `"key":"t","value":"x"`}},
		{
			Name: "changed param", Path: "runs/log-batch", Body: batch(`"metrics":[{"key":"no","value":1,"timestamp":1}],"params":[{"key":"p","value":"2"},{"key":"q","value":"2"}],"tags":[{"key":"no","value":"x"}]`), Status: 400,
			Has: []string{"Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]' for run ID='" + run + "'."},
		},
		{Name: "nothing of it was stored", Method: "GET", Path: "runs/get?run_id=" + run, HasNot: []string{`"no"`, `"q"`}},
		{Name: "param twice", Path: "runs/log-batch", Body: batch(`"params":[{"key":"d","value":"1"},{"key":"d","value":"1"}]`), Status: 400, Has: []string{"Duplicate parameter keys have been submitted: ['d']"}},
		{Name: "bad metric name", Path: "runs/log-batch", Body: batch(`"metrics":[{"key":"ok","value":1,"timestamp":1},{"key":"a$","value":1,"timestamp":1}]`), Status: 400, Has: []string{"'metrics[1].name'"}},
		{Name: "no value", Path: "runs/log-batch", Body: batch(`"metrics":[{"key":"x","timestamp":1}]`), Status: 400, Has: []string{"'metrics[0].value'"}},
		{Name: "text for a value", Path: "runs/log-batch", Body: batch(`"metrics":[{"key":"x","value":"abc","timestamp":1}]`), Status: 400, Has: []string{"'metrics[0].value'"}},
		{Name: "time before time", Path: "runs/log-batch", Body: batch(`"metrics":[{"key":"x","value":1,"timestamp":-1}]`), Status: 400, Has: []string{"'metrics[0].timestamp'"}},
		{Name: "1000 metrics", Path: "runs/log-batch", Body: batch(`"metrics":` + list(1000, metric))},
		{Name: "1001 metrics", Path: "runs/log-batch", Body: batch(`"metrics":` + list(1001, metric)), Status: 400, Has: []string{"at most 1000 metrics. Got 1001 metrics."}},
		{Name: "101 params", Path: "runs/log-batch", Body: batch(`"params":` + list(101, `{"key":"p%d","value":"1"}`)), Status: 400, Has: []string{"at most 100 params"}},
		{Name: "1001 in all", Path: "runs/log-batch", Body: batch(`"metrics":` + list(1000, metric) + `,"tags":[{"key":"t","value":"1"}]`), Status: 400, Has: []string{"metrics, params, and tags"}},
		{Name: "bad run id", Path: "runs/log-batch", Body: `{"run_id":"bad id!"}`, Status: 400},
		{Name: "no such run", Path: "runs/log-batch", Body: `{"run_id":"nope"}`, Status: 404},
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.Run(t)
	log := func(rest string) string { return `{"run_id":"` + run + `",` + rest + `}` }
	s.Check(t, []fact{
		{Name: "1", Path: "runs/log-metric", Body: log(`"key":"m","value":1.5,"timestamp":10,"step":1`)},
		{Name: "2", Path: "runs/log-metric", Body: log(`"key":"m","value":"2","timestamp":11,"step":2`)},
		{Name: "2 again", Path: "runs/log-metric", Body: log(`"key":"m","value":2,"timestamp":11,"step":2`)},
		{Name: "late, for an old step", Path: "runs/log-metric", Body: log(`"key":"m","value":9,"timestamp":99,"step":0`)},
		{Name: "latest is by step", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"key":"m","value":2.0,"timestamp":11,"step":2`}},
		{Name: "history is by time", Method: "GET", Path: "metrics/get-history?metric_key=m&run_id=" + run, Has: []string{`{"metrics":[{"key":"m","value":1.5,"timestamp":10,"step":1},{"key":"m","value":2.0,"timestamp":11,"step":2},{"key":"m","value":9.0,"timestamp":99,"step":0}]}`}},
		{Name: "page", Method: "GET", Path: "metrics/get-history?metric_key=m&max_results=2&run_id=" + run, Has: []string{"next_page_token"}, Save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
		{Name: "next page", Method: "GET", Path: "metrics/get-history?metric_key=m&max_results=2&page_token={token}&run_id=" + run, Has: []string{`"value":9.0`}, HasNot: []string{"next_page_token", "1.5"}},
		{Name: "no page of 0", Method: "GET", Path: "metrics/get-history?metric_key=m&max_results=0&run_id=" + run, Status: 400},
		{Name: "unknown key", Method: "GET", Path: "metrics/get-history?metric_key=zz&run_id=" + run, Has: []string{"{}"}},
		{Name: "sample", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&max_results=2&run_ids=" + run, Has: []string{`{"key":"m","value":9.0,"timestamp":99,"step":0,"run_id":"` + run + `"}`, `"step":2`}},
		{Name: "sample of some steps", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&start_step=1&end_step=1&run_ids=" + run, Has: []string{`"step":1`}, HasNot: []string{`"step":0`, `"step":2`}},
		{Name: "sample of steps beyond 32 bits", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&start_step=-9223372036854775808&end_step=9223372036854775807&run_ids=" + run, Has: []string{`"step":1`, `"step":2`}},
		{Name: "sample of steps beyond 64 bits", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&start_step=0&end_step=9223372036854775808&run_ids=" + run, Status: 400, Has: []string{"end_step"}},
		{Name: "next page by MLflow's token", Method: "GET", Path: "metrics/get-history?metric_key=m&max_results=2&page_token=eyJvZmZzZXQiOiAyfQ==&run_id=" + run, Has: []string{`"value":9.0`}, HasNot: []string{"1.5"}},
		{Name: "page of a token that is none", Method: "GET", Path: "metrics/get-history?metric_key=m&page_token=eyJzdGVwIjoxfQ==&run_id=" + run, Status: 400, Has: []string{"Invalid page token"}},
		{Name: "half a range", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&start_step=1&run_ids=" + run, Status: 400},
		{Name: "sample of more than there is", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&max_results=4000000000&run_ids=" + run, Status: 400, Has: []string{"between 1 and 2500"}},
		{Name: "sample of 0", Method: "GET", Path: "metrics/get-history-bulk-interval?metric_key=m&max_results=0&run_ids=" + run, Status: 400},
		{Name: "bulk is for pages only", Method: "GET", Path: "metrics/get-history-bulk?metric_key=m&run_id=" + run, Status: 404},
		{Name: "bulk", Method: "GET", Path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&max_results=1&run_id=" + run, Has: []string{`"value":1.5`, `"run_id":"` + run}},
		{Name: "bulk of any number", Method: "GET", Path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&max_results=4000000000&run_id=" + run, Has: []string{`"value":1.5`, `"value":9.0`}},
		{Name: "summary", Method: "GET", Path: "/ajax-api/millrace/runs/metric-summary?run_id=" + run, Has: []string{`{"key":"m","count":3,"first":9.0,"last":2.0,"min":1.5,"max":9.0,"last_step":2,"min_step":1,"max_step":0,"last_timestamp":11}`}},
		{Name: "NaN", Path: "runs/log-metric", Body: log(`"key":"n","value":"NaN","timestamp":1`)},
		{Name: "NaN keeps against less than 0", Path: "runs/log-metric", Body: log(`"key":"n","value":-1,"timestamp":1`)},
		{Name: "NaN is latest", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"key":"n","value":"NaN"`}},
		{Name: "1 is newer", Path: "runs/log-metric", Body: log(`"key":"n","value":1,"timestamp":1`)},
		{Name: "1 is latest", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"key":"n","value":1.0`}},
		{Name: "NaN in a summary", Method: "GET", Path: "/ajax-api/millrace/runs/metric-summary?run_id=" + run, Has: []string{`"key":"n","count":3,"first":-1.0,"last":1.0,"min":-1.0,"max":1.0`}},
		{Name: "no value", Path: "runs/log-metric", Body: log(`"key":"x","timestamp":1`), Status: 400, Has: []string{"'value'"}},
		{Name: "no time", Path: "runs/log-metric", Body: log(`"key":"x","value":1`), Status: 400, Has: []string{"'timestamp'"}},
		{Name: "word for a value", Path: "runs/log-metric", Body: log(`"key":"x","value":"abc","timestamp":1`), Status: 400, Has: []string{`Invalid value \"abc\" for parameter 'value' supplied:  Hint: Value was of type 'str'.`}},
		{Name: "key that is a path", Path: "runs/log-metric", Body: log(`"key":"a/../b","value":1,"timestamp":1`), Status: 400, Has: []string{"would resolve to 'b'"}},
		{Name: "long key", Path: "runs/log-metric", Body: log(`"key":"` + strings.Repeat("k", 251) + `","value":1,"timestamp":1`), Status: 400, Has: []string{"'Metric name' exceeds the maximum length of 250 characters"}},
		{Name: "half a dataset", Path: "runs/log-metric", Body: log(`"key":"x","value":1,"timestamp":1,"dataset_name":"d"`), Status: 400, Has: []string{"Both dataset_name and dataset_digest"}},
		{Name: "unknown model", Path: "runs/log-metric", Body: log(`"key":"x","value":1,"timestamp":1,"model_id":"m-nope"`), Status: 400, Has: []string{"BAD_REQUEST", "m-nope"}},
		{Name: "not stored without its model", Method: "GET", Path: "metrics/get-history?metric_key=x&run_id=" + run, Has: []string{"{}"}},
	})
}

func TestLoggedModels(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.Run(t)
	s.Check(t, []fact{
		{
			Name: "create", Path: "logged-models", Body: `{"experiment_id":"0","name":"m","model_type":"Agent","source_run_id":"` + run + `","params":[{"key":"p","value":"1"}],"tags":[{"key":"t","value":"x"}]}`,
			Has: []string{`"status":"LOGGED_MODEL_PENDING"`, `"params":[{"key":"p","value":"1"}]`, `"tags":[{"key":"t","value":"x"}]`}, Save: map[string]string{"m": `"model_id":"(m-\w{32})"`},
		},
		{Name: "bad name", Path: "logged-models", Body: `{"experiment_id":"0","name":"a/b"}`, Status: 400},
		{Name: "made-up name", Path: "logged-models", Body: `{"experiment_id":"0"}`, Has: []string{`"source_run_id":""`, `"model_type":""`}},
		{Name: "finalize", Method: "PATCH", Path: "logged-models/{m}", Body: `{"model_id":"{m}","status":"LOGGED_MODEL_READY"}`, Has: []string{`"status":"LOGGED_MODEL_READY"`}},
		{Name: "finalize by number", Method: "PATCH", Path: "logged-models/{m}", Body: `{"status":2}`, Has: []string{`"status":"LOGGED_MODEL_READY"`}},
		{Name: "no status", Method: "PATCH", Path: "logged-models/{m}", Body: `{}`, Status: 400},
		{Name: "tags", Method: "PATCH", Path: "logged-models/{m}/tags", Body: `{"tags":[{"key":"t","value":"y"},{"key":"u","value":"z"}]}`, Has: []string{`"value":"y"`}},
		{Name: "delete tag", Method: "DELETE", Path: "logged-models/{m}/tags/u"},
		{Name: "delete tag again", Method: "DELETE", Path: "logged-models/{m}/tags/u", Status: 404},
		{Name: "params", Path: "logged-models/{m}/params", Body: `{"params":[{"key":"q","value":"2"}]}`},
		{Name: "param again", Path: "logged-models/{m}/params", Body: `{"params":[{"key":"q","value":"3"}]}`, Status: 400},
		{Name: "metric", Path: "runs/log-metric", Body: `{"run_id":"` + run + `","key":"acc","value":0.5,"timestamp":1,"model_id":"{m}"}`},
		{Name: "get", Method: "GET", Path: "logged-models/{m}", Has: []string{`"artifact_uri":"mlflow-artifacts:/0/models/{m}/artifacts"`, `"key":"acc","value":0.5`, `"run_id":"` + run, `"key":"q","value":"2"`}},
		{Name: "outputs", Path: "runs/outputs", Body: `{"run_id":"` + run + `","models":[{"model_id":"{m}","step":3}]}`},
		{Name: "outputs again", Path: "runs/outputs", Body: `{"run_id":"` + run + `","models":[{"model_id":"{m}","step":3}]}`, Status: 400},
		{Name: "in the run", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"outputs":{"model_outputs":[{"model_id":"{m}","step":3}]}`}},
		{Name: "search", Path: "logged-models/search", Body: `{"experiment_ids":["0"],"filter":"metrics.acc > 0.4"}`, Has: []string{"{m}"}},
		{Name: "search nowhere", Path: "logged-models/search", Body: `{}`, Status: 400, Has: []string{"'experiment_ids'"}},
		{Name: "page", Path: "logged-models/search", Body: `{"experiment_ids":["0"],"max_results":1}`, Has: []string{"next_page_token"}, Save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
		{Name: "next page", Path: "logged-models/search", Body: `{"experiment_ids":["0"],"max_results":1,"page_token":"{token}"}`, HasNot: []string{"next_page_token"}},
		{Name: "token of another search", Path: "logged-models/search", Body: `{"experiment_ids":["0"],"filter":"name = 'm'","page_token":"{token}"}`, Status: 400},
		{Name: "delete", Method: "DELETE", Path: "logged-models/{m}", ContentType: "-"},
		{Name: "gone", Method: "GET", Path: "logged-models/{m}", Status: 404, Has: []string{"Logged model with ID '{m}' not found."}},
		{Name: "still there if asked", Method: "GET", Path: "logged-models/{m}?allow_deleted=true", Has: []string{"{m}"}},
		{Name: "not a boolean", Method: "GET", Path: "logged-models/{m}?allow_deleted=1", Status: 400},
	})
}

func TestInputs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.Run(t)
	dataset := `{"dataset":{"name":"d","digest":"1","source_type":"local","source":"{}","schema":"s","profile":"p"},"tags":[{"key":"mlflow.data.context","value":"train"}]}`
	s.Check(t, []fact{
		{Name: "log", Path: "runs/log-inputs", Body: `{"run_id":"` + run + `","datasets":[` + dataset + `],"models":[{"model_id":"m-1"}]}`},
		{Name: "again", Path: "runs/log-inputs", Body: `{"run_id":"` + run + `","datasets":[` + strings.Replace(dataset, "train", "test", 1) + `]}`},
		{Name: "get", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"dataset_inputs":[{"tags":[{"key":"mlflow.data.context","value":"train"}],"dataset":{"name":"d","digest":"1"`, `"model_inputs":[{"model_id":"m-1"}]`}},
		{Name: "no dataset", Path: "runs/log-inputs", Body: `{"run_id":"` + run + `","datasets":[{"tags":[]}]}`, Status: 400, Has: []string{"datasets[0].dataset"}},
		{Name: "no digest", Path: "runs/log-inputs", Body: `{"run_id":"` + run + `","datasets":[{"dataset":{"name":"x"}}]}`, Status: 400, Has: []string{"datasets[0].dataset.digest"}},
		{Name: "search", Path: "runs/search", Body: `{"experiment_ids":["0"],"filter":"dataset.name = 'd'"}`, Has: []string{run}},
		{Name: "summaries of nothing", Path: "/ajax-api/2.0/mlflow/experiments/search-datasets", Body: `{"experiment_ids":[]}`, Status: 400, Has: []string{"SearchDatasets request must specify at least one experiment_id."}},
		{Name: "summaries", Path: "/ajax-api/2.0/mlflow/experiments/search-datasets", Body: `{"experiment_ids":["0"]}`, Has: []string{`{"experiment_id":"0","name":"d","digest":"1","context":"train"}`}},
		{Name: "history of models", Path: "runs/log-model", Body: `{"run_id":"` + run + `","model_json":"{\"artifact_path\":\"m\",\"flavors\":{},\"utc_time_created\":\"t\",\"run_id\":\"r\"}"}`},
		{Name: "and another", Path: "runs/log-model", Body: `{"run_id":"` + run + `","model_json":"{\"artifact_path\":\"n\",\"flavors\":{},\"utc_time_created\":\"t\",\"run_id\":\"r\"}"}`},
		{Name: "in its tag", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`"key":"mlflow.log-model.history","value":"[{\"run_id\": \"r\", \"artifact_path\": \"m\", \"utc_time_created\": \"t\", \"model_uuid\": null, \"flavors\": {}}, {\"run_id\": \"r\", \"artifact_path\": \"n\"`}},
		{Name: "a whole model", Path: "runs/log-model", Body: `{"run_id":"` + run + `","model_json":"{\"metadata\":{},\"model_uuid\":\"u\",\"utc_time_created\":\"t\",\"run_id\":\"r\",\"flavors\":{\"z\":{\"config\":{\"secret\":1},\"<b>\":\"é, :\"},\"a\":[1,{\"config\":2}]},\"artifact_path\":null}"}`},
		{Name: "leaves its order, and Python's spaces", Method: "GET", Path: "runs/get?run_id=" + run, Has: []string{`, {\"run_id\": \"r\", \"utc_time_created\": \"t\", \"model_uuid\": \"u\", \"flavors\": {\"z\": {\"\u003cb\u003e\": \"\\u00e9, :\"}, \"a\": [1, {\"config\": 2}]}}]`}, HasNot: []string{"secret", "metadata"}},
		{Name: "flavors of no kind", Path: "runs/log-model", Body: `{"run_id":"` + run + `","model_json":"{\"artifact_path\":\"m\",\"flavors\":[1],\"utc_time_created\":\"t\",\"run_id\":\"r\"}"}`, Status: 400},
		{Name: "half a model", Path: "runs/log-model", Body: `{"run_id":"` + run + `","model_json":"{}"}`, Status: 400},
	})
}
