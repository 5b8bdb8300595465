package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/compress"
	"github.com/millrace-ml/millrace/mlflow"
)

func newBenchServer(b *testing.B) *server {
	b.Helper()
	return &server{apitest.NewIn(b, b.TempDir())}
}

func (s *server) benchRun(b *testing.B) string {
	b.Helper()
	run, err := s.Client.CreateRun(b.Context(), &mlflow.CreateRunRequest{ExperimentID: "0", StartTime: 1})
	if err != nil {
		b.Fatal(err)
	}
	return run.Info.RunID
}

func BenchmarkLogMetric(b *testing.B) {
	s := newBenchServer(b)
	run := s.benchRun(b)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for i := int64(0); pb.Next(); i++ {
			if err := s.Client.LogMetric(b.Context(), &mlflow.LogMetricRequest{RunID: run, Key: "loss", Value: mlflow.Float(i), Timestamp: i, Step: i}); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkLogBatch(b *testing.B) {
	s := newBenchServer(b)
	run := s.benchRun(b)
	for n := int64(0); b.Loop(); n++ {
		batch := make([]mlflow.Metric, 1000)
		for i := range batch {
			batch[i] = mlflow.Metric{Key: "m" + strconv.Itoa(i%10), Value: float64(i), Timestamp: n, Step: n*100 + int64(i)/10}
		}
		if err := s.Client.LogBatch(b.Context(), &mlflow.LogBatchRequest{RunID: run, Metrics: batch}); err != nil {
			b.Fatal(err)
		}
	}
}

// benchRuns creates n runs with 20 metrics, 20 params and 5 tags each.
func (s *server) benchRuns(b *testing.B, n int) {
	b.Helper()
	for r := range n {
		run, err := s.Store.CreateRun(b.Context(), 0, &mlflow.CreateRunRequest{StartTime: int64(r)})
		if err != nil {
			b.Fatal(err)
		}
		var metrics []mlflow.Metric
		var params []mlflow.Param
		for i := range 20 {
			metrics = append(metrics, mlflow.Metric{Key: fmt.Sprintf("metric_%d", i), Value: float64(r*i%1000) / 1000, Timestamp: 1})
			params = append(params, mlflow.Param{Key: fmt.Sprintf("param_%d", i), Value: strconv.Itoa(r % (i + 2))})
		}
		tags := []mlflow.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}, {Key: "c", Value: "3"}, {Key: "d", Value: strconv.Itoa(r % 4)}}
		if err := s.Store.LogBatch(b.Context(), run.Info.RunID, metrics, params, tags); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompression requests pages of runs on loopback, with and without gzip.
func BenchmarkCompression(b *testing.B) {
	s := newBenchServer(b)
	s.benchRuns(b, 1000)
	served := httptest.NewServer(compress.Handler(auth.Middleware(s.Store)(s.API.Handler())))
	defer served.Close()
	for _, runs := range []int32{100, 1000} {
		for name, client := range map[string]*mlflow.Client{
			"Plain": mlflow.NewClient(served.URL, mlflow.WithHTTPClient(&http.Client{Transport: &http.Transport{DisableCompression: true}})),
			"Gzip":  mlflow.NewClient(served.URL),
		} {
			b.Run(fmt.Sprintf("%s%d", name, runs), func(b *testing.B) {
				for b.Loop() {
					in := &mlflow.SearchRunsRequest{ExperimentIDs: []string{"0"}, MaxResults: &runs}
					if out, err := client.SearchRuns(b.Context(), in); err != nil || len(out.Runs) != int(runs) {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSearchRuns requests pages of 2,000 runs with 20 metrics, 20 params and 5 tags
// each.
func BenchmarkSearchRuns(b *testing.B) {
	s := newBenchServer(b)
	s.benchRuns(b, 2000)
	for name, in := range map[string]mlflow.SearchRunsRequest{
		"Page100":       {MaxResults: ptr(int32(100))},
		"Page1000":      {MaxResults: ptr(int32(1000))},
		"Filter":        {MaxResults: ptr(int32(100)), Filter: "metrics.metric_3 > 0.5 and params.param_4 = '1' and tags.d = '2'"},
		"OrderByMetric": {MaxResults: ptr(int32(100)), OrderBy: []string{"metrics.metric_3 DESC"}},
	} {
		b.Run(name, func(b *testing.B) {
			in.ExperimentIDs = []string{"0"}
			for b.Loop() {
				if _, err := s.Client.SearchRuns(b.Context(), &in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }
