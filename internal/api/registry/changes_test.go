package registry_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestRegistryLog(t *testing.T) {
	t.Parallel()
	s, fill := registry(t)
	move := func(name, body string, status int, has ...string) apitest.Fact {
		return apitest.Fact{Name: name, Path: "/ajax-api/millrace/model-versions/transition", Body: body, Status: status, Has: has}
	}
	s.Check(t, fill([]apitest.Fact{
		move("stage and alias", `{"name":"m","version":"1","stage":"production","alias":"champion","comment":"first"}`, 200, `"current_stage":"Production"`, `"aliases":["champion"]`),
		move("another pushes it out", `{"name":"m","version":"2","stage":"Production","archive_existing_versions":true,"comment":"better"}`, 200, `"version":"2"`),
		move("nowhere", `{"name":"m","version":"2","comment":"x"}`, 400, "'stage' or 'alias'"),
		move("archive without a stage", `{"name":"m","version":"2","alias":"a","archive_existing_versions":true}`, 400, "archive_existing_versions"),
		move("reserved alias", `{"name":"m","version":"2","alias":"latest"}`, 400, "reserved"),
		move("bad alias undoes the stage", `{"name":"m","version":"99","stage":"Staging","alias":"a"}`, 404),
		move("long comment", `{"name":"m","version":"2","stage":"Staging","comment":"`+strings.Repeat("x", 5001)+`"}`, 400, "'comment' exceeds"),
		{Name: "alias moves", Path: "registered-models/alias", Body: `{"name":"m","alias":"champion","version":"2"}`},
		{Name: "alias stays", Path: "registered-models/alias", Body: `{"name":"m","alias":"champion","version":"2"}`},
		{Name: "version and its alias go", Method: "DELETE", Path: "model-versions/delete", Body: `{"name":"m","version":"2"}`},
		{Name: "rename", Path: "registered-models/rename", Body: `{"name":"m","new_name":"r"}`},
		apitest.Get("too many", "/ajax-api/millrace/registered-models/transitions?max_results=1001", 400, "max_results"),
	}))
	var got []string
	token := ""
	for {
		three := int64(3)
		page, err := s.Client.RegistryChanges(t.Context(), &mlflow.RegistryChangesRequest{Name: "r", MaxResults: &three, PageToken: token})
		if err != nil || len(page.Transitions) > 3 {
			t.Fatal(len(page.Transitions), err)
		}
		for _, c := range page.Transitions {
			got = append(got, fmt.Sprintf("%s %s %s %s>%s %s", c.Kind, c.Version, c.Alias, c.From, c.To, c.Comment))
			if c.User == "" || c.TimestampMS == 0 || c.Model != "r" {
				t.Errorf("%+v", c)
			}
		}
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	want := []string{
		"model   m>r ",
		"version 2  Production>deleted ", "alias 2 champion 2> ",
		"alias 2 champion 1>2 ",
		"stage 1  Production>Archived better", "stage 2  None>Production better",
		"alias 1 champion >1 first", "stage 1  None>Production first",
		"version 3  >created ", "version 2  >created ", "version 1  >created ",
	}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("the log:\n%s\nwant:\n%s", a, b)
	}
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	s, fill := registry(t)
	s.Check(t, fill([]apitest.Fact{
		{Name: "run's metric", Path: "runs/log-metric", Body: `{"run_id":"{run}","key":"acc","value":0.5,"timestamp":1}`},
		{Name: "dataset", Path: "runs/log-inputs", Body: `{"run_id":"{run}","datasets":[{"dataset":{"name":"ds","digest":"d1","source_type":"s","source":"s"},"tags":[{"key":"mlflow.data.context","value":"eval"}]}]}`},
		{Name: "model's metric", Path: "runs/log-batch", Body: `{"run_id":"{run}","metrics":[
			{"key":"f1","value":0.7,"timestamp":1,"step":0,"model_id":"{model}","dataset_name":"ds","dataset_digest":"d1"},
			{"key":"f1","value":0.8,"timestamp":2,"step":1,"model_id":"{model}","dataset_name":"ds","dataset_digest":"d1"}]}`},
		{Name: "copy", Path: "model-versions/create", Body: `{"name":"m","source":"models:/m/3"}`},
		{Name: "without anything", Path: "model-versions/create", Body: `{"name":"m","source":"s3://b/k"}`},
		{Name: "alias", Path: "registered-models/alias", Body: `{"name":"m","alias":"champion","version":"1"}`},
		{Name: "deleted", Method: "DELETE", Path: "model-versions/delete", Body: `{"name":"m","version":"2"}`},
		apitest.Get("of none", "/ajax-api/millrace/registered-models/monitor?name=nope", 404),
	}))
	two := int64(2)
	m, err := s.Client.MonitorModel(t.Context(), &mlflow.MonitorModelRequest{Name: "m", MaxResults: &two})
	if err != nil || m.RegisteredModel.Name != "m" || m.NextPageToken == "" {
		t.Fatal(m, err)
	}
	rest, err := s.Client.MonitorModel(t.Context(), &mlflow.MonitorModelRequest{Name: "m", MaxResults: &two, PageToken: m.NextPageToken})
	if err != nil || rest.NextPageToken != "" {
		t.Fatal(rest, err)
	}
	m.Versions = append(m.Versions, rest.Versions...)
	var got []string
	for _, v := range m.Versions {
		text := v.Version
		for _, metric := range v.Metrics {
			text += fmt.Sprintf(" %s=%g on %q", metric.Key, metric.Value, metric.DatasetName)
		}
		for _, d := range v.Datasets {
			text += " " + d.Name + ":" + d.Context
		}
		if v.ModelID != "" {
			text += " model"
		}
		if v.RunName != "" && v.ExperimentID == "0" && v.ExperimentName == "Default" {
			text += " run"
		}
		got = append(got, text+" "+strings.Join(v.Aliases, ","))
		if v.CreatedBy == "" {
			t.Errorf("version %s was made by nobody", v.Version)
		}
	}
	const ofModel, ofRun = ` f1=0.8 on "ds" ds:eval model run `, ` acc=0.5 on "" f1=0.8 on "" ds:eval run champion`
	if want := []string{"5 ", "4" + ofModel, "3" + ofModel, "1" + ofRun}; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMonitorOfEarlyMetrics logs a curve, and a model at step 0, as log_model does unless
// it is given a step. The page must show the end of the curve. A run that logs models at
// steps has the values of these steps.
func TestMonitorOfEarlyMetrics(t *testing.T) {
	t.Parallel()
	for step, want := range map[int]string{0: "acc=0.25@0 loss=0.1@9", 5: "acc=0.25@0 loss=0.9@0"} {
		s, fill := registry(t)
		s.Check(t, fill([]apitest.Fact{
			{Name: "curve", Path: "runs/log-batch", Body: `{"run_id":"{run}","metrics":[
				{"key":"loss","value":0.9,"timestamp":1,"step":0,"model_id":"{model}"},
				{"key":"loss","value":0.1,"timestamp":2,"step":9},
				{"key":"acc","value":0.25,"timestamp":2,"step":0,"model_id":"{model}","dataset_name":"ds","dataset_digest":"d"},
				{"key":"acc","value":0.75,"timestamp":2,"step":9}]}`},
			{Name: "step", Path: "runs/outputs", Body: fmt.Sprintf(`{"run_id":"{run}","models":[{"model_id":"{model}","step":%d}]}`, step)},
		}))
		m, err := s.Client.MonitorModel(t.Context(), &mlflow.MonitorModelRequest{Name: "m"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, metric := range m.Versions[0].Metrics {
			got = append(got, fmt.Sprintf("%s=%g@%d", metric.Key, metric.Value, metric.Step))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("a model at step %d: got %s, want %s", step, text, want)
		}
	}
}

func TestVersionArtifact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := apitest.NewIn(t, dir)
	run := s.Run(t)
	put := apitest.Fact{Name: "upload", Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/0/" + run + "/artifacts/model/MLmodel", Body: "flavors: {}", ContentType: "-"}
	version := func(source string) apitest.Fact {
		body, _ := json.Marshal(map[string]string{"name": "m", "source": source, "run_id": run})
		return apitest.Fact{Name: source, Path: "model-versions/create", Body: string(body)}
	}
	file := func(name, query string, status int, has ...string) apitest.Fact {
		return apitest.Fact{Name: name, Method: "GET", Path: "/model-versions/get-artifact?" + query, Status: status, Has: has}
	}
	s.Check(t, []apitest.Fact{
		put,
		{Name: "model", Path: "registered-models/create", Body: `{"name":"m"}`},
		version("mlflow-artifacts:/0/" + run + "/artifacts/model"),
		version("runs:/" + run + "/model"),
		version("runs:/" + run),
		version("dbfs:/model"),
		file("file", "name=m&version=1&path=MLmodel", 200, "flavors: {}"),
		file("through runs:", "name=m&version=2&path=MLmodel", 200, "flavors: {}"),
		file("through a whole run", "name=m&version=3&path=model/MLmodel", 200, "flavors: {}"),
		file("out of reach", "name=m&version=4&path=MLmodel", 400, "out of this server's reach"),
		file("missing", "name=m&version=1&path=nope", 404),
		file("folder", "name=m&version=3&path=model", 400),
		file("up", "name=m&version=1&path=../MLmodel", 400, "Invalid path"),
		file("up, encoded", "name=m&version=1&path=%252e%252e/MLmodel", 400, "Invalid path"),
		file("no path", "name=m&version=1", 400, "path"),
		file("no version", "name=m&version=9&path=MLmodel", 404, "Model Version (name=m, version=9) not found"),
		file("no number", "name=m&version=x&path=MLmodel", 400, "must be an integer"),
	})
	if files, err := filepath.Glob(filepath.Join(dir, "mlartifacts", "0", run, "artifacts", "model", "*")); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}
}
