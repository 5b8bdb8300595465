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
		t.Errorf("temporary files: %v", left)
	}
}

// A backup under load is a complete database with every row that the server
// acknowledged before the backup started.
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
					return // The metric was not acknowledged.
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
		t.Errorf("only %d metrics were logged during the backups", len(acknowledged))
	}
}

// keysOf returns the keys of all metrics in a database and checks its integrity.
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

// filled creates a database with a run that has metrics.
func filled(t *testing.T, metrics int) (uri string) {
	t.Helper()
	uri = "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
	if err := createDatabase(t.Context(), uri, metrics); err != nil {
		t.Fatal(err)
	}
	return uri
}

func backupProcess(uri, file string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), "millrace", "db", "backup", uri, file)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// A killed backup leaves no file or a complete one, and does not affect the next
// backup.
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
		t.Log("every backup ended before it was killed")
	}
	file := filepath.Join(t.TempDir(), "last.db")
	backUp(t, uri, file)
	if n := len(keysOf(t, file)); n != 100_000 {
		t.Errorf("%d metrics", n)
	}
}

// A backup to a full disk fails and leaves no file.
func TestBackupDiskFull(t *testing.T) {
	t.Parallel()
	uri, folder := filled(t, 100_000), t.TempDir()
	out, err := backupProcess(uri, filepath.Join(folder, "b.db"), "MILLRACE_TEST_FILE_SIZE=1000000").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "copying its pages") {
		t.Errorf("%v: %s", err, out)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("files after the error: %v, %v", left, err)
	}
}
