package cli

import (
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// A program ends while its server is down. The command sends the values that it
// saved.
func TestRunsDeliver(t *testing.T) {
	t.Parallel()
	dir, spilled := t.TempDir(), t.TempDir()
	database := "sqlite:///" + filepath.Join(dir, "mlflow.db")
	cmd, address := startProcess(t, dir, database)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client := mlflow.NewClient(address, mlflow.WithSpill(spilled, 1<<20), mlflow.WithRetryFor(100*time.Millisecond))
	run, err := client.StartRun(t.Context(), mlflow.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // It was killed.
	for i := range 2500 {
		if err := run.LogMetric(t.Context(), "m", 1, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.End(t.Context(), mlflow.RunFailed); err != nil {
		t.Fatal(err)
	}
	s := &shell{t, address}
	if out, err := s.try("runs deliver --spill-dir " + spilled); err == nil || out == "" {
		t.Errorf("without a server: %s, %v", out, err)
	}
	cmd, _ = startProcessAt(t, u.Port(), dir, database)
	s.expect("runs deliver --run-id "+run.ID()+"0 --spill-dir "+spilled, `^There are no undelivered values for http://\S+\.\n$`)
	s.expect("runs deliver --spill-dir "+spilled, `^Run `+run.ID()+`: delivered 2,500 values\.\n$`)
	s.expect("runs describe -r "+run.ID(), `STATUS +FAILED\n(.*\n)*METRIC m +1 at step 2499\n`)
	s.expect("runs deliver --spill-dir "+spilled+" --json", `^\[\]\n$`)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // It was killed.
}
