package store_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/mlflow"
)

// databases has a function for each kind of database that creates an empty one and
// returns its URI.
var databases = map[string]func(t *testing.T) string{
	"sqlite":     func(t *testing.T) string { t.Helper(); return "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db") },
	"postgresql": func(t *testing.T) string { t.Helper(); return dbtest.NewDatabase(t, dbtest.Servers[0]) },
	"mysql":      func(t *testing.T) string { t.Helper(); return dbtest.NewDatabase(t, dbtest.Servers[1]) },
}

// change executes statements on a database.
func change(t *testing.T, uri string, statements ...string) {
	t.Helper()
	sqlDB, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	for _, s := range statements {
		if _, err := sqlDB.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// reopen opens a database, writes a run to it and returns the log output.
func reopen(t *testing.T, uri string) (logged string, err error) {
	t.Helper()
	var log bytes.Buffer
	s, err := store.Open(
		t.Context(),
		store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/", Log: slog.New(slog.NewTextHandler(&log, nil))},
	)
	if err != nil {
		return "", err
	}
	run, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if err == nil {
		err = s.LogParam(t.Context(), run.Info.RunID, mlflow.Param{Key: "k", Value: "v"})
	}
	return log.String(), errors.Join(err, s.Close())
}

// TestRevisions opens databases of each known release, and of an unknown one with the
// tables that Millrace uses. Their revision must not change.
func TestRevisions(t *testing.T) {
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				revision, statement string
				warnings            int
			}{
				{schema.Releases[0].Revision, "DROP TABLE skill_aliases", 0},
				{schema.Newest().Revision, "DELETE FROM registered_models", 0},
				{"0123456789ab", "ALTER TABLE runs ADD COLUMN later VARCHAR(20)", 1},
			} {
				uri := fresh(t)
				if _, err := reopen(t, uri); err != nil {
					t.Fatal(err)
				}
				change(t, uri, c.statement, "UPDATE alembic_version SET version_num = '"+c.revision+"'")
				logged, err := reopen(t, uri)
				if err != nil {
					t.Errorf("%s: %v", c.revision, err)
					continue
				}
				if n := strings.Count(logged, "level=WARN"); n != c.warnings || n > 0 && !strings.Contains(logged, c.revision) {
					t.Errorf("%s: it logged %q", c.revision, logged)
				}
				sqlDB, f, err := db.OpenSQL(t.Context(), uri)
				if err != nil {
					t.Fatal(err)
				}
				defer sqlDB.Close()
				report, err := schema.Check(t.Context(), sqlDB, f, true)
				if err != nil || report.Revision != c.revision || c.warnings > 0 && !report.OK() {
					t.Errorf("%s: %+v, %v", c.revision, report, err)
				}
			}
		})
	}
}

// TestRevisionThatDoesNotFit checks that a database at an unknown revision with
// different tables is refused and unchanged, and that the error names the difference.
func TestRevisionThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := fresh(t)
			if _, err := reopen(t, uri); err != nil {
				t.Fatal(err)
			}
			change(
				t,
				uri,
				"ALTER TABLE tags RENAME COLUMN value TO content",
				"DROP TABLE millrace_settings",
				"UPDATE alembic_version SET version_num = '0123456789ab'",
			)
			_, err := reopen(t, uri)
			if err == nil || !strings.Contains(err.Error(), "tags lacks the column value") ||
				!strings.Contains(err.Error(), "0123456789ab") {
				t.Errorf("%v", err)
			}
			sqlDB, f, err := db.OpenSQL(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			defer sqlDB.Close()
			if tables, err := schema.Tables(t.Context(), sqlDB, f); err != nil || tables["millrace_settings"] {
				t.Errorf("the refused database was changed: %v, %v", tables, err)
			}
			if report, err := schema.Check(t.Context(), sqlDB, f, true); err != nil || report.OK() || len(report.Differences) != 1 {
				t.Errorf("%+v, %v", report, err)
			}
		})
	}
}

// TestMissingIndexes checks that a missing table or index of Millrace is reported, and that the next
// start makes it.
func TestMissingIndexes(t *testing.T) {
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := fresh(t)
			sqlDB, f, err := db.OpenSQL(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			defer sqlDB.Close()
			check := func(wants ...string) {
				t.Helper()
				report, err := schema.Check(t.Context(), sqlDB, f, true)
				if err != nil || report.OK() != (len(wants) == 0) || len(report.Own) != len(wants) || !report.Opened {
					t.Fatalf("%+v, want %q; %v", report, wants, err)
				}
				for i, want := range wants {
					if !strings.Contains(report.Own[i], want) {
						t.Errorf("%q, want %q", report.Own[i], want)
					}
				}
			}
			if _, err := reopen(t, uri); err != nil {
				t.Fatal(err)
			}
			check()
			indexes := []string{"params_by_value", "latest_metrics_by_value", "runs_by_status"}
			tables := []string{"params", "latest_metrics", "runs"}
			for i, index := range indexes {
				drop := "DROP INDEX millrace_" + index
				if f.IsMySQL() {
					drop += " ON " + tables[i]
				}
				change(t, uri, drop)
			}
			change(t, uri, "DROP TABLE millrace_settings")
			check(
				"params lacks the index millrace_params_by_value", "latest_metrics lacks the index millrace_latest_metrics_by_value",
				"runs lacks the index millrace_runs_by_status", "the table millrace_settings is missing",
			)
			if _, err := reopen(t, uri); err != nil {
				t.Fatal(err)
			}
			check()
		})
	}
}
