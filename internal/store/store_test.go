package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

func openAt(t *testing.T, path string) (*store.Store, error) {
	t.Helper()
	return store.Open(t.Context(), store.Options{URI: "sqlite:///" + path, ArtifactRoot: "mlflow-artifacts:/"})
}

// closeAtEnd closes a store at the end of its test.
func closeAtEnd(t *testing.T, s *store.Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.New)
}

func TestServers(t *testing.T) {
	t.Parallel()
	for _, variable := range dbtest.Servers {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) *store.Store { return storetest.Open(t, dbtest.NewDatabase(t, variable)) })
		})
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mlflow.db")
	for i, name := range []string{"first", "second"} {
		s, err := openAt(t, path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateExperiment(t.Context(), name, "", nil); err != nil {
			t.Fatal(err)
		}
		list, _, err := s.SearchExperiments(t.Context(), &mlflow.SearchExperimentsRequest{MaxResults: 10})
		if err != nil || len(list) != i+2 { // The list also contains the experiment Default.
			t.Errorf("%d experiments after opening %d times; %v", len(list), i+1, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the log was not folded into the file: %v", err)
		}
		if err := s.SetTag(t.Context(), "r", mlflow.Tag{Key: "k"}); err == nil {
			t.Error("a closed store took a write")
		}
	}
}

func execSQL(t *testing.T, path, query string) {
	t.Helper()
	sqlDB, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	if _, err := sqlDB.ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedDatabases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(path string)
		want    []string
	}{
		"another revision": {func(path string) {
			execSQL(t, path, "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('0123456789ab')")
		}, []string{"0123456789ab", schema.Revision}},
		"no revision": {func(path string) {
			execSQL(t, path, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
		}, []string{"alembic_version is empty"}},
		"somebody else's": {func(path string) {
			execSQL(t, path, "CREATE TABLE t (x)")
		}, []string{"not one of MLflow's"}},
		"no database": {func(path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"not a database"}},
	} {
		path := filepath.Join(t.TempDir(), "mlflow.db")
		c.prepare(path)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openAt(t, path)
		if err == nil {
			t.Errorf("%s: it was opened", name)
			_ = s.Close()
			continue
		}
		for _, text := range append(c.want, path) {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v; it lacks %q", name, err, text)
			}
		}
		if name == "no database" {
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("%s: the file was changed; %v", name, err)
			}
		}
	}
}

func TestRefusedURIs(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"mssql+pyodbc://u:secret@h/db":               "knows sqlite",
		"mlruns":                                     "knows sqlite",
		"postgresql://u:secret@h/":                   "must name one database",
		"postgresql://u:secret@h/db?gui=1":           `option "gui"`,
		"postgresql://u:secret@h/db?sslmode=maybe":   "sslmode",
		"postgresql://u:sec#ret%zz@h/db":             "special characters",
		"mysql+pymysql://u:secret@h/db?charset=utf8": "charset=utf8: only",
		"mysql://u:secret@h/db?local_infile=1":       "not known",
		"mysql://u:secret@127.0.0.1:1/db":            "connecting to the backend store at 127.0.0.1:1",
		"postgresql://u:secret@127.0.0.1:1/db":       "opening the database postgresql://u:xxxxx@127.0.0.1:1/db",
		"sqlite:///:memory:":                         "must be a file",
		"sqlite:///":                                 "must be a file",
		"sqlite:///x.db?timeout=5":                   "options (timeout=5)",
	} {
		_, err := store.Open(t.Context(), store.Options{URI: uri})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestDamagedDatabase checks that a damaged database makes requests fail, but not the
// process.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mlflow.db")
	s, err := openAt(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		if _, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{StartTime: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 2; i < len(data); i += 7 {
		data[i] ^= 0x5a
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = openAt(t, path)
	if err != nil {
		return // Open may already detect the damage.
	}
	_, _, readErr := s.SearchRuns(
		t.Context(),
		[]int64{0},
		1000,
		&mlflow.SearchRunsRequest{Filter: "tags.`mlflow.runName` LIKE '%x%'"},
	)
	_, writeErr := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if readErr == nil && writeErr == nil {
		t.Error("half of the file is garbage, and nobody noticed")
	}
	if err := s.Close(); err != nil && errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
