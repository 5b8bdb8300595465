package search

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// seeds returns the lines of testdata that begin with word, without it.
func seeds(f *testing.F, word string) []string {
	f.Helper()
	files, err := filepath.Glob("testdata/*.search")
	if err != nil || len(files) == 0 {
		f.Fatalf("no testdata: %v", err)
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			if rest, ok := strings.CutPrefix(line, word+" "); ok {
				out = append(out, rest)
			}
		}
	}
	return out
}

// prepares checks that a compiled search is SQL that SQLite accepts with the
// arguments given, or that the error is the caller's own.
func (d testDB) prepares(t *testing.T, q *Query, err error, table, alias, id string) {
	t.Helper()
	if err != nil {
		if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != 400 {
			t.Fatalf("not a 400: %v", err)
		}
		return
	}
	query, args := selectSQL(q, table, alias, id)
	if n := strings.Count(query, "?"); n != len(args) {
		t.Fatalf("%d placeholders, %d arguments: %s", n, len(args), query)
	}
	rows, err := d.QueryContext(context.Background(), "EXPLAIN "+query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func FuzzRunsFilter(f *testing.F) {
	for _, filter := range seeds(f, "filter") {
		f.Add(filter)
	}
	db := openDB(f)
	f.Fuzz(func(t *testing.T, filter string) {
		q, err := Runs(SQLite, filter, nil)
		db.prepares(t, q, err, "runs", "r", "run_uuid")
		q, err = Experiments(SQLite, filter, nil)
		db.prepares(t, q, err, "experiments", "e", "experiment_id")
		q, err = LoggedModels(SQLite, filter, nil, nil)
		db.prepares(t, q, err, "logged_models", "lm", "model_id")
		q, err = RegisteredModels(SQLite, filter, nil)
		db.prepares(t, q, err, "registered_models", "rm", "name")
		q, err = ModelVersions(SQLite, filter, nil)
		db.prepares(t, q, err, "model_versions", "mv", "name")
	})
}

func FuzzOrderBy(f *testing.F) {
	for _, text := range seeds(f, "order") {
		var items []string
		if json.Unmarshal([]byte(text), &items) == nil && len(items) > 0 {
			f.Add(items[0], items[len(items)-1])
		}
	}
	db := openDB(f)
	f.Fuzz(func(t *testing.T, first, second string) {
		q, err := Runs(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "runs", "r", "run_uuid")
		q, err = Experiments(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "experiments", "e", "experiment_id")
		q, err = LoggedModels(SQLite, "", []mlflow.LoggedModelOrderBy{{FieldName: first, DatasetName: second}}, nil)
		db.prepares(t, q, err, "logged_models", "lm", "model_id")
		q, err = RegisteredModels(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "registered_models", "rm", "name")
		q, err = ModelVersions(SQLite, "", []string{first, second})
		db.prepares(t, q, err, "model_versions", "mv", "name")
	})
}
