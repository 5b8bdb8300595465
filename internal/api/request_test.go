package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/mlflow"
)

// getParameters lists the queries of all GET routes with parameters, by the end of the
// path. All other GET routes have parameters in the path only.
var getParameters = map[string]string{
	"2.0/mlflow-artifacts/artifacts":                            `{"path":"."}`,
	"2.0/mlflow-artifacts/presigned/{path...}":                  ``,
	"2.0/mlflow/artifacts/list":                                 `{"run_id":"RUN","path":"d"}`,
	"2.0/mlflow/experiments/get":                                `{"experiment_id":"0"}`,
	"2.0/mlflow/experiments/get-by-name":                        `{"experiment_name":"Default"}`,
	"2.0/mlflow/experiments/search":                             `{"max_results":1,"filter":"name = 'other'","view_type":"ALL"}`,
	"2.0/mlflow/logged-models/{model_id}":                       `{"allow_deleted":true}`,
	"2.0/mlflow/logged-models/{model_id}/artifacts/directories": `{"artifact_directory_path":"d"}`,
	"2.0/mlflow/metrics/get-history":                            `{"run_id":"RUN","metric_key":"m","max_results":1}`,
	"2.0/mlflow/metrics/get-history-bulk":                       `{"run_id":["RUN"],"metric_key":"m","max_results":1}`,
	"2.0/mlflow/metrics/get-history-bulk-interval":              `{"run_ids":["RUN"],"metric_key":"m","start_step":2,"end_step":2}`,
	"3.0/mlflow/traces/batchGet":                                `{"trace_ids":["tr-1"]}`,
	"3.0/mlflow/scorers/list":                                   `{"experiment_id":"0"}`,
	"3.0/mlflow/scorers/get":                                    `{"experiment_id":"0","name":"s","version":1}`,
	"3.0/mlflow/scorers/versions":                               `{"experiment_id":"0","name":"s"}`,
	"3.0/mlflow/scorers/online-configs":                         `{"scorer_ids":["s"]}`,
	"3.0/mlflow/label-schemas/get":                              `{"schema_id":"ls-1"}`,
	"3.0/mlflow/label-schemas/get-by-name":                      `{"experiment_id":"0","name":"Feedback"}`,
	"3.0/mlflow/label-schemas/list":                             `{"experiment_id":"0","max_results":1}`,
	"3.0/mlflow/datasets/search":                                `{"filter_string":"name = 'a'","max_results":1}`,
	"3.0/mlflow/datasets/{dataset_id}":                          ``,
	"3.0/mlflow/datasets/{dataset_id}/records":                  `{"max_results":1}`,
	"3.0/mlflow/datasets/{dataset_id}/experiment-ids":           ``,
	"3.0/mlflow/traces/get":                                     `{"trace_id":"tr-1","allow_partial":true}`,
	"2.0/mlflow/model-versions/get":                             `{"name":"a","version":"1"}`,
	"2.0/mlflow/model-versions/get-download-uri":                `{"name":"a","version":"1"}`,
	"2.0/mlflow/model-versions/search":                          `{"filter":"name = 'a'","max_results":1}`,
	"2.0/mlflow/registered-models/alias":                        `{"name":"a","alias":"best"}`,
	"2.0/mlflow/registered-models/get":                          `{"name":"a"}`,
	"2.0/mlflow/registered-models/get-latest-versions":          `{"name":"a","stages":["None"]}`,
	"2.0/mlflow/registered-models/search":                       `{"filter":"name = 'b'","order_by":["name DESC"]}`,
	"2.0/mlflow/unity-catalog/model-versions/get":               `{"name":"c.d.e","version":"1"}`,
	"2.0/mlflow/unity-catalog/model-versions/get-download-uri":  `{"name":"c.d.e","version":"1"}`,
	"2.0/mlflow/unity-catalog/model-versions/search":            `{"filter":"name = 'c.d.e'","max_results":1}`,
	"2.0/mlflow/unity-catalog/registered-models/alias":          `{"name":"c.d.e","alias":"best"}`,
	"2.0/mlflow/unity-catalog/registered-models/get":            `{"name":"c.d.e"}`,
	"2.0/mlflow/unity-catalog/registered-models/search":         `{"max_results":1}`,

	"2.0/mlflow/unity-catalog/registered-models:is-databricks-sdk-models-artifact-repository-enabled": ``,

	"2.1/unity-catalog/models":                                `{"catalog_name":"c","max_results":1}`,
	"2.1/unity-catalog/models/{full_name}":                    `{"full_name":"c.d.e","include_aliases":true}`,
	"2.1/unity-catalog/models/{full_name}/versions":           `{"full_name":"c.d.e","max_results":1}`,
	"2.1/unity-catalog/models/{full_name}/versions/{version}": `{"full_name":"c.d.e","version":1}`,
	"2.1/unity-catalog/models/{full_name}/aliases/{alias}":    `{"full_name":"c.d.e","alias":"best"}`,

	"2.0/mlflow/runs/get":                                      `{"run_id":"RUN"}`,
	"3.0/mlflow/server-info":                                   ``,
	"2.0/mlflow/traces":                                        `{"experiment_ids":["0"],"filter":"status = 'x'","max_results":1}`,
	"2.0/mlflow/traces/{request_id}/info":                      ``,
	"3.0/mlflow/traces/{trace_id}":                             ``,
	"3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}": ``,
	"millrace/session":                                         ``,
	"millrace/server":                                          ``,
	"millrace/registered-models/monitor":                       `{"name":"a"}`,
	"millrace/registered-models/transitions":                   `{"name":"a","version":"1"}`,
	"millrace/runs/children":                                   `{"run_id":"RUN"}`,
	"millrace/lineage":                                         `{"run_id":"RUN"}`,
	"millrace/models/signature":                                `{"model_id":"MODEL"}`,
	"millrace/artifacts/table":                                 `{"run_id":"RUN","path":"d/a.npy"}`,
	"millrace/runs/metric-summary":                             `{"run_id":"RUN"}`,
}

// noParameters lists the public GET routes. They ignore queries and bodies of probes.
var noParameters = []string{"/health", "/version"}

// urlOnly lists the GET routes whose parameters MLflow reads from the URL only, or that
// have none.
var urlOnly = []string{
	"/.well-known/millrace-artifact", "millrace/artifacts/zip", "2.0/mlflow/get-trace-artifact", "3.0/mlflow/get-trace-artifact",
	"/get-artifact", "/model-versions/get-artifact", "2.0/mlflow-artifacts/artifacts/{path...}", "2.0/mlflow/gateway-proxy",
	"2.0/mlflow/logged-models/{model_id}/artifacts/files", "3.0/mlflow/assistant/config", "3.0/mlflow/assistant/providers", "3.0/mlflow/ui-telemetry",
}

// ask sends a request with headers as "Name: value".
func (s *server) ask(t *testing.T, method, path string, body io.Reader, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, string(answer)
}

// seeded returns a server with data for every GET route.
func seeded(t *testing.T) (*server, string) {
	t.Helper()
	s := newServer(t)
	run := s.Run(t)
	s.Check(t, []fact{
		{Name: "experiment", Path: "experiments/create", Body: `{"name":"other"}`},
		{Name: "metrics", Path: "runs/log-batch", Body: `{"run_id":"` + run + `","metrics":[{"key":"m","value":1,"timestamp":1,"step":1},{"key":"m","value":2,"timestamp":2,"step":2}]}`},
		{Name: "file", Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/0/" + run + "/artifacts/d/f", Body: "x"},
		{Name: "array", Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/0/" + run + "/artifacts/d/a.npy", Body: "\x93NUMPY\x01\x00:\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}   \nx"},
		{Name: "model", Path: "registered-models/create", Body: `{"name":"a"}`},
		{Name: "model", Path: "registered-models/create", Body: `{"name":"b"}`},
		{Name: "version", Path: "model-versions/create", Body: `{"name":"a","source":"s3://b/c"}`},
		{Name: "version", Path: "model-versions/create", Body: `{"name":"b","source":"s3://b/c"}`},
		{Name: "alias", Path: "registered-models/alias", Body: `{"name":"a","alias":"best","version":"1"}`},
		{Name: "catalog", Path: "unity-catalog/registered-models/create", Body: `{"name":"c.d.e"}`},
		{Name: "catalog", Path: "unity-catalog/registered-models/create", Body: `{"name":"c.d.f"}`},
		{Name: "catalog", Path: "unity-catalog/model-versions/create", Body: `{"name":"c.d.e","source":"models:/m-1"}`},
		{Name: "catalog", Path: "unity-catalog/model-versions/finalize", Body: `{"name":"c.d.e","version":"1"}`},
		{Name: "catalog", Path: "unity-catalog/registered-models/alias", Body: `{"name":"c.d.e","alias":"best","version":"1"}`},
	})
	m, err := s.Client.CreateLoggedModel(t.Context(), &mlflow.CreateLoggedModelRequest{ExperimentID: "0"})
	if err != nil {
		t.Fatal(err)
	}
	return s, strings.Join([]string{run, m.Info.ModelID}, " ")
}

func asQuery(t *testing.T, body string) string {
	t.Helper()
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	q := url.Values{}
	for name, v := range fields {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, item := range list {
			text, err := json.Marshal(item)
			if err != nil {
				t.Fatal(err)
			}
			q.Add(name, strings.Trim(string(text), `"`))
		}
	}
	return q.Encode()
}

// TestGetWithBody sends the parameters of every GET route in a body, as some clients do,
// and expects the same response as with a query.
func TestGetWithBody(t *testing.T) {
	t.Parallel()
	s, ids := seeded(t)
	run, model, _ := strings.Cut(ids, " ")
	wildcards := strings.NewReplacer("{full_name}", "c.d.e", "{version}", "1", "{alias}", "best",
		"{model_id}", model, "{path...}", "0/"+run+"/artifacts/d/f")
	used := map[string]bool{}
	for _, route := range s.API.Routes() {
		pattern, isGet := strings.CutPrefix(route, "GET ")
		if !isGet {
			continue
		}
		short := regexp.MustCompile(`^/(ajax-)?api/`).ReplaceAllString(pattern, "")
		path := wildcards.Replace(pattern)
		body, reads := getParameters[short]
		used[short] = true
		switch {
		case slices.Contains(noParameters, short):
			if status, answer := s.ask(t, "GET", path, strings.NewReader("x")); status != 200 {
				t.Errorf("%s: %d %s", route, status, answer)
			}
			continue
		case slices.Contains(urlOnly, short):
			if status, answer := s.ask(t, "GET", path, strings.NewReader(`{"path":"x"}`)); status != 400 || !strings.Contains(answer, "reads no body") {
				t.Errorf("%s with a body: %d %.200s", route, status, answer)
			}
			plain, _ := s.ask(t, "GET", path, nil)
			if status, _ := s.ask(t, "GET", path, strings.NewReader(`{}`)); status != plain {
				t.Errorf("%s with an empty object: %d, without a body: %d", route, status, plain)
			}
			continue
		case !reads:
			t.Errorf("%s has no row in getParameters", route)
			continue
		case body == "":
			continue
		}
		s.checkGetWithBody(t, route, path, strings.ReplaceAll(body, "RUN", run))
	}
	for short := range maps.Keys(getParameters) {
		if !used[short] {
			t.Errorf("there is no route %s", short)
		}
	}
}

// checkGetWithBody sends the parameters of a route in every way.
func (s *server) checkGetWithBody(t *testing.T, route, path, body string) {
	t.Helper()
	query := path + "?" + asQuery(t, body)
	wantStatus, want := s.ask(t, "GET", query, nil)
	if wantStatus != 200 && wantStatus != 404 || wantStatus == 404 && !strings.Contains(want, "RESOURCE_DOES_NOT_EXIST") {
		t.Errorf("%s: the row's request is answered %d %.200s", route, wantStatus, want)
	}
	for _, contentType := range []string{"", "application/json", "text/plain", "application/x-www-form-urlencoded"} {
		var headers []string
		if contentType != "" {
			headers = []string{"Content-Type: " + contentType}
		}
		if status, answer := s.ask(t, "GET", path, strings.NewReader(body), headers...); status != wantStatus || answer != want {
			t.Errorf("%s with a body of type %q: %d %.300s\nwith a query: %d %.300s", route, contentType, status, answer, wantStatus, want)
		}
	}
	if status, answer := s.ask(t, "GET", query, strings.NewReader("{}")); status != wantStatus || answer != want {
		t.Errorf("%s with a query and an empty object: %d %.300s", route, status, answer)
	}
	for _, both := range []string{body, `{"x`} {
		if status, answer := s.ask(t, "GET", query, strings.NewReader(both)); status != 400 || !strings.Contains(answer, "both a query and a body") {
			t.Errorf("%s with a query and the body %s: %d %.300s", route, both, status, answer)
		}
	}
	for hostile, status := range map[string]int{`{"x`: 400, `[1]`: 400, `name=a`: 400, strings.Repeat(" ", 9<<20): 413} {
		if got, answer := s.ask(t, "GET", path, strings.NewReader(hostile)); got != status || !strings.Contains(answer, `"error_code"`) {
			t.Errorf("%s with the body %.20q: %d %.300s", route, hostile, got, answer)
		}
	}
}

// TestQueryOfOtherMethods sends parameters in the query to routes that read the body.
func TestQueryOfOtherMethods(t *testing.T) {
	t.Parallel()
	newServer(t).Check(t, []fact{
		{Name: "in the query", Path: "registered-models/create?name=x", Body: `{}`, Status: 400, Has: []string{"'name' is in the query"}},
		{Name: "optional one", Path: "runs/search?max_results=1", Body: `{"experiment_ids":["0"]}`, Status: 400, Has: []string{"'max_results' is in the query"}},
		{Name: "camel case", Path: "runs/search?maxResults=1", Body: `{"experiment_ids":["0"]}`, Status: 400, Has: []string{"'maxResults' is in the query"}},
		{Name: "older name", Path: "runs/update?run_uuid=x", Body: `{"run_id":"y"}`, Status: 400, Has: []string{"'run_uuid' is in the query"}},
		{Name: "other names mean nothing", Path: "runs/search?o=1", Body: `{"experiment_ids":["0"]}`},
		{Name: "DELETE", Method: "DELETE", Path: "registered-models/delete?name=x", ContentType: "-", Status: 400, Has: []string{"'name' is in the query"}},
		{Name: "PATCH", Method: "PATCH", Path: "registered-models/update?name=x", Body: `{"name":"x"}`, Status: 400, Has: []string{"'name' is in the query"}},
		{Name: "GraphQL", Path: "/graphql?query=x", Body: `{"query":"{ test(inputString: \"x\") { output } }"}`, Status: 400, Has: []string{"'query' is in the query"}},
		{Name: "both spellings", Method: "GET", Path: "experiments/get?experiment_id=0&experimentId=0", Status: 400, Has: []string{"both 'experiment_id' and 'experimentId'"}},
	})
}

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestZippedBodies sends bodies with a Content-Encoding.
func TestZippedBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const create, search, graphql = "/api/2.0/mlflow/experiments/create", "/api/2.0/mlflow/registered-models/search", "/graphql"
	good := zip(t, `{"name":"zipped"}`)
	document := zip(t, `{"query":"{ test(inputString: \"zipped\") { output } }"}`)
	for _, c := range []struct {
		name, method, path, coding, body string
		status                           int
		has                              string
	}{
		{"JSON", "POST", create, "gzip", good, 200, `"experiment_id":"1"`},
		{"its old name, in capitals", "POST", create, "X-GZIP", zip(t, `{"name":"x-gzip"}`), 200, "experiment_id"},
		{"two members", "POST", create, "gzip", zip(t, `{"name":`) + zip(t, `"members"}`), 200, "experiment_id"},
		{"identity", "POST", create, "identity", `{"name":"identity"}`, 200, "experiment_id"},
		{"GET", "GET", search, "gzip", zip(t, `{"filter":"x"}`), 400, "Invalid clause"},
		{"GraphQL", "POST", graphql, "gzip", document, 200, `"output":"zipped"`},
		{"the largest", "POST", create, "gzip", zip(t, `{"name":"large","x":"`+strings.Repeat("x", 8<<20-100)+`"}`), 200, "experiment_id"},
		{"a bomb", "POST", create, "gzip", zip(t, strings.Repeat(" ", 16<<20)), 413, "8 MiB"},
		{"a bomb for GraphQL", "POST", graphql, "gzip", zip(t, strings.Repeat(" ", 4<<20)), 413, "1 MiB"},
		{"empty members", "POST", create, "gzip", strings.Repeat(zip(t, ""), 500_000), 413, "8 MiB"},
		{"not zipped", "POST", create, "gzip", `{"name":"plain"}`, 400, "Content-Encoding"},
		{"nothing", "POST", create, "gzip", "", 400, "'name'"},
		{"cut", "POST", create, "gzip", good[:len(good)-6], 400, "Content-Encoding"},
		{"wrong sum", "POST", create, "gzip", good[:len(good)-8] + "12345678", 400, "Content-Encoding"},
		{"more behind it", "POST", create, "gzip", good + "x", 400, "Content-Encoding"},
		{"zipped twice", "POST", create, "gzip, gzip", zip(t, good), 415, "gzip, gzip"},
		{"another coding", "POST", create, "br", good, 415, `\"br\"`},
		{"zstd for GraphQL", "POST", graphql, "zstd", document, 415, `\"zstd\"`},
	} {
		status, answer := s.ask(t, c.method, c.path, strings.NewReader(c.body), "Content-Type: application/json", "Content-Encoding: "+c.coding)
		if status != c.status || !strings.Contains(answer, c.has) {
			t.Errorf("%s: %d %.300s", c.name, status, answer)
		}
		if status >= 400 {
			apitest.CheckError(t, c.name, answer)
		}
	}
	// Files are stored unchanged, as in MLflow.
	const file = "/api/2.0/mlflow-artifacts/artifacts/zipped"
	if status, answer := s.ask(t, "PUT", file, strings.NewReader(good), "Content-Encoding: gzip"); status != 200 {
		t.Errorf("file: %d %s", status, answer)
	}
	if _, answer := s.ask(t, "GET", file, nil); answer != good {
		t.Errorf("the file has changed: %.100q", answer)
	}
}

// TestZippedBombIsCheap checks that decompression stops at the limit.
func TestZippedBombIsCheap(t *testing.T) {
	s := newServer(t)
	bomb := zip(t, strings.Repeat("x", 64<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if status, answer := s.ask(t, "POST", "/api/2.0/mlflow/experiments/create", strings.NewReader(bomb), "Content-Type: application/json", "Content-Encoding: gzip"); status != 413 {
		t.Errorf("%d %s", status, answer)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 48<<20 {
		t.Errorf("a bomb of 64 MiB took %d MiB", got>>20)
	}
}
