package mlflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// tracker is a tracking server with programmed responses to batches of metrics.
type tracker struct {
	mu     sync.Mutex
	answer func(call int, batch []mlflow.Metric) int // returns the HTTP status
	calls  int
	taken  []mlflow.Metric
}

func (s *tracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasSuffix(r.URL.Path, "/runs/log-batch") {
		_, _ = w.Write([]byte(`{"run": {"info": {"run_id": "r", "artifact_uri": "mlflow-artifacts:/0/r/artifacts"}}}`))
		return
	}
	var in mlflow.LogBatchRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		panic(err)
	}
	s.calls++
	status := s.answer(s.calls, in.Metrics)
	if status == http.StatusOK || status == http.StatusBadGateway { // 502 stores the batch and loses the response, like a proxy.
		s.taken = append(s.taken, in.Metrics...)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}`))
}

func (s *tracker) start(t *testing.T, o mlflow.RunOptions, options ...mlflow.Option) *mlflow.ActiveRun {
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	run, err := mlflow.NewClient(srv.URL, options...).StartRun(t.Context(), o)
	must(t, err)
	return run
}

func TestMetricsAreSentAgain(t *testing.T) {
	t.Parallel()
	s := &tracker{answer: func(call int, _ []mlflow.Metric) int {
		return []int{http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusOK}[min(call-1, 2)]
	}}
	run := s.start(t, mlflow.RunOptions{})
	for i := range 10 {
		must(t, run.LogMetric(t.Context(), "loss", float64(i), int64(i)))
	}
	must(t, run.Flush(t.Context()))
	if s.calls != 3 || len(s.taken) != 20 || s.taken[0] != s.taken[10] {
		t.Errorf("%d calls, %d metrics taken: a repeated batch must be the same, so that the server stores it once", s.calls, len(s.taken))
	}
	must(t, run.End(t.Context(), mlflow.RunFinished))
}

func TestOneBadMetricIsLostAlone(t *testing.T) {
	t.Parallel()
	s := &tracker{answer: func(_ int, batch []mlflow.Metric) int {
		for _, m := range batch {
			if m.Key == "bad" {
				return http.StatusBadRequest
			}
		}
		return http.StatusOK
	}}
	run := s.start(t, mlflow.RunOptions{})
	for i := range 100 {
		key := "good"
		if i == 42 {
			key = "bad"
		}
		must(t, run.LogMetric(t.Context(), key, float64(i), int64(i)))
	}
	err := run.Flush(t.Context())
	if !errors.Is(err, mlflow.InvalidParameterValue) || !strings.Contains(err.Error(), "bad at step 42") || len(s.taken) != 99 {
		t.Errorf("%d metrics taken, error: %v", len(s.taken), err)
	}
	if err := run.Flush(t.Context()); err != nil {
		t.Errorf("the second flush repeats %v", err)
	}
}

// TestLoggingGivesUp checks that a run that the server does not accept, such as a
// deleted one, ends a strict program, and that any other program continues and counts
// the lost values.
func TestLoggingGivesUp(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		s := &tracker{answer: func(int, []mlflow.Metric) int { return http.StatusBadRequest }}
		run := s.start(t, mlflow.RunOptions{Strict: strict})
		for i := range 100 {
			must(t, run.LogMetric(t.Context(), "loss", float64(i), int64(i)))
		}
		err := run.Flush(t.Context())
		if err == nil || !strings.Contains(err.Error(), "takes no more metrics") || !strings.Contains(err.Error(), "90 values are lost") {
			t.Errorf("flush: %v", err)
		}
		if err := run.LogMetric(t.Context(), "loss", 0, 100); errors.Is(err, mlflow.InvalidParameterValue) != strict {
			t.Errorf("logging afterwards: %v", err)
		}
		must(t, run.End(t.Context(), mlflow.RunFinished))
	}
}

// TestManyBadMetrics checks that many refused values do not stop a run that accepts
// others.
func TestManyBadMetrics(t *testing.T) {
	t.Parallel()
	s := &tracker{answer: func(_ int, batch []mlflow.Metric) int {
		for _, m := range batch {
			if m.Key == "bad" {
				return http.StatusBadRequest
			}
		}
		return http.StatusOK
	}}
	run := s.start(t, mlflow.RunOptions{})
	for i := range 100 {
		must(t, run.LogMetric(t.Context(), "bad", 0, int64(i)))
	}
	must(t, run.LogMetric(t.Context(), "good", 0, 0))
	if err := run.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "90 more were refused") || len(s.taken) != 1 {
		t.Errorf("%d metrics taken; flush: %v", len(s.taken), err)
	}
	must(t, run.End(t.Context(), mlflow.RunFinished))
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := &tracker{answer: func(int, []mlflow.Metric) int { <-release; return http.StatusOK }}
	run := s.start(t, mlflow.RunOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	logged := 0
	var err error
	for err == nil && logged < 1_000_000 {
		if err = run.LogMetric(ctx, "loss", float64(logged), int64(logged)); err == nil {
			logged++
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) || logged > 13_000 {
		t.Errorf("%d metrics were queued, then %v", logged, err)
	}
	close(release)
	must(t, run.End(t.Context(), mlflow.RunFinished))
	if len(s.taken) != logged {
		t.Errorf("%d of %d metrics arrived", len(s.taken), logged)
	}
}

// TestNothingIsLostAtTheEnd checks that metrics logged while another goroutine ends the
// run are delivered.
func TestNothingIsLostAtTheEnd(t *testing.T) {
	t.Parallel()
	s := &tracker{answer: func(int, []mlflow.Metric) int { return http.StatusOK }}
	run := s.start(t, mlflow.RunOptions{})
	var logged atomic.Int64
	var loggers sync.WaitGroup
	for range 8 {
		loggers.Go(func() {
			for i := range int64(100_000) {
				if err := run.LogMetric(t.Context(), "loss", 0, i); errors.Is(err, mlflow.InvalidState) {
					return
				} else if err != nil {
					t.Error(err)
				}
				logged.Add(1)
			}
			t.Error("the run did not end")
		})
	}
	for logged.Load() < 1000 {
		runtime.Gosched()
	}
	must(t, run.End(t.Context(), mlflow.RunFinished))
	loggers.Wait()
	if len(s.taken) != int(logged.Load()) {
		t.Errorf("%d of %d metrics arrived", len(s.taken), logged.Load())
	}
}

// TestSignal runs this test program as a training that is interrupted.
func TestSignal(t *testing.T) {
	if url := os.Getenv("MILLRACE_TEST_TRAIN"); url != "" {
		run, err := mlflow.NewClient(url).StartRun(t.Context(), mlflow.RunOptions{EndOnSignal: true})
		must(t, err, run.LogMetric(t.Context(), "loss", 0.5, 0))
		must(t, os.WriteFile(os.Getenv("MILLRACE_TEST_READY"), []byte(run.ID()), 0o600))
		select {}
	}
	t.Parallel()
	url := startServer(t)
	ready := filepath.Join(t.TempDir(), "ready")
	cmd := exec.Command(os.Args[0], "-test.run=^TestSignal$")
	cmd.Env = append(os.Environ(), "MILLRACE_TEST_TRAIN="+url, "MILLRACE_TEST_READY="+ready)
	must(t, cmd.Start())
	var id []byte
	for len(id) == 0 {
		time.Sleep(10 * time.Millisecond)
		id, _ = os.ReadFile(ready)
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the program must die of the signal, not: %v", err)
	}
	run, err := mlflow.NewClient(url).Run(t.Context(), string(id))
	must(t, err)
	if run.Info.Status != mlflow.RunKilled || len(run.Data.Metrics) != 1 {
		t.Errorf("run %+v with metrics %v", run.Info, run.Data.Metrics)
	}
}
