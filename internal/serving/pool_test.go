package serving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

var discard = slog.New(slog.DiscardHandler)

func openFile(t *testing.T, name string) *models.Model {
	t.Helper()
	m, err := models.OpenONNX("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// held returns a server of one worker that is busy until release is called.
func held(t *testing.T, m *models.Model, options Options) (s *Server, release func()) {
	t.Helper()
	options.Log, options.Workers = discard, 1
	s = New(m, options)
	s.pool.running = 1
	return s, s.pool.next
}

// wait waits until n requests are in the queue.
func (p *pool) wait(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		p.lock.Lock()
		have := len(p.queue)
		p.lock.Unlock()
		if have == n {
			return
		}
	}
	t.Fatalf("there are never %d requests in the queue", n)
}

// together sends bodies at once to a server whose worker is busy, and returns the answers.
func together(t *testing.T, s *Server, h http.Handler, release func(), bodies []string) []string {
	t.Helper()
	answers := make([]string, len(bodies))
	var sent sync.WaitGroup
	for i, body := range bodies {
		sent.Go(func() {
			status, text := post(t, h, "application/json", body)
			answers[i] = fmt.Sprint(status, " ", text)
		})
		s.pool.wait(t, i+1)
	}
	release()
	sent.Wait()
	return answers
}

// reclaim makes the worker busy again, once it has no work.
func reclaim(t *testing.T, s *Server) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.pool.lock.Lock()
		free := s.pool.running == 0
		if free {
			s.pool.running = 1
		}
		s.pool.lock.Unlock()
		if free {
			return
		}
	}
	t.Fatal("the worker is never free")
}

func TestBatches(t *testing.T) {
	t.Parallel()
	s, release := held(t, open(t, "../../internal/serving/testdata/tensor"), Options{BatchRows: 4})
	h := s.Handler()
	bodies := []string{
		`{"inputs": [[1, 2]]}`, `{"inputs": [[3, 4], [5, 6]]}`, `{"inputs": [[1, 2, 3]]}`, `{"inputs": [[7, 8]]}`,
		`{"inputs": [[9, 9], [9, 9], [9, 9], [9, 9], [9, 8]]}`, `{"instances": [[9, 8]]}`,
	}
	for round := range 5 {
		answers := together(t, s, h, release, bodies)
		for i, want := range []string{
			`200 {"predictions": {"y": [[1,2]]}}`, `200 {"predictions": {"y": [[3,4],[5,6]]}}`, "400 ", `200 {"predictions": {"y": [[7,8]]}}`,
			`200 {"predictions": {"y": [[9,9],[9,9],[9,9],[9,9],[9,8]]}}`, `200 {"predictions": {"y": [[9,8]]}}`,
		} {
			if !strings.HasPrefix(answers[i], want) {
				t.Errorf("round %d, request %d: %s, want %s", round, i, answers[i], want)
			}
		}
		reclaim(t, s)
	}
	// The first four rows are together; the others do not fit to them or would be too many.
	key := "float32[2]"
	if proofs := s.current.Load().joiner.proofs[key]; proofs != neededProofs {
		t.Errorf("%d proofs", proofs)
	}
	text := metricsOf(t, h)
	for _, want := range []string{
		`millrace_serving_prediction_requests_bucket{le="1"} 15`, `millrace_serving_prediction_requests_bucket{le="4"} 20`,
		"millrace_serving_requests_waiting 0", `millrace_http_requests_total{code="400",method="POST",route="/invocations"} 5`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics have no %s:\n%s", want, text)
		}
	}
}

func metricsOf(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics: %d", w.Code)
	}
	return w.Body.String()
}

// TestDependentRows sends requests at once to a model whose rows depend on each other.
func TestDependentRows(t *testing.T) {
	t.Parallel()
	s, release := held(t, openFile(t, "depends.onnx"), Options{BatchRows: 100})
	h := s.Handler()
	for range 3 {
		answers := together(t, s, h, release, []string{`{"inputs": [[1, 2]]}`, `{"inputs": [[3, 4], [5, 6]]}`, `{"inputs": [[7, 8]]}`})
		want := `200 {"predictions": [[0,0]]} 200 {"predictions": [[-5,-6],[-3,-4]]} 200 {"predictions": [[0,0]]}`
		if got := strings.Join(answers, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		reclaim(t, s)
	}
	if s.current.Load().joiner.on("float32[2]") {
		t.Error("the requests are still joined")
	}
}

// TestEqualRows sends equal requests to such a model before different ones. Equal requests agree
// in both ways, but say nothing about others.
func TestEqualRows(t *testing.T) {
	t.Parallel()
	s, release := held(t, openFile(t, "mean.onnx"), Options{BatchRows: 100})
	h := s.Handler()
	for range neededProofs + 1 {
		same := `{"inputs": [[1, 2]]}`
		want := `200 {"predictions": [[0,0]]} 200 {"predictions": [[0,0]]}`
		if got := strings.Join(together(t, s, h, release, []string{same, same}), " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		reclaim(t, s)
	}
	answers := together(t, s, h, release, []string{`{"inputs": [[1, 2]]}`, `{"inputs": [[7, 8]]}`})
	if got := strings.Join(answers, " "); got != `200 {"predictions": [[0,0]]} 200 {"predictions": [[0,0]]}` {
		t.Errorf("different requests after equal ones: %s", got)
	}
}

// TestFailingMember sends a request at once with others that fails, also when the others are
// known to be independent.
func TestFailingMember(t *testing.T) {
	t.Parallel()
	s, release := held(t, openFile(t, "lookup.onnx"), Options{BatchRows: 100})
	h := s.Handler()
	for round := range 2 * neededProofs {
		bodies := []string{`{"inputs": [0]}`, `{"inputs": [2, 1]}`}
		if round >= neededProofs {
			bodies = append(bodies, `{"inputs": [99]}`)
		}
		answers := together(t, s, h, release, bodies)
		if got := strings.Join(answers[:2], " "); got != `200 {"predictions": [10]} 200 {"predictions": [12,11]}` {
			t.Errorf("round %d: %s", round, got)
		}
		if len(answers) > 2 && !strings.HasPrefix(answers[2], "400 ") {
			t.Errorf("round %d: the wrong request is %s", round, answers[2])
		}
		reclaim(t, s)
	}
}

// TestBusy sends more requests than may wait, and one whose client leaves.
func TestBusy(t *testing.T) {
	t.Parallel()
	s, release := held(t, open(t, "../../internal/serving/testdata/tensor"), Options{Queue: 2})
	h := s.Handler()
	ctx, leave := context.WithCancel(t.Context())
	var sent sync.WaitGroup
	sent.Go(func() {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/invocations", strings.NewReader(`{"inputs": [[1, 2]]}`))
		h.ServeHTTP(httptest.NewRecorder(), r)
	})
	s.pool.wait(t, 1)
	sent.Go(func() {
		if status, text := post(t, h, "", `{"inputs": [[1, 2]]}`); status != http.StatusOK {
			t.Errorf("a request that waits: %d %s", status, text)
		}
	})
	s.pool.wait(t, 2)
	w := httptest.NewRecorder()
	unread := io.MultiReader() // It has no size, and nothing reads it.
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invocations", unread))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "TEMPORARILY_UNAVAILABLE") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if n := testutil.ToFloat64(s.metrics.rejected); n != 1 {
		t.Errorf("%v rejected", n)
	}
	leave()
	release()
	sent.Wait()
	reclaim(t, s)
	if n := testutil.ToFloat64(s.metrics.waiting); n != 0 {
		t.Errorf("%v are waiting", n)
	}
}

// TestReload follows a model whose version changes.
func TestReload(t *testing.T) {
	t.Parallel()
	versions := make(chan string)
	var version string
	source := Source{
		Every: time.Millisecond,
		Version: func(ctx context.Context) (string, error) {
			select {
			case version = <-versions:
			case <-ctx.Done():
			}
			if version == "?" {
				return "", errors.New("the registry does not answer")
			}
			return version, ctx.Err()
		},
		Open: func(_ context.Context, version string) (*models.Model, error) {
			if version == "3" {
				return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "it is damaged")
			}
			return models.OpenONNX("testdata/depends.onnx")
		},
	}
	s := New(openFile(t, "lookup.onnx"), Options{Log: discard, Version: "1", Source: source})
	h := s.Handler()
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() { s.follow(ctx, source) })
	for _, step := range []struct{ found, served, body, answer string }{
		{"1", "1", `{"inputs": [1]}`, `{"predictions": [11]}`},
		{"?", "1", `{"inputs": [1]}`, `{"predictions": [11]}`},
		{"3", "1", `{"inputs": [1]}`, `{"predictions": [11]}`},
		{"2", "2", `{"inputs": [[1, 2]]}`, `{"predictions": [[0,0]]}`},
		{"3", "2", `{"inputs": [[1, 2]]}`, `{"predictions": [[0,0]]}`},
	} {
		versions <- step.found
		versions <- step.found // The first one has its effect then.
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invocations", strings.NewReader(step.body)))
		if w.Body.String() != step.answer || w.Header().Get(versionHeader) != step.served {
			t.Errorf("%s: %s %s", step.found, w.Header().Get(versionHeader), w.Body)
		}
	}
	text := metricsOf(t, h)
	for _, want := range []string{
		`millrace_serving_model_info{version="2"} 1`, `millrace_serving_reloads_total{result="ok"} 1`,
		`millrace_serving_reloads_total{result="failed"} 2`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	if strings.Contains(text, `version="1"`) {
		t.Error("the metrics have the old version")
	}
	cancel()
	ended.Wait()
}

// TestDrain ends a server while a request waits.
func TestDrain(t *testing.T) {
	t.Parallel()
	s, release := held(t, open(t, "../../internal/serving/testdata/tensor"), Options{ShutdownDelay: 500 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, "127.0.0.1:0", func(url string) { urls <- url }) }()
	url := <-urls
	send := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		text, _ := io.ReadAll(resp.Body) // A part is wrong, too.
		return resp.StatusCode, string(text)
	}
	answered := make(chan string, 1)
	go func() {
		status, text := send(http.MethodPost, "/invocations", `{"inputs": [[1, 2]]}`)
		answered <- fmt.Sprint(status, " ", text)
	}()
	s.pool.wait(t, 1)
	cancel()
	status, text := 0, ""
	for deadline := time.Now().Add(10 * time.Second); status != http.StatusServiceUnavailable && time.Now().Before(deadline); {
		status, text = send(http.MethodGet, "/readyz", "")
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d %s", status, text)
	}
	time.Sleep(600 * time.Millisecond) // The server no longer listens, and the request still waits.
	release()
	if got := <-answered; got != `200 {"predictions": {"y": [[1,2]]}}` {
		t.Error(got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
