package pages_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
)

func TestSelectionOfRuns(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	route := func(name string) string { return "/ajax-api/millrace/runs/" + name }
	many := func(field string, n int) string {
		return `{"runs":{"experiment_id":"0",` + field + `:[` + strings.Repeat(`"x",`, n-1) + `"x"]},"name":"n"}`
	}
	one := `"runs":{"experiment_id":"0","run_ids":["{run}"]}`
	s.Check(t, []apitest.Fact{
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"0","run_name":"n"}`, Save: map[string]string{"run": `"run_id":"(\w{32})"`}},
		{Name: "target", Path: "experiments/create", Body: `{"name":"target"}`},
		{Name: "tag", Path: route("tag"), Body: `{` + one + `,"set":[{"key":"k","value":"v"}]}`, Has: []string{`{"run_ids":["{run}"]}`}},
		{Name: "no tag", Path: route("tag"), Body: `{` + one + `}`, Status: 400, Has: []string{"neither"}},
		{Name: "one tag twice", Path: route("tag"), Body: `{` + one + `,"set":[{"key":"k","value":"v"},{"key":"k","value":"v"}]}`, Status: 400},
		{Name: "bad key", Path: route("tag"), Body: `{` + one + `,"set":[{"key":"a$","value":"v"}]}`, Status: 400, Has: []string{"set[0].key"}},
		{Name: "no selection", Path: route("delete"), Body: `{}`, Status: 400, Has: []string{"runs"}},
		{Name: "no experiment", Path: route("delete"), Body: `{"runs":{"run_ids":["x"]}}`, Status: 400, Has: []string{"experiment_id"}},
		{Name: "nothing is not everything", Path: route("delete"), Body: `{"runs":{"experiment_id":"0"}}`, Status: 400, Has: []string{"names run_ids"}},
		{Name: "ids and all", Path: route("delete"), Body: `{"runs":{"experiment_id":"0","all":true,"run_ids":["x"]}}`, Status: 400, Has: []string{"either"}},
		{Name: "ids and a filter", Path: route("delete"), Body: `{"runs":{"experiment_id":"0","run_ids":["x"],"filter":"status = 'x'"}}`, Status: 400, Has: []string{"no filter"}},
		{Name: "bad filter", Path: route("delete"), Body: `{"runs":{"experiment_id":"0","all":true,"filter":"x"}}`, Status: 400, Has: []string{"filter"}},
		{Name: "an unknown run", Path: route("delete"), Body: `{"runs":{"experiment_id":"0","run_ids":["{run}","x"]}}`, Status: 404, Has: []string{"id=x"}},
		{Name: "as many runs as allowed", Path: route("rename"), Body: many(`"run_ids"`, 10_000), Status: 404},
		{Name: "too many runs", Path: route("rename"), Body: many(`"run_ids"`, 10_001), Status: 400, Has: []string{"at most 10000"}},
		{Name: "as many exceptions as allowed", Path: route("rename"), Body: many(`"all":true,"except"`, 10_000)},
		{Name: "too many exceptions", Path: route("rename"), Body: many(`"all":true,"except"`, 10_001), Status: 400, Has: []string{"at most 10000"}},
		{Name: "longest name", Path: route("rename"), Body: `{` + one + `,"name":"` + strings.Repeat("ä", 250) + `"}`},
		{Name: "longer name", Path: route("rename"), Body: `{` + one + `,"name":"` + strings.Repeat("ä", 251) + `"}`, Status: 400, Has: []string{"251 characters"}},
		{Name: "no name", Path: route("rename"), Body: `{` + one + `}`, Status: 400, Has: []string{"name"}},
		{Name: "to where it is", Path: route("move"), Body: `{` + one + `,"target_id":"0"}`, Status: 400, Has: []string{"already"}},
		{Name: "to nowhere", Path: route("move"), Body: `{` + one + `,"target_id":"99"}`, Status: 404},
		{Name: "to no id", Path: route("move"), Body: `{` + one + `,"target_id":"x"}`, Status: 400},
		{Name: "move", Path: route("move"), Body: `{` + one + `,"target_id":"1"}`},
		{Name: "moved", Method: "GET", Path: "runs/get?run_id={run}", Has: []string{`"experiment_id":"1"`, `mlflow-artifacts:/0/`}},
		{Name: "it has left", Path: route("delete"), Body: `{` + one + `}`, Status: 404},
		{Name: "delete", Path: route("delete"), Body: `{"runs":{"experiment_id":"1","all":true}}`, Has: []string{"{run}"}},
		{Name: "deleted", Method: "GET", Path: "runs/get?run_id={run}", Has: []string{`"lifecycle_stage":"deleted"`}},
		{Name: "restore", Path: route("restore"), Body: `{"runs":{"experiment_id":"1","all":true,"run_view_type":"DELETED_ONLY"}}`, Has: []string{"{run}"}},
		{Name: "restored", Method: "GET", Path: "runs/get?run_id={run}", Has: []string{`"lifecycle_stage":"active"`}},
	})
}
