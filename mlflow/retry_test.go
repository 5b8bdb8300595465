package mlflow_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// breakOff sends fewer bytes than announced.
func breakOff(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte("{"))
	panic(http.ErrAbortHandler)
}

func TestAnswersThatBreakOffAreAskedForAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			breakOff(w)
		}
		_, _ = w.Write([]byte(`{"experiment": {"experiment_id": "7"}}`))
	}))
	defer srv.Close()
	e, err := mlflow.NewClient(srv.URL).Experiment(t.Context(), "7")
	must(t, err)
	if e.ExperimentID != "7" || calls.Load() != 2 {
		t.Errorf("experiment %+v after %d calls", e, calls.Load())
	}
}

func TestDownloadsThatBreakOffBeginAnew(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/runs/get"):
			_, _ = w.Write([]byte(`{"run": {"info": {"run_id": "r", "artifact_uri": "mlflow-artifacts:/0/r/artifacts"}}}`))
		case r.URL.Query().Get("path") == "0/r/artifacts":
			_, _ = w.Write([]byte(`{"files": [{"path": "f", "file_size": 5}]}`))
		default:
			if calls.Add(1) == 1 {
				breakOff(w)
			}
			_, _ = w.Write([]byte("hello"))
		}
	}))
	defer srv.Close()
	var last mlflow.Transfer
	c := mlflow.NewClient(srv.URL, mlflow.WithProgress(func(at mlflow.Transfer) { last = at }))
	dir, err := c.DownloadArtifacts(t.Context(), "r", "", t.TempDir())
	must(t, err)
	text, err := os.ReadFile(dir + "/f")
	if err != nil || string(text) != "hello" || last.Bytes != 5 || last.Files != 1 {
		t.Errorf("%q, progress %+v, %v", text, last, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestRetryIsNotForCreation(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer srv.Close()
	c := mlflow.NewClient(srv.URL)
	if _, err := c.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0"}); err == nil || calls.Load() != 1 {
		t.Errorf("creating was tried %d times, then %v", calls.Load(), err)
	}
}

// brittle forwards requests to a server, and breaks off some transfers of files, once
// after longer than the client's time for retries.
type brittle struct {
	breaks   int           // number of attempts that break
	lasts    time.Duration // duration of each of them
	rest     http.Handler
	attempts atomic.Int64
}

func (s *brittle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upload := r.Method == http.MethodPut
	if !upload && (!strings.HasSuffix(r.URL.Path, "big.bin") || strings.Contains(r.URL.Path, "/fs/directories/")) {
		s.rest.ServeHTTP(w, r)
		return
	}
	if s.attempts.Add(1) > int64(s.breaks) {
		s.rest.ServeHTTP(w, r)
		return
	}
	if upload {
		_, _ = io.CopyN(io.Discard, r.Body, 1<<20)
	} else {
		w.Header().Set("Content-Length", "4194304")
		_, _ = w.Write(make([]byte, 1<<20))
		_ = http.NewResponseController(w).Flush()
	}
	time.Sleep(s.lasts)
	panic(http.ErrAbortHandler)
}

// TestLongTransfersAreRepeated checks that transfers that took longer than the time for
// retries are retried: uploads and downloads, through the artifact proxy and the Files
// API.
func TestLongTransfersAreRepeated(t *testing.T) {
	t.Parallel()
	const retryFor = 400 * time.Millisecond
	for _, agent := range []string{"go", "databricks-sdk-py/0.1 mlflow-python-client/3.17.2"} {
		t.Run(agent, func(t *testing.T) {
			t.Parallel()
			s := &brittle{breaks: 3, lasts: retryFor + retryFor/4, rest: passing(t, agent)}
			srv := httptest.NewServer(s)
			defer srv.Close()
			var at mlflow.Transfer
			c := mlflow.NewClient(srv.URL, mlflow.WithRetryFor(retryFor), mlflow.WithProgress(func(now mlflow.Transfer) { at = now }))
			run := startRun(t, c, mlflow.RunOptions{})
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "big.bin"), make([]byte, 4<<20), 0o600), run.LogArtifacts(t.Context(), dir, ""))
			if s.attempts.Load() != 4 || at.Bytes != 4<<20 {
				t.Errorf("the upload took %d attempts, progress %+v", s.attempts.Load(), at)
			}
			s.attempts.Store(0)
			local, err := c.DownloadArtifacts(t.Context(), run.ID(), "big.bin", t.TempDir())
			must(t, err)
			if text, err := os.ReadFile(local); err != nil || len(text) != 4<<20 || s.attempts.Load() != 4 || at.Bytes != 4<<20 {
				t.Errorf("the download took %d attempts for %d bytes, progress %+v, %v", s.attempts.Load(), len(text), at, err)
			}
		})
	}
}

// TestTransfersThatGetNoFurtherEnd checks that transfers that always break off at the
// same position end, and those with an error response.
func TestTransfersThatGetNoFurtherEnd(t *testing.T) {
	t.Parallel()
	unavailable := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for name, test := range map[string]struct {
		broken http.Handler
		most   int64
	}{
		"broken":      {&brittle{breaks: 1000}, 20},
		"unavailable": {unavailable, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := passing(t, "go")
			var attempts atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut || strings.HasSuffix(r.URL.Path, "big.bin") {
					attempts.Add(1)
					test.broken.ServeHTTP(w, r)
					return
				}
				files.ServeHTTP(w, r)
			}))
			defer srv.Close()
			c := mlflow.NewClient(srv.URL, mlflow.WithRetryFor(300*time.Millisecond))
			run := startRun(t, c, mlflow.RunOptions{})
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "big.bin"), make([]byte, 4<<20), 0o600))
			if err := run.LogArtifacts(t.Context(), dir, ""); err == nil || attempts.Load() < 2 || attempts.Load() > test.most {
				t.Errorf("%d attempts, then %v", attempts.Load(), err)
			}
		})
	}
}

// passing returns a proxy to a server that replaces the user agent.
func passing(t *testing.T, agent string) http.Handler {
	t.Helper()
	target, err := url.Parse(startServer(t))
	must(t, err)
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = target.Host
		r.Out.Header.Set("User-Agent", agent)
	}}
}
