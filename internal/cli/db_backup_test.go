package cli

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

func backUp(t *testing.T, uri, file string) {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := Main([]string{"db", "backup", uri, file}, &out, &errOut); code != 0 {
		t.Fatal(errOut.String())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.partial-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// While a server logs under load, a backup is a database of its own with every
// row that was acknowledged before the backup began.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	uri := "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	cmd, url := startProcess(t, t.TempDir(), uri)
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	client := mlflow.NewClient(url)
	var run string
	if answer, err := client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0"}); err != nil {
		t.Fatal(err)
	} else {
		run = answer.Info.RunID
	}
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprintf("w%d-%d", w, i)
				if err := client.LogMetric(ctx, &mlflow.LogMetricRequest{RunID: run, Key: key, Value: mlflow.Float(i), Timestamp: 1}); ctx.Err() != nil {
					return // It was not acknowledged.
				} else if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged[key] = true
				mu.Unlock()
			}
		})
	}
	for i := range 5 {
		time.Sleep(100 * time.Millisecond)
		mu.Lock()
		before := make(map[string]bool, len(acknowledged))
		for key := range acknowledged {
			before[key] = true
		}
		mu.Unlock()
		file := filepath.Join(t.TempDir(), fmt.Sprintf("backup-%d.db", i))
		backUp(t, uri, file)
		for _, key := range keysOf(t, file) {
			delete(before, key)
		}
		if len(before) > 0 {
			t.Errorf("backup %d lacks %d acknowledged metrics", i, len(before))
		}
		s, err := store.Open(t.Context(), store.Options{URI: "sqlite:///" + file, ArtifactRoot: "mlflow-artifacts:/"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetTag(t.Context(), run, mlflow.Tag{Key: "restored", Value: "yes"}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	stop()
	writers.Wait()
	if len(acknowledged) < 100 {
		t.Errorf("only %d metrics were logged meanwhile", len(acknowledged))
	}
}

// keysOf returns the keys of all metrics in a database, which must be whole.
func keysOf(t *testing.T, file string) (keys []string) {
	t.Helper()
	sqlDB, _, err := db.OpenSQL(t.Context(), "sqlite:///"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	var integrity string
	if err := sqlDB.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&integrity); err != nil || integrity != "ok" {
		t.Errorf("integrity: %s, %v", integrity, err)
	}
	rows, err := sqlDB.QueryContext(t.Context(), "SELECT key FROM metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// filled makes a database of a run with so many metrics: 100,000 take some megabytes.
func filled(t *testing.T, metrics int) (uri string) {
	t.Helper()
	uri = "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	s, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sqlDB, _, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	for _, statement := range []string{
		`INSERT INTO runs (run_uuid, experiment_id) VALUES ('r', 0)`,
		fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) SELECT 'm' || i %% 7, i / 3.0, i, 'r', i, 0 FROM n`, metrics),
	} {
		if _, err := sqlDB.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return uri
}

func backupProcess(uri, file string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), os.Args[0], "db", "backup", uri, file)
	cmd.Env = append(append(os.Environ(), "MILLRACE_TEST_COMMAND=1"), env...)
	return cmd
}

// A backup that is killed leaves no file under its name, or the whole of it, and
// the next one is not disturbed.
func TestBackupKilled(t *testing.T) {
	t.Parallel()
	uri, folder := filled(t, 100_000), t.TempDir()
	killed := 0
	for i := range 12 {
		file := filepath.Join(folder, fmt.Sprintf("b%d.db", i))
		cmd := backupProcess(uri, file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
		if _, err := os.Stat(file); err == nil {
			if n := len(keysOf(t, file)); n != 100_000 {
				t.Errorf("a killed backup has %d metrics", n)
			}
		}
	}
	if killed == 0 {
		t.Log("every backup was faster than the kill")
	}
	file := filepath.Join(t.TempDir(), "last.db")
	backUp(t, uri, file)
	if n := len(keysOf(t, file)); n != 100_000 {
		t.Errorf("%d metrics", n)
	}
}

// A full disk is an error that leaves nothing behind.
func TestBackupDiskFull(t *testing.T) {
	t.Parallel()
	uri, folder := filled(t, 100_000), t.TempDir()
	out, err := backupProcess(uri, filepath.Join(folder, "b.db"), "MILLRACE_TEST_FILE_SIZE=1000000").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "copying its pages") {
		t.Errorf("%v: %s", err, out)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	uri, folder := filled(t, 100_000), t.TempDir()
	taken, other := filepath.Join(folder, "taken"), filepath.Join(folder, "other")
	for path, content := range map[string]string{taken: "precious", other: "no database"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ uri, file, want string }{
		{uri, taken, "overwrites nothing"},
		{uri, filepath.Join(folder, "no", "folder"), "no such file"},
		{"sqlite:///" + filepath.Join(folder, "missing.db"), filepath.Join(folder, "b"), "there is no database"},
		{"sqlite:///" + other, filepath.Join(folder, "b"), "not a database"},
		{"postgresql+psycopg2://me:secret@db.example:5433/ml?sslmode=require", "b c.dump", `pg_dump --format=custom --file='b c.dump' --dbname='postgresql://me@db.example:5433/ml?sslmode=require'`},
		{"mysql+pymysql://me:secret@db.example:3307/ml", "b.sql", "mariadb-dump --single-transaction --routines --triggers --host=db.example --port=3307 --user=me --password ml > b.sql"},
		{"oracle://me:secret@db.example/ml", "b", "a backup is of a SQLite database"},
	} {
		var out, errOut bytes.Buffer
		code := Main([]string{"db", "backup", c.uri, c.file}, &out, &errOut)
		if code != 1 || !strings.Contains(errOut.String(), c.want) || strings.Contains(errOut.String(), "secret") {
			t.Errorf("%s to %s: code %d, %s", c.uri, c.file, code, errOut.String())
		}
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "precious" {
		t.Errorf("the file that was there is %q, %v", text, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
