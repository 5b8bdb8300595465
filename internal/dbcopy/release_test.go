package dbcopy_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/dbcopy"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/storetest"
)

// oldDatabase returns the URI of a database of the oldest release.
func oldDatabase(t *testing.T) (uri string, release *schema.Release) {
	t.Helper()
	release = schema.Releases[0]
	uri = dbtest.NewFile(t)
	run(t, uri, release.Create(db.SQLite)...)
	run(t, uri,
		"INSERT INTO alembic_version VALUES ('"+release.Revision+"')",
		"INSERT INTO workspaces (name) VALUES ('default')",
		"INSERT INTO experiments (experiment_id, name) VALUES (0, 'Default')",
		`INSERT INTO issues (issue_id, experiment_id, name, description, status, created_timestamp, last_updated_timestamp)
			VALUES ('i', 0, 'n', 'd', 'pending', 1, 1)`)
	return uri, release
}

// TestCopyKeepsRelease checks that a copy has the release of its source instead of
// the newest, so that the MLflow that uses the source can use the copy as well.
func TestCopyKeepsRelease(t *testing.T) {
	t.Parallel()
	from, old := oldDatabase(t)
	dbtest.OnAll(t, func(t *testing.T, to string) {
		if _, err := dbcopy.Copy(t.Context(), from, to, dbcopy.Options{}); err != nil {
			t.Fatal(err)
		}
		sqlDB, f, err := db.OpenSQL(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		defer sqlDB.Close()
		report, err := schema.Check(t.Context(), sqlDB, f, true)
		if err != nil || !report.OK() || report.Revision != old.Revision || report.Rows["issues"] != 1 {
			t.Errorf("%+v, %v", report, err)
		}
		if _, later := report.Rows["skills"]; later {
			t.Error("the copy has tables of the newest release")
		}
	})
}

// TestCopyRefusesOtherRelease copies into a database of the newest release.
func TestCopyRefusesOtherRelease(t *testing.T) {
	t.Parallel()
	from, _ := oldDatabase(t)
	dbtest.OnAll(t, func(t *testing.T, to string) {
		storetest.Open(t, to)
		_, err := dbcopy.Copy(t.Context(), from, to, dbcopy.Options{})
		if err == nil || !strings.Contains(err.Error(), "of MLflow 3.17") {
			t.Errorf("a copy into a database of the newest release: %v", err)
		}
	})
}
