package cli

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// startProcess starts `millrace server` as a process with its files in dir, and
// returns its address.
func startProcess(t *testing.T, dir, database string) (cmd *exec.Cmd, url string) {
	t.Helper()
	return startProcessAt(t, "0", dir, database)
}

// startProcessAt is startProcess on a specific port.
func startProcessAt(t *testing.T, port, dir, database string) (cmd *exec.Cmd, url string) {
	t.Helper()
	cmd = exec.CommandContext(context.Background(), "millrace", "server", "--port", port,
		"--backend-store-uri", database, "--artifacts-destination", filepath.Join(dir, "files"))
	return cmd, startCommand(t, cmd)
}

// startCommand starts a server and returns its address.
func startCommand(t *testing.T, cmd *exec.Cmd) (url string) {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := regexp.MustCompile(`ready at (\S+)`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := ready.FindStringSubmatch(lines.Text()); m != nil {
			go func() {
				for lines.Scan() { // Drain the pipe, so that the server does not block.
				}
			}()
			return m[1]
		}
	}
	t.Fatalf("the server did not start: %v", cmd.Wait())
	return ""
}

// Acknowledged batches survive SIGKILL, and every batch is stored completely or not
// at all.
func TestKill(t *testing.T) {
	t.Parallel()
	const clients, size, rounds = 8, 50, 3
	dir := t.TempDir()
	database := "sqlite:///" + filepath.Join(dir, "mlflow.db")
	var acknowledged [clients]int // The number of acknowledged batches of each client.
	runs := make([]string, clients)
	for round := range rounds {
		cmd, url := startProcess(t, dir, database)
		client := mlflow.NewClient(url, mlflow.WithRetryFor(0))
		if round == 0 {
			for c := range runs {
				run, err := client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0"})
				if err != nil {
					t.Fatal(err)
				}
				runs[c] = run.Info.RunID
			}
		}
		check(t, client, runs, &acknowledged, size)
		var wg sync.WaitGroup
		var total atomic.Int64
		for c := range clients {
			wg.Go(func() {
				for logBatch(t, client, runs[c], acknowledged[c], size) == nil {
					acknowledged[c]++
					total.Add(1)
				}
			})
		}
		waitForBatches(&total, 1+rand.Int64N(100))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // It was killed.
		wg.Wait()
		if total.Load() == 0 {
			t.Errorf("round %d: nothing was logged before the kill", round)
		}
	}
	cmd, url := startProcess(t, dir, database)
	client := mlflow.NewClient(url, mlflow.WithRetryFor(0))
	check(t, client, runs, &acknowledged, size)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server after SIGINT: %v", err)
	}
}

// waitForBatches returns when total has reached n, or after a minute.
func waitForBatches(total *atomic.Int64, n int64) {
	for start := time.Now(); total.Load() < n && time.Since(start) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
}

// logBatch logs batch n of a run: metrics, a parameter and a tag.
func logBatch(t *testing.T, client *mlflow.Client, run string, n, size int) error {
	metrics := make([]mlflow.Metric, size)
	for i := range metrics {
		metrics[i] = mlflow.Metric{Key: "m", Value: 1, Timestamp: int64(n), Step: int64(n*size + i)}
	}
	return client.LogBatch(t.Context(), &mlflow.LogBatchRequest{
		RunID: run, Metrics: metrics,
		Params: []mlflow.Param{{Key: fmt.Sprintf("p%d", n), Value: "1"}},
		Tags:   []mlflow.Tag{{Key: fmt.Sprintf("t%d", n), Value: "1"}},
	})
}

// check compares the stored batches of each run with the acknowledged ones. There can
// be one more, if the server was killed between its commit and its response. It
// counts as acknowledged from then on.
func check(t *testing.T, client *mlflow.Client, runs []string, acknowledged *[8]int, size int) {
	t.Helper()
	for c, id := range runs {
		run, err := client.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		history, err := client.MetricHistory(t.Context(), &mlflow.GetMetricHistoryRequest{RunID: id, MetricKey: "m"})
		if err != nil {
			t.Fatal(err)
		}
		batches := len(run.Data.Params)
		if batches < acknowledged[c] || batches > acknowledged[c]+1 {
			t.Errorf("run %d has %d batches, %d were acknowledged", c, batches, acknowledged[c])
		}
		if len(history.Metrics) != batches*size || len(run.Data.Tags) != batches+1 {
			t.Errorf("run %d has a part of a batch: %d params, %d tags, %d metrics", c, batches, len(run.Data.Tags), len(history.Metrics))
		}
		acknowledged[c] = batches
	}
}
