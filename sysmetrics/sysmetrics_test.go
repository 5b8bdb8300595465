package sysmetrics

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// recorder is a tracking server that keeps the metrics of its only run in memory.
type recorder struct {
	mu      sync.Mutex
	metrics map[string][]mlflow.Metric // By key, in the order of arrival.
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any = struct{}{}
	switch r.URL.Path {
	case "/api/2.0/mlflow/runs/create":
		answer = map[string]any{"run": map[string]any{"info": map[string]any{
			"run_id": "r1", "experiment_id": "0", "status": "RUNNING", "artifact_uri": "mlflow-artifacts:/0/r1/artifacts",
		}}}
	case "/api/2.0/mlflow/runs/update":
	case "/api/2.0/mlflow/runs/log-batch":
		var batch struct {
			RunID   string          `json:"run_id"`
			Metrics []mlflow.Metric `json:"metrics"`
		}
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil || batch.RunID != "r1" {
			http.Error(w, "not a batch of run r1", http.StatusBadRequest)
			return
		}
		rec.mu.Lock()
		for _, m := range batch.Metrics {
			rec.metrics[m.Key] = append(rec.metrics[m.Key], m)
		}
		rec.mu.Unlock()
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// startRun starts a run on a server that records its metrics.
func startRun(ctx context.Context, t *testing.T) (*recorder, *mlflow.ActiveRun) {
	t.Helper()
	rec := &recorder{metrics: map[string][]mlflow.Metric{}}
	server := httptest.NewServer(rec)
	t.Cleanup(server.Close)
	run, err := mlflow.NewClient(server.URL).StartRun(ctx, mlflow.RunOptions{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	return rec, run
}

func TestSamples(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	rec, run := startRun(ctx, t)
	s := Start(ctx, run, time.Hour)
	s.Stop()
	if err := run.End(ctx, mlflow.RunFinished); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes",
		"system/disk_available_megabytes", "system/network_receive_megabytes",
	} {
		// One sample at the start and one at the end.
		got := rec.metrics[key]
		if len(got) != 2 || got[0].Step != 0 || got[1].Step != 1 || got[0].Value < 0 || got[1].Value < 0 {
			t.Errorf("%s: %+v", key, got)
		}
	}
	for key := range rec.metrics {
		if !strings.HasPrefix(key, "system/") {
			t.Errorf("the metric %q is not a system metric", key)
		}
	}
}

func TestSamplesRepeat(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	rec, run := startRun(ctx, t)
	s := Start(ctx, run, time.Millisecond)
	for samples := 0; samples < 4; { // Wait for two samples besides the first and the last.
		if err := run.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		rec.mu.Lock()
		samples = len(rec.metrics["system/disk_available_megabytes"])
		rec.mu.Unlock()
	}
	s.Stop()
	if err := run.End(ctx, mlflow.RunFinished); err != nil {
		t.Fatal(err)
	}
	for i, m := range rec.metrics["system/disk_available_megabytes"] {
		if m.Step != int64(i) {
			t.Errorf("sample %d has step %d", i, m.Step)
		}
	}
}

func TestParseGPUs(t *testing.T) {
	t.Parallel()
	got := parseGPUs("37, 1000, 4000, 95.5\n0, 500, 4000, [N/A]\n")
	want := map[string]float64{
		"gpu_0_utilization_percentage": 37, "gpu_0_memory_usage_megabytes": 1048.576,
		"gpu_0_memory_usage_percentage": 25, "gpu_0_power_usage_watts": 95.5,
		"gpu_1_utilization_percentage": 0, "gpu_1_memory_usage_megabytes": 524.288,
		"gpu_1_memory_usage_percentage": 12.5,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := parseGPUs("No devices were found\n"); len(got) != 0 {
		t.Errorf("no device: %v", got)
	}
}
