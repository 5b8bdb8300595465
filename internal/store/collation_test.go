package store_test

import (
	"fmt"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestOrderOfLanguage orders runs by a param on a PostgreSQL with the collation of a language, where
// the beginnings of texts are in another order than the texts.
func TestOrderOfLanguage(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewDatabase(t, dbtest.Servers[0])
	inEnglish(t, uri)
	s := storetest.Open(t, uri)
	const runs = 5000
	ids := make([]string, runs)
	values := make([]string, runs)
	// The 40th characters differ by case only, and what follows decides.
	lower, upper := fmt.Sprintf("%039d", 7)+"x", fmt.Sprintf("%039d", 7)+"X"
	err := s.Write(t.Context(), func(tx db.Tx) error {
		for i := range runs {
			ids[i], values[i] = fmt.Sprintf("%032d", i), lower+fmt.Sprintf("%05d", runs-i)
			if i%2 == 0 {
				values[i] = upper + fmt.Sprintf("%05d", runs-i)
			}
		}
		_, err := tx.InsertRows(
			"INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, artifact_uri, experiment_id)", "", 6, runs,
			func(args []any, i int) []any {
				return append(args, ids[i], "FINISHED", int64(i), "active", "mlflow-artifacts:/0/"+ids[i], int64(0))
			},
		)
		if err == nil {
			_, err = tx.InsertRows("INSERT INTO params (`key`, value, run_uuid)", "", 3, runs,
				func(args []any, i int) []any { return append(args, "p", values[i], ids[i]) })
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{"params.p", "params.p DESC"} {
		page, _, err := s.SearchRuns(t.Context(), []int64{0}, 20, &mlflow.SearchRunsRequest{OrderBy: []string{order}})
		if err != nil || len(page) != 20 {
			t.Fatalf("%d runs; %v", len(page), err)
		}
		for i, r := range page {
			want := ids[runs-1-i]
			if order != "params.p" {
				want = ids[i]
			}
			if r.Info.RunID != want {
				t.Errorf("%s: run %d is %s, want %s", order, i, r.Info.RunID, want)
				break
			}
		}
	}
}

// inEnglish creates the tables of a database, where values have the collation of English.
func inEnglish(t *testing.T, uri string) {
	t.Helper()
	storetest.Open(t, uri)
	for _, table := range []string{"params", "tags"} {
		change(t, uri, "ALTER TABLE "+table+` ALTER COLUMN value TYPE text COLLATE "en-x-icu"`)
	}
}
