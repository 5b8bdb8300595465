package registry_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
)

const (
	catalog = "unity-catalog/"
	native  = "/api/2.1/unity-catalog/"
)

func call(name, method, path, body string, status int, has ...string) apitest.Fact {
	return apitest.Fact{Name: name, Method: method, Path: path, Body: body, Status: status, Has: has}
}

func TestCatalogModels(t *testing.T) {
	t.Parallel()
	create := func(name, model string, status int, has ...string) apitest.Fact {
		return call(name, "POST", catalog+"registered-models/create", `{"name":"`+model+`"}`, status, has...)
	}
	const allLevels = "please specify all three levels"
	facts := []apitest.Fact{
		create("create", "a.b.c", 200, `"registered_model":{"name":"a.b.c"`, `"creation_timestamp":`),
		create("again", "a.b.c", 400, "RESOURCE_ALREADY_EXISTS", "already exists"),
		create("one level", "plain", 400, allLevels), create("two levels", "a.b", 400, allLevels), create("four levels", "a.b.c.d", 400, allLevels),
		create("empty level", "a..c", 400, allLevels), create("empty first level", ".b.c", 400), create("empty last level", "a.b.", 400, allLevels),
		create("nothing", "", 400, "'name'"),
		create("long", "a.b."+strings.Repeat("x", 300), 400, "name"),
		create("huge", "a.b."+strings.Repeat("x", 100_000), 400, "name"),
		create("longest", "a.b."+strings.Repeat("ü", 120), 200),
		call("job", "POST", catalog+"registered-models/create", `{"name":"a.b.job","deployment_job_id":"1"}`, 501, "deployment_job_id"),
		call("nothing was created", "GET", catalog+"registered-models/get?name=a.b.job", "", 404, "a.b.job"),
		call("number", "POST", catalog+"registered-models/create", `{"name":5}`, 400, "'name'"),
		call("bad tag", "POST", catalog+"registered-models/create", `{"name":"a.b.d","tags":[{"key":"a$"}]}`, 400, "key"),
		call("in the query", "POST", catalog+"registered-models/create?name=a.b.x", `{}`, 400, "in the query"),
		call("describe", "PATCH", catalog+"registered-models/update", `{"name":"a.b.c","description":"about"}`, 200, `"description":"about"`),
		call("clear", "PATCH", catalog+"registered-models/update", `{"name":"a.b.c","description":""}`, 200),
		call("both changes", "PATCH", catalog+"registered-models/update", `{"name":"a.b.c","description":"x","new_name":"a.b.y"}`, 400, "two requests"),
		call("update of none", "PATCH", catalog+"registered-models/update", `{"name":"a.b.none","description":"x"}`, 404),
		call("tag", "POST", catalog+"registered-models/set-tag", `{"name":"a.b.c","key":"k","value":"v"}`, 200, "{}"),
		call("get", "GET", catalog+"registered-models/get?name=a.b.c", "", 200, `"tags":[{"key":"k","value":"v"}]`),
		call("the same model", "GET", "registered-models/get?name=a.b.c", "", 200, `"name":"a.b.c"`),
		call("delete tag", "DELETE", catalog+"registered-models/delete-tag", `{"name":"a.b.c","key":"k"}`, 200, "{}"),
		call("tag of one level", "POST", catalog+"registered-models/set-tag", `{"name":"c","key":"k","value":"v"}`, 400, allLevels),
		call("rename to two levels", "PATCH", catalog+"registered-models/update", `{"name":"a.b.c","new_name":"a.b"}`, 400, allLevels),
		call("rename to a bad name", "PATCH", catalog+"registered-models/update", `{"name":"a.b.c","new_name":"a.b c.d"}`, 400, "cannot contain"),
		call("rename", "PATCH", catalog+"registered-models/update", `{"name":"a.b.c","new_name":"a.b.z"}`, 200, `"name":"a.b.z"`),
		call("old name", "GET", catalog+"registered-models/get?name=a.b.c", "", 404),
		call("plain model", "POST", "registered-models/create", `{"name":"plain"}`, 200),
		call("search", "GET", catalog+"registered-models/search?max_results=1", "", 200, `"name":"a.b.z"`, `"next_page_token":`),
		call("bad page", "GET", catalog+"registered-models/search?page_token=x", "", 400),
		call("too many", "GET", catalog+"registered-models/search?max_results=1001", "", 400, "max_results"),
		call("none", "GET", catalog+"registered-models/search?max_results=0", "", 400, "max_results"),
		{Name: "search finds three levels only", Method: "GET", Path: catalog + "registered-models/search", HasNot: []string{`"plain"`}},
		call("delete one level", "DELETE", catalog+"registered-models/delete", `{"name":"plain"}`, 400, allLevels),
		call("delete", "DELETE", catalog+"registered-models/delete", `{"name":"a.b.z"}`, 200, "{}"),
		call("delete again", "DELETE", catalog+"registered-models/delete", `{"name":"a.b.z"}`, 404),
		call("prompts", "POST", catalog+"prompts/search", `{}`, 501, "Prompts of Unity Catalog"),
		call("flag", "GET", catalog+"registered-models:is-databricks-sdk-models-artifact-repository-enabled", "", 200, `:true}`),
	}
	for _, bad := range []string{" ", "/", ":", `\\`, "%", "?", "#", "@", "&", `\"`, "'", "\\u0000", "\\n", "\\u007f", "*", "|"} {
		facts = append(facts, create("name with "+bad, "a.b"+bad+".c", 400))
	}
	for _, trick := range []string{"../b.c.d", "a.b.c/..", "%2e.b.c", "file:.b.c", "C:.b.c"} {
		facts = append(facts, create("path "+trick, trick, 400))
	}
	apitest.New(t).Check(t, facts)
}

func TestCatalogVersions(t *testing.T) {
	t.Parallel()
	create := func(name, fields string, status int, has ...string) apitest.Fact {
		return call(name, "POST", catalog+"model-versions/create", `{"name":"a.b.c"`+fields+`}`, status, has...)
	}
	s := apitest.New(t)
	run := s.Run(t)
	const of1 = `{"name":"a.b.c","version":"1"}`
	s.Check(t, []apitest.Fact{
		create("no model", "", 404, "a.b.c"),
		call("model", "POST", catalog+"registered-models/create", `{"name":"a.b.c"}`, 200),
		create("create", `,"source":"models:/m-1","run_id":"`+run+`","model_id":"m-1","run_tracking_server_id":"7","description":"first","tags":[{"key":"k","value":"v"}],"feature_deps":""`, 200,
			`"version":"1"`, `"status":"PENDING_REGISTRATION"`, `"model_id":"m-1"`, `"run_tracking_server_id":"7"`, `"run_id":"`+run+`"`,
			`"storage_location":"mlflow-artifacts:/model-versions/`, `"user_id":"`, `"description":"first"`, `"tags":[{"key":"k","value":"v"}]`),
		create("feature store", `,"feature_deps":"x"`, 501, "feature_deps"),
		create("bad run", `,"run_id":"../x"`, 400, "run_id"),
		create("bad tag", `,"tags":[{"key":"a$"}]`, 400, "key"),
		create("long source", `,"source":"`+strings.Repeat("x", 2049)+`"`, 400, "source"),
		create("long model", `,"model_id":"`+strings.Repeat("x", 101)+`"`, 400, "model_id"),
		create("long server", `,"run_tracking_server_id":"`+strings.Repeat("x", 101)+`"`, 400, "run_tracking_server_id"),
		create("wrong type", `,"source":5`, 400, "source"),
		call("the refused ones were not created", "GET", catalog+"model-versions/get?name=a.b.c&version=2", "", 404),
		call("alias of a pending one", "POST", catalog+"registered-models/alias", `{"name":"a.b.c","alias":"champion","version":"1"}`, 400, "finalize"),
		call("copy of a pending one", "POST", "model-versions/create", `{"name":"a.b.c","source":"models:/a.b.c/1"}`, 400, "finalize it first"),
		call("pending in the other interface", "GET", "model-versions/get?name=a.b.c&version=1", "", 200, `"status":"PENDING_REGISTRATION"`),
		call("finalize", "POST", catalog+"model-versions/finalize", of1, 200, `"status":"READY"`),
		call("finalize again", "POST", catalog+"model-versions/finalize", of1, 200, `"status":"READY"`),
		call("finalize none", "POST", catalog+"model-versions/finalize", `{"name":"a.b.c","version":"9"}`, 404),
		call("finalize a text", "POST", catalog+"model-versions/finalize", `{"name":"a.b.c","version":"x"}`, 400, "integer"),
		call("finalize of one level", "POST", catalog+"model-versions/finalize", `{"name":"c","version":"1"}`, 400, "three levels"),
		call("alias", "POST", catalog+"registered-models/alias", `{"name":"a.b.c","alias":"champion","version":"1"}`, 200, "{}"),
		call("reserved alias", "POST", catalog+"registered-models/alias", `{"name":"a.b.c","alias":"latest","version":"1"}`, 400, "reserved"),
		call("by alias", "GET", catalog+"registered-models/alias?name=a.b.c&alias=champion", "", 200, `"aliases":[{"alias":"champion","version":"1"}]`, `"model_id":"m-1"`),
		call("by no alias", "GET", catalog+"registered-models/alias?name=a.b.c&alias=none", "", 400, "alias none not found"),
		call("describe", "PATCH", catalog+"model-versions/update", `{"name":"a.b.c","version":"1","description":"new"}`, 200, `"description":"new"`),
		call("tag", "POST", catalog+"model-versions/set-tag", `{"name":"a.b.c","version":"1","key":"t","value":"w"}`, 200, "{}"),
		call("delete tag", "DELETE", catalog+"model-versions/delete-tag", `{"name":"a.b.c","version":"1","key":"k"}`, 200, "{}"),
		{Name: "get", Method: "GET", Path: catalog + "model-versions/get?name=a.b.c&version=1", Has: []string{`"tags":[{"key":"t","value":"w"}]`}, HasNot: []string{"current_stage"}},
		call("where", "GET", catalog+"model-versions/get-download-uri?name=a.b.c&version=1", "", 200, `{"artifact_uri":"mlflow-artifacts:/model-versions/`),
		call("lineage", "POST", catalog+"model-versions/emit-lineage", `{"name":"a.b.c","version":"1","model_version_lineage_info":{"direction":"DOWNSTREAM"}}`, 200, "{}"),
		call("lineage of none", "POST", catalog+"model-versions/emit-lineage", `{"name":"a.b.c","version":"9"}`, 404),
		call("credentials", "POST", catalog+"model-versions/generate-temporary-credentials", `{"name":"a.b.c","version":"1","operation":"MODEL_VERSION_OPERATION_READ"}`, 200, `"storage_mode":"DEFAULT_STORAGE"`),
		call("credentials for what", "POST", catalog+"model-versions/generate-temporary-credentials", `{"name":"a.b.c","version":"1","operation":"ALL"}`, 400, "operation"),
		call("credentials of none", "POST", catalog+"model-versions/generate-temporary-credentials", `{"name":"a.b.c","version":"9","operation":"MODEL_VERSION_OPERATION_READ"}`, 404),
		call("search", "GET", catalog+"model-versions/search?filter=name%3D%27a.b.c%27", "", 200, `"version":"1"`),
		call("search by run", "GET", catalog+"model-versions/search?filter=run_id%3D%27"+run+"%27", "", 200, `"version":"1"`),
		call("search badly", "GET", catalog+"model-versions/search?filter=x", "", 400, "Invalid"),
		call("copy", "POST", "model-versions/create", `{"name":"a.b.c","source":"models:/a.b.c/1"}`, 200, `"version":"2"`),
		call("the copy's files", "GET", "model-versions/get-download-uri?name=a.b.c&version=2", "", 200, "mlflow-artifacts:/model-versions/"),
		call("delete", "DELETE", catalog+"model-versions/delete", of1, 200, "{}"),
		call("delete again", "DELETE", catalog+"model-versions/delete", of1, 404),
	})
}

func TestNativeCatalog(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	const model, version = native + "models/a.b.c", native + "models/a.b.c/versions/1"
	s.Check(t, []apitest.Fact{
		call("create", "POST", native+"models", `{"name":"c","catalog_name":"a","schema_name":"b","comment":"about"}`, 200, `{"name":"c","catalog_name":"a","schema_name":"b","full_name":"a.b.c","comment":"about"`),
		call("again", "POST", native+"models", `{"name":"c","catalog_name":"a","schema_name":"b"}`, 400, "RESOURCE_ALREADY_EXISTS"),
		call("dots in a level", "POST", native+"models", `{"name":"c.d","catalog_name":"a","schema_name":"b"}`, 400, "three levels"),
		call("no schema", "POST", native+"models", `{"name":"c","catalog_name":"a"}`, 400, "schema_name"),
		call("job", "POST", native+"models", `{"name":"j","catalog_name":"a","schema_name":"b","deployment_job_id":"1"}`, 501, "deployment_job_id"),
		call("get", "GET", model+"?full_name=a.b.c&include_aliases=true", "", 200, `"full_name":"a.b.c"`),
		call("two names", "GET", model+"?full_name=a.b.d", "", 400, "'full_name' is 'a.b.d'"),
		call("one level", "GET", native+"models/c", "", 400, "three levels"),
		call("search", "GET", native+"models?catalog_name=a&schema_name=b&max_results=5", "", 200, `"full_name":"a.b.c"`),
		{Name: "search elsewhere", Method: "GET", Path: native + "models?catalog_name=other", HasNot: []string{"a.b.c"}},
		call("search a schema", "GET", native+"models?schema_name=b", "", 400, "catalog_name"),
		call("describe", "PATCH", model, `{"full_name":"a.b.c","comment":"new"}`, 200, `"comment":"new"`),
		call("describe another", "PATCH", model, `{"full_name":"a.b.x","comment":"new"}`, 400, "full_name"),
		call("tag", "PATCH", native+"securable-tags/FUNCTION/a.b.c", `{"changes":{"add_tags":[{"key":"k","value":"v"}]}}`, 200, "{}"),
		call("two changes", "PATCH", native+"securable-tags/FUNCTION/a.b.c", `{"changes":{"add_tags":[{"key":"k","value":"v"}],"remove":["k"]}}`, 400, "exactly one"),
		call("no change", "PATCH", native+"securable-tags/FUNCTION/a.b.c", `{"changes":{}}`, 400),
		call("tag of a table", "PATCH", native+"securable-tags/TABLE/a.b.c", `{"changes":{"remove":["k"]}}`, 404),
		call("version", "POST", native+"models/versions", `{"model_name":"c","catalog_name":"a","schema_name":"b","source":"models:/m-1","model_id":"m-1","feature_deps":""}`, 200,
			`"version":1`, `"status":"PENDING_REGISTRATION"`, `"storage_location":"file:///`, "/mlartifacts/model-versions/"),
		call("version of no model", "POST", native+"models/versions", `{"model_name":"x","catalog_name":"a","schema_name":"b"}`, 404),
		call("finalize another", "PATCH", version+"/finalize", `{"full_name":"a.b.c","version":2}`, 400, "'version' is '2'"),
		call("finalize", "PATCH", version+"/finalize", `{"full_name":"a.b.c","version":1}`, 200, `"status":"READY"`),
		call("get version", "GET", version+"?full_name=a.b.c&version=1", "", 200, `"model_name":"c","catalog_name":"a","schema_name":"b","version":1`),
		call("get no version", "GET", native+"models/a.b.c/versions/9", "", 404),
		call("get a text", "GET", native+"models/a.b.c/versions/x", "", 400, "integer"),
		call("describe version", "PATCH", version, `{"full_name":"a.b.c","version":1,"comment":"first"}`, 200, `"comment":"first"`),
		call("alias", "PUT", model+"/aliases/champion", `{"full_name":"a.b.c","alias":"champion","version_num":1}`, 200, "{}"),
		call("alias of nothing", "PUT", model+"/aliases/champion", `{}`, 400, "version_num"),
		call("another alias", "PUT", model+"/aliases/champion", `{"alias":"x","version_num":1}`, 400, "'alias' is 'x'"),
		call("by alias", "GET", model+"/aliases/champion", "", 200, `"aliases":[{"alias_name":"champion","version_num":1}]`),
		call("model's aliases", "GET", model, "", 200, `"aliases":[{"alias_name":"champion","version_num":1}]`, `"tags":[{"key":"k","value":"v"}]`),
		call("remove tag", "PATCH", native+"securable-tags/FUNCTION/a.b.c", `{"changes":{"remove":["k"]}}`, 200, "{}"),
		call("version's tag", "PATCH", native+"subentity-tags/FUNCTION/a.b.c/1", `{"changes":{"add_tags":[{"key":"k","value":"v"}]}}`, 200, "{}"),
		call("versions", "GET", model+"/versions?full_name=a.b.c&max_results=10000", "", 200, `"tags":[{"key":"k","value":"v"}]`),
		call("remove version's tag", "PATCH", native+"subentity-tags/FUNCTION/a.b.c/1", `{"changes":{"remove":["k"]}}`, 200, "{}"),
		call("credentials", "POST", native+"temporary-model-version-credentials", `{"catalog_name":"a","schema_name":"b","model_name":"c","version":1,"operation":"READ_MODEL_VERSION"}`, 501, "no credentials"),
		call("credentials for what", "POST", native+"temporary-model-version-credentials", `{"catalog_name":"a","schema_name":"b","model_name":"c","version":1,"operation":"ALL"}`, 400, "operation"),
		call("delete alias", "DELETE", model+"/aliases/champion", `{"full_name":"a.b.c","alias":"champion"}`, 200, "{}"),
		call("delete another version", "DELETE", version, `{"full_name":"a.b.c","version":2}`, 400, "version"),
		call("delete version", "DELETE", version, `{"full_name":"a.b.c","version":1}`, 200, "{}"),
		call("delete model", "DELETE", model, `{"full_name":"a.b.c"}`, 200, "{}"),
		call("delete again", "DELETE", model, `{"full_name":"a.b.c"}`, 404),
	})
}

// TestCatalogWithoutStorage checks a server that stores no files.
func TestCatalogWithoutStorage(t *testing.T) {
	t.Parallel()
	artifacts, err := api.NewArtifacts("", "http://host/path")
	if err != nil {
		t.Fatal(err)
	}
	apitest.New(t, func(s *api.Server) { s.Artifacts = artifacts }).Check(t, []apitest.Fact{
		call("model", "POST", catalog+"registered-models/create", `{"name":"a.b.c"}`, 200),
		call("version", "POST", catalog+"model-versions/create", `{"name":"a.b.c"}`, 501, "--no-serve-artifacts"),
		call("native version", "POST", native+"models/versions", `{"model_name":"c","catalog_name":"a","schema_name":"b"}`, 501, "--no-serve-artifacts"),
		call("no version", "GET", catalog+"model-versions/get?name=a.b.c&version=1", "", 404),
	})
}
