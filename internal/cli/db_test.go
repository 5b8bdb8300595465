package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

func TestDBCheckAndUpgrade(t *testing.T) {
	t.Parallel()
	uri := "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	run := func(code int, args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if got := Main(append([]string{"db"}, args...), &out, &errOut); got != code {
			t.Fatalf("%v: code %d, %s%s", args, got, &out, &errOut)
		}
		return out.String() + errOut.String()
	}
	change := func(statement string) {
		t.Helper()
		sqlDB, _, err := db.OpenSQL(t.Context(), uri)
		if err != nil {
			t.Fatal(err)
		}
		defer sqlDB.Close()
		if _, err := sqlDB.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	want := func(got string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(got, text) {
				t.Errorf("%s\nlacks %q", got, text)
			}
		}
	}
	want(run(0, "check", uri), "of MLflow 3.18; a server opens it as it is", "no fault found", "as MLflow makes it", " experiments\n")
	want(run(0, "check", "--json", uri), `"rows":{`)
	want(run(0, "upgrade", uri), "nothing to do")

	change("DROP INDEX index_metrics_run_uuid_key_step")
	want(run(1, "check", uri), "metrics lacks the index index_metrics_run_uuid_key_step", "needs attention")

	change("UPDATE alembic_version SET version_num = 'b7e2c1a4d9f3'")
	want(run(1, "check", uri), "of an older MLflow")
	want(run(0, "upgrade", "--plan", uri), "make the index index_metrics_run_uuid_key_step", "were not made")
	want(run(1, "check", uri), "of an older MLflow")
	want(run(0, "upgrade", uri), "before-upgrade-b7e2c1a4d9f3", "is at revision "+schema.Revision)
	want(run(0, "check", uri), "as MLflow makes it")
	want(run(1, "upgrade", "--to", "3.17", uri), "newer than MLflow 3.17's")
	want(run(1, "upgrade", "--to", "3.16", uri), `"3.16" is no release`)

	change("UPDATE alembic_version SET version_num = 'b7e2c1a4d9f3'")
	want(run(0, "upgrade", "--plan", "--to", "3.17.2", uri), "make the table issues anew", "set the revision to dc11669786a5")
	want(run(0, "upgrade", "--to", "dc11669786a5", uri), "is at revision dc11669786a5, of MLflow 3.17")
	want(run(0, "check", uri), "of MLflow 3.17; a server opens it as it is", "as MLflow makes it")
	want(run(0, "upgrade", uri), "list the categories of issues in a table", "is at revision "+schema.Revision)
	want(run(0, "check", uri), "of MLflow 3.18; a server opens it as it is", "as MLflow makes it")

	change("UPDATE alembic_version SET version_num = '0123456789ab'")
	want(run(1, "upgrade", uri), "0123456789ab, which this release of Millrace does not know")
	want(run(0, "check", uri), "not one that this release knows; the tables that it uses are as in MLflow 3.18")
	change("ALTER TABLE tags RENAME COLUMN value TO content")
	want(run(1, "check", uri), "not one that this release knows", "tags lacks the column value")
	change("DROP TABLE alembic_version")
	want(run(1, "check", uri), "not a database of MLflow's")
}
