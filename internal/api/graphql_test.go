package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// document returns the body of a request for a GraphQL document with JSON variables.
func document(query, variables string) string {
	if variables == "" {
		variables = "null"
	}
	text, _ := json.Marshal(query) // Strings always marshal.
	return fmt.Sprintf(`{"query":%s,"variables":%s}`, text, variables)
}

// TestGraphQL executes excerpts of documents of MLflow's pages. The responses are those
// of MLflow 3.17.2.
func TestGraphQL(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.Run(t)
	if err := s.Client.LogBatch(t.Context(), &mlflow.LogBatchRequest{RunID: run, Metrics: []mlflow.Metric{
		{Key: "loss", Value: 0.5, Timestamp: 7, Step: 1}, {Key: "loss", Value: 0.25, Timestamp: 8, Step: 2}, {Key: "loss", Value: 0.1, Timestamp: 9, Step: 3},
	}, Params: []mlflow.Param{{Key: "lr", Value: "0.1"}}}); err != nil {
		t.Fatal(err)
	}
	const none = `},"errors":["`
	s.Check(t, []fact{
		{Name: "model", Path: "registered-models/create", Body: `{"name":"m"}`},
		{Name: "version", Path: "model-versions/create", Body: `{"name":"m","source":"s3://b/x","run_id":"` + run + `"}`},
		{Name: "dataset", Path: "runs/log-inputs", Body: `{"run_id":"` + run + `","datasets":[{"tags":[{"key":"mlflow.data.context","value":"train"}],"dataset":{"name":"d","digest":"1","source_type":"t","source":"s"}}]}`},
		{
			Name: "get experiment", Path: "/graphql", Body: document(`query Q($input: MlflowGetExperimentInput!) @component(name: "page") { mlflowGetExperiment(input: $input) { apiError { code } experiment { experimentId name lifecycleStage effectiveTraceArchivalRetention tags { key } } } }`, `{"input":{"experimentId":"0"}}`),
			Has: []string{`{"data":{"mlflowGetExperiment":{"apiError":null,"experiment":{"experimentId":"0","name":"Default","lifecycleStage":"active","effectiveTraceArchivalRetention":"","tags":[]}}},"errors":null}`},
		},
		{Name: "no such experiment", Path: "/graphql", Body: document(`{mlflowGetExperiment(input:{experimentId:"999"}){experiment{name}} t:__typename}`, ""), Has: []string{`{"data":{"mlflowGetExperiment":null,"t":"Query"},"errors":["No Experiment with id=999 exists"]}`}},
		{
			Name: "get run", Path: "/graphql", Body: document(`query GetRun($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) { run { info { runUuid endTime status } experiment { name } modelVersions { name version status } data { metrics { key value step timestamp } params { key value } } inputs { datasetInputs { dataset { name } tags { value } } } outputs { modelOutputs { modelId } } } } }`, `{"data":{"runId":"`+run+`"}}`),
			Has: []string{`{"data":{"mlflowGetRun":{"run":{"info":{"runUuid":"` + run + `","endTime":"0","status":"RUNNING"},"experiment":{"name":"Default"},"modelVersions":[{"name":"m","version":"1","status":"READY"}],"data":{"metrics":[{"key":"loss","value":0.1,"step":"3","timestamp":"9"}],"params":[{"key":"lr","value":"0.1"}]},"inputs":{"datasetInputs":[{"dataset":{"name":"d"},"tags":[{"value":"train"}]}]},"outputs":{"modelOutputs":[]}}}},"errors":null}`},
		},
		{Name: "run by its older name", Path: "/graphql", Body: document(`{mlflowGetRun(input:{runUuid:"`+run+`"}){run{info{runId}}}}`, ""), Has: []string{`"runId":"` + run + `"`}},
		{Name: "no such run", Path: "/graphql", Body: document(`{mlflowGetRun(input:{runId:"nope"}){run{info{runId}}}}`, ""), Has: []string{`{"data":{"mlflowGetRun":null` + none + `Run with id=nope not found"]}`}},
		{Name: "no input", Path: "/graphql", Body: document(`{mlflowGetRun{run{info{runId}}}}`, ""), Has: []string{`"mlflowGetRun":null` + none + `Missing value for required parameter 'run_id'`}},
		{
			Name: "search", Path: "/graphql", Body: document(`query S($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) { runs { info { runId } experiment { name } } nextPageToken } }`, `{"data":{"experimentIds":["0"],"filter":"metrics.loss < 1","runViewType":"ACTIVE_ONLY","maxResults":5,"orderBy":"metrics.loss"}}`),
			Has: []string{`"runs":[{"info":{"runId":"` + run + `"},"experiment":{"name":"Default"}}],"nextPageToken":""}},"errors":null}`},
		},
		{Name: "search as a mutation", Path: "/graphql", Body: document(`mutation{mlflowSearchRuns(input:{experimentIds:["0"]}){runs{info{status}}}}`, ""), Has: []string{`"runs":[{"info":{"status":"RUNNING"}}]`}},
		{Name: "search too much", Path: "/graphql", Body: document(`{mlflowSearchRuns(input:{experimentIds:["0"],maxResults:100000}){nextPageToken}}`, ""), Has: []string{`"mlflowSearchRuns":null` + none + `Invalid value 100000 for parameter 'max_results' supplied. It must be at most 50000`}},
		{
			Name: "history", Path: "/graphql", Body: document(`query($data: MlflowGetMetricHistoryBulkIntervalInput!) { mlflowGetMetricHistoryBulkInterval(input: $data) { __typename metrics { timestamp step runId key value } apiError { code } } }`, `{"data":{"runIds":["`+run+`"],"metricKey":"loss","startStep":null,"endStep":null,"maxResults":320}}`),
			Has: []string{`{"data":{"mlflowGetMetricHistoryBulkInterval":{"__typename":"MlflowGetMetricHistoryBulkIntervalResponse","metrics":[{"timestamp":"7","step":"1","runId":"` + run + `","key":"loss","value":0.5},{"timestamp":"8"`},
		},
		{Name: "history between steps beyond 32 bits", Path: "/graphql", Body: document(`{mlflowGetMetricHistoryBulkInterval(input:{runIds:["`+run+`"],metricKey:"loss",startStep:-4000000000,endStep:4000000000}){metrics{step}}}`, ""), Has: []string{`"metrics":[{"step":"1"},{"step":"2"}`}},
		{
			Name: "in a variable", Path: "/graphql", Body: document(`query($d:MlflowGetMetricHistoryBulkIntervalInput){mlflowGetMetricHistoryBulkInterval(input:$d){metrics{step}}}`, `{"d":{"runIds":["`+run+`"],"metricKey":"loss","startStep":-9223372036854775808,"endStep":9223372036854775807}}`),
			Has: []string{`"metrics":[{"step":"1"},{"step":"2"}`},
		},
		{
			Name: "beyond 64 bits", Path: "/graphql", Body: document(`query($d:MlflowGetMetricHistoryBulkIntervalInput){mlflowGetMetricHistoryBulkInterval(input:$d){metrics{step}}}`, `{"d":{"runIds":["`+run+`"],"metricKey":"loss","startStep":0,"endStep":9223372036854775808}}`),
			Has: []string{"64-bit"},
		},
		{Name: "history between steps", Path: "/graphql", Body: document(`{mlflowGetMetricHistoryBulkInterval(input:{runIds:["`+run+`"],metricKey:"loss",startStep:2,endStep:2}){metrics{step}}}`, ""), Has: []string{`"metrics":[{"step":"2"}]`}},
		{Name: "artifacts", Path: "/graphql", Body: document(`{mlflowListArtifacts(input:{runId:"`+run+`"}){rootUri files{path} nextPageToken}}`, ""), Has: []string{`"rootUri":"mlflow-artifacts:/0/` + run + `/artifacts","files":[],"nextPageToken":""`}},
		{Name: "artifacts elsewhere", Path: "/graphql", Body: document(`{mlflowListArtifacts(input:{runId:"`+run+`",path:"../.."}){files{path}}}`, ""), Has: []string{`"mlflowListArtifacts":null` + none + `Invalid path"]`}},
		{Name: "model versions", Path: "/graphql", Body: document(`{mlflowSearchModelVersions(input:{filter:"name='m'",maxResults:1}){modelVersions{version aliases description modelParams{name} deploymentJobState{jobState}}}}`, ""), Has: []string{`{"version":"1","aliases":[],"description":"","modelParams":[],"deploymentJobState":{"jobState":null}}`}},
		{Name: "datasets", Path: "/graphql", Body: document(`mutation{mlflowSearchDatasets(input:{experimentIds:["0"]}){datasetSummaries{experimentId name digest context}}}`, ""), Has: []string{`[{"experimentId":"0","name":"d","digest":"1","context":"train"}]`}},
		{Name: "echo", Path: "/graphql", Body: document(`{test(inputString:"hello"){output}}`, ""), Has: []string{`{"data":{"test":{"output":"hello"}},"errors":null}`}},
	})
}

// TestGraphQLBodies sends invalid bodies, which other routes reject in the same way.
// MLflow responds with 500 to most of them.
func TestGraphQLBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	huge := strings.Repeat("x", 5<<20)
	aliases := &strings.Builder{}
	for i := range 10_000 {
		fmt.Fprintf(aliases, "a%d:test{output} ", i)
	}
	data := func(want string) []string { return []string{`{"data":null,"errors":["` + want} }
	s.Check(t, []fact{
		{Name: "GET", Method: "GET", Path: "/graphql?query={__typename}", Status: 405, Has: []string{"use POST"}},
		{Name: "other prefix", Path: "/ajax-api/graphql", Body: document("{__typename}", ""), Status: 404},
		{Name: "empty", Path: "/graphql", Status: 400, Has: []string{"not valid JSON"}},
		{Name: "not JSON", Path: "/graphql", Body: `{x`, Status: 400, Has: []string{"not valid JSON"}},
		{Name: "two objects", Path: "/graphql", Body: `{"query":"{__typename}"} {}`, Status: 400, Has: []string{"more data"}},
		{Name: "deep JSON", Path: "/graphql", Body: strings.Repeat("[", 20_000), Status: 400, Has: []string{"depth"}},
		{Name: "batch", Path: "/graphql", Body: `[{"query":"{__typename}"}]`, Status: 400, Has: []string{"batches are not served"}},
		{Name: "no query", Path: "/graphql", Body: `{}`, Status: 400, Has: []string{"Missing value for required parameter 'query'"}},
		{Name: "null query", Path: "/graphql", Body: `{"query":null}`, Status: 400, Has: []string{"'query'"}},
		{Name: "number for the query", Path: "/graphql", Body: `{"query":5}`, Status: 400, Has: []string{"'query'"}},
		{Name: "list of variables", Path: "/graphql", Body: `{"query":"{__typename}","variables":[1]}`, Status: 400, Has: []string{"'variables'"}},
		{Name: "number for the operation", Path: "/graphql", Body: `{"query":"{__typename}","operationName":5}`, Status: 400, Has: []string{"'operationName'"}},
		{Name: "form", Path: "/graphql", Body: `query=x`, ContentType: "application/x-www-form-urlencoded", Status: 400, Has: []string{"Content-Type"}},
		{Name: "document as such", Path: "/graphql", Body: `{__typename}`, ContentType: "application/graphql", Status: 400, Has: []string{"Content-Type"}},
		{Name: "huge", Path: "/graphql", Body: document("{"+huge+"}", ""), Status: http.StatusRequestEntityTooLarge, Has: []string{"larger than"}},
		{Name: "many aliases", Path: "/graphql", Body: document("{"+aliases.String()+"}", ""), Has: data("Query exceeds the maximum of 10000 tokens.")},
		{Name: "deep document", Path: "/graphql", Body: document(strings.Repeat("{a", 1000)+strings.Repeat("}", 1000), ""), Has: data("Query exceeds maximum depth of 10")},
		{Name: "cycle", Path: "/graphql", Body: document(`{test{...A}} fragment A on Test{...A}`, ""), Has: data("Cannot spread fragment 'A' within itself.")},
		{Name: "introspection", Path: "/graphql", Body: document(`{__schema{types{name}}}`, ""), Has: data("Introspection is not served here.")},
		{Name: "subscription", Path: "/graphql", Body: document(`subscription{x}`, ""), Has: data("Schema does not support operation type 'subscription'")},
		{Name: "NUL in a value", Path: "/graphql", Body: document("query($s:String){mlflowGetRun(input:{runId:$s}){run{info{runId}}}}", `{"s":"a\u0000"}`), Has: []string{`{"data":{"mlflowGetRun":null},"errors":["`}},
		{Name: "broken UTF-8", Path: "/graphql", Body: "{\"query\":\"{test(inputString:\\\"\xff\\\"){output}}\"}", Has: []string{`"errors":null`}},
	})
}

// TestGraphQLLookups checks that a page of runs cannot cause an unlimited number of
// lookups or errors.
func TestGraphQLLookups(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 11 {
		s.Run(t)
	}
	searches, versions := "", ""
	for i := range 10 {
		searches += fmt.Sprintf(`a%d:mlflowSearchRuns(input:{experimentIds:["0"]}){runs{...R}} `, i)
		versions += fmt.Sprintf(`v%d:modelVersions{name} `, i)
	}
	s.Check(t, []fact{
		{Name: "110 look-ups", Path: "/graphql", Body: document(`{mlflowSearchRuns(input:{experimentIds:["0"]}){runs{`+versions+`}}}`, ""), Has: []string{`"v9":[]`, `"errors":null`}},
		{Name: "1100 look-ups", Path: "/graphql", Body: document("{"+searches+"} fragment R on MlflowRunExtension{"+versions+"}", ""), Has: []string{`{"data":null,"errors":["One document can look up at most 1000`}},
		{Name: "one experiment for all runs", Path: "/graphql", Body: document("{"+searches+"} fragment R on MlflowRunExtension{experiment{name}}", ""), Has: []string{`"errors":null`}},
	})
}

// TestStockUI requests the routes that every page of MLflow requests.
func TestStockUI(t *testing.T) {
	t.Parallel()
	newServer(t).Check(t, []fact{
		{Name: "telemetry", Method: "GET", Path: "/ajax-api/3.0/mlflow/ui-telemetry", Has: []string{`"disable_ui_telemetry":true`}},
		{Name: "events", Path: "/ajax-api/3.0/mlflow/ui-telemetry", Body: `{"records":[]}`, Has: []string{`{"status":"disabled"}`}},
		{Name: "assistant", Method: "GET", Path: "/ajax-api/3.0/mlflow/assistant/config", Has: []string{`{"providers":{}`}},
		{Name: "assistants", Method: "GET", Path: "/ajax-api/3.0/mlflow/assistant/providers", Has: []string{`{"providers":[]}`}},
		{Name: "set up an assistant", Method: "PUT", Path: "/ajax-api/3.0/mlflow/assistant/config", Status: 501, Has: []string{"NOT_IMPLEMENTED", "assistant is not part of Millrace"}},
		{Name: "gateway", Method: "GET", Path: "/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=api%2F2.0%2Fendpoints%2F", Has: []string{`{"endpoints":[]}`}},
		{Name: "gateway, anything else", Method: "GET", Path: "/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=x", Status: 501, Has: []string{"AI gateway"}},
		{Name: "account", Method: "GET", Path: "/ajax-api/2.0/mlflow/users/current", Status: 404, Has: []string{"millrace tokens create"}},
		{Name: "jobs", Path: "/ajax-api/3.0/mlflow/jobs/search", Body: `{}`, Status: 501, Has: []string{"Jobs of the server are not served"}},
		{Name: "near a refused route", Path: "/ajax-api/3.0/mlflow/jobsx", Body: `{}`, Status: 404, Has: []string{"No API endpoint"}},
	})
}
