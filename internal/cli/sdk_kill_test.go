package cli

import (
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// A program continues to log while its server is killed and restarted. The server
// stores every metric exactly once.
func TestLoggingSurvivesKills(t *testing.T) {
	t.Parallel()
	const kills, each = 3, 5000
	dir := t.TempDir()
	database := "sqlite:///" + filepath.Join(dir, "mlflow.db")
	cmd, address := startProcess(t, dir, database)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client := mlflow.NewClient(address, mlflow.WithSpill(t.TempDir(), 1<<30))
	run, err := client.StartRun(t.Context(), mlflow.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	logged := make(chan error, 1)
	go func() {
		for i := range kills * each {
			if err := run.LogMetric(t.Context(), "m", float64(i), int64(i)); err != nil {
				logged <- err
				return
			}
			if i%each == each/2 {
				time.Sleep(250 * time.Millisecond) // Spread the requests over all kills.
			}
		}
		logged <- run.End(t.Context(), mlflow.RunFinished)
	}()
	for range kills {
		time.Sleep(200 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // It was killed.
		time.Sleep(100 * time.Millisecond)
		cmd, _ = startProcessAt(t, u.Port(), dir, database)
	}
	if err := <-logged; err != nil {
		t.Fatal(err)
	}
	times := make([]int, kills*each)
	for m, err := range client.AllMetricValues(t.Context(), run.ID(), "m") {
		if err != nil {
			t.Fatal(err)
		}
		times[m.Step]++
	}
	for step, n := range times {
		if n != 1 {
			t.Fatalf("metric %d arrived %d times", step, n)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // It was killed.
}
