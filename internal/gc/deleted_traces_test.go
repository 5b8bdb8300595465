package gc_test

import (
	"os"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/gc"
	"github.com/millrace-ml/millrace/internal/store"
)

// deleteTraces deletes traces of the experiment 1 as a server does.
func (w *world) deleteTraces(uri string, ids ...string) {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Options{URI: uri, ArtifactRoot: w.root})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	if n, err := s.DeleteTraces(w.t.Context(), 1, ids); err != nil || n != len(ids) {
		w.t.Fatalf("%d traces were deleted, %v", n, err)
	}
}

func (w *world) trace(id string) {
	w.t.Helper()
	w.exec(`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (?, 1, 1, 'OK')`, id)
}

// TestDeletedTraces removes the files of traces whose rows are gone, and no others.
func TestDeletedTraces(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		w := newWorld(t, uri, t.TempDir())
		for _, id := range []string{"tr-1", "tr-2", "tr-3", "tr-4", "../models", ".."} {
			w.trace(id)
		}
		w.put("1/artifacts/x", "1/models/artifacts/MLmodel", "1/traces/tr-1/artifacts/attachments/a",
			"1/traces/tr-2/artifacts/traces.json", "1/traces/tr-3/artifacts/x", "1/traces/tr-4/artifacts/x")
		w.deleteTraces(uri, "tr-1", "tr-3", "tr-4", "../models", "..")
		w.trace("tr-3") // A client has sent it again.
		others := []string{"1/artifacts/x", "1/models/artifacts/MLmodel"}
		rest := append(others, "1/traces/tr-2/artifacts/traces.json", "1/traces/tr-3/artifacts/x") //nolint:gocritic // A copy.

		for _, o := range []gc.Options{
			{OlderThan: time.Hour},
			{RunIDs: []string{}, ModelIDs: []string{}, ExperimentIDs: []int64{}},
		} {
			if r := w.collect(o); r.DeletedTraces != 0 {
				t.Errorf("%+v: %+v", o, r)
			}
		}
		if r := w.collect(gc.Options{DryRun: true}); r.DeletedTraces != 4 || r.Kept != 0 {
			t.Errorf("a dry run: %+v", r)
		}
		if n := w.count(`SELECT COUNT(*) FROM millrace_deleted_traces`); n != 5 {
			t.Errorf("%d deleted traces are recorded", n)
		}
		if err := os.Rename(w.root, w.root+"-away"); err != nil {
			t.Fatal(err)
		}
		if r := w.collect(gc.Options{}); r.Kept != 2 { // Those without a folder have no files.
			t.Errorf("without the store: %+v", r)
		}
		if err := os.Rename(w.root+"-away", w.root); err != nil {
			t.Fatal(err)
		}
		if r := w.collect(gc.Options{}); r.DeletedTraces != 2 || r.Traces != 0 || r.Kept != 0 {
			t.Errorf("%+v", r)
		}
		w.wantFiles(rest...)
		if n := w.count(`SELECT COUNT(*) FROM millrace_deleted_traces`); n != 0 {
			t.Errorf("%d deleted traces are still recorded", n)
		}
		if _, err := os.Stat(w.root + "/1/traces/tr-1"); !os.IsNotExist(err) {
			t.Errorf("the folder of a deleted trace: %v", err)
		}
	})
}
