package graphql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/graphql"
	"github.com/millrace-ml/millrace/mlflow"
)

// executor returns an executor with fixed data. Its run has no inputs.
func executor(t testing.TB) *graphql.Executor {
	t.Helper()
	run := mlflow.Run{
		Info: mlflow.RunInfo{RunID: "r", RunName: `a "b"`, StartTime: 1 << 60},
		Data: mlflow.RunData{Metrics: []mlflow.Metric{{Key: "m", Value: math.NaN()}, {Key: "n", Value: 2}}},
	}
	resolvers := map[string]graphql.Resolver{}
	for _, name := range []string{
		"Query.mlflowGetExperiment", "Query.mlflowGetMetricHistoryBulkInterval", "Query.mlflowListArtifacts", "Query.mlflowSearchModelVersions",
		"Query.mlflowSearchRuns", "Mutation.mlflowSearchDatasets", "Mutation.mlflowSearchRuns", "Mutation.testMutation",
	} {
		resolvers[name] = func(context.Context, any, map[string]any) (any, error) { return nil, errors.New("none") }
	}
	resolvers["Query.mlflowGetRun"] = func(context.Context, any, map[string]any) (any, error) {
		return &mlflow.RunResponse{Run: &run}, nil
	}
	resolvers["Query.test"] = func(_ context.Context, _ any, args map[string]any) (any, error) {
		sent, err := json.Marshal(args)
		return &struct {
			Output string `json:"output"`
		}{string(sent)}, err
	}
	resolvers["MlflowRunExtension.experiment"] = func(_ context.Context, parent any, _ map[string]any) (any, error) {
		return &mlflow.Experiment{Name: "of " + parent.(*mlflow.Run).Info.RunID}, nil
	}
	x, err := graphql.New(resolvers)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func describe(err error) string { return "failed: " + err.Error() }

func TestNewWantsAllRootFields(t *testing.T) {
	t.Parallel()
	if _, err := graphql.New(nil); err == nil || !strings.Contains(err.Error(), "has no resolver") {
		t.Errorf("no resolvers: %v", err)
	}
	if _, err := graphql.New(map[string]graphql.Resolver{"Query.nope": nil}); err == nil || !strings.Contains(err.Error(), "Query.nope") {
		t.Errorf("a resolver of an unknown field: %v", err)
	}
}

func TestExecute(t *testing.T) {
	t.Parallel()
	x := executor(t)
	for _, c := range []struct{ query, variables, name, want string }{
		{query: `{__typename test(inputString:"x"){__typename}}`, want: `{"data":{"__typename":"Query","test":{"__typename":"Test"}},"errors":null}`},
		{query: `{mlflowGetRun{run{info{runName startTime endTime status}}}}`, want: `{"data":{"mlflowGetRun":{"run":{"info":{"runName":"a \"b\"","startTime":"1152921504606846976","endTime":"0","status":null}}}},"errors":null}`},
		{query: `{mlflowGetRun{apiError{code} run{data{metrics{key value} params{key}} inputs{datasetInputs{dataset{name}}} modelVersions{name}}}}`, want: `{"data":{"mlflowGetRun":{"apiError":null,"run":{"data":{"metrics":[{"key":"m","value":null},{"key":"n","value":2.0}],"params":[]},"inputs":{"datasetInputs":[]},"modelVersions":[]}}},"errors":null}`},
		{query: `{mlflowGetRun{run{experiment{name workspace tags{key}}}}}`, want: `{"data":{"mlflowGetRun":{"run":{"experiment":{"name":"of r","workspace":"","tags":[]}}}},"errors":null}`},
		{query: `{mlflowGetExperiment{apiError{code}} t:__typename}`, want: `{"data":{"mlflowGetExperiment":null,"t":"Query"},"errors":["failed: none"]}`},
		{query: `mutation{testMutation(inputString:"x"){output}}`, want: `{"data":{"testMutation":null},"errors":["failed: none"]}`},
		{query: `{test{...A ... on Test{o:output} ...{__typename}}} fragment A on Test{output}`, want: `{"data":{"test":{"output":"{}","o":"{}","__typename":"Test"}},"errors":null}`},
		{query: `{a:test(inputString:"x"){output} a:test(inputString:"x"){b:output}}`, want: `{"data":{"a":{"output":"{\"inputString\":\"x\"}","b":"{\"inputString\":\"x\"}"}},"errors":null}`},
		{query: `query($s:Boolean!){test{output @skip(if:$s) t:__typename @include(if:$s)}}`, variables: `{"s":true}`, want: `{"data":{"test":{"t":"Test"}},"errors":null}`},
		{query: `query($s:String="d"){test(inputString:$s){output}}`, want: `{"data":{"test":{"output":"{\"inputString\":\"d\"}"}},"errors":null}`},
		{query: `query($s:String){test(inputString:$s){output}}`, want: `{"data":{"test":{"output":"{}"}},"errors":null}`},
		{query: `query A{t:__typename} query B{test{output}}`, name: "A", want: `{"data":{"t":"Query"},"errors":null}`},
	} {
		if got := answer(t, x, c.query, c.variables, c.name); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.query, got, c.want)
		}
	}
}

// TestRefusals compares messages with those of MLflow 3.17.2, which are sometimes
// longer.
func TestRefusals(t *testing.T) {
	t.Parallel()
	x := executor(t)
	for _, c := range []struct{ query, variables, name, want string }{
		{query: `{nope}`, want: `Cannot query field 'nope' on type 'Query'.`},
		{query: `{test{outputt}}`, want: `Cannot query field 'outputt' on type 'Test'. Did you mean 'output'?`},
		{query: `{test(foo:"x"){output}}`, want: `Unknown argument 'foo' on field 'Query.test'.`},
		{query: `{test}`, want: `Field 'test' of type 'Test' must have a selection of subfields. Did you mean 'test { ... }'?`},
		{query: `{test(inputString:5){output}}`, want: `String cannot represent a non string value: 5`},
		{query: `{mlflowGetExperiment(input:{experimentid:"1"}){experiment{name}}}`, want: `Field 'experimentid' is not defined by type 'MlflowGetExperimentInput'. Did you mean 'experimentId'?`},
		{query: `{mlflowSearchRuns(input:{runViewType:NOPE}){nextPageToken}}`, want: `Value 'NOPE' does not exist in 'MlflowViewType' enum.`},
		{query: `{mlflowSearchRuns(input:{maxResults:99999999999}){nextPageToken}}`, want: `Int cannot represent non 32-bit signed integer value: 99999999999`},
		{query: `{mlflowSearchModelVersions(input:{maxResults:99999999999999999999}){nextPageToken}}`, want: `Expected value of type 'MlflowSearchModelVersionsInput', found {maxResults:99999999999999999999}.`},
		{query: `query($d:MlflowSearchRunsInput){mlflowSearchRuns(input:$d){nextPageToken}}`, variables: `{"d":{"maxResults":"2"}}`, want: `Variable '$d' got invalid value '2' at 'd.maxResults'; Int cannot represent non-integer value: '2'`},
		{query: `query($d:MlflowSearchRunsInput){mlflowSearchRuns(input:$d){nextPageToken}}`, variables: `{"d":{"experimentIds":["1",2]}}`, want: `Variable '$d' got invalid value 2 at 'd.experimentIds[1]'; String cannot represent a non string value: 2`},
		{query: `query($d:MlflowSearchRunsInput){mlflowSearchRuns(input:$d){nextPageToken}}`, variables: `{"d":{"runViewType":"NOPE"}}`, want: `Variable '$d' got invalid value 'NOPE' at 'd.runViewType'; Value 'NOPE' does not exist in 'MlflowViewType' enum.`},
		{query: `query($i:MlflowGetExperimentInput!){mlflowGetExperiment(input:$i){experiment{name}}}`, want: `Variable '$i' of required type 'MlflowGetExperimentInput!' was not provided.`},
		{query: `query($i:MlflowGetExperimentInput!){mlflowGetExperiment(input:$i){experiment{name}}}`, variables: `{"i":null}`, want: `Variable '$i' of non-null type 'MlflowGetExperimentInput!' must not be null.`},
		{query: `query($i:MlflowGetExperimentInput!){mlflowGetExperiment(input:$i){experiment{name}}}`, variables: `{"i":5}`, want: `Variable '$i' got invalid value 5; Expected type 'MlflowGetExperimentInput' to be a mapping.`},
		{query: `{test(inputString:$x){output}}`, want: `Variable '$x' is not defined.`},
		{query: `query($x:Int){test{output}}`, want: `Variable '$x' is never used.`},
		{query: `query($x:Int){test(inputString:$x){output}}`, variables: `{"x":1}`, want: `Variable '$x' of type 'Int' used in position expecting type 'String'.`},
		{query: `{test{...A}} fragment A on Test{...B} fragment B on Test{...A}`, want: `Cannot spread fragment 'A' within itself via 'B'.`},
		{query: `{test{output}} fragment A on Test{output}`, want: `Fragment 'A' is never used.`},
		{query: `{a:test(inputString:"x"){output} a:test(inputString:"y"){output}}`, want: `Fields 'a' conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
		{query: `{test{a:output a:__typename}}`, want: `Fields 'a' conflict because 'output' and '__typename' are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
		{query: `query A{test{output}} query B{test{output}}`, want: `Must provide operation name if query contains multiple operations.`},
		{query: `query A{test{output}}`, name: "X", want: `Unknown operation named 'X'.`},
		{query: `query @component{test{output}}`, want: `Directive '@component' argument 'name' of type 'String!' is required, but it was not provided.`},
		{query: `{test{output @skip}}`, want: `Directive '@skip' argument 'if' of type 'Boolean!' is required, but it was not provided.`},
		{query: `{test(`, want: `Syntax Error: Expected Name, found <EOF>`},
		{query: "{\x00}", want: `Syntax Error: Cannot contain the invalid character '\u0000'`},
		{query: `{__schema{types{name}}}`, want: `Introspection is not served here. The schema is MLflow 3.17.2's; Millrace's source has it as internal/graphql/schema.graphqls.`},
		{query: "{" + many(11, `a%d:test{output} `) + "}", want: `GraphQL queries should have at most 10 root fields, got 11 root fields. Send the rest in other requests.`},
		{query: "{test{" + many(11, `a%d:output `) + "}}", want: `GraphQL queries should have at most 10 aliases, got 11 aliases. Send the rest in other requests.`},
		{query: "{test{...A0}}" + many(101, ` fragment A%d on Test{output}`), want: `GraphQL queries should have at most 100 fragments, got 101 fragments. Send the rest in other requests.`},
		{query: "{test{" + strings.Repeat("output ", 1001) + "}}", want: `Query exceeds maximum total selections of 1000`},
		{query: "{test{" + strings.Repeat("n{", 9) + "x" + strings.Repeat("}", 9) + "}}", want: `Query exceeds maximum depth of 10`},
		{query: "{" + strings.Repeat("x", 101) + "}", want: `Query has a name of more than 100 characters.`},
		{query: strings.Repeat("{", 20_000), want: `Query exceeds the maximum of 10000 tokens.`},
	} {
		got := answer(t, x, c.query, c.variables, c.name)
		var read struct {
			Data   any
			Errors []string
		}
		if err := json.Unmarshal([]byte(got), &read); err != nil || read.Data != nil || len(read.Errors) == 0 || read.Errors[0] != c.want {
			t.Errorf("%.200s\n got %s\nwant %s", c.query, got, c.want)
		}
	}
}

// TestExpandingDocuments checks that small documents that expand to large ones are
// rejected before they expand.
func TestExpandingDocuments(t *testing.T) {
	t.Parallel()
	x := executor(t)
	chain := "{mlflowGetRun{...F0}}"
	for i := range 99 {
		chain += fmt.Sprintf(" fragment F%d on MlflowGetRunResponse{a:run{info{runId}} ...F%d ...F%d}", i, i+1, i+1)
	}
	nested := "{mlflowGetRun{run{...G0}}}"
	for i := range 60 {
		nested += fmt.Sprintf(" fragment G%d on X{a{...G%d} b{...G%d} c{...G%d} d{...G%d}}", i, i+1, i+1, i+1, i+1)
	}
	for name, query := range map[string]string{
		"chain": chain, "nested": nested,
		"lists":     "{test(inputString:" + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + "){output}}",
		"objects":   "{test(inputString:" + strings.Repeat("{a:", 3000) + "1" + strings.Repeat("}", 3000) + "){output}}",
		"typenames": "query(" + many(2000, "$v%d:Strin ") + "){test{output}}",
		"same":      "{mlflowGetRun{" + strings.Repeat("run{info{runId}}", 300) + "}}",
		"unused":    "{test{output}}" + many(300, " fragment H%d on Test{output}"),
	} {
		var read struct{ Errors []string }
		got := answer(t, x, query, "", "")
		if err := json.Unmarshal([]byte(got), &read); err != nil || len(got) > 20_000 || name != "same" && len(read.Errors) == 0 {
			t.Errorf("%s: %.500s", name, got)
		}
	}
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func answer(t testing.TB, x *graphql.Executor, query, variables, name string) string {
	t.Helper()
	r := graphql.Request{Query: query, OperationName: name}
	if variables != "" {
		dec := json.NewDecoder(strings.NewReader(variables))
		dec.UseNumber()
		if err := dec.Decode(&r.Variables); err != nil {
			t.Fatal(err)
		}
	}
	return string(x.Execute(context.Background(), r, describe))
}

// FuzzExecute checks that no document causes a panic or a response that is not JSON.
func FuzzExecute(f *testing.F) {
	x := executor(f)
	for _, query := range []string{
		`{mlflowGetRun(input:{runId:"x"}){run{info{runId}data{metrics{value}}experiment{name}}}}`,
		`query Q($d:MlflowSearchRunsInput!=  {experimentIds:["1"]}) @component(name:"x"){mlflowSearchRuns(input:$d){runs{...R}}} fragment R on MlflowRunExtension{info{runId}}`,
		`mutation{mlflowSearchDatasets(input:{experimentIds:"1"}){datasetSummaries{name}}}`,
		`{test(inputString:"""block""") @skip(if:false){... on Test{output}}}`,
	} {
		f.Add(query, `{"d":{"experimentIds":["1"],"maxResults":5,"runViewType":"ALL"}}`)
	}
	f.Fuzz(func(t *testing.T, query, variables string) {
		r := graphql.Request{Query: query}
		dec := json.NewDecoder(strings.NewReader(variables))
		dec.UseNumber()
		if dec.Decode(&r.Variables) != nil {
			r.Variables = nil
		}
		if got := x.Execute(context.Background(), r, describe); !json.Valid(got) {
			t.Errorf("no JSON: %s", got)
		}
	})
}
