package gc_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/artifact/storetest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/gc"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestInUse keeps files that other entities refer to, in any spelling.
func TestInUse(t *testing.T) {
	t.Parallel()
	const model, log = "1/a/artifacts/model/MLmodel", "1/a/artifacts/log.txt"
	for name, test := range map[string]struct {
		source string // {root} stands for the root
		kept   []string
	}{
		"path":                {"{root}/1/a/artifacts/model", []string{model}},
		"file URI":            {"file://{root}/1/a/artifacts/model/", []string{model}},
		"proxy":               {"mlflow-artifacts:/1/a/artifacts/model", []string{model}},
		"URL of the proxy":    {"http://host:5000/api/2.0/mlflow-artifacts/artifacts/1/a/artifacts/model", []string{model}},
		"run":                 {"runs:/a/model", []string{model}},
		"file":                {"runs:/a/log.txt", []string{log}},
		"whole run":           {"runs:/a", []string{log, model}},
		"folder of the run":   {"{root}/1/a", []string{log, model}},
		"other run":           {"{root}/1/ab/artifacts/model", nil},
		"beginning of a name": {"{root}/1/a/artifacts-of-another", nil},
		"other run by id":     {"runs:/b/model", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, dbtest.NewFile(t), t.TempDir())
			w.destination = w.root
			w.run("a", "deleted", "")
			w.version(1, strings.ReplaceAll(test.source, "{root}", w.root))
			if r := w.collect(gc.Options{}); r.Runs != 1 || (r.InUse == 1) != (test.kept != nil) {
				t.Errorf("%+v", r)
			}
			w.wantFiles(test.kept...)
			w.wantRuns()
		})
	}
}

// TestInUseByID keeps files that other entities refer to by the ID of what is removed, or by the same location.
func TestInUseByID(t *testing.T) {
	t.Parallel()
	t.Run("logged model", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, dbtest.NewFile(t), t.TempDir())
		for _, id := range []string{"m-1", "m-2"} {
			w.exec(`INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
				last_updated_timestamp_ms, status, lifecycle_stage) VALUES (?, 1, 'n', ?, 1, 1, 1, 'deleted')`,
				id, w.root+"/1/models/"+id+"/artifacts")
			w.put("1/models/" + id + "/artifacts/MLmodel")
		}
		w.version(1, "models:/m-1")
		if r := w.collect(gc.Options{}); r.LoggedModels != 2 || r.InUse != 1 {
			t.Errorf("%+v", r)
		}
		w.wantFiles("1/models/m-1/artifacts/MLmodel")
	})
	t.Run("deleted version", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, dbtest.NewFile(t), t.TempDir())
		w.run("a", "deleted", "")
		w.version(1, "runs:/a/model")
		w.exec(`UPDATE model_versions SET current_stage = 'Deleted_Internal'`)
		w.collect(gc.Options{})
		w.wantFiles()
	})
	t.Run("two runs at one place", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, dbtest.NewFile(t), t.TempDir())
		w.run("a", "deleted", "")
		w.run("b", "active", w.root+"/1/a/artifacts")
		w.collect(gc.Options{})
		w.wantFiles("1/a/artifacts/log.txt", "1/a/artifacts/model/MLmodel", "1/b/artifacts/log.txt", "1/b/artifacts/model/MLmodel")
		w.wantRuns("b")
	})
}

// TestAway keeps the rows of runs whose store is away, and removes the others.
func TestAway(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]string{
		"unmounted":          "/nowhere/at/all/artifacts",
		"scheme":             "hdfs://host/1/away/artifacts",
		"missing proxy":      "mlflow-artifacts:/1/away/artifacts",
		"relative elsewhere": "elsewhere/1/away/artifacts",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, dbtest.NewFile(t), t.TempDir())
			w.run("away", "deleted", at)
			w.run("here", "deleted", "")
			for range 2 {
				if r := w.collect(gc.Options{}); r.Kept != 1 || r.KeptFirst[0].ID != "away" || r.KeptFirst[0].Reason == "" {
					t.Errorf("%+v", r)
				}
				w.wantRuns("away")
			}
			w.exec(`UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 1`)
			if r := w.collect(gc.Options{}); r.Kept != 2 || r.Experiments != 0 {
				t.Errorf("%+v", r)
			}
			w.wantRuns("away")
		})
	}
	t.Run("no such bucket", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, dbtest.NewFile(t), storetest.NewS3(t, "millrace-gc-away"))
		w.run("away", "deleted", "s3://millrace-gc-none/1/away/artifacts")
		w.run("here", "deleted", "")
		if r := w.collect(gc.Options{}); r.Kept != 1 || r.Runs != 1 {
			t.Errorf("%+v", r)
		}
		w.wantRuns("away")
	})
}

// TestContinues finishes what a command has begun that was killed after it had removed files.
func TestContinues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.NewFile(t), t.TempDir())
	w.run("a", "deleted", "")
	w.run("b", "deleted", "")
	if err := os.RemoveAll(filepath.Join(w.root, "1/a/artifacts")); err != nil {
		t.Fatal(err)
	}
	if r := w.collect(gc.Options{}); r.Runs != 2 || r.Kept != 0 {
		t.Errorf("%+v", r)
	}
	w.wantRuns()
	if entries, err := os.ReadDir(filepath.Join(w.root, "1")); err != nil || len(entries) != 0 {
		t.Errorf("the folder of the experiment has %v, %v", entries, err)
	}
}

// TestInterrupted ends in the middle. No run has rows without a location, and the next command removes the rest.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.NewFile(t), t.TempDir())
	for _, id := range []string{"a", "b", "c", "d"} {
		w.run(id, "deleted", "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := gc.Collect(ctx, w.db, gc.Options{Removed: func(gc.Kind, string) { cancel() }})
	if err == nil {
		t.Error("no error")
	}
	if n := w.count(`SELECT COUNT(*) FROM runs`); n != 3 {
		t.Errorf("%d runs", n)
	}
	w.collect(gc.Options{})
	w.wantRuns()
	w.wantFiles()
}

// TestLargeHistory removes the metrics of a run in several transactions.
func TestLargeHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.NewFile(t), t.TempDir())
	w.run("a", "deleted", "")
	w.exec("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) " +
		"INSERT INTO metrics (run_uuid, `key`, value, timestamp, step, is_nan) SELECT 'a', 'k' || (i % 3), 1, i, i, 0 FROM n")
	w.collect(gc.Options{})
	if n := w.count(`SELECT COUNT(*) FROM metrics`); n != 0 {
		t.Errorf("%d values are left", n)
	}
}

// TestBesideServer removes runs while a server writes to the same SQLite database.
func TestBesideServer(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	w := newWorld(t, uri, t.TempDir())
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		w.run(id, "deleted", "")
	}
	s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: w.root})
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, name := range []string{"x", "y"} {
		writers.Go(func() {
			for i := range 30 {
				if _, err := s.CreateExperiment(t.Context(), name+strings.Repeat("i", i), w.root, []mlflow.Tag{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if r := w.collect(gc.Options{}); r.Runs != 6 || r.Kept != 0 {
		t.Errorf("%+v", r)
	}
	writers.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOrphans finds folders of versions to which nothing refers.
func TestOrphans(t *testing.T) {
	t.Parallel()
	storetest.OnAll(t, func(t *testing.T, uri string) {
		w := newWorld(t, dbtest.NewFile(t), uri)
		w.put("model-versions/uploading/MLmodel", "model-versions/used/MLmodel", "model-versions/lost/data/x",
			"model-versions/lost/MLmodel", "model-versions/source/MLmodel", "other/lost/x")
		w.exec(`INSERT INTO millrace_version_files (location, model_id, run_server, created_ms) VALUES (?, '', '', 1)`,
			location.Append(uri, "model-versions/uploading"))
		w.exec(`INSERT INTO millrace_version_files (location, model_id, run_server, created_ms)
			VALUES ('mlflow-artifacts:/model-versions/used', '', '', 1)`)
		w.version(1, location.Append(uri, "model-versions/source/"))
		find := func(o gc.OrphanOptions) []gc.Orphan {
			t.Helper()
			o.Roots, o.ArtifactsDestination = []string{uri}, uri
			found, err := gc.Orphans(t.Context(), w.db, o)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := find(gc.OrphanOptions{OlderThan: time.Hour}); len(found) != 0 {
			t.Errorf("young folders: %+v", found)
		}
		for _, o := range []gc.OrphanOptions{{}, {Delete: true}} {
			found := find(o)
			if len(found) != 1 || found[0].Location != location.Append(uri, "model-versions/lost") || found[0].Files != 2 ||
				found[0].Bytes != 2 {
				t.Errorf("%+v", found)
			}
		}
		if found := find(gc.OrphanOptions{}); len(found) != 0 {
			t.Errorf("%+v", found)
		}
		w.wantFiles("model-versions/source/MLmodel", "model-versions/uploading/MLmodel", "model-versions/used/MLmodel",
			"other/lost/x")
	})
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "30d": 720 * time.Hour, "1d2h3m4s": 26*time.Hour + 3*time.Minute + 4*time.Second, "1.5h": 90 * time.Minute,
		"8h": 8 * time.Hour, ".5s": 500 * time.Millisecond,
	} {
		if got, err := gc.ParseAge(text); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "1", "1h1d", "-1d", "1.1.1d", "1e9d", "9999999999d", " 1d", "."} {
		if got, err := gc.ParseAge(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
