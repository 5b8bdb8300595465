package api_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestRegistryLimits fills every text of the registry to its limit, in characters
// that take four bytes where they may, and goes beyond it, on every database.
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
			s := startOn(t, t.TempDir(), database(t))
			beyond := 400 // what only a column's length limits: SQLite has none
			if name == "sqlite" {
				beyond = 200
			}
			wide := func(n int) string { return strings.Repeat("𝔐", n) }
			name, other := wide(256), strings.Repeat("n", 256)
			key, alias := strings.Repeat("k", 250), strings.Repeat("a", 255)
			s.check(t, []fact{
				{name: "name", path: "registered-models/create", body: `{"name":"` + name + `"}`},
				{name: "longer name", path: "registered-models/create", body: `{"name":"` + name + `x"}`, status: 400, has: []string{"'name' exceeds the maximum length of 256 characters"}},
				{name: "name of 400", path: "registered-models/create", body: `{"name":"` + wide(400) + `"}`, status: 400, has: []string{"256"}},
				{name: "longer new name", path: "registered-models/rename", body: `{"name":"` + name + `","new_name":"` + wide(257) + `"}`, status: 400, has: []string{"'new_name' exceeds the maximum length of 256 characters"}},
				{name: "version", path: "model-versions/create", body: `{"name":"` + name + `","source":"s3://b/c"}`},
				{name: "tag", path: "registered-models/set-tag", body: `{"name":"` + name + `","key":"` + key + `","value":"` + wide(5000) + `"}`},
				{name: "longer tag", path: "registered-models/set-tag", body: `{"name":"` + name + `","key":"k","value":"` + wide(5001) + `"}`, status: beyond},
				{name: "longer tag key", path: "registered-models/set-tag", body: `{"name":"` + name + `","key":"` + key + `k","value":"v"}`, status: 400, has: []string{"250"}},
				{name: "version tag", path: "model-versions/set-tag", body: `{"name":"` + name + `","version":"1","key":"` + key + `","value":"` + strings.Repeat("v", 65_535) + `"}`}, // a TEXT of MySQL; 100,000 elsewhere
				{name: "longer version tag", path: "model-versions/set-tag", body: `{"name":"` + name + `","version":"1","key":"k","value":"` + strings.Repeat("v", 100_001) + `"}`, status: 400, has: []string{"100000"}},
				{name: "longer version tag key", path: "model-versions/set-tag", body: `{"name":"` + name + `","version":"1","key":"` + key + `k","value":"v"}`, status: 400, has: []string{"250"}},
				{name: "alias", path: "registered-models/alias", body: `{"name":"` + name + `","version":"1","alias":"` + alias + `"}`},
				{name: "longer alias", path: "registered-models/alias", body: `{"name":"` + name + `","version":"1","alias":"` + alias + `a"}`, status: 400, has: []string{"255"}},
				{name: "description", method: "PATCH", path: "registered-models/update", body: `{"name":"` + name + `","description":"` + wide(5000) + `"}`},
				{name: "longer description", method: "PATCH", path: "registered-models/update", body: `{"name":"` + name + `","description":"` + wide(5001) + `"}`, status: beyond},
				{name: "version description", method: "PATCH", path: "model-versions/update", body: `{"name":"` + name + `","version":"1","description":"` + wide(5000) + `"}`},
				{name: "longer version description", method: "PATCH", path: "model-versions/update", body: `{"name":"` + name + `","version":"1","description":"` + wide(5001) + `"}`, status: beyond},
				{name: "source and run link", path: "model-versions/create", body: `{"name":"` + name + `","source":"s3://b/` + strings.Repeat("b", 493) + `","run_link":"` + wide(500) + `"}`},
				{name: "longer source", path: "model-versions/create", body: `{"name":"` + name + `","source":"s3://b/` + strings.Repeat("b", 494) + `"}`, status: beyond},
				{name: "longer run link", path: "model-versions/create", body: `{"name":"` + name + `","source":"s3://b/c","run_link":"` + wide(501) + `"}`, status: beyond},
				{name: "new name", path: "registered-models/rename", body: `{"name":"` + name + `","new_name":"` + other + `"}`, has: []string{`"name":"` + other}},
				get("alias of the new name", "registered-models/alias?name="+other+"&alias="+alias, 200, `"version":"1"`),
				get("search", "registered-models/search?filter=name%3D'"+other+"'", 200, other),
			})
		})
	}
}

// TestLongNamesOfMLflow reads, renames and deletes models whose names are longer
// than any that we take, as MLflow makes them on SQLite.
func TestLongNamesOfMLflow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := strings.Repeat("n", 400)
	for _, name := range []string{long, long + "2"} {
		if _, err := s.store.CreateRegisteredModel(t.Context(), &mlflow.CreateRegisteredModelRequest{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	s.check(t, []fact{
		get("get", "registered-models/get?name="+long, 200, long),
		{name: "version", path: "model-versions/create", body: `{"name":"` + long + `","source":"s3://b/c"}`},
		{name: "rename", path: "registered-models/rename", body: `{"name":"` + long + `","new_name":"short"}`, has: []string{`"name":"short"`}},
		{name: "delete", method: "DELETE", path: "registered-models/delete", body: `{"name":"` + long + `2"}`},
	})
}

// TestLongValues logs params and tags beyond their limits: they are cut, or refused
// if the server was told so by MLFLOW_TRUNCATE_LONG_VALUES.
func TestLongValues(t *testing.T) {
	t.Parallel()
	param, tag := strings.Repeat("é", 6000), strings.Repeat("é", 8000)
	for _, refuse := range []bool{false, true} {
		s := newServer(t)
		s.api.RefuseLongValues = refuse
		run := s.run(t)
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
		s.check(t, []fact{
			{name: "param", path: "runs/log-parameter", body: `{"run_id":"` + run + `","key":"p","value":"` + param + `x"}`, status: status, has: message("'Param value' exceeds the maximum length of 6000 characters")},
			{name: "param at its limit", path: "runs/log-parameter", body: `{"run_id":"` + run + `","key":"p0","value":"` + param + `"}`},
			{name: "tag", path: "runs/set-tag", body: `{"run_id":"` + run + `","key":"t","value":"` + tag + `x"}`, status: status, has: message("'value' exceeds the maximum length of 8000 characters")},
			{name: "tag at its limit", path: "runs/set-tag", body: `{"run_id":"` + run + `","key":"t0","value":"` + tag + `"}`},
			{name: "param of a batch", path: "runs/log-batch", body: `{"run_id":"` + run + `","params":[{"key":"bp","value":"` + param + `x"}],"tags":[{"key":"whole","value":"1"}]}`, status: status, has: message("'Param value' exceeds the maximum length of 6000 characters")},
			{name: "tag of a batch", path: "runs/log-batch", body: `{"run_id":"` + run + `","tags":[{"key":"whole","value":"1"},{"key":"bt","value":"` + tag + `x"}]}`, status: status, has: message("'tags[1].value' exceeds the maximum length of 8000 characters")},
			{name: "tag of a new run", path: "runs/create", body: `{"experiment_id":"0","tags":[{"key":"ct","value":"` + tag + `x"}]}`, status: status, has: append(message("'value' exceeds the maximum length of 8000 characters"), has("ct", tag)...)},
			get("what was kept", "runs/get?run_id="+run, 200, append(append(has("p", param), has("bp", param)...), append(has("t", tag), has("bt", tag)...)...)...),
		})
		if refuse {
			s.check(t, []fact{{name: "nothing of a refused batch", method: "GET", path: "runs/get?run_id=" + run, hasNot: []string{`"key":"whole"`, `"key":"p"`, `"key":"t"`}}})
		}
	}
}
