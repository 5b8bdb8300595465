package storetest

import (
	"path/filepath"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// New returns an empty store on SQLite, in a folder that it creates, that is closed at the end of the test.
func New(t *testing.T) *store.Store {
	t.Helper()
	return Open(t, "sqlite:///"+filepath.Join(t.TempDir(), "new folder", "mlflow.db"))
}

// Open opens the store of a database. It is closed at the end of the test.
func Open(t *testing.T, uri string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// NewRun creates a run in the experiment 0 and returns its id.
func NewRun(t *testing.T, s *store.Store) string {
	t.Helper()
	run, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return run.Info.RunID
}
