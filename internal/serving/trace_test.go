package serving

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// TestTracingServerHangs sends large requests while the tracking server accepts requests and does
// not answer: predictions go on, the traces that do not fit in memory are dropped and counted, and
// when the server answers again, those that wait arrive.
func TestTracingServerHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var once sync.Once
	defer once.Do(func() { close(release) })
	tracking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(tracking.Close)
	log := &lines{}
	s := New(open(t, "mlflow_onnx"), Options{Log: slog.New(slog.NewTextHandler(log, nil)), Trace: &TraceOptions{
		Client: mlflow.NewClient(tracking.URL), ExperimentID: "1", ContentBytes: 1 << 20,
	}})
	h := s.Handler()
	good := `{"inputs": [[` + ramp() + `]]}` + strings.Repeat(" ", 3<<20)
	for range 70 {
		if status, text := post(t, h, "application/json", good); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
	}
	stats := s.tracer.spans.Stats()
	if stats.Waiting != 63 || stats.Dropped != 7 { // Outputs and attributes take a part of the last MiB.
		t.Errorf("%+v", stats)
	}
	if text := metricsOf(t, h); !strings.Contains(text, `millrace_serving_traces_total{result="dropped"} 7`) ||
		!strings.Contains(text, "millrace_serving_traces_waiting 63") {
		t.Errorf("the metrics are %s", text)
	}
	once.Do(func() { close(release) })
	if err := s.tracer.spans.Flush(t.Context()); err == nil { // It tells of those that were dropped.
		t.Error("dropped traces are no error")
	}
	if got := s.tracer.spans.Stats(); got.Sent != 63 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
	s.tracer.close(t.Context())
}

// TestTracingServerIsAway checks that the log tells once that the tracking server fails, and once
// that it is back.
func TestTracingServerIsAway(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	status, tries := http.StatusServiceUnavailable, 0
	tracking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		tries++
		w.WriteHeader(status)
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(tracking.Close)
	log := &lines{}
	s := New(open(t, "mlflow_onnx"), Options{Log: slog.New(slog.NewTextHandler(log, nil)), Trace: &TraceOptions{
		Client: mlflow.NewClient(tracking.URL, mlflow.WithRetryFor(0)), ExperimentID: "1", ContentBytes: 100,
	}})
	h := s.Handler()
	until := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %s", what, log.b.String())
			}
		}
	}
	for range 3 {
		mu.Lock()
		before := tries
		mu.Unlock()
		if status, text := post(t, h, "application/json", `{"inputs": [[`+ramp()+`]]}`); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		until("no further try", func() bool { mu.Lock(); defer mu.Unlock(); return tries > before })
	}
	mu.Lock()
	status = http.StatusOK
	mu.Unlock()
	until("no recovery", func() bool { return log.count("reach the tracking server again") == 1 })
	if n := log.count("traces do not reach the tracking server"); n != 1 {
		t.Errorf("%d warnings", n)
	}
	if err := s.tracer.spans.Close(t.Context()); err != nil {
		t.Log(err) // The last error of the background.
	}
	if got := s.tracer.spans.Stats(); got != (mlflow.TracerStats{Sent: 3}) {
		t.Errorf("%+v", got)
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body  string
		limit int
		want  string
		cut   bool
	}{
		{"", 5, "", false},
		{"abc", 3, "abc", false},
		{"abcd", 3, "abc", true},
		{"aü", 2, "a\ufffd", true},
		{"a\x00b\xff", 9, "a\ufffdb\ufffd", false},
	} {
		if text, cut := excerpt([]byte(c.body), c.limit); text != c.want || cut != c.cut {
			t.Errorf("%q: %q %v", c.body, text, cut)
		}
	}
}
