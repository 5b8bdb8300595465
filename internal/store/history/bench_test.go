package history_test

import (
	"testing"

	"github.com/millrace-ml/millrace/internal/series"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/mlflow"
)

// BenchmarkMetricSeries asks for a metric with a million values on SQLite: all of it,
// and what is new of it.
func BenchmarkMetricSeries(b *testing.B) {
	const n = 1_000_000
	s, err := store.Open(b.Context(), store.Options{URI: "sqlite:///" + b.TempDir() + "/mlflow.db"})
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
	for from := int64(0); from < n; from += 1000 {
		batch := make([]mlflow.Metric, 1000)
		for i := range batch {
			step := from + int64(i)
			batch[i] = mlflow.Metric{Key: "m", Value: float64(step % 997), Step: step, Timestamp: step}
		}
		if err := s.LogBatch(b.Context(), run.Info.RunID, batch, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	query := history.SeriesQuery{RunIDs: []string{run.Info.RunID}, Keys: []string{"m"}, Samples: 400, Axis: series.ByStep}
	ask := func(b *testing.B, q history.SeriesQuery, points int) {
		b.Helper()
		for b.Loop() {
			_, list, err := s.MetricSeries(b.Context(), &q)
			if err != nil || len(list) != 1 || len(list[0].Points) < points {
				b.Fatalf("%d series; %v", len(list), err)
			}
		}
	}
	b.Run("Whole", func(b *testing.B) { ask(b, query, 200) })
	b.Run("New", func(b *testing.B) {
		q := query
		q.Ends = []series.Position{{Rows: n - 10, Step: n - 11, Time: n - 11, Newest: n - 11}}
		ask(b, q, 10)
	})
	b.Run("Window", func(b *testing.B) {
		q := query
		q.Window = &series.Window{From: n / 2, To: n/2 + 1000}
		ask(b, q, 200)
	})
}
