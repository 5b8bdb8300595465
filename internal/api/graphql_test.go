package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// document is the body that sends a GraphQL document, with variables in JSON.
func document(query, variables string) string {
	if variables == "" {
		variables = "null"
	}
	text, _ := json.Marshal(query) // Strings always marshal.
	return fmt.Sprintf(`{"query":%s,"variables":%s}`, text, variables)
}

// The documents are cut down from those that MLflow's pages send; the answers
// are MLflow 3.17.2's.
func TestGraphQL(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.run(t)
	if err := s.client.LogBatch(t.Context(), &mlflow.LogBatchRequest{RunID: run, Metrics: []mlflow.Metric{
		{Key: "loss", Value: 0.5, Timestamp: 7, Step: 1}, {Key: "loss", Value: 0.25, Timestamp: 8, Step: 2}, {Key: "loss", Value: 0.1, Timestamp: 9, Step: 3},
	}, Params: []mlflow.Param{{Key: "lr", Value: "0.1"}}}); err != nil {
		t.Fatal(err)
	}
	const none = `},"errors":["`
	s.check(t, []fact{
		{name: "model", path: "registered-models/create", body: `{"name":"m"}`},
		{name: "version", path: "model-versions/create", body: `{"name":"m","source":"s3://b/x","run_id":"` + run + `"}`},
		{name: "dataset", path: "runs/log-inputs", body: `{"run_id":"` + run + `","datasets":[{"tags":[{"key":"mlflow.data.context","value":"train"}],"dataset":{"name":"d","digest":"1","source_type":"t","source":"s"}}]}`},
		{
			name: "get experiment", path: "/graphql", body: document(`query Q($input: MlflowGetExperimentInput!) @component(name: "page") { mlflowGetExperiment(input: $input) { apiError { code } experiment { experimentId name lifecycleStage effectiveTraceArchivalRetention tags { key } } } }`, `{"input":{"experimentId":"0"}}`),
			has: []string{`{"data":{"mlflowGetExperiment":{"apiError":null,"experiment":{"experimentId":"0","name":"Default","lifecycleStage":"active","effectiveTraceArchivalRetention":"","tags":[]}}},"errors":null}`},
		},
		{name: "no such experiment", path: "/graphql", body: document(`{mlflowGetExperiment(input:{experimentId:"999"}){experiment{name}} t:__typename}`, ""), has: []string{`{"data":{"mlflowGetExperiment":null,"t":"Query"},"errors":["No Experiment with id=999 exists"]}`}},
		{
			name: "get run", path: "/graphql", body: document(`query GetRun($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) { run { info { runUuid endTime status } experiment { name } modelVersions { name version status } data { metrics { key value step timestamp } params { key value } } inputs { datasetInputs { dataset { name } tags { value } } } outputs { modelOutputs { modelId } } } } }`, `{"data":{"runId":"`+run+`"}}`),
			has: []string{`{"data":{"mlflowGetRun":{"run":{"info":{"runUuid":"` + run + `","endTime":"0","status":"RUNNING"},"experiment":{"name":"Default"},"modelVersions":[{"name":"m","version":"1","status":"READY"}],"data":{"metrics":[{"key":"loss","value":0.1,"step":"3","timestamp":"9"}],"params":[{"key":"lr","value":"0.1"}]},"inputs":{"datasetInputs":[{"dataset":{"name":"d"},"tags":[{"value":"train"}]}]},"outputs":{"modelOutputs":[]}}}},"errors":null}`},
		},
		{name: "run by its older name", path: "/graphql", body: document(`{mlflowGetRun(input:{runUuid:"`+run+`"}){run{info{runId}}}}`, ""), has: []string{`"runId":"` + run + `"`}},
		{name: "no such run", path: "/graphql", body: document(`{mlflowGetRun(input:{runId:"nope"}){run{info{runId}}}}`, ""), has: []string{`{"data":{"mlflowGetRun":null` + none + `Run with id=nope not found"]}`}},
		{name: "no input", path: "/graphql", body: document(`{mlflowGetRun{run{info{runId}}}}`, ""), has: []string{`"mlflowGetRun":null` + none + `Missing value for required parameter 'run_id'`}},
		{
			name: "search", path: "/graphql", body: document(`query S($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) { runs { info { runId } experiment { name } } nextPageToken } }`, `{"data":{"experimentIds":["0"],"filter":"metrics.loss < 1","runViewType":"ACTIVE_ONLY","maxResults":5,"orderBy":"metrics.loss"}}`),
			has: []string{`"runs":[{"info":{"runId":"` + run + `"},"experiment":{"name":"Default"}}],"nextPageToken":""}},"errors":null}`},
		},
		{name: "search as a mutation", path: "/graphql", body: document(`mutation{mlflowSearchRuns(input:{experimentIds:["0"]}){runs{info{status}}}}`, ""), has: []string{`"runs":[{"info":{"status":"RUNNING"}}]`}},
		{name: "search too much", path: "/graphql", body: document(`{mlflowSearchRuns(input:{experimentIds:["0"],maxResults:100000}){nextPageToken}}`, ""), has: []string{`"mlflowSearchRuns":null` + none + `Invalid value 100000 for parameter 'max_results' supplied. It must be at most 50000`}},
		{
			name: "history", path: "/graphql", body: document(`query($data: MlflowGetMetricHistoryBulkIntervalInput!) { mlflowGetMetricHistoryBulkInterval(input: $data) { __typename metrics { timestamp step runId key value } apiError { code } } }`, `{"data":{"runIds":["`+run+`"],"metricKey":"loss","startStep":null,"endStep":null,"maxResults":320}}`),
			has: []string{`{"data":{"mlflowGetMetricHistoryBulkInterval":{"__typename":"MlflowGetMetricHistoryBulkIntervalResponse","metrics":[{"timestamp":"7","step":"1","runId":"` + run + `","key":"loss","value":0.5},{"timestamp":"8"`},
		},
		{name: "history between steps beyond 32 bits", path: "/graphql", body: document(`{mlflowGetMetricHistoryBulkInterval(input:{runIds:["`+run+`"],metricKey:"loss",startStep:-4000000000,endStep:4000000000}){metrics{step}}}`, ""), has: []string{`"metrics":[{"step":"1"},{"step":"2"}`}},
		{
			name: "in a variable", path: "/graphql", body: document(`query($d:MlflowGetMetricHistoryBulkIntervalInput){mlflowGetMetricHistoryBulkInterval(input:$d){metrics{step}}}`, `{"d":{"runIds":["`+run+`"],"metricKey":"loss","startStep":-9223372036854775808,"endStep":9223372036854775807}}`),
			has: []string{`"metrics":[{"step":"1"},{"step":"2"}`},
		},
		{
			name: "beyond 64 bits", path: "/graphql", body: document(`query($d:MlflowGetMetricHistoryBulkIntervalInput){mlflowGetMetricHistoryBulkInterval(input:$d){metrics{step}}}`, `{"d":{"runIds":["`+run+`"],"metricKey":"loss","startStep":0,"endStep":9223372036854775808}}`),
			has: []string{"64-bit"},
		},
		{name: "history between steps", path: "/graphql", body: document(`{mlflowGetMetricHistoryBulkInterval(input:{runIds:["`+run+`"],metricKey:"loss",startStep:2,endStep:2}){metrics{step}}}`, ""), has: []string{`"metrics":[{"step":"2"}]`}},
		{name: "artifacts", path: "/graphql", body: document(`{mlflowListArtifacts(input:{runId:"`+run+`"}){rootUri files{path} nextPageToken}}`, ""), has: []string{`"rootUri":"mlflow-artifacts:/0/` + run + `/artifacts","files":[],"nextPageToken":""`}},
		{name: "artifacts elsewhere", path: "/graphql", body: document(`{mlflowListArtifacts(input:{runId:"`+run+`",path:"../.."}){files{path}}}`, ""), has: []string{`"mlflowListArtifacts":null` + none + `Invalid path"]`}},
		{name: "model versions", path: "/graphql", body: document(`{mlflowSearchModelVersions(input:{filter:"name='m'",maxResults:1}){modelVersions{version aliases description modelParams{name} deploymentJobState{jobState}}}}`, ""), has: []string{`{"version":"1","aliases":[],"description":"","modelParams":[],"deploymentJobState":{"jobState":null}}`}},
		{name: "datasets", path: "/graphql", body: document(`mutation{mlflowSearchDatasets(input:{experimentIds:["0"]}){datasetSummaries{experimentId name digest context}}}`, ""), has: []string{`[{"experimentId":"0","name":"d","digest":"1","context":"train"}]`}},
		{name: "echo", path: "/graphql", body: document(`{test(inputString:"hello"){output}}`, ""), has: []string{`{"data":{"test":{"output":"hello"}},"errors":null}`}},
	})
}

// What is no document at all is refused by the rules of every other route; MLflow
// answers 500 to most of these.
func TestGraphQLBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	huge := strings.Repeat("x", 5<<20)
	aliases := &strings.Builder{}
	for i := range 10_000 {
		fmt.Fprintf(aliases, "a%d:test{output} ", i)
	}
	data := func(want string) []string { return []string{`{"data":null,"errors":["` + want} }
	s.check(t, []fact{
		{name: "GET", method: "GET", path: "/graphql?query={__typename}", status: 405, has: []string{"use POST"}},
		{name: "other prefix", path: "/ajax-api/graphql", body: document("{__typename}", ""), status: 404},
		{name: "empty", path: "/graphql", status: 400, has: []string{"not valid JSON"}},
		{name: "not JSON", path: "/graphql", body: `{x`, status: 400, has: []string{"not valid JSON"}},
		{name: "two objects", path: "/graphql", body: `{"query":"{__typename}"} {}`, status: 400, has: []string{"more data"}},
		{name: "deep JSON", path: "/graphql", body: strings.Repeat("[", 20_000), status: 400, has: []string{"depth"}},
		{name: "batch", path: "/graphql", body: `[{"query":"{__typename}"}]`, status: 400, has: []string{"batches are not served"}},
		{name: "no query", path: "/graphql", body: `{}`, status: 400, has: []string{"Missing value for required parameter 'query'"}},
		{name: "null query", path: "/graphql", body: `{"query":null}`, status: 400, has: []string{"'query'"}},
		{name: "number for the query", path: "/graphql", body: `{"query":5}`, status: 400, has: []string{"'query'"}},
		{name: "list of variables", path: "/graphql", body: `{"query":"{__typename}","variables":[1]}`, status: 400, has: []string{"'variables'"}},
		{name: "number for the operation", path: "/graphql", body: `{"query":"{__typename}","operationName":5}`, status: 400, has: []string{"'operationName'"}},
		{name: "form", path: "/graphql", body: `query=x`, contentType: "application/x-www-form-urlencoded", status: 400, has: []string{"Content-Type"}},
		{name: "document as such", path: "/graphql", body: `{__typename}`, contentType: "application/graphql", status: 400, has: []string{"Content-Type"}},
		{name: "huge", path: "/graphql", body: document("{"+huge+"}", ""), status: http.StatusRequestEntityTooLarge, has: []string{"larger than"}},
		{name: "many aliases", path: "/graphql", body: document("{"+aliases.String()+"}", ""), has: data("Query exceeds the maximum of 10000 tokens.")},
		{name: "deep document", path: "/graphql", body: document(strings.Repeat("{a", 1000)+strings.Repeat("}", 1000), ""), has: data("Query exceeds maximum depth of 10")},
		{name: "cycle", path: "/graphql", body: document(`{test{...A}} fragment A on Test{...A}`, ""), has: data("Cannot spread fragment 'A' within itself.")},
		{name: "introspection", path: "/graphql", body: document(`{__schema{types{name}}}`, ""), has: data("Introspection is not served here.")},
		{name: "subscription", path: "/graphql", body: document(`subscription{x}`, ""), has: data("Schema does not support operation type 'subscription'")},
		{name: "NUL in a value", path: "/graphql", body: document("query($s:String){mlflowGetRun(input:{runId:$s}){run{info{runId}}}}", `{"s":"a\u0000"}`), has: []string{`{"data":{"mlflowGetRun":null},"errors":["`}},
		{name: "broken UTF-8", path: "/graphql", body: "{\"query\":\"{test(inputString:\\\"\xff\\\"){output}}\"}", has: []string{`"errors":null`}},
	})
}

// A page of runs may not cost a look-up of model versions for each of them
// without end, nor an error for each.
func TestGraphQLLookups(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 11 {
		s.run(t)
	}
	searches, versions := "", ""
	for i := range 10 {
		searches += fmt.Sprintf(`a%d:mlflowSearchRuns(input:{experimentIds:["0"]}){runs{...R}} `, i)
		versions += fmt.Sprintf(`v%d:modelVersions{name} `, i)
	}
	s.check(t, []fact{
		{name: "110 look-ups", path: "/graphql", body: document(`{mlflowSearchRuns(input:{experimentIds:["0"]}){runs{`+versions+`}}}`, ""), has: []string{`"v9":[]`, `"errors":null`}},
		{name: "1100 look-ups", path: "/graphql", body: document("{"+searches+"} fragment R on MlflowRunExtension{"+versions+"}", ""), has: []string{`{"data":null,"errors":["One document can look up at most 1000`}},
		{name: "one experiment for all runs", path: "/graphql", body: document("{"+searches+"} fragment R on MlflowRunExtension{experiment{name}}", ""), has: []string{`"errors":null`}},
	})
}

// MLflow's pages ask for these on every page, and show an error for what is no
// answer.
func TestStockUI(t *testing.T) {
	t.Parallel()
	newServer(t).check(t, []fact{
		{name: "telemetry", method: "GET", path: "/ajax-api/3.0/mlflow/ui-telemetry", has: []string{`"disable_ui_telemetry":true`}},
		{name: "events", path: "/ajax-api/3.0/mlflow/ui-telemetry", body: `{"records":[]}`, has: []string{`{"status":"disabled"}`}},
		{name: "assistant", method: "GET", path: "/ajax-api/3.0/mlflow/assistant/config", has: []string{`{"providers":{}`}},
		{name: "assistants", method: "GET", path: "/ajax-api/3.0/mlflow/assistant/providers", has: []string{`{"providers":[]}`}},
		{name: "set up an assistant", method: "PUT", path: "/ajax-api/3.0/mlflow/assistant/config", status: 501, has: []string{"NOT_IMPLEMENTED", "assistant is not part of Millrace"}},
		{name: "gateway", method: "GET", path: "/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=api%2F2.0%2Fendpoints%2F", has: []string{`{"endpoints":[]}`}},
		{name: "gateway, anything else", method: "GET", path: "/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=x", status: 501, has: []string{"AI gateway"}},
		{name: "account", method: "GET", path: "/ajax-api/2.0/mlflow/users/current", status: 404, has: []string{"millrace tokens create"}},
		{name: "traces", path: "/ajax-api/3.0/mlflow/traces/search", body: `{}`, status: 501, has: []string{"Traces and assessments are not served"}},
		{name: "near a refused route", path: "/ajax-api/3.0/mlflow/tracesx", body: `{}`, status: 404, has: []string{"No API endpoint"}},
	})
}
