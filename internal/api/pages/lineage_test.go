package pages_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestLineage walks from datasets over a run and its models to versions, from each end.
func TestLineage(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s := apitest.NewOn(t, t.TempDir(), uri)
		train, eval := s.Run(t), s.Run(t)
		const get = "/ajax-api/millrace/lineage?"
		model := func(save, name, run string) apitest.Fact {
			return apitest.Fact{
				Name: save, Path: "logged-models", Body: `{"experiment_id":"0","name":"` + name + `","source_run_id":"` + run + `"}`,
				Save: map[string]string{save: `"model_id":"([\w-]+)"`},
			}
		}
		version := func(source, rest string) apitest.Fact {
			return apitest.Fact{Name: "version of " + source, Path: "model-versions/create", Body: `{"name":"net","source":"` + source + `"` + rest + `}`}
		}
		whole := []string{
			`"kind":"dataset","id":"d1","name":"iris","experiment_id":"0","experiment_name":"Default"`,
			`"kind":"run","id":"` + train + `"`, `"kind":"logged_model","id":"{first}","name":"first"`, `"label":"training"`, `"step":7`,
			`"kind":"version","id":"1","name":"net","status":"READY","stage":"None","aliases":["best","champion"]`,
			`"kind":"run","id":"` + eval + `"`,
		}
		s.Check(t, []apitest.Fact{
			{Name: "dataset", Path: "runs/log-inputs", Body: `{"run_id":"` + train + `","datasets":[{"dataset":{"name":"iris","digest":"d1",
				"source_type":"http","source":"u"},"tags":[{"key":"mlflow.data.context","value":"training"}]}]}`},
			{Name: "dataset of another run", Path: "runs/log-inputs", Body: `{"run_id":"` + eval + `","datasets":[{"dataset":{"name":"held out","digest":"d2","source_type":"http","source":"u"}}]}`},
			model("first", "first", train), model("second", "second", train),
			{Name: "outputs", Path: "runs/outputs", Body: `{"run_id":"` + train + `","models":[{"model_id":"{first}","step":7},{"model_id":"{second}","step":9}]}`},
			{Name: "use", Path: "runs/log-inputs", Body: `{"run_id":"` + eval + `","models":[{"model_id":"{first}"}]}`},
			{Name: "registered model", Path: "registered-models/create", Body: `{"name":"net"}`},
			version("models:/{first}", `,"model_id":"{first}","run_id":"`+train+`"`),
			version("runs:/"+eval+"/model", `,"run_id":"`+eval+`"`),
			version("s3://elsewhere/model", ""),
			{Name: "alias", Path: "registered-models/alias", Body: `{"name":"net","alias":"champion","version":"1"}`},
			{Name: "another alias", Path: "registered-models/alias", Body: `{"name":"net","alias":"best","version":"1"}`},

			{Name: "of the run", Method: "GET", Path: get + "run_id=" + train, Has: append(whole, `{first}`, `{second}`, `"id":"2"`), HasNot: []string{"held out", `"id":"3"`, "bounded"}},
			{Name: "of a model", Method: "GET", Path: get + "model_id={first}", Has: whole, HasNot: []string{"{second}", "held out"}},
			{Name: "of a version", Method: "GET", Path: get + "name=net&version=1", Has: append(whole[:6:6], `"id":"{first}"`), HasNot: []string{"{second}", eval}},
			{Name: "of a version made by a run", Method: "GET", Path: get + "name=net&version=2", Has: append(whole[:4:4], "held out")},
			{Name: "of a version from elsewhere", Method: "GET", Path: get + "name=net&version=3", Has: []string{`{"nodes":[{"kind":"version","id":"3","name":"net","status":"READY","stage":"None"}]}`}},
			{Name: "another spelling of a number", Method: "GET", Path: get + "name=net&version=%2B03", Has: []string{`"id":"3"`}},

			{Name: "rename", Path: "registered-models/rename", Body: `{"name":"net","new_name":"web"}`},
			{Name: "of a model whose versions were renamed", Method: "GET", Path: get + "model_id={first}", Has: []string{`"name":"web"`}},
			{Name: "delete the run", Path: "runs/delete", Body: `{"run_id":"` + train + `"}`},
			{Name: "of a deleted run", Method: "GET", Path: get + "model_id={first}", Has: []string{`"deleted":true`}},
			{Name: "nonsense in the tag", Method: "PATCH", Path: "logged-models/{second}/tags", Body: `{"tags":[{"key":"mlflow.modelVersions","value":"[{\"name\":\"web\",\"version\":3},{\"version\":\"x\"},7"}]}`},
			{Name: "other versions in the tag", Method: "PATCH", Path: "logged-models/{second}/tags", Body: `{"tags":[{"key":"mlflow.modelVersions","value":"[{\"name\":\"web\",\"version\":\"3\"},{\"version\":\"x\"}]"}]}`},
			{Name: "of a model with nonsense", Method: "GET", Path: get + "model_id={second}", HasNot: []string{"version"}},
			{Name: "model of no run", Path: "logged-models", Body: `{"experiment_id":"0","name":"orphan","source_run_id":"gone"}`, Save: map[string]string{"orphan": `"model_id":"([\w-]+)"`}},
			{Name: "of a removed run", Method: "GET", Path: get + "model_id={orphan}", Has: []string{`{"kind":"run","unavailable":true}`}, HasNot: []string{"gone"}},

			apitest.Get("nothing", get, http.StatusBadRequest, "run_id"),
			{Name: "two", Method: "GET", Path: get + "run_id=" + train + "&model_id={first}", Status: http.StatusBadRequest},
			apitest.Get("a name alone", get+"name=web", http.StatusBadRequest),
			apitest.Get("a version alone", get+"run_id="+train+"&version=1", http.StatusBadRequest),
			apitest.Get("no number", get+"name=web&version=x", http.StatusBadRequest, "version"),
			apitest.Get("no run", get+"run_id=x", http.StatusNotFound, "Run with id=x"),
			apitest.Get("no model", get+"model_id=m-x", http.StatusNotFound, "m-x"),
			apitest.Get("no version", get+"name=web&version=9", http.StatusNotFound, "version=9"),
			apitest.Get("no registered model", get+"name=x&version=1", http.StatusNotFound),
		})
	})
}

// TestLineageIsBounded asks for the lineage of a run with a checkpoint in every epoch.
func TestLineageIsBounded(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	run := s.Run(t)
	for _, models := range []int{199, 1} {
		outputs := make([]string, models)
		for i := range outputs {
			m, err := s.Client.CreateLoggedModel(t.Context(), &mlflow.CreateLoggedModelRequest{ExperimentID: "0", SourceRunID: run})
			if err != nil {
				t.Fatal(err)
			}
			outputs[i] = fmt.Sprintf(`{"model_id":%q,"step":%d}`, m.Info.ModelID, i)
		}
		s.Check(t, []apitest.Fact{{
			Name: "outputs", Path: "runs/outputs", Body: `{"run_id":"` + run + `","models":[` + strings.Join(outputs, ",") + `]}`,
		}})
		_, text := s.Send(t, apitest.Get("lineage", "/ajax-api/millrace/lineage?run_id="+run, http.StatusOK), nil)
		var got mlflow.LineageResponse
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Nodes) != 200 || len(got.Edges) != 199 || got.Bounded != (models == 1) {
			t.Errorf("%d nodes, %d edges, bounded %v", len(got.Nodes), len(got.Edges), got.Bounded)
		}
	}
}
