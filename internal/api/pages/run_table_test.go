package pages_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
)

func TestRunTable(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	table, columns, values := "/ajax-api/millrace/runs/table", "/ajax-api/millrace/runs/columns", "/ajax-api/millrace/runs/values"
	// many returns a request with n items in a list.
	many := func(field, item string, n int) string {
		return `{"experiment_ids":["0"],"` + field + `":[` + strings.Repeat(item+",", n-1) + item + `]}`
	}
	tree := func(field string, n int) string {
		return `{"experiment_ids":["0"],"tree":{"` + field + `":[` + strings.Repeat(`"x",`, n-1) + `"x"]}}`
	}
	groups := func(field string, n int) string {
		return `{"experiment_ids":["0"],"groups":{"all_params":true,"` + field + `":[` + strings.Repeat(`"x",`, n-1) + `"x"]}}`
	}
	column := `{"kind":"metrics","key":"m"}`
	s.Check(t, []apitest.Fact{
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"0","run_name":"n"}`, Save: map[string]string{"run": `"run_id":"(\w{32})"`}},
		{Name: "metric", Path: "runs/log-metric", Body: `{"run_id":"{run}","key":"m","value":"NaN","timestamp":1}`},
		{
			Name: "row", Path: table, Body: `{"experiment_ids":["0"],"columns":[{"kind":"metrics","key":"m"},{"kind":"tags","key":"mlflow.runName"},{"kind":"params","key":"p"}],"tree":{}}`,
			Has: []string{`"rows":[{"run_id":"{run}","experiment_id":"0","run_name":"n","status":"RUNNING","lifecycle_stage":"active"}]`, `"columns":[["NaN"],["n"],[null]]`, `"total":1,"matching":1,"nested":true`},
		},
		{Name: "named run", Path: table, Body: `{"experiment_ids":["0"],"run_ids":["{run}"],"columns":[{"kind":"attributes","key":"status"}]}`, Has: []string{`"columns":[["RUNNING"]]`}},
		{Name: "no experiment", Path: table, Body: `{}`, Has: []string{`"total":0`}, HasNot: []string{"rows"}},
		{Name: "bad experiment", Path: table, Body: `{"experiment_ids":["x"]}`, Status: 400},
		{Name: "bad filter", Path: table, Body: `{"experiment_ids":["0"],"filter":"metrics.m < x"}`, Status: 400, Has: []string{`"position"`}},
		{Name: "bad order", Path: table, Body: `{"experiment_ids":["0"],"order_by":["x y z"]}`, Status: 400},
		{Name: "two orders", Path: table, Body: `{"experiment_ids":["0"],"order_by":["status"],"sort":[{"column":` + column + `}]}`, Status: 400, Has: []string{"either"}},
		{Name: "one column twice", Path: table, Body: `{"experiment_ids":["0"],"sort":[{"column":` + column + `},{"column":{"kind":"metrics","key":"m","aggregate":"last"}}]}`, Status: 400, Has: []string{"twice"}},
		{Name: "five sorts", Path: table, Body: `{"experiment_ids":["0"],"sort":[` + sorts(5) + `]}`},
		{Name: "six sorts", Path: table, Body: `{"experiment_ids":["0"],"sort":[` + sorts(6) + `]}`, Status: 400, Has: []string{"at most 5"}},
		{Name: "bad kind", Path: table, Body: `{"experiment_ids":["0"],"columns":[{"kind":"x","key":"m"}]}`, Status: 400, Has: []string{"kind"}},
		{Name: "no key", Path: table, Body: `{"experiment_ids":["0"],"columns":[{"kind":"metrics"}]}`, Status: 400, Has: []string{"key"}},
		{Name: "bad aggregate", Path: table, Body: `{"experiment_ids":["0"],"columns":[{"kind":"metrics","key":"m","aggregate":"mean"}]}`, Status: 400, Has: []string{"aggregate"}},
		{Name: "aggregate of a param", Path: table, Body: `{"experiment_ids":["0"],"columns":[{"kind":"params","key":"m","aggregate":"min"}]}`, Status: 400, Has: []string{"only metrics"}},
		{Name: "last by another", Path: table, Body: `{"experiment_ids":["0"],"columns":[{"kind":"metrics","key":"m","by":"n"}]}`, Status: 400, Has: []string{"min or max"}},
		{Name: "as many columns as allowed", Path: table, Body: many("columns", column, 100)},
		{Name: "as many aggregates as allowed", Path: table, Body: many("columns", `{"kind":"metrics","key":"m","aggregate":"max","by":"n"}`, 100)},
		{Name: "too many columns", Path: table, Body: many("columns", column, 101), Status: 400, Has: []string{"at most 100"}},
		{Name: "as many runs as allowed", Path: table, Body: many("run_ids", `"x"`, 1000)},
		{Name: "too many runs", Path: table, Body: many("run_ids", `"x"`, 1001), Status: 400, Has: []string{"at most 1000"}},
		{Name: "runs and a filter", Path: table, Body: `{"experiment_ids":["0"],"run_ids":["x"],"filter":"status = 'x'"}`, Status: 400, Has: []string{"nothing else"}},
		{Name: "as many open runs as allowed", Path: table, Body: tree("open", 10_000)},
		{Name: "too many open runs", Path: table, Body: tree("open", 10_001), Status: 400, Has: []string{"tree.open"}},
		{Name: "too many folded runs", Path: table, Body: tree("folded", 10_001), Status: 400, Has: []string{"tree.folded"}},
		{
			Name: "groups", Path: table, Body: `{"experiment_ids":["0"],"columns":[` + column + `],"groups":{"by":[{"kind":"params","key":"p"}]}}`,
			Has: []string{`"children":1,"group":{"key":"0000000000000000","values":[null]}`, `"columns":[[{"mean":"NaN"}]]`, `"grouped":true,"grouped_by":[{"kind":"params","key":"p"}]`},
		},
		{Name: "groups and a tree", Path: table, Body: `{"experiment_ids":["0"],"tree":{},"groups":{"all_params":true}}`, Status: 400, Has: []string{"tree or groups"}},
		{Name: "groups and named runs", Path: table, Body: `{"experiment_ids":["0"],"run_ids":["x"],"groups":{"all_params":true}}`, Status: 400, Has: []string{"nothing else"}},
		{Name: "groups by nothing", Path: table, Body: `{"experiment_ids":["0"],"groups":{}}`, Status: 400, Has: []string{"either by or all_params"}},
		{Name: "as many open groups as allowed", Path: table, Body: groups("open", 10_000)},
		{Name: "too many open groups", Path: table, Body: groups("open", 10_001), Status: 400, Has: []string{"groups.open"}},
		{Name: "too many folded groups", Path: table, Body: groups("folded", 10_001), Status: 400, Has: []string{"groups.folded"}},
		{Name: "too many other params", Path: table, Body: groups("but", 10_001), Status: 400, Has: []string{"groups.but"}},
		{Name: "negative offset", Path: table, Body: `{"experiment_ids":["0"],"offset":-1}`, Status: 400, Has: []string{"offset"}},
		{Name: "far offset", Path: table, Body: `{"experiment_ids":["0"],"offset":"9223372036854775807","tree":{}}`, HasNot: []string{"rows"}},
		{Name: "far offset of a flat table", Path: table, Body: `{"experiment_ids":["0"],"offset":"9223372036854775807"}`, HasNot: []string{"rows"}},
		{Name: "most rows", Path: table, Body: `{"experiment_ids":["0"],"max_results":1000}`},
		{Name: "too many rows", Path: table, Body: `{"experiment_ids":["0"],"max_results":1001}`, Status: 400, Has: []string{"between 1 and 1000"}},
		{Name: "no rows", Path: table, Body: `{"experiment_ids":["0"],"max_results":0}`, Status: 400},
		{Name: "longest text", Path: table, Body: `{"experiment_ids":["0"],"max_text":65535}`},
		{Name: "longer text", Path: table, Body: `{"experiment_ids":["0"],"max_text":65536}`, Status: 400},
		{Name: "columns", Path: columns, Body: `{"experiment_ids":["0"]}`, Has: []string{`"metrics":[{"key":"m","runs":1}]`, `"metric_count":1`, `"runs":1`}},
		{Name: "columns of a bad filter", Path: columns, Body: `{"experiment_ids":["0"],"filter":"x"}`, Status: 400},
		{Name: "columns of no experiment", Path: columns, Body: `{"experiment_ids":["77"]}`, Has: []string{"{}"}},
		{Name: "most columns", Path: columns, Body: `{"experiment_ids":["0"],"max_results":20000}`},
		{Name: "too many columns in a list", Path: columns, Body: `{"experiment_ids":["0"],"max_results":20001}`, Status: 400},
		{Name: "values", Path: values, Body: `{"experiment_ids":["0"],"column":{"kind":"attributes","key":"run_name"}}`, Has: []string{`{"value":"n","runs":1}`}},
		{Name: "values of nothing", Path: values, Body: `{"experiment_ids":["0"]}`, Status: 400, Has: []string{"column"}},
		{Name: "values of a metric", Path: values, Body: `{"experiment_ids":["0"],"column":` + column + `}`, Status: 400, Has: []string{"cannot be listed"}},
		{Name: "most values", Path: values, Body: `{"experiment_ids":["0"],"max_results":1000,"column":{"kind":"params","key":"p"}}`},
		{Name: "too many values", Path: values, Body: `{"experiment_ids":["0"],"max_results":1001,"column":{"kind":"params","key":"p"}}`, Status: 400},
	})
}

// sorts returns n items of a sort by different columns.
func sorts(n int) string {
	var list []string
	for i := range n {
		list = append(list, `{"column":{"kind":"metrics","key":"m`+string(rune('a'+i))+`","aggregate":"min"}}`)
	}
	return strings.Join(list, ",")
}
