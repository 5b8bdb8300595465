package registry_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestRegisteredModels(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	del := func(name, path, body string, status int, has ...string) apitest.Fact {
		return apitest.Fact{Name: name, Method: "DELETE", Path: path, Body: body, Status: status, Has: has}
	}
	create := func(name, body string, status int, has ...string) apitest.Fact {
		return apitest.Fact{Name: name, Path: "registered-models/create", Body: body, Status: status, Has: has}
	}
	s.Check(t, []apitest.Fact{
		create("create", `{"name":"m","description":"d","tags":[{"key":"a","value":"1"}]}`, 200, `"name":"m"`, `"description":"d"`, `"tags":[{"key":"a","value":"1"}]`),
		create("again", `{"name":"m"}`, 400, "RESOURCE_ALREADY_EXISTS", "Registered Model (name=m) already exists."),
		create("nothing", `{}`, 400, "Missing value for required parameter 'name'. See the API docs"),
		create("empty", `{"name":""}`, 400, "Missing value for required parameter 'name'"),
		create("spaces", `{"name":"  "}`, 400, "Missing value for required parameter 'name'.\""),
		create("slash", `{"name":"a/b"}`, 400, "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
		create("colon", `{"name":"a:b"}`, 400, "Invalid model name 'a:b'."),
		create("dots", `{"name":".."}`, 400, `Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files`, "would resolve to '..'"),
		create("dot", `{"name":"."}`, 400, "would resolve to '.'"),
		create("number", `{"name":5}`, 400, "Invalid value 5 for parameter 'name'", "'int'"),
		create("bad tag", `{"name":"t","tags":[{"key":"a$","value":"1"}]}`, 400, `Invalid value \"a$\" for parameter 'key'`),
		create("long key", `{"name":"t","tags":[{"key":"`+strings.Repeat("k", 251)+`"}]}`, 400, "'key' exceeds the maximum length of 250 characters"),
		create("long value", `{"name":"t","tags":[{"key":"k","value":"`+strings.Repeat("v", 100_001)+`"}]}`, 400, "'value' exceeds the maximum length of 100000 characters"),
		create("tag twice", `{"name":"t","tags":[{"key":"a","value":"1"},{"key":"a","value":"2"}]}`, 200, `"tags":[{"key":"a","value":"2"}]`),
		create("unicode and space", `{"name":"名 x"}`, 200, `"name":"名 x"`),
		create("prompt", `{"name":"p","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}`, 200),
		create("model named as a prompt", `{"name":"p"}`, 400, "RESOURCE_ALREADY_EXISTS", "already taken by a prompt"),
		apitest.Get("get", "registered-models/get?name=m", 200, `"name":"m"`),
		apitest.Get("get missing", "registered-models/get?name=nope", 404, "Registered Model with name=nope not found"),
		apitest.Get("get nothing", "registered-models/get", 400, "'name'"),
		apitest.Get("get bad", "registered-models/get?name=a%2Fb", 400, "Invalid model name 'a/b'"),
		{Name: "update", Method: "PATCH", Path: "registered-models/update", Body: `{"name":"m","description":"new"}`, Has: []string{`"description":"new"`}},
		{Name: "update clears", Method: "PATCH", Path: "registered-models/update", Body: `{"name":"m"}`, HasNot: []string{"description"}},
		{Name: "update missing", Method: "PATCH", Path: "registered-models/update", Body: `{"name":"nope"}`, Status: 404},
		{Name: "set tag", Path: "registered-models/set-tag", Body: `{"name":"m","key":"k"}`, Has: []string{"{}"}},
		{Name: "set tag again", Path: "registered-models/set-tag", Body: `{"name":"m","key":"k","value":"v2"}`},
		{Name: "set tag of none", Path: "registered-models/set-tag", Body: `{"name":"nope","key":"k","value":"v"}`, Status: 404},
		{Name: "set bad tag", Path: "registered-models/set-tag", Body: `{"name":"m","key":"../k","value":"v"}`, Status: 400},
		apitest.Get("tagged", "registered-models/get?name=m", 200, `{"key":"k","value":"v2"}`),
		del("delete tag", "registered-models/delete-tag", `{"name":"m","key":"k"}`, 200),
		del("delete tag again", "registered-models/delete-tag", `{"name":"m","key":"k"}`, 200),
		del("delete tag of none", "registered-models/delete-tag", `{"name":"nope","key":"k"}`, 404),
		{Name: "rename to a taken name", Path: "registered-models/rename", Body: `{"name":"m","new_name":"t"}`, Status: 400, Has: []string{"RESOURCE_ALREADY_EXISTS", "Registered Model (name=t) already exists."}},
		{Name: "rename to a bad name", Path: "registered-models/rename", Body: `{"name":"m","new_name":"a/b"}`, Status: 400, Has: []string{"Names cannot contain"}},
		{Name: "rename to nothing", Path: "registered-models/rename", Body: `{"name":"m"}`, Status: 400, Has: []string{"'new_name'"}},
		{Name: "rename", Path: "/ajax-api/2.0/mlflow/registered-models/rename", Body: `{"name":"m","new_name":"m2"}`, Has: []string{`"name":"m2"`, `"key":"a"`}},
		apitest.Get("old name", "registered-models/get?name=m", 404),
		del("delete by query", "registered-models/delete?name=m2", ``, 400, "'name'"),
		del("delete", "registered-models/delete", `{"name":"m2"}`, 200, "{}"),
		del("delete again", "registered-models/delete", `{"name":"m2"}`, 404),
	})
}

// registry returns a server with a run that has a logged model, {run} and {model} in
// facts, and a registered model m with the versions 1, 2 and 3.
func registry(t *testing.T) (s *apitest.Server, fill func([]apitest.Fact) []apitest.Fact) {
	t.Helper()
	s = apitest.New(t)
	run := s.Run(t)
	model, err := s.Client.CreateLoggedModel(t.Context(), &mlflow.CreateLoggedModelRequest{ExperimentID: "0", Name: "lm", SourceRunID: run})
	if err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer("{run}", run, "{model}", model.Info.ModelID)
	fill = func(facts []apitest.Fact) []apitest.Fact {
		for i := range facts {
			f := &facts[i]
			f.Path, f.Body = names.Replace(f.Path), names.Replace(f.Body)
			for j := range f.Has {
				f.Has[j] = names.Replace(f.Has[j])
			}
		}
		return facts
	}
	s.Check(t, fill([]apitest.Fact{
		{Name: "model", Path: "registered-models/create", Body: `{"name":"m"}`},
		{Name: "version 1", Path: "model-versions/create", Body: `{"name":"m","source":"mlflow-artifacts:/0/{run}/artifacts/model","run_id":"{run}"}`, Has: []string{
			`"version":"1"`, `"current_stage":"None"`, `"description":""`, `"run_id":"{run}"`, `"status":"READY"`, `"run_link":""`,
		}, HasNot: []string{"aliases", "tags", "user_id"}},
		{Name: "version 2", Path: "model-versions/create", Body: `{"name":"m","source":"runs:/{run}/model","run_id":"{run}"}`, Has: []string{`"version":"2"`, `"source":"runs:/{run}/model"`}},
		{Name: "version 3", Path: "model-versions/create", Body: `{"name":"m","source":"models:/{model}","model_id":"{model}","description":"dd","run_link":"http://x","tags":[{"key":"t","value":"1"},{"key":"t","value":"2"}]}`, Has: []string{
			`"version":"3"`, `"description":"dd"`, `"run_id":"{run}"`, `"tags":[{"key":"t","value":"2"}]`, `"run_link":"http://x"`,
		}},
	}))
	return s, fill
}

func TestModelVersionSources(t *testing.T) {
	t.Parallel()
	s, fill := registry(t)
	const foreign, relative = "request parameter must identify the resource that contains the source", "without relative path references present"
	var facts []apitest.Fact
	for _, c := range []struct {
		source, with string
		status       int
		has          string
	}{
		{"models:/m/1", ``, 200, `"run_id":"{run}"`},
		{"models:/m/latest", ``, 200, `"source":"models:/m/4"`},
		{"models:/m@champ", ``, 400, "Registered model alias champ not found."},
		{"models:/m/Staging", ``, 400, "is in the stage Staging"},
		{"models:/m/bogus", ``, 400, "Invalid Model Version stage"},
		{"models:/m/99", ``, 404, "Model Version (name=m, version=99) not found"},
		{"models:/nope/1", ``, 404, "Registered Model with name=nope not found"},
		{"models:/m/1", `,"run_id":"other"`, 400, "must match the referenced model version"},
		{"models:/m/1", `,"model_id":"{model}"`, 400, "must match the referenced model version"},
		{"models:/m/1", `,"run_id":"{run}"`, 200, `"source":"models:/m/1"`},
		{"models:/m/1/2", ``, 400, foreign},
		{"models://h/m/1", ``, 400, "active model registry"},
		{"models:/{model}", ``, 400, "The model_id " + foreign},
		{"models:/{model}", `,"model_id":"m-other"`, 400, foreign},
		{"models:/m-nope", `,"model_id":"m-nope"`, 400, "Logged model with ID 'm-nope' not found."},
		{"s3://b/k", `,"model_id":"m-nope"`, 404, "Logged model with ID 'm-nope' not found."},
		{"s3://bucket/x", ``, 200, `"run_id":""`},
		{"s3://a/b?x=1", ``, 200, ``},
		{"s3://b/k", `,"run_id":"nonexistent"`, 200, `"run_id":"nonexistent"`},
		{"s3://b/k", `,"tags":[{"key":"k"}]`, 200, `"tags":[{"key":"k","value":""}]`},
		{"s3://b/k", `,"tags":[{"key":"k$"}]`, 400, "Names may only contain"},
		{"s3://a", ``, 400, relative},
		{"s3://a#f", ``, 400, relative},
		{"s3:/b/models/path/../../other", ``, 400, relative},
		{"foo://x", ``, 400, relative},
		{"dbfs:/x", ``, 200, ``},
		{"mlflow-artifacts:/0/{run}/artifacts/model", ``, 400, "The run_id " + foreign},
		{"mlflow-artifacts:/0/zzz/artifacts/m", `,"run_id":"{run}"`, 400, foreign},
		{"mlflow-artifacts:/0/{run}/artifactsx", `,"run_id":"{run}"`, 400, foreign},
		{"mlflow-artifacts:/0/{run}/artifacts", `,"run_id":"nope"`, 400, foreign},
		{"mlflow-artifacts:/0/{run}/artifacts/../x", `,"run_id":"{run}"`, 400, relative},
		{"mlflow-artifacts:/0/{run}/artifacts/%2e%2e/x", `,"run_id":"{run}"`, 400, relative},
		{"mlflow-artifacts:/0/{run}/artifacts/%25252e%25252e/%zz", `,"run_id":"{run}"`, 400, relative},
		{"mlflow-artifacts:/0/{run}/artifacts/./x", `,"run_id":"{run}"`, 400, relative},
		{"mlflow-artifacts://h/0/{run}/artifacts", `,"run_id":"{run}"`, 400, "cannot use the 'mlflow-artifacts' scheme"},
		{"mlflow-artifacts:/0/models/{model}/artifacts", `,"model_id":"{model}"`, 200, `"run_id":"{run}"`},
		{"mlflow-artifacts:/0/{run}/artifacts", `,"model_id":"{model}"`, 400, "The model_id " + foreign},
		{"runs:/{run}/model", ``, 400, "The run_id " + foreign},
		{"runs:/{run}/model", `,"run_id":"other"`, 400, foreign},
		{"runs:/{run}/model", `,"model_id":"{model}"`, 400, foreign},
		{"runs:/{run}/../x", `,"run_id":"{run}"`, 400, relative},
		{"runs:/nope/model", `,"run_id":"nope"`, 200, `"source":"runs:/nope/model"`},
		{"/etc/passwd", ``, 400, "To use a local path as a model version source"},
		{"/etc/passwd", `,"run_id":"{run}"`, 400, "source: '/etc/passwd'. To use a local path"},
		{"/etc/passwd", `,"model_id":"{model}"`, 400, "To use a local path"},
		{"file:///etc", `,"run_id":"{run}"`, 400, "source: '/etc'. To use a local path"},
		{"FILE:///etc", `,"run_id":"{run}"`, 400, "To use a local path"},
		{"file:///a/%2e%2e/b", `,"run_id":"{run}"`, 400, relative},
		{"model", `,"run_id":"{run}"`, 400, "To use a local path"},
		{"http://h/api/2.0/mlflow-artifacts/artifacts/x", ``, 400, "cannot use the 'http' scheme"},
		{"HTTPS://h/x", ``, 400, "cannot use the 'https' scheme"},
		{"ftp://h/x", ``, 400, "cannot use the 'ftp' scheme"},
		{"dummy-source", `,"tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`, 200, ``},
		{"/etc/passwd", `,"run_id":"{run}","tags":[{"key":"mlflow.prompt.is_prompt","value":"TRUE"}]`, 400, "Invalid prompt source"},
		{"/etc/passwd", `,"tags":[{"key":"mlflow.prompt.is_prompt","value":"true"},{"key":"mlflow.prompt.is_prompt","value":"no"}]`, 400, "local path"},
		{"s3://b/" + strings.Repeat("x", 2048), ``, 400, "'source' exceeds"},
		{"", ``, 400, "Missing value for required parameter 'source'"},
	} {
		body := fmt.Sprintf(`{"name":"m","source":"%s"%s}`, c.source, c.with)
		facts = append(facts, apitest.Fact{Name: c.source + c.with, Path: "model-versions/create", Body: body, Status: c.status, Has: []string{c.has}})
	}
	facts = append(facts,
		apitest.Fact{Name: "no name", Path: "model-versions/create", Body: `{"source":"s3://a/b"}`, Status: 400, Has: []string{"'name'"}},
		apitest.Fact{Name: "source before model", Path: "model-versions/create", Body: `{"name":"nope","source":"s3://a"}`, Status: 400, Has: []string{relative}},
		apitest.Fact{Name: "no model", Path: "model-versions/create", Body: `{"name":"nope","source":"s3://a/b"}`, Status: 404, Has: []string{"Registered Model with name=nope not found"}},
		apitest.Get("tag of the logged model", "logged-models/{model}", 200, `mlflow.modelVersions","value":"[{\"name\": \"m\", \"version\": 3}, {\"name\": \"m\", \"version\": 12}]"`),
		apitest.Get("location of a run's", "model-versions/get-download-uri?name=m&version=1", 200, `"artifact_uri":"mlflow-artifacts:/0/{run}/artifacts/model"`),
		apitest.Get("location of runs:", "model-versions/get-download-uri?name=m&version=2", 200, `"artifact_uri":"runs:/{run}/model"`),
		apitest.Get("location of a logged model", "model-versions/get-download-uri?name=m&version=3", 200, `"artifact_uri":"mlflow-artifacts:/0/models/{model}/artifacts"`),
		apitest.Get("location of a version", "model-versions/get-download-uri?name=m&version=4", 200, `"artifact_uri":"mlflow-artifacts:/0/{run}/artifacts/model"`),
		apitest.Get("location of nothing", "model-versions/get-download-uri?name=m", 400, "Parameter 'version' must be an integer, got ''."),
		apitest.Get("location of none", "model-versions/get-download-uri?name=m&version=99", 404),
	)
	s.Check(t, fill(facts))
}

func TestModelVersions(t *testing.T) {
	t.Parallel()
	s, fill := registry(t)
	stage := func(name, body string, status int, has ...string) apitest.Fact {
		return apitest.Fact{Name: name, Path: "model-versions/transition-stage", Body: body, Status: status, Has: has}
	}
	alias := func(method, body string, status int, has ...string) apitest.Fact {
		return apitest.Fact{Name: method + " alias " + body, Method: method, Path: "registered-models/alias", Body: body, Status: status, Has: has}
	}
	s.Check(t, fill([]apitest.Fact{
		apitest.Get("get", "model-versions/get?name=m&version=3", 200, `"description":"dd"`),
		apitest.Get("get 99", "model-versions/get?name=m&version=99", 404, "Model Version (name=m, version=99) not found"),
		apitest.Get("get abc", "model-versions/get?name=m&version=abc", 400, "Parameter 'version' must be an integer, got 'abc'."),
		apitest.Get("get 1.0", "model-versions/get?name=m&version=1.0", 400, "got '1.0'"),
		apitest.Get("get none", "model-versions/get?name=m", 400, "'version'"),
		{Name: "describe", Method: "PATCH", Path: "model-versions/update", Body: `{"name":"m","version":"1","description":"new"}`, Has: []string{`"description":"new"`}},
		{Name: "clear", Method: "PATCH", Path: "model-versions/update", Body: `{"name":"m","version":"1"}`, HasNot: []string{"description"}},
		{Name: "version as a number", Method: "PATCH", Path: "model-versions/update", Body: `{"name":"m","version":1}`, Status: 400, Has: []string{"Invalid value 1 for parameter 'version'"}},
		stage("stage", `{"name":"m","version":"1","stage":"Staging"}`, 200, `"current_stage":"Staging"`),
		stage("any case, archive", `{"name":"m","version":"2","stage":"staging","archive_existing_versions":true}`, 200, `"current_stage":"Staging"`),
		apitest.Get("archived", "model-versions/get?name=m&version=1", 200, `"current_stage":"Archived"`),
		stage("production", `{"name":"m","version":"3","stage":"PRODUCTION","archive_existing_versions":false}`, 200, `"current_stage":"Production"`),
		stage("archive into Archived", `{"name":"m","version":"1","stage":"Archived","archive_existing_versions":true}`, 400, "'Archived' is not an Active stage. Valid stages are ['Staging', 'Production']"),
		stage("bogus", `{"name":"m","version":"1","stage":"Bogus"}`, 400, "Invalid Model Version stage: Bogus. Value must be one of None, Staging, Production, Archived."),
		stage("internal", `{"name":"m","version":"1","stage":"Deleted_Internal"}`, 400, "Invalid Model Version stage"),
		stage("none", `{"name":"m","version":"1"}`, 400, "'stage'"),
		stage("missing", `{"name":"m","version":"99","stage":"Staging"}`, 404),
		stage("text for a boolean", `{"name":"m","version":"1","stage":"Staging","archive_existing_versions":"true"}`, 400, `Invalid value \"true\" for parameter 'archive_existing_versions'`),
		{Name: "latest", Path: "registered-models/get-latest-versions", Body: `{"name":"m"}`, Has: []string{`"version":"1"`, `"version":"2"`, `"version":"3"`}},
		{Name: "latest of a stage", Path: "registered-models/get-latest-versions", Body: `{"name":"m","stages":["production"]}`, Has: []string{`"version":"3"`}, HasNot: []string{`"version":"1"`}},
		apitest.Get("latest by GET", "registered-models/get-latest-versions?name=m&stages=Staging&stages=none", 200, `"version":"2"`),
		{Name: "latest of a bogus stage", Path: "registered-models/get-latest-versions", Body: `{"name":"m","stages":["Bogus"]}`, Status: 400},
		{Name: "latest of none", Path: "registered-models/get-latest-versions", Body: `{"name":"nope"}`, Status: 404},
		alias("POST", `{"name":"m","alias":"champion","version":"1"}`, 200, "{}"),
		alias("POST", `{"name":"m","alias":"champion","version":"2"}`, 200),
		alias("POST", `{"name":"m","alias":"Ä_2-x","version":"2"}`, 200),
		alias("POST", `{"name":"m","alias":"1","version":"1"}`, 200),
		alias("POST", `{"name":"m","alias":"v1x","version":"1"}`, 200),
		alias("POST", `{"name":"m","alias":"LATEST","version":"1"}`, 400, "'latest' alias name (case insensitive) is reserved."),
		alias("POST", `{"name":"m","alias":"V12","version":"1"}`, 400, "Version alias name 'V12' is reserved."),
		alias("POST", `{"name":"m","alias":"a b","version":"1"}`, 400, "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-)."),
		alias("POST", `{"name":"m","alias":"","version":"1"}`, 400, "'alias'"),
		alias("POST", `{"name":"m","alias":"`+strings.Repeat("x", 256)+`","version":"1"}`, 400, "'Registered model alias name' exceeds the maximum length of 255 characters"),
		alias("POST", `{"name":"m","alias":"q","version":"99"}`, 404, "Model Version (name=m, version=99) not found"),
		alias("POST", `{"name":"m","alias":"q","version":"abc"}`, 400, "must be an integer"),
		apitest.Get("by alias", "registered-models/alias?name=m&alias=champion", 200, `"version":"2"`, `"aliases":["champion","Ä_2-x"]`),
		apitest.Get("by alias, other case", "registered-models/alias?name=m&alias=CHAMPION", 400, "Registered model alias CHAMPION not found."),
		apitest.Get("by alias of none", "registered-models/alias?name=nope&alias=x", 404, "Registered Model with name=nope not found"),
		apitest.Get("latest", "registered-models/alias?name=m&alias=Latest", 200, `"version":"3"`),
		apitest.Get("model", "registered-models/get?name=m", 200, `"latest_versions":[`, `"aliases":[{"alias":"1","version":"1"},{"alias":"champion","version":"2"}`),
		alias("DELETE", `{"name":"m","alias":"1"}`, 200, "{}"),
		alias("DELETE", `{"name":"m","alias":"1"}`, 200, "{}"),
		alias("DELETE", `{"name":"nope","alias":"1"}`, 404),
		{Name: "tag", Path: "model-versions/set-tag", Body: `{"name":"m","version":"1","key":"q","value":"1"}`, Has: []string{"{}"}},
		{Name: "tag of none", Path: "model-versions/set-tag", Body: `{"name":"m","version":"99","key":"q","value":"1"}`, Status: 404},
		apitest.Get("search by tag", "model-versions/search?filter=tags.q%3D%271%27", 200, `"version":"1"`),
		{Name: "delete tag", Method: "DELETE", Path: "model-versions/delete-tag", Body: `{"name":"m","version":"1","key":"q"}`},
		{Name: "delete tag again", Method: "DELETE", Path: "model-versions/delete-tag", Body: `{"name":"m","version":"1","key":"q"}`},
		{Name: "delete", Method: "DELETE", Path: "model-versions/delete", Body: `{"name":"m","version":"3"}`, Has: []string{"{}"}},
		{Name: "delete again", Method: "DELETE", Path: "model-versions/delete", Body: `{"name":"m","version":"3"}`, Status: 404, Has: []string{"Model Version (name=m, version=3) not found"}},
		apitest.Get("get deleted", "model-versions/get?name=m&version=3", 404),
		{Name: "number not given again", Path: "model-versions/create", Body: `{"name":"m","source":"s3://b/k"}`, Has: []string{`"version":"4"`}},
		{Name: "rename", Path: "registered-models/rename", Body: `{"name":"m","new_name":"r"}`, Has: []string{`"name":"r","version":"2"`, `"alias":"champion"`}},
		apitest.Get("version of the new name", "model-versions/get?name=r&version=2", 200, `"aliases":["champion","Ä_2-x"]`),
		{Name: "delete all", Method: "DELETE", Path: "registered-models/delete", Body: `{"name":"r"}`},
		apitest.Get("nothing left", "model-versions/search", 200, "{}"),
	}))
}

func TestRegistrySearch(t *testing.T) {
	t.Parallel()
	s, fill := registry(t)
	q := strings.NewReplacer(" ", "%20", "'", "%27", "%", "%25", "=", "%3D", ">", "%3E", "`", "%60").Replace
	models := func(filter string, status int, has ...string) apitest.Fact {
		return apitest.Get("models: "+filter, "registered-models/search?filter="+q(filter), status, has...)
	}
	versions := func(filter string, status int, has ...string) apitest.Fact {
		return apitest.Get("versions: "+filter, "model-versions/search?order_by=version_number&filter="+q(filter), status, has...)
	}
	s.Check(t, fill([]apitest.Fact{
		{Name: "another", Path: "registered-models/create", Body: `{"name":"B","tags":[{"key":"team","value":"x"}]}`},
		{Name: "prompt", Path: "registered-models/create", Body: `{"name":"p","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}`},
		{Name: "prompt version", Path: "model-versions/create", Body: `{"name":"p","source":"dummy-source","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}`},
		apitest.Get("page 1", "registered-models/search?max_results=1", 200, `"name":"B"`, `"next_page_token":"eyJvZmZzZXQiOiAxfQ=="`),
		{Name: "page 2, the last", Method: "GET", Path: "registered-models/search?max_results=1&page_token=eyJvZmZzZXQiOiAxfQ==", Has: []string{`"name":"m"`, `"latest_versions"`}, HasNot: []string{"next_page_token"}},
		apitest.Get("too many", "registered-models/search?max_results=1001", 400, `Invalid value \"1001\" for parameter 'max_results'`),
		apitest.Get("none", "registered-models/search?max_results=0", 400, "positive integer"),
		apitest.Get("bad token", "registered-models/search?page_token=bad", 400, "could not base64-decode"),
		apitest.Get("order", "registered-models/search?max_results=1&order_by=name%20DESC", 200, `"name":"m"`),
		apitest.Get("order by time", "registered-models/search?max_results=1&order_by=timestamp%20desc", 200, `"name":"B"`),
		apitest.Get("order by what is not there", "registered-models/search?order_by=creation_timestamp", 400, "Invalid order by key 'creation_timestamp' specified."),
		apitest.Get("order twice", "registered-models/search?order_by=timestamp&order_by=last_updated_timestamp", 400, "duplicate fields"),
		models("name='m'", 200, `"name":"m"`),
		models("name like 'M'", 200, "{}"),
		models("name ILIKE 'M'", 200, `"name":"m"`),
		models("name IN ('m','x')", 200, `"name":"m"`),
		models("attribute.name != 'm' AND tags.team = 'x'", 200, `"name":"B"`),
		models("tag.team != 'y'", 200, `"name":"B"`),
		models("tags.`mlflow.prompt.is_prompt` = 'true'", 200, `"name":"p"`),
		{Name: "prompt too long", Path: "model-versions/create", Body: `{"name":"p","source":"dummy-source","tags":[{"key":"mlflow.prompt.text","value":"` + strings.Repeat("x", 100_001) + `"},{"key":"mlflow.prompt.is_prompt","value":"true"}]}`, Status: 400, Has: []string{"Prompt text exceeds max length of 100000 characters."}},
		{Name: "no prompts", Method: "GET", Path: "registered-models/search?filter=" + q("tag.`mlflow.prompt.is_prompt` != 'true'"), Has: []string{`"name":"m"`}, HasNot: []string{`"name":"p"`}},
		models("name > 'a'", 400, `Invalid comparator for attribute: \u003e`),
		models("tags.x > 'a'", 400, `Invalid comparator for tag: \u003e`),
		models("tags.x IS NULL", 400, "IS NULL"),
		models("description='x'", 400, "Invalid attribute key 'description' specified. Valid keys are '{'name'}'"),
		models("attributes.name='x'", 400, "Invalid entity type 'attributes'. Valid entity types are ('attribute', 'tag', 'tags')"),
		models("name='x' OR name='y'", 400, "Invalid clause(s) in filter string: OR"),
		models("name=5", 400, "Expected a quoted string value or a list of quoted string values for attributes. Got value 5"),
		{Name: "all versions but prompts", Method: "GET", Path: "model-versions/search", Has: []string{`"version":"3"`}, HasNot: []string{`"name":"p"`, "next_page_token"}},
		versions("name='m' AND version_number > 2", 200, `{"model_versions":[{"name":"m","version":"3"`),
		versions("name='m' AND version_number = '2'", 200, `{"model_versions":[{"name":"m","version":"2"`),
		versions("run_id IN ('{run}','x')", 200, `"version":"3"`),
		versions("run_id NOT IN ('{run}')", 200, `{}`),
		versions("source_path LIKE 'runs:%'", 200, `{"model_versions":[{"name":"m","version":"2"`),
		versions("tags.t='2'", 200, `{"model_versions":[{"name":"m","version":"3"`),
		versions("tags.`mlflow.prompt.is_prompt` = 'true'", 200, `"name":"p"`),
		versions("version_number=1.5", 400, "Invalid value for numeric attribute 'version_number': 1.5"),
		versions("version_number='x'", 400, "Invalid value for numeric attribute 'version_number': 'x'"),
		versions("version_number LIKE '1'", 400, "Invalid comparator for attribute version_number: LIKE"),
		versions("version_number IN ('1')", 400, "Only ['name', 'run_id'] attributes support"),
		versions("source_path IN ('a')", 400, "Only ['name', 'run_id'] attributes support comparison with a list of quoted string values."),
		versions("current_stage='Production'", 400, "Invalid attribute key 'current_stage'"),
		apitest.Get("pages of versions", "model-versions/search?max_results=2&order_by=version_number&filter="+q("name='m'"), 200, `"version":"1"`, `"version":"2"`, `"next_page_token":"eyJvZmZzZXQiOiAyfQ=="`),
		apitest.Get("no versions asked", "model-versions/search?max_results=0", 400, "Invalid value for max_results. It must be a positive integer, but got 0"),
		apitest.Get("too many versions", "model-versions/search?max_results=200001", 400, `Invalid value \"200001\"`),
		apitest.Get("order of versions", "model-versions/search?order_by=run_id", 400, "Invalid attribute key 'run_id'"),
	}))
}

func TestSourcePattern(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, func(s *api.Server) { s.SourcePattern = regexp.MustCompile("^s3://models/") })
	s.Check(t, []apitest.Fact{
		{Name: "model", Path: "registered-models/create", Body: `{"name":"m"}`},
		{Name: "source that matches", Path: "model-versions/create", Body: `{"name":"m","source":"s3://models/m"}`},
		{Name: "another", Path: "model-versions/create", Body: `{"name":"m","source":"s3://other/models/m"}`, Status: 400, Has: []string{"INVALID_PARAMETER_VALUE", "Invalid model version source: 's3://other/models/m'."}},
	})
}

func TestModelSignature(t *testing.T) {
	t.Parallel()
	s, fill := registry(t)
	const path = "/ajax-api/millrace/models/signature?"
	file := func(folder, text string) apitest.Fact {
		return apitest.Fact{
			Name: "upload", Method: "PUT", Path: "/api/2.0/mlflow-artifacts/artifacts/0/" + folder + "/MLmodel",
			Body: text, ContentType: "-",
		}
	}
	inputs := `[{"type": "double", "name": "it's wide"}]`
	signature := "signature:\n  inputs: '" + strings.ReplaceAll(inputs, "'", "''") + "'\n  outputs: null\n  params: '[{'\n"
	s.Check(t, fill([]apitest.Fact{
		apitest.Get("no file", path+"model_id={model}", 200, `{}`),
		file("models/{model}/artifacts", signature),
		apitest.Get("logged model", path+"model_id={model}", 200, `{"inputs":[{"type":"double","name":"it's wide"}]}`),
		apitest.Get("its version", path+"name=m&version=3", 200, `"it's wide"`),
		file("{run}/artifacts/model", "flavors: {}"),
		apitest.Get("version without a signature", path+"name=m&version=2", 200, `{}`),
		file("{run}/artifacts/model", "a: [\n"),
		apitest.Get("broken file", path+"name=m&version=1", 400, "not valid YAML"),
		apitest.Get("nothing", path, 400, "either model_id or name"),
		apitest.Get("both", path+"name=m&version=1&model_id=x", 400, "either model_id or name"),
		apitest.Get("no such model", path+"model_id=m-none", 404),
		apitest.Get("no such version", path+"name=m&version=99", 404),
		apitest.Get("no version", path+"name=m", 400, "version"),
	}))
}

// TestModelVersionSourceOnHost has sources with a host: that of the server's own files, and another one.
func TestModelVersionSourceOnHost(t *testing.T) {
	t.Parallel()
	artifacts, err := api.NewArtifacts("", "abfss://team@acc.dfs.core.windows.net/root")
	if err != nil {
		t.Fatal(err)
	}
	const route = "/api/2.0/mlflow/"
	apitest.New(t, func(s *api.Server) { s.Artifacts = artifacts }).Check(t, []apitest.Fact{
		call("model", "POST", route+"registered-models/create", `{"name":"m"}`, 200),
		call("own", "POST", route+"model-versions/create", `{"name":"m","source":"abfss://team@acc.dfs.core.windows.net/root/x"}`, 200),
		call("other", "POST", route+"model-versions/create", `{"name":"m","source":"abfss://team@evil.dfs.core.windows.net/x"}`, 400, "cannot use the 'abfss' scheme"),
	})
}
