package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	_ "github.com/millrace-ml/millrace/internal/artifact/all"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// server is an API on a fresh SQLite file, with a client of it.
type server struct {
	url    string
	client *mlflow.Client
	store  *store.Store
	api    *api.Server
}

func newServer(t *testing.T) *server {
	t.Helper()
	return startServer(t, t.TempDir())
}

func startServer(t testing.TB, dir string) *server {
	t.Helper()
	return startOn(t, dir, "sqlite:///"+filepath.Join(dir, "mlflow.db"))
}

// startOn is startServer on the database that a URI names.
func startOn(t testing.TB, dir, uri string) *server {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	artifacts, err := api.NewArtifacts(filepath.Join(dir, "mlartifacts"), "mlflow-artifacts:/")
	if err != nil {
		t.Fatal(err)
	}
	s := &api.Server{Store: st, Artifacts: artifacts, Log: slog.New(slog.DiscardHandler)}
	srv := httptest.NewServer(httplimit.Handler(auth.Middleware(st)(s.Handler())))
	t.Cleanup(srv.Close)
	return &server{url: srv.URL, client: mlflow.NewClient(srv.URL), store: st, api: s}
}

// fact is one thing about the API: a request and what its answer must hold.
// {name} in it stands for a value that an earlier fact saved.
type fact struct {
	name        string
	method      string // POST unless given
	path        string // below /api/2.0/mlflow/ unless it starts with a slash
	body        string
	contentType string // application/json unless given; "-" for none
	status      int    // 200 unless given
	has         []string
	hasNot      []string
	save        map[string]string // name -> regular expression with one group, applied to the answer
}

// check sends the facts one after the other to one server.
func (s *server) check(t *testing.T, facts []fact) {
	t.Helper()
	saved := map[string]string{}
	for _, f := range facts {
		status, answer := s.send(t, f, saved)
		want := f.status
		if want == 0 {
			want = http.StatusOK
		}
		if status != want {
			t.Errorf("%s: status %d, want %d; answer %s", f.name, status, want, answer)
		}
		for _, text := range f.has {
			if text = fill(text, saved); !strings.Contains(answer, text) {
				t.Errorf("%s: answer lacks %s:\n%s", f.name, text, answer)
			}
		}
		for _, text := range f.hasNot {
			if strings.Contains(answer, text) {
				t.Errorf("%s: answer has %s:\n%s", f.name, text, answer)
			}
		}
		if want >= 400 {
			checkError(t, f.name, answer)
		}
		for name, exp := range f.save {
			m := regexp.MustCompile(exp).FindStringSubmatch(answer)
			if m == nil {
				t.Fatalf("%s: no %s in %s", f.name, exp, answer)
			}
			saved[name] = m[1]
		}
	}
}

func checkError(t *testing.T, name, answer string) {
	t.Helper()
	var e struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(answer), &e); err != nil || e.Code == "" || e.Message == "" {
		t.Errorf("%s: the error is no JSON with error_code and message: %s", name, answer)
	}
}

func fill(text string, saved map[string]string) string {
	for name, value := range saved {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func (s *server) send(t *testing.T, f fact, saved map[string]string) (int, string) {
	t.Helper()
	method, path := f.method, fill(f.path, saved)
	if method == "" {
		method = http.MethodPost
	}
	if !strings.HasPrefix(path, "/") {
		path = "/api/2.0/mlflow/" + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(fill(f.body, saved)))
	if err != nil {
		t.Fatal(err)
	}
	switch f.contentType {
	case "":
		req.Header.Set("Content-Type", "application/json")
	case "-":
	default:
		req.Header.Set("Content-Type", f.contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	return resp.StatusCode, string(answer)
}

// run starts a run in experiment 0 and returns its id.
func (s *server) run(t *testing.T) string {
	t.Helper()
	run, err := s.client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0", StartTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	return run.Info.RunID
}

func TestTransport(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	huge := `{"name": "` + strings.Repeat("x", 9<<20) + `"}`
	s.check(t, []fact{
		{name: "no content type", path: "experiments/create", body: `{"name":"a"}`, contentType: "-", status: 400, has: []string{"Content-Type header is missing"}},
		{name: "form", path: "experiments/create", body: `name=a`, contentType: "application/x-www-form-urlencoded", status: 400, has: []string{"must be one of ['application/json']"}},
		{name: "charset", path: "experiments/create", body: `{"name":"charset"}`, contentType: "application/json; charset=utf-8"},
		{name: "broken JSON", path: "experiments/create", body: `{"name":`, status: 400, has: []string{"not valid JSON"}},
		{name: "two documents", path: "experiments/create", body: `{"name":"x"} {"name":"y"}`, status: 400, has: []string{"not valid JSON"}},
		{name: "array", path: "experiments/create", body: `[1]`, status: 400, has: []string{"must be a JSON object"}},
		{name: "empty", path: "experiments/create", body: ``, status: 400, has: []string{"Missing value for required parameter 'name'"}},
		{name: "encoded twice", path: "experiments/create", body: `"{\"name\":\"twice\"}"`, has: []string{`"experiment_id":"2"`}},
		{name: "camel case", path: "experiments/create", body: `{"name":"camel", "artifactLocation":"s3://b/c"}`},
		{name: "both spellings", path: "experiments/create", body: `{"name":"both", "artifactLocation":"s3://b/c", "artifact_location":"s3://b/c"}`, status: 400, has: []string{"specifies both 'artifact_location' and 'artifactLocation'"}},
		{name: "unknown field", path: "experiments/create", body: `{"name":"unknown", "x": {"y":[1,2]}}`},
		{name: "invalid UTF-8", path: "experiments/create", body: "{\"name\":\"\xff\"}", status: 400},
		{name: "NUL", path: "experiments/create", body: `{"name":"a\u0000b"}`, status: 400, has: []string{"NUL"}},
		{name: "deep", path: "experiments/create", body: `{"name":"deep","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, status: 400},
		{name: "too large", path: "experiments/create", body: huge, status: 413, has: []string{"larger than"}},
		{name: "int for text", path: "experiments/create", body: `{"name":5}`, status: 400, has: []string{`Invalid value 5 for parameter 'name' supplied:  Hint: Value was of type 'int'.`}},
		{name: "text for list", path: "experiments/create", body: `{"name":"l","tags":"x"}`, status: 400, has: []string{`Invalid value \"x\" for parameter 'tags'`, "'str'"}},
		{name: "null item", path: "experiments/create", body: `{"name":"l","tags":[null]}`, status: 400, has: []string{"tags[0]"}},
		{name: "unknown route", path: "experiments/nonsense", status: 404, has: []string{"ENDPOINT_NOT_FOUND"}},
		{name: "wrong method", method: "GET", path: "experiments/create", status: 405},
		{name: "dirty path", path: "/api/2.0/mlflow/../mlflow/experiments/create", body: `{"name":"dirty"}`, status: 400},
		{name: "double slash", path: "/api//2.0/mlflow/experiments/create", body: `{"name":"dirty"}`, status: 400},
		{name: "query with a semicolon", method: "GET", path: "/api/2.0/mlflow-artifacts/artifacts?path=..;/x", status: 400, has: []string{"query"}},
		{name: "query with a broken escape", method: "GET", path: "experiments/get?experiment_id=%zz", status: 400},
		{name: "first of two values", method: "GET", path: "experiments/get?experiment_id=0&experiment_id=1", has: []string{`"experiment_id":"0"`}},
		{name: "encoded slash", method: "GET", path: "experiments%2Fget?experiment_id=0", status: 404},
		{name: "ajax prefix", path: "/ajax-api/2.0/mlflow/experiments/create", body: `{"name":"ajax"}`},
		{name: "health", method: "GET", path: "/health", has: []string{"OK"}},
		{name: "version", method: "GET", path: "/version", has: []string{api.MLflowVersion}},
		{name: "server info", method: "GET", path: "/api/3.0/mlflow/server-info", has: []string{`"store_type":"SqlStore"`, `"multipart_uploads_enabled":false`}},
	})
}

func TestExperiments(t *testing.T) {
	t.Parallel()
	newServer(t).check(t, []fact{
		{name: "create", path: "experiments/create", body: `{"name":"e","tags":[{"key":"k","value":"v"}]}`, has: []string{`{"experiment_id":"1"}`}},
		{name: "again", path: "experiments/create", body: `{"name":"e"}`, status: 400, has: []string{"RESOURCE_ALREADY_EXISTS", "Experiment(name=e) already exists."}},
		{name: "long name", path: "experiments/create", body: `{"name":"` + strings.Repeat("n", 501) + `"}`, status: 400, has: []string{"'name' exceeds the maximum length of 500 characters"}},
		{name: "500 wide characters", path: "experiments/create", body: `{"name":"` + strings.Repeat("é", 500) + `"}`},
		{name: "relative location", path: "experiments/create", body: `{"name":"rel","artifact_location":"a/b"}`, save: map[string]string{"rel": `"experiment_id":"(\d+)"`}},
		{name: "is kept absolute", method: "GET", path: "experiments/get?experiment_id={rel}", has: []string{`"artifact_location":"/`, `/a/b"`}},
		{name: "relative URI", path: "experiments/create", body: `{"name":"relURI","artifact_location":"file:a/b?x=y"}`, save: map[string]string{"rel": `"experiment_id":"(\d+)"`}},
		{name: "is kept absolute as well", method: "GET", path: "experiments/get?experiment_id={rel}", has: []string{`"artifact_location":"file:///`, `/a/b?x=y"`}},
		{name: "location with a query", path: "experiments/create", body: `{"name":"query","artifact_location":"s3://b/p/?endpoint=x/y"}`, save: map[string]string{"query": `"experiment_id":"(\d+)"`}},
		{name: "ends with it", path: "runs/create", body: `{"experiment_id":"{query}"}`, has: []string{`"artifact_uri":"s3://b/p/`, `/artifacts?endpoint=x/y"`}},
		{name: "fragment", path: "experiments/create", body: `{"name":"f","artifact_location":"s3://b/p#f"}`, status: 400, has: []string{"fragments"}},
		{name: "tag twice", path: "experiments/create", body: `{"name":"tt","tags":[{"key":"k","value":"1"},{"key":"k","value":"2"}]}`, status: 400},
		{name: "nothing of it was stored", method: "GET", path: "experiments/get-by-name?experiment_name=tt", status: 404},
		{name: "get", method: "GET", path: "experiments/get?experiment_id=1", has: []string{`"artifact_location":"mlflow-artifacts:/1"`, `"tags":[{"key":"k","value":"v"}]`, `"workspace":"default"`}},
		{name: "get by name", method: "GET", path: "experiments/get-by-name?experiment_name=e", has: []string{`"experiment_id":"1"`}},
		{name: "no such id", method: "GET", path: "experiments/get?experiment_id=99", status: 404, has: []string{"No Experiment with id=99 exists"}},
		{name: "no number", method: "GET", path: "experiments/get?experiment_id=abc", status: 400, has: []string{"Experiment ID must be a valid integer"}},
		{name: "rename", path: "experiments/update", body: `{"experiment_id":"1","new_name":"e2"}`},
		{name: "rename to a taken name", path: "experiments/update", body: `{"experiment_id":"1","new_name":"Default"}`, status: 400, has: []string{"BAD_REQUEST"}},
		{name: "set tag", path: "experiments/set-experiment-tag", body: `{"experiment_id":"1","key":"k","value":"w"}`},
		{name: "bad tag key", path: "experiments/set-experiment-tag", body: `{"experiment_id":"1","key":"a$","value":"w"}`, status: 400, has: []string{`Invalid value \"a$\" for parameter 'key'`}},
		{name: "delete tag", path: "experiments/delete-experiment-tag", body: `{"experiment_id":"1","key":"k"}`},
		{name: "delete tag again", path: "experiments/delete-experiment-tag", body: `{"experiment_id":"1","key":"k"}`, status: 404},
		{name: "run", path: "runs/create", body: `{"experiment_id":"1"}`, save: map[string]string{"run": `"run_id":"(\w{32})"`}},
		{name: "delete", path: "experiments/delete", body: `{"experiment_id":"1"}`},
		{name: "delete again", path: "experiments/delete", body: `{"experiment_id":"1"}`, status: 404},
		{name: "its run is deleted too", method: "GET", path: "runs/get?run_id={run}", has: []string{`"lifecycle_stage":"deleted"`}},
		{name: "no run in it", path: "runs/create", body: `{"experiment_id":"1"}`, status: 400, has: []string{"must be in the 'active' state"}},
		{name: "no rename", path: "experiments/update", body: `{"experiment_id":"1","new_name":"e3"}`, status: 500, has: []string{"INVALID_STATE"}},
		{name: "its name stays taken", path: "experiments/create", body: `{"name":"e2"}`, status: 400},
		{name: "search deleted", path: "experiments/search", body: `{"max_results":10,"view_type":"DELETED_ONLY"}`, has: []string{`"name":"e2"`}, hasNot: []string{`"Default"`}},
		{name: "search by number of the view", path: "experiments/search", body: `{"max_results":10,"view_type":3}`, has: []string{`"name":"e2"`, `"Default"`}},
		{name: "restore", path: "experiments/restore", body: `{"experiment_id":"1"}`},
		{name: "its run is back", method: "GET", path: "runs/get?run_id={run}", has: []string{`"lifecycle_stage":"active"`}},
		{name: "search needs a number", path: "experiments/search", body: `{}`, status: 400, has: []string{"Invalid value 0 for parameter 'max_results'"}},
		{name: "search too many", path: "experiments/search", body: `{"max_results":50001}`, status: 400},
		{name: "page", path: "experiments/search", body: `{"max_results":1,"order_by":["name"]}`, has: []string{`"next_page_token"`, "Default"}, save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
		{name: "next page", path: "experiments/search", body: `{"max_results":1,"order_by":["name"],"page_token":"{token}"}`, has: []string{`"name":"e2"`}},
		{name: "filter", path: "experiments/search", body: `{"max_results":9,"filter":"name = 'e2'"}`, has: []string{"e2"}, hasNot: []string{"Default"}},
		{name: "bad filter", path: "experiments/search", body: `{"max_results":9,"filter":"name = "}`, status: 400, has: []string{"Invalid clause"}},
		{name: "activity", path: "/ajax-api/millrace/experiments/activity", body: `{"experiment_ids":["1","0"]}`, has: []string{`"experiment_id":"1","runs":1,"running":1`}},
	})
}

func TestRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := strings.Repeat("v", 9000)
	s.check(t, []fact{
		{
			name: "create", path: "runs/create", body: `{"experiment_id":"0","user_id":"bob","start_time":"1700000000000","run_name":"n","tags":[{"key":"mlflow.user","value":"bob"}]}`,
			has: []string{`"status":"RUNNING"`, `"run_name":"n"`, `{"key":"mlflow.runName","value":"n"}`, `"start_time":1700000000000`, `"inputs":{}`}, hasNot: []string{`"end_time"`, `"outputs"`},
			save: map[string]string{"run": `"run_id":"(\w{32})"`},
		},
		{name: "made-up name", path: "runs/create", body: `{"experiment_id":"0"}`, has: []string{`"user_id":""`, `"start_time":0`}, save: map[string]string{"other": `"run_id":"(\w{32})"`, "_": `"run_name":"(\w+-\w+-\d+)"`}},
		{name: "two names", path: "runs/create", body: `{"experiment_id":"0","run_name":"a","tags":[{"key":"mlflow.runName","value":"b"}]}`, status: 400},
		{name: "number for an id", path: "runs/create", body: `{"experiment_id":0}`, status: 400, has: []string{"'int'"}},
		{name: "half a millisecond", path: "runs/create", body: `{"experiment_id":"0","start_time":1.5}`, status: 400, has: []string{"'float'"}},
		{name: "no such experiment", path: "runs/create", body: `{"experiment_id":"99"}`, status: 404},
		{name: "update", path: "runs/update", body: `{"run_id":"{run}","status":"FINISHED","end_time":1700000001000,"run_name":"n2"}`, has: []string{`"status":"FINISHED"`, `"end_time":1700000001000`, `"run_name":"n2"`}},
		{name: "update by number", path: "runs/update", body: `{"run_uuid":"{run}","status":4}`, has: []string{`"status":"FAILED"`, `"end_time":1700000001000`}},
		{name: "bogus status", path: "runs/update", body: `{"run_id":"{run}","status":"BOGUS"}`, status: 400},
		{name: "tag", path: "runs/set-tag", body: `{"run_id":"{run}","key":"t","value":"` + long + `"}`},
		{name: "param", path: "runs/log-parameter", body: `{"run_id":"{run}","key":"p","value":"1"}`},
		{name: "same param", path: "runs/log-parameter", body: `{"run_uuid":"{run}","key":"p","value":"1"}`},
		{name: "other value", path: "runs/log-parameter", body: `{"run_id":"{run}","key":"p","value":"2"}`, status: 400, has: []string{"Param with key='p' was already logged with value='1' for run ID='{run}'. Attempted logging new value '2'."}},
		{name: "rename by tag", path: "runs/set-tag", body: `{"run_id":"{run}","key":"mlflow.runName","value":"n3"}`},
		{name: "get", method: "GET", path: "runs/get?run_uuid={run}", has: []string{`"run_name":"n3"`, `"value":"` + long[:8000] + `"`, `"outputs":{}`}, hasNot: []string{long[:8001]}},
		{name: "delete tag", path: "runs/delete-tag", body: `{"run_id":"{run}","key":"t"}`},
		{name: "delete tag again", path: "runs/delete-tag", body: `{"run_id":"{run}","key":"t"}`, status: 404, has: []string{"No tag with name: t in run with id {run}"}},
		{name: "child", path: "runs/set-tag", body: `{"run_id":"{other}","key":"mlflow.parentRunId","value":"{run}"}`},
		{name: "children", method: "GET", path: "/ajax-api/millrace/runs/children?run_id={run}", has: []string{`"run_id":"{other}"`}},
		{name: "delete", path: "runs/delete", body: `{"run_id":"{run}"}`},
		{name: "delete again", path: "runs/delete", body: `{"run_id":"{run}"}`},
		{name: "no change now", path: "runs/set-tag", body: `{"run_id":"{run}","key":"t","value":"1"}`, status: 400, has: []string{"Current state is deleted."}},
		{name: "search active", path: "runs/search", body: `{"experiment_ids":["0"]}`, has: []string{"{other}"}, hasNot: []string{"n3"}},
		{name: "search deleted", path: "runs/search", body: `{"experiment_ids":["0"],"run_view_type":"DELETED_ONLY"}`, has: []string{"n3"}, hasNot: []string{"{other}"}},
		{name: "restore", path: "runs/restore", body: `{"run_id":"{run}"}`},
		{name: "gone", method: "GET", path: "runs/get?run_id=nope", status: 404, has: []string{"Run with id=nope not found"}},
		{name: "nothing asked", method: "GET", path: "runs/get", status: 400, has: []string{"'run_id'"}},
		{name: "too many on a page", path: "runs/search", body: `{"experiment_ids":["0"],"max_results":50001}`, status: 400},
		{name: "too few on a page", path: "runs/search", body: `{"experiment_ids":["0"],"max_results":0}`, status: 400},
		{name: "no experiments", path: "runs/search", body: `{}`, has: []string{`{}`}},
		{name: "filter", path: "runs/search", body: `{"experiment_ids":["0"],"filter":"params.p = '1'"}`, has: []string{"n3"}, hasNot: []string{"{other}"}},
		{name: "bad filter says where", path: "runs/search", body: `{"experiment_ids":["0"],"filter":"params.p = '1' OR x"}`, status: 400, has: []string{`"position":`}},
	})
}

func TestLogBatch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.run(t)
	list := func(n int, item string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(item, i)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	metric := `{"key":"m%d","value":1,"timestamp":1}`
	batch := func(fields string) string { return `{"run_id":"` + run + `",` + fields + `}` }
	s.check(t, []fact{
		{name: "all kinds", path: "runs/log-batch", body: batch(`"metrics":[{"key":"a","value":NaN,"timestamp":1,"step":"2"},{"key":"b","value":"-Infinity","timestamp":1.0}],"params":[{"key":"p","value":"1"}],"tags":[{"key":"t","value":"x"}]`)},
		{name: "as logged", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"key":"a","value":"NaN","timestamp":1,"step":2`, `"key":"b","value":-1.7976931348623157e+308`, `"key":"p","value":"1"`, `"key":"t","value":"x"`}},
		{
			name: "changed param", path: "runs/log-batch", body: batch(`"metrics":[{"key":"no","value":1,"timestamp":1}],"params":[{"key":"p","value":"2"},{"key":"q","value":"2"}],"tags":[{"key":"no","value":"x"}]`), status: 400,
			has: []string{"Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]' for run ID='" + run + "'."},
		},
		{name: "nothing of it was stored", method: "GET", path: "runs/get?run_id=" + run, hasNot: []string{`"no"`, `"q"`}},
		{name: "param twice", path: "runs/log-batch", body: batch(`"params":[{"key":"d","value":"1"},{"key":"d","value":"1"}]`), status: 400, has: []string{"Duplicate parameter keys have been submitted: ['d']"}},
		{name: "bad metric name", path: "runs/log-batch", body: batch(`"metrics":[{"key":"ok","value":1,"timestamp":1},{"key":"a$","value":1,"timestamp":1}]`), status: 400, has: []string{"'metrics[1].name'"}},
		{name: "no value", path: "runs/log-batch", body: batch(`"metrics":[{"key":"x","timestamp":1}]`), status: 400, has: []string{"'metrics[0].value'"}},
		{name: "text for a value", path: "runs/log-batch", body: batch(`"metrics":[{"key":"x","value":"abc","timestamp":1}]`), status: 400, has: []string{"'metrics[0].value'"}},
		{name: "time before time", path: "runs/log-batch", body: batch(`"metrics":[{"key":"x","value":1,"timestamp":-1}]`), status: 400, has: []string{"'metrics[0].timestamp'"}},
		{name: "1000 metrics", path: "runs/log-batch", body: batch(`"metrics":` + list(1000, metric))},
		{name: "1001 metrics", path: "runs/log-batch", body: batch(`"metrics":` + list(1001, metric)), status: 400, has: []string{"at most 1000 metrics. Got 1001 metrics."}},
		{name: "101 params", path: "runs/log-batch", body: batch(`"params":` + list(101, `{"key":"p%d","value":"1"}`)), status: 400, has: []string{"at most 100 params"}},
		{name: "1001 in all", path: "runs/log-batch", body: batch(`"metrics":` + list(1000, metric) + `,"tags":[{"key":"t","value":"1"}]`), status: 400, has: []string{"metrics, params, and tags"}},
		{name: "bad run id", path: "runs/log-batch", body: `{"run_id":"bad id!"}`, status: 400},
		{name: "no such run", path: "runs/log-batch", body: `{"run_id":"nope"}`, status: 404},
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.run(t)
	log := func(rest string) string { return `{"run_id":"` + run + `",` + rest + `}` }
	s.check(t, []fact{
		{name: "1", path: "runs/log-metric", body: log(`"key":"m","value":1.5,"timestamp":10,"step":1`)},
		{name: "2", path: "runs/log-metric", body: log(`"key":"m","value":"2","timestamp":11,"step":2`)},
		{name: "2 again", path: "runs/log-metric", body: log(`"key":"m","value":2,"timestamp":11,"step":2`)},
		{name: "late, for an old step", path: "runs/log-metric", body: log(`"key":"m","value":9,"timestamp":99,"step":0`)},
		{name: "latest is by step", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"key":"m","value":2.0,"timestamp":11,"step":2`}},
		{name: "history is by time", method: "GET", path: "metrics/get-history?metric_key=m&run_id=" + run, has: []string{`{"metrics":[{"key":"m","value":1.5,"timestamp":10,"step":1},{"key":"m","value":2.0,"timestamp":11,"step":2},{"key":"m","value":9.0,"timestamp":99,"step":0}]}`}},
		{name: "page", method: "GET", path: "metrics/get-history?metric_key=m&max_results=2&run_id=" + run, has: []string{"next_page_token"}, save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
		{name: "next page", method: "GET", path: "metrics/get-history?metric_key=m&max_results=2&page_token={token}&run_id=" + run, has: []string{`"value":9.0`}, hasNot: []string{"next_page_token", "1.5"}},
		{name: "no page of 0", method: "GET", path: "metrics/get-history?metric_key=m&max_results=0&run_id=" + run, status: 400},
		{name: "unknown key", method: "GET", path: "metrics/get-history?metric_key=zz&run_id=" + run, has: []string{"{}"}},
		{name: "sample", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&max_results=2&run_ids=" + run, has: []string{`{"key":"m","value":9.0,"timestamp":99,"step":0,"run_id":"` + run + `"}`, `"step":2`}},
		{name: "sample of some steps", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&start_step=1&end_step=1&run_ids=" + run, has: []string{`"step":1`}, hasNot: []string{`"step":0`, `"step":2`}},
		{name: "sample of steps beyond 32 bits", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&start_step=-9223372036854775808&end_step=9223372036854775807&run_ids=" + run, has: []string{`"step":1`, `"step":2`}},
		{name: "sample of steps beyond 64 bits", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&start_step=0&end_step=9223372036854775808&run_ids=" + run, status: 400, has: []string{"end_step"}},
		{name: "next page by MLflow's token", method: "GET", path: "metrics/get-history?metric_key=m&max_results=2&page_token=eyJvZmZzZXQiOiAyfQ==&run_id=" + run, has: []string{`"value":9.0`}, hasNot: []string{"1.5"}},
		{name: "page of a token that is none", method: "GET", path: "metrics/get-history?metric_key=m&page_token=eyJzdGVwIjoxfQ==&run_id=" + run, status: 400, has: []string{"Invalid page token"}},
		{name: "half a range", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&start_step=1&run_ids=" + run, status: 400},
		{name: "sample of more than there is", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&max_results=4000000000&run_ids=" + run, status: 400, has: []string{"between 1 and 2500"}},
		{name: "sample of 0", method: "GET", path: "metrics/get-history-bulk-interval?metric_key=m&max_results=0&run_ids=" + run, status: 400},
		{name: "bulk is for pages only", method: "GET", path: "metrics/get-history-bulk?metric_key=m&run_id=" + run, status: 404},
		{name: "bulk", method: "GET", path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&max_results=1&run_id=" + run, has: []string{`"value":1.5`, `"run_id":"` + run}},
		{name: "bulk of any number", method: "GET", path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&max_results=4000000000&run_id=" + run, has: []string{`"value":1.5`, `"value":9.0`}},
		{name: "summary", method: "GET", path: "/ajax-api/millrace/runs/metric-summary?run_id=" + run, has: []string{`{"key":"m","count":3,"first":9.0,"last":2.0,"min":1.5,"max":9.0,"last_step":2,"min_step":1,"max_step":0,"last_timestamp":11}`}},
		{name: "NaN", path: "runs/log-metric", body: log(`"key":"n","value":"NaN","timestamp":1`)},
		{name: "NaN keeps against less than 0", path: "runs/log-metric", body: log(`"key":"n","value":-1,"timestamp":1`)},
		{name: "NaN is latest", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"key":"n","value":"NaN"`}},
		{name: "1 is newer", path: "runs/log-metric", body: log(`"key":"n","value":1,"timestamp":1`)},
		{name: "1 is latest", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"key":"n","value":1.0`}},
		{name: "NaN in a summary", method: "GET", path: "/ajax-api/millrace/runs/metric-summary?run_id=" + run, has: []string{`"key":"n","count":3,"first":-1.0,"last":1.0,"min":-1.0,"max":1.0`}},
		{name: "no value", path: "runs/log-metric", body: log(`"key":"x","timestamp":1`), status: 400, has: []string{"'value'"}},
		{name: "no time", path: "runs/log-metric", body: log(`"key":"x","value":1`), status: 400, has: []string{"'timestamp'"}},
		{name: "word for a value", path: "runs/log-metric", body: log(`"key":"x","value":"abc","timestamp":1`), status: 400, has: []string{`Invalid value \"abc\" for parameter 'value' supplied:  Hint: Value was of type 'str'.`}},
		{name: "key that is a path", path: "runs/log-metric", body: log(`"key":"a/../b","value":1,"timestamp":1`), status: 400, has: []string{"would resolve to 'b'"}},
		{name: "long key", path: "runs/log-metric", body: log(`"key":"` + strings.Repeat("k", 251) + `","value":1,"timestamp":1`), status: 400, has: []string{"'Metric name' exceeds the maximum length of 250 characters"}},
		{name: "half a dataset", path: "runs/log-metric", body: log(`"key":"x","value":1,"timestamp":1,"dataset_name":"d"`), status: 400, has: []string{"Both dataset_name and dataset_digest"}},
		{name: "unknown model", path: "runs/log-metric", body: log(`"key":"x","value":1,"timestamp":1,"model_id":"m-nope"`), status: 400, has: []string{"BAD_REQUEST", "m-nope"}},
		{name: "not stored without its model", method: "GET", path: "metrics/get-history?metric_key=x&run_id=" + run, has: []string{"{}"}},
	})
}

func TestLoggedModels(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.run(t)
	s.check(t, []fact{
		{
			name: "create", path: "logged-models", body: `{"experiment_id":"0","name":"m","model_type":"Agent","source_run_id":"` + run + `","params":[{"key":"p","value":"1"}],"tags":[{"key":"t","value":"x"}]}`,
			has: []string{`"status":"LOGGED_MODEL_PENDING"`, `"params":[{"key":"p","value":"1"}]`, `"tags":[{"key":"t","value":"x"}]`}, save: map[string]string{"m": `"model_id":"(m-\w{32})"`},
		},
		{name: "bad name", path: "logged-models", body: `{"experiment_id":"0","name":"a/b"}`, status: 400},
		{name: "made-up name", path: "logged-models", body: `{"experiment_id":"0"}`, has: []string{`"source_run_id":""`, `"model_type":""`}},
		{name: "finalize", method: "PATCH", path: "logged-models/{m}", body: `{"model_id":"{m}","status":"LOGGED_MODEL_READY"}`, has: []string{`"status":"LOGGED_MODEL_READY"`}},
		{name: "finalize by number", method: "PATCH", path: "logged-models/{m}", body: `{"status":2}`, has: []string{`"status":"LOGGED_MODEL_READY"`}},
		{name: "no status", method: "PATCH", path: "logged-models/{m}", body: `{}`, status: 400},
		{name: "tags", method: "PATCH", path: "logged-models/{m}/tags", body: `{"tags":[{"key":"t","value":"y"},{"key":"u","value":"z"}]}`, has: []string{`"value":"y"`}},
		{name: "delete tag", method: "DELETE", path: "logged-models/{m}/tags/u"},
		{name: "delete tag again", method: "DELETE", path: "logged-models/{m}/tags/u", status: 404},
		{name: "params", path: "logged-models/{m}/params", body: `{"params":[{"key":"q","value":"2"}]}`},
		{name: "param again", path: "logged-models/{m}/params", body: `{"params":[{"key":"q","value":"3"}]}`, status: 400},
		{name: "metric", path: "runs/log-metric", body: `{"run_id":"` + run + `","key":"acc","value":0.5,"timestamp":1,"model_id":"{m}"}`},
		{name: "get", method: "GET", path: "logged-models/{m}", has: []string{`"artifact_uri":"mlflow-artifacts:/0/models/{m}/artifacts"`, `"key":"acc","value":0.5`, `"run_id":"` + run, `"key":"q","value":"2"`}},
		{name: "outputs", path: "runs/outputs", body: `{"run_id":"` + run + `","models":[{"model_id":"{m}","step":3}]}`},
		{name: "outputs again", path: "runs/outputs", body: `{"run_id":"` + run + `","models":[{"model_id":"{m}","step":3}]}`, status: 400},
		{name: "in the run", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"outputs":{"model_outputs":[{"model_id":"{m}","step":3}]}`}},
		{name: "search", path: "logged-models/search", body: `{"experiment_ids":["0"],"filter":"metrics.acc > 0.4"}`, has: []string{"{m}"}},
		{name: "search nowhere", path: "logged-models/search", body: `{}`, status: 400, has: []string{"'experiment_ids'"}},
		{name: "page", path: "logged-models/search", body: `{"experiment_ids":["0"],"max_results":1}`, has: []string{"next_page_token"}, save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
		{name: "next page", path: "logged-models/search", body: `{"experiment_ids":["0"],"max_results":1,"page_token":"{token}"}`, hasNot: []string{"next_page_token"}},
		{name: "token of another search", path: "logged-models/search", body: `{"experiment_ids":["0"],"filter":"name = 'm'","page_token":"{token}"}`, status: 400},
		{name: "delete", method: "DELETE", path: "logged-models/{m}", contentType: "-"},
		{name: "gone", method: "GET", path: "logged-models/{m}", status: 404, has: []string{"Logged model with ID '{m}' not found."}},
		{name: "still there if asked", method: "GET", path: "logged-models/{m}?allow_deleted=true", has: []string{"{m}"}},
		{name: "not a boolean", method: "GET", path: "logged-models/{m}?allow_deleted=1", status: 400},
	})
}

func TestInputs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.run(t)
	dataset := `{"dataset":{"name":"d","digest":"1","source_type":"local","source":"{}","schema":"s","profile":"p"},"tags":[{"key":"mlflow.data.context","value":"train"}]}`
	s.check(t, []fact{
		{name: "log", path: "runs/log-inputs", body: `{"run_id":"` + run + `","datasets":[` + dataset + `],"models":[{"model_id":"m-1"}]}`},
		{name: "again", path: "runs/log-inputs", body: `{"run_id":"` + run + `","datasets":[` + strings.Replace(dataset, "train", "test", 1) + `]}`},
		{name: "get", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"dataset_inputs":[{"tags":[{"key":"mlflow.data.context","value":"train"}],"dataset":{"name":"d","digest":"1"`, `"model_inputs":[{"model_id":"m-1"}]`}},
		{name: "no dataset", path: "runs/log-inputs", body: `{"run_id":"` + run + `","datasets":[{"tags":[]}]}`, status: 400, has: []string{"datasets[0].dataset"}},
		{name: "no digest", path: "runs/log-inputs", body: `{"run_id":"` + run + `","datasets":[{"dataset":{"name":"x"}}]}`, status: 400, has: []string{"datasets[0].dataset.digest"}},
		{name: "search", path: "runs/search", body: `{"experiment_ids":["0"],"filter":"dataset.name = 'd'"}`, has: []string{run}},
		{name: "summaries of nothing", path: "/ajax-api/2.0/mlflow/experiments/search-datasets", body: `{"experiment_ids":[]}`, status: 400, has: []string{"SearchDatasets request must specify at least one experiment_id."}},
		{name: "summaries", path: "/ajax-api/2.0/mlflow/experiments/search-datasets", body: `{"experiment_ids":["0"]}`, has: []string{`{"experiment_id":"0","name":"d","digest":"1","context":"train"}`}},
		{name: "history of models", path: "runs/log-model", body: `{"run_id":"` + run + `","model_json":"{\"artifact_path\":\"m\",\"flavors\":{},\"utc_time_created\":\"t\",\"run_id\":\"r\"}"}`},
		{name: "and another", path: "runs/log-model", body: `{"run_id":"` + run + `","model_json":"{\"artifact_path\":\"n\",\"flavors\":{},\"utc_time_created\":\"t\",\"run_id\":\"r\"}"}`},
		{name: "in its tag", method: "GET", path: "runs/get?run_id=" + run, has: []string{`"key":"mlflow.log-model.history","value":"[{\"run_id\": \"r\", \"artifact_path\": \"m\", \"utc_time_created\": \"t\", \"model_uuid\": null, \"flavors\": {}}, {\"run_id\": \"r\", \"artifact_path\": \"n\"`}},
		{name: "a whole model", path: "runs/log-model", body: `{"run_id":"` + run + `","model_json":"{\"metadata\":{},\"model_uuid\":\"u\",\"utc_time_created\":\"t\",\"run_id\":\"r\",\"flavors\":{\"z\":{\"config\":{\"secret\":1},\"<b>\":\"é, :\"},\"a\":[1,{\"config\":2}]},\"artifact_path\":null}"}`},
		{name: "leaves its order, and Python's spaces", method: "GET", path: "runs/get?run_id=" + run, has: []string{`, {\"run_id\": \"r\", \"utc_time_created\": \"t\", \"model_uuid\": \"u\", \"flavors\": {\"z\": {\"\u003cb\u003e\": \"\\u00e9, :\"}, \"a\": [1, {\"config\": 2}]}}]`}, hasNot: []string{"secret", "metadata"}},
		{name: "flavors of no kind", path: "runs/log-model", body: `{"run_id":"` + run + `","model_json":"{\"artifact_path\":\"m\",\"flavors\":[1],\"utc_time_created\":\"t\",\"run_id\":\"r\"}"}`, status: 400},
		{name: "half a model", path: "runs/log-model", body: `{"run_id":"` + run + `","model_json":"{}"}`, status: 400},
	})
}
