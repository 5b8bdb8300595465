package store_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// databases are a new, empty one of each kind.
var databases = map[string]func(t *testing.T) string{
	"sqlite":     func(t *testing.T) string { t.Helper(); return "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db") },
	"postgresql": func(t *testing.T) string { t.Helper(); return storetest.NewDatabase(t, storetest.Servers[0]) },
	"mysql":      func(t *testing.T) string { t.Helper(); return storetest.NewDatabase(t, storetest.Servers[1]) },
}

// change runs statements on a database.
func change(t *testing.T, uri string, statements ...string) {
	t.Helper()
	db, _, err := store.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// reopen opens a database, writes a run to it and returns what it logs.
func reopen(t *testing.T, uri string) (logged string, err error) {
	t.Helper()
	var log bytes.Buffer
	s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		return "", err
	}
	run, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if err == nil {
		err = s.LogParam(t.Context(), run.Info.RunID, mlflow.Param{Key: "k", Value: "v"})
	}
	return log.String(), errors.Join(err, s.Close())
}

// Databases of each release that is known, and of one that is not but has the
// tables that are used, are opened, and stay at their revision.
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
				db, f, err := store.OpenSQL(t.Context(), uri)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				report, err := schema.Check(t.Context(), db, f)
				if err != nil || report.Revision != c.revision || c.warnings > 0 && !report.OK() {
					t.Errorf("%s: %+v, %v", c.revision, report, err)
				}
			}
		})
	}
}

// A database at an unknown revision whose tables do not fit is refused by name
// and not changed.
func TestRevisionThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := fresh(t)
			if _, err := reopen(t, uri); err != nil {
				t.Fatal(err)
			}
			change(t, uri, "ALTER TABLE tags RENAME COLUMN value TO content", "DROP TABLE millrace_settings", "UPDATE alembic_version SET version_num = '0123456789ab'")
			_, err := reopen(t, uri)
			if err == nil || !strings.Contains(err.Error(), "tags lacks the column value") || !strings.Contains(err.Error(), "0123456789ab") {
				t.Errorf("%v", err)
			}
			db, f, err := store.OpenSQL(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if tables, err := schema.Tables(t.Context(), db, f); err != nil || tables["millrace_settings"] {
				t.Errorf("the refused database was changed: %v, %v", tables, err)
			}
			if report, err := schema.Check(t.Context(), db, f); err != nil || report.OK() || len(report.Differences) != 1 {
				t.Errorf("%+v, %v", report, err)
			}
		})
	}
}

// A copy has the release of its source, not the newest, so that the MLflow that
// uses the source can use it, too.
func TestCopyKeepsRelease(t *testing.T) {
	t.Parallel()
	old := schema.Releases[0]
	from := databases["sqlite"](t)
	db, f, err := store.OpenSQL(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range append(old.Create(f), "INSERT INTO alembic_version VALUES ('"+old.Revision+"')",
		"INSERT INTO workspaces (name) VALUES ('default')", "INSERT INTO experiments (experiment_id, name) VALUES (0, 'Default')",
		"INSERT INTO issues (issue_id, experiment_id, name, description, status, created_timestamp, last_updated_timestamp) VALUES ('i', 0, 'n', 'd', 'pending', 1, 1)") {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := fresh(t)
			if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			db, f, err := store.OpenSQL(t.Context(), to)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			report, err := schema.Check(t.Context(), db, f)
			if err != nil || !report.OK() || report.Revision != old.Revision || report.Rows["issues"] != 1 {
				t.Errorf("%+v, %v", report, err)
			}
			if _, later := report.Rows["skills"]; later {
				t.Error("the copy has tables of the newest release")
			}

			other := fresh(t)
			if _, err := reopen(t, other); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Copy(t.Context(), from, other, store.CopyOptions{}); err == nil || !strings.Contains(err.Error(), "of MLflow 3.17") {
				t.Errorf("a copy into a database of the newest release: %v", err)
			}
		})
	}
}
