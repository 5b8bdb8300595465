package api_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestRegistryLimits sets every text of the registry to its maximum length, in
// characters of four bytes where possible, and beyond, on every database.
func TestRegistryLimits(t *testing.T) {
	t.Parallel()
	databases := map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string { t.Helper(); return "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db") },
	}
	for _, variable := range dbtest.Servers {
		databases[variable] = func(t *testing.T) string { t.Helper(); return dbtest.NewDatabase(t, variable) }
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apitest.NewOn(t, t.TempDir(), database(t))
			beyond := 400 // the status if only the column limits the length, which SQLite does not
			if name == "sqlite" {
				beyond = 200
			}
			wide := func(n int) string { return strings.Repeat("𝔐", n) }
			name, other := wide(256), strings.Repeat("n", 256)
			key, alias := strings.Repeat("k", 250), strings.Repeat("a", 255)
			s.Check(t, []fact{
				{Name: "name", Path: "registered-models/create", Body: `{"name":"` + name + `"}`},
				{Name: "longer name", Path: "registered-models/create", Body: `{"name":"` + name + `x"}`, Status: 400, Has: []string{"'name' exceeds the maximum length of 256 characters"}},
				{Name: "name of 400", Path: "registered-models/create", Body: `{"name":"` + wide(400) + `"}`, Status: 400, Has: []string{"256"}},
				{Name: "longer new name", Path: "registered-models/rename", Body: `{"name":"` + name + `","new_name":"` + wide(257) + `"}`, Status: 400, Has: []string{"'new_name' exceeds the maximum length of 256 characters"}},
				{Name: "version", Path: "model-versions/create", Body: `{"name":"` + name + `","source":"s3://b/c"}`},
				{Name: "tag", Path: "registered-models/set-tag", Body: `{"name":"` + name + `","key":"` + key + `","value":"` + wide(5000) + `"}`},
				{Name: "longer tag", Path: "registered-models/set-tag", Body: `{"name":"` + name + `","key":"k","value":"` + wide(5001) + `"}`, Status: beyond},
				{Name: "longer tag key", Path: "registered-models/set-tag", Body: `{"name":"` + name + `","key":"` + key + `k","value":"v"}`, Status: 400, Has: []string{"250"}},
				{Name: "version tag", Path: "model-versions/set-tag", Body: `{"name":"` + name + `","version":"1","key":"` + key + `","value":"` + strings.Repeat("v", 65_535) + `"}`}, // a TEXT of MySQL; 100,000 elsewhere
				{Name: "longer version tag", Path: "model-versions/set-tag", Body: `{"name":"` + name + `","version":"1","key":"k","value":"` + strings.Repeat("v", 100_001) + `"}`, Status: 400, Has: []string{"100000"}},
				{Name: "longer version tag key", Path: "model-versions/set-tag", Body: `{"name":"` + name + `","version":"1","key":"` + key + `k","value":"v"}`, Status: 400, Has: []string{"250"}},
				{Name: "alias", Path: "registered-models/alias", Body: `{"name":"` + name + `","version":"1","alias":"` + alias + `"}`},
				{Name: "longer alias", Path: "registered-models/alias", Body: `{"name":"` + name + `","version":"1","alias":"` + alias + `a"}`, Status: 400, Has: []string{"255"}},
				{Name: "description", Method: "PATCH", Path: "registered-models/update", Body: `{"name":"` + name + `","description":"` + wide(5000) + `"}`},
				{Name: "longer description", Method: "PATCH", Path: "registered-models/update", Body: `{"name":"` + name + `","description":"` + wide(5001) + `"}`, Status: beyond},
				{Name: "version description", Method: "PATCH", Path: "model-versions/update", Body: `{"name":"` + name + `","version":"1","description":"` + wide(5000) + `"}`},
				{Name: "longer version description", Method: "PATCH", Path: "model-versions/update", Body: `{"name":"` + name + `","version":"1","description":"` + wide(5001) + `"}`, Status: beyond},
				{Name: "source and run link", Path: "model-versions/create", Body: `{"name":"` + name + `","source":"s3://b/` + strings.Repeat("b", 493) + `","run_link":"` + wide(500) + `"}`},
				{Name: "longer source", Path: "model-versions/create", Body: `{"name":"` + name + `","source":"s3://b/` + strings.Repeat("b", 494) + `"}`, Status: beyond},
				{Name: "longer run link", Path: "model-versions/create", Body: `{"name":"` + name + `","source":"s3://b/c","run_link":"` + wide(501) + `"}`, Status: beyond},
				{Name: "new name", Path: "registered-models/rename", Body: `{"name":"` + name + `","new_name":"` + other + `"}`, Has: []string{`"name":"` + other}},
				apitest.Get("alias of the new name", "registered-models/alias?name="+other+"&alias="+alias, 200, `"version":"1"`),
				apitest.Get("search", "registered-models/search?filter=name%3D'"+other+"'", 200, other),
			})
		})
	}
}

// TestLongNamesOfMLflow reads, renames and deletes models with names beyond the limit,
// which MLflow creates on SQLite.
func TestLongNamesOfMLflow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := strings.Repeat("n", 400)
	for _, name := range []string{long, long + "2"} {
		if _, err := s.Store.CreateRegisteredModel(t.Context(), &mlflow.CreateRegisteredModelRequest{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	s.Check(t, []fact{
		apitest.Get("get", "registered-models/get?name="+long, 200, long),
		{Name: "version", Path: "model-versions/create", Body: `{"name":"` + long + `","source":"s3://b/c"}`},
		{Name: "rename", Path: "registered-models/rename", Body: `{"name":"` + long + `","new_name":"short"}`, Has: []string{`"name":"short"`}},
		{Name: "delete", Method: "DELETE", Path: "registered-models/delete", Body: `{"name":"` + long + `2"}`},
	})
}

// TestLongValues logs params and tags beyond their limits. They are truncated, or
// rejected with MLFLOW_TRUNCATE_LONG_VALUES=false.
func TestLongValues(t *testing.T) {
	t.Parallel()
	param, tag := strings.Repeat("é", 6000), strings.Repeat("é", 8000)
	for _, refuse := range []bool{false, true} {
		s := newServer(t)
		s.API.RefuseLongValues = refuse
		run := s.Run(t)
		status := 200
		if refuse {
			status = 400
		}
		message := func(text string) []string {
			if !refuse {
				return nil
			}
			return []string{"INVALID_PARAMETER_VALUE", text}
		}
		has := func(name, value string) []string {
			if refuse {
				return nil
			}
			return []string{`"key":"` + name + `","value":"` + value + `"`}
		}
		s.Check(t, []fact{
			{Name: "param", Path: "runs/log-parameter", Body: `{"run_id":"` + run + `","key":"p","value":"` + param + `x"}`, Status: status, Has: message("'Param value' exceeds the maximum length of 6000 characters")},
			{Name: "param at its limit", Path: "runs/log-parameter", Body: `{"run_id":"` + run + `","key":"p0","value":"` + param + `"}`},
			{Name: "tag", Path: "runs/set-tag", Body: `{"run_id":"` + run + `","key":"t","value":"` + tag + `x"}`, Status: status, Has: message("'value' exceeds the maximum length of 8000 characters")},
			{Name: "tag at its limit", Path: "runs/set-tag", Body: `{"run_id":"` + run + `","key":"t0","value":"` + tag + `"}`},
			{Name: "param of a batch", Path: "runs/log-batch", Body: `{"run_id":"` + run + `","params":[{"key":"bp","value":"` + param + `x"}],"tags":[{"key":"whole","value":"1"}]}`, Status: status, Has: message("'Param value' exceeds the maximum length of 6000 characters")},
			{Name: "tag of a batch", Path: "runs/log-batch", Body: `{"run_id":"` + run + `","tags":[{"key":"whole","value":"1"},{"key":"bt","value":"` + tag + `x"}]}`, Status: status, Has: message("'tags[1].value' exceeds the maximum length of 8000 characters")},
			{Name: "tag of a new run", Path: "runs/create", Body: `{"experiment_id":"0","tags":[{"key":"ct","value":"` + tag + `x"}]}`, Status: status, Has: append(message("'value' exceeds the maximum length of 8000 characters"), has("ct", tag)...)},
			apitest.Get("what was kept", "runs/get?run_id="+run, 200, append(append(has("p", param), has("bp", param)...), append(has("t", tag), has("bt", tag)...)...)...),
		})
		if refuse {
			s.Check(t, []fact{{Name: "nothing of a refused batch", Method: "GET", Path: "runs/get?run_id=" + run, HasNot: []string{`"key":"whole"`, `"key":"p"`, `"key":"t"`}}})
		}
	}
}
