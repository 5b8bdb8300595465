package gc_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/artifact/storetest"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/gc"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is a database and a store.
type world struct {
	t           *testing.T
	root        string
	repo        artifact.Repo
	db          *db.DB
	destination string
	removed     []string
}

// newWorld returns a database with the experiment 1 at root/1.
func newWorld(t *testing.T, database, root string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URI: database, ArtifactRoot: root})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := schema.OpenExisting(t.Context(), database, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, root: root, repo: storetest.Open(t, root), db: d, destination: filepath.Join(t.TempDir(), "none")}
	w.exec(`INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, last_update_time, workspace)
		VALUES (1, 'one', ?, 'active', 1, 'default')`, location.Append(root, "1"))
	w.exec(`INSERT INTO registered_models (workspace, name) VALUES ('default', 'm')`)
	return w
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(t db.Tx) error {
		_, err := t.Exec(query, args...)
		return err
	})
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// run makes a run of experiment 1 with two files. If at is "", the run is where MLflow puts it.
func (w *world) run(id, stage, at string) {
	w.t.Helper()
	if at == "" {
		at = location.Append(w.root, "1/"+id+"/artifacts")
	}
	w.exec(`INSERT INTO runs (run_uuid, experiment_id, artifact_uri, lifecycle_stage, deleted_time) VALUES (?, 1, ?, ?, 1)`,
		id, at, stage)
	for _, table := range []string{"params", "tags"} {
		w.exec("INSERT INTO "+table+" (run_uuid, `key`, value) VALUES (?, 'k', 'v')", id)
	}
	w.exec("INSERT INTO metrics (run_uuid, `key`, value, timestamp, step, is_nan) VALUES (?, 'k', 1, 1, 1, ?)", id, false)
	w.put("1/"+id+"/artifacts/model/MLmodel", "1/"+id+"/artifacts/log.txt")
}

func (w *world) put(paths ...string) {
	w.t.Helper()
	for _, path := range paths {
		if err := w.repo.Put(w.t.Context(), path, strings.NewReader("x")); err != nil {
			w.t.Fatal(err)
		}
	}
}

// version registers a version with a source.
func (w *world) version(number int64, source string) {
	w.t.Helper()
	w.exec(`INSERT INTO model_versions (workspace, name, version, source, storage_location, current_stage)
		VALUES ('default', 'm', ?, ?, ?, 'None')`, number, source, source)
}

func (w *world) collect(o gc.Options) *gc.Report {
	w.t.Helper()
	w.removed = nil
	o.ArtifactsDestination = w.destination
	o.Removed = func(kind gc.Kind, id string) { w.removed = append(w.removed, fmt.Sprint(kind, " ", id)) }
	r, err := gc.Collect(w.t.Context(), w.db, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// wantFiles compares the files of the store.
func (w *world) wantFiles(want ...string) {
	w.t.Helper()
	var got []string
	for e, err := range w.repo.(artifact.Walker).Walk(w.t.Context(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		got = append(got, e.Path)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the store has %q, want %q", got, want)
	}
}

func (w *world) count(query string) (n int64) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(t db.Tx) error { return t.QueryRow(query).Scan(&n) })
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) wantRuns(want ...string) {
	w.t.Helper()
	var got []string
	err := w.db.Read(w.t.Context(), func(t db.Tx) (err error) {
		got, err = db.Collect(t, `SELECT run_uuid FROM runs ORDER BY run_uuid`, nil,
			func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
		return err
	})
	if err != nil || !slices.Equal(got, want) {
		w.t.Errorf("the database has the runs %q, want %q (%v)", got, want, err)
	}
}

// TestStores removes a deleted run in each kind of store, and not its neighbors.
func TestStores(t *testing.T) {
	t.Parallel()
	storetest.OnAll(t, func(t *testing.T, uri string) {
		w := newWorld(t, dbtest.NewFile(t), uri)
		w.run("a", "deleted", "")
		w.run("ab", "active", "")
		w.run("b", "deleted", "")
		w.version(1, location.Append(uri, "1/b/artifacts/model"))
		if r := w.collect(gc.Options{DryRun: true}); r.Runs != 2 || r.InUse != 1 || r.Kept != 0 {
			t.Errorf("%+v", r)
		}
		w.wantRuns("a", "ab", "b")
		if r := w.collect(gc.Options{}); r.Runs != 2 || r.InUse != 1 || r.Kept != 0 {
			t.Errorf("%+v", r)
		}
		w.wantRuns("ab")
		w.wantFiles("1/ab/artifacts/log.txt", "1/ab/artifacts/model/MLmodel", "1/b/artifacts/model/MLmodel")
	})
}

// TestDatabases removes an experiment with everything in it from each kind of database.
func TestDatabases(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		w := newWorld(t, uri, t.TempDir())
		w.run("a", "deleted", "")
		w.run("b", "active", "") // It was restored after the experiment was deleted.
		w.exec(`INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
			last_updated_timestamp_ms, status, lifecycle_stage) VALUES ('m-1', 1, 'n', ?, 1, 1, 1, 'active')`,
			w.root+"/1/models/m-1/artifacts")
		for _, id := range []string{"tr-1", "tr-2"} {
			w.exec(`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (?, 1, 1, 'OK')`, id)
		}
		for id, at := range map[string]string{"tr-1": w.root + "/1/traces/tr-1/artifacts", "tr-2": w.root + "/2"} {
			w.exec("INSERT INTO trace_tags (request_id, `key`, value) VALUES (?, 'mlflow.artifactLocation', ?)", id, at)
		}
		w.put("1/models/m-1/artifacts/MLmodel", "1/traces/tr-1/artifacts/attachment", "2/another's")
		w.exec(`INSERT INTO experiment_tags (experiment_id, ` + "`key`" + `, value) VALUES (1, 'k', 'v')`)
		w.exec(`INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (1, 's', 'id')`)
		w.exec(`INSERT INTO online_scoring_configs (online_scoring_config_id, scorer_id, sample_rate, experiment_id)
			VALUES ('c', 'id', 1, 1)`)
		w.exec(`UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 1`)
		if r := w.collect(gc.Options{OlderThan: time.Hour}); r.Experiments != 1 || r.Runs != 2 || r.LoggedModels != 1 ||
			r.Traces != 2 || r.Kept != 0 {
			t.Errorf("%+v", r)
		}
		for _, table := range []string{
			"runs", "metrics", "params", "tags", "logged_models", "trace_info", "trace_tags", "experiment_tags", "scorers",
			"online_scoring_configs",
		} {
			if n := w.count("SELECT COUNT(*) FROM " + table); n != 0 {
				t.Errorf("%s has %d rows", table, n)
			}
		}
		w.wantFiles("2/another's") // A client has set this location.
	})
}
