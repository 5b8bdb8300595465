package pages_test

import (
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

func TestDatasets(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s := apitest.NewOn(t, t.TempDir(), uri)
		const list, get = "/ajax-api/millrace/datasets/search", "/ajax-api/millrace/datasets/get"
		use := func(run, context string) apitest.Fact {
			return apitest.Fact{Name: "use " + context, Path: "runs/log-inputs", Body: `{"run_id":"` + run + `","datasets":[{"dataset":{"name":"iris","digest":"d1",
				"source_type":"http","source":"u","schema":"{\"a\":1}","profile":"{\"num_rows\":3}"},"tags":[{"key":"mlflow.data.context","value":"` + context + `"}]}]}`}
		}
		a, b, c := s.Run(t), s.Run(t), s.Run(t)
		s.Check(t, []apitest.Fact{
			{Name: "none", Path: list, Body: `{"experiment_id":"0"}`, Has: []string{`{}`}},
			use(a, "training"), use(b, "eval"), use(c, "eval"),
			{Name: "another digest", Path: "runs/log-inputs", Body: `{"run_id":"` + a + `","datasets":[{"dataset":{"name":"iris","digest":"d2","source_type":"local","source":"u"}}]}`},
			{Name: "model", Path: "logged-models", Body: `{"experiment_id":"0","name":"net","source_run_id":"` + a + `"}`, Save: map[string]string{"model": `"model_id":"([\w-]+)"`}},
			{Name: "evaluation", Path: "runs/log-metric", Body: `{"run_id":"` + a + `","model_id":"{model}","key":"acc","value":1,"timestamp":1,"dataset_name":"iris","dataset_digest":"d1"}`},
			{Name: "a run goes", Path: "runs/delete", Body: `{"run_id":"` + c + `"}`},
			{Name: "all", Path: list, Body: `{"experiment_id":"0"}`, Has: []string{
				`{"name":"iris","digest":"d1","source_type":"http","contexts":["eval","training"],"runs":2,"models":1,"last_used":1}`,
				`{"name":"iris","digest":"d2","source_type":"local","runs":1,"models":0,"last_used":1}`,
			}},
			{Name: "text", Path: list, Body: `{"experiment_id":"0","text":"D2"}`, Has: []string{`"d2"`}, HasNot: []string{`"d1"`}},
			{Name: "percent", Path: list, Body: `{"experiment_id":"0","text":"%"}`, HasNot: []string{"iris"}},
			{Name: "first page", Path: list, Body: `{"experiment_id":"0","max_results":1}`, Has: []string{`"d1"`}, Save: map[string]string{"token": `"next_page_token":"([^"]+)"`}},
			{Name: "last page", Path: list, Body: `{"experiment_id":"0","max_results":1,"page_token":"{token}"}`, Has: []string{`"d2"`}, HasNot: []string{"next_page_token"}},
			{Name: "too many", Path: list, Body: `{"experiment_id":"0","max_results":1001}`, Status: 400, Has: []string{"max_results"}},
			{Name: "negative", Path: list, Body: `{"experiment_id":"0","max_results":-1}`, Status: 400},
			{Name: "no experiment", Path: list, Body: `{}`, Status: 400, Has: []string{"experiment_id"}},
			{Name: "no number", Path: list, Body: `{"experiment_id":"x"}`, Status: 400},
			{Name: "one", Path: get, Body: `{"experiment_id":"0","name":"iris","digest":"d1"}`, Has: []string{`"schema":"{\"a\":1}"`, `"profile":"{\"num_rows\":3}"`, `"source":"u"`}},
			{Name: "missing", Path: get, Body: `{"experiment_id":"0","name":"iris","digest":"d3"}`, Status: 404},
			{Name: "without a digest", Path: get, Body: `{"experiment_id":"0","name":"iris"}`, Status: 400},
		})
	})
}
