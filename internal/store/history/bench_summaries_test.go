package history_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// BenchmarkMetricSummaries asks for the summaries of a run with 500,000 values of ten metrics after
// each ten new values. MILLRACE_BENCH_DATABASE names an empty database; the default is SQLite.
func BenchmarkMetricSummaries(b *testing.B) {
	uri := os.Getenv("MILLRACE_BENCH_DATABASE")
	if uri == "" {
		uri = "sqlite:///" + b.TempDir() + "/mlflow.db"
	}
	s, err := store.Open(b.Context(), store.Options{URI: uri})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	run, err := s.CreateRun(b.Context(), 0, &mlflow.CreateRunRequest{})
	if err != nil {
		b.Fatal(err)
	}
	step := int64(0)
	log := func(n int) {
		batch := make([]mlflow.Metric, n)
		for i := range batch {
			key := "m" + strconv.FormatInt(step%10, 10)
			batch[i] = mlflow.Metric{Key: key, Value: float64(step % 997), Step: step / 10, Timestamp: step}
			step++
		}
		if err := s.LogBatch(b.Context(), run.Info.RunID, batch, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	for range 500 {
		log(1000)
	}
	ask := func() {
		list, err := s.MetricSummaries(b.Context(), run.Info.RunID)
		if err != nil || len(list) != 10 {
			b.Fatalf("%d metrics; %v", len(list), err)
		}
	}
	ask()
	for b.Loop() {
		b.StopTimer()
		log(10)
		b.StartTimer()
		ask()
	}
}
