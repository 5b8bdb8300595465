package observe_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

// serve answers one request by h and returns the answer and the log.
func serve(t *testing.T, h http.HandlerFunc) (*http.Response, string, string, error) {
	t.Helper()
	log := &bytes.Buffer{}
	o := &observe.Observer{
		Log: slog.New(observe.LogHandler(log, false, slog.LevelDebug)), Slow: 1 << 40,
	}
	o.Register(prometheus.NewRegistry())
	srv := httptest.NewUnstartedServer(o.Wrap(h))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	resp, err := http.Get(srv.URL + "/path")
	if err != nil {
		srv.Close()
		return nil, "", log.String(), err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	srv.Close()
	return resp, string(body), log.String(), err
}

// TestHowRequestsEnd: every end of a handler has one line in the log.
func TestHowRequestsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		status int // 0 for an answer that is cut
		log    string
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, 200, "level=DEBUG msg=request"},
		{"status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 404, "status=404"},
		{"early hints", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }, 201, "status=201"},
		{"failure", func(w http.ResponseWriter, r *http.Request) {
			observe.Fail(w, r, errors.New("the reason"))
		}, 500, "error=\"the reason\""},
		{"outage", func(w http.ResponseWriter, r *http.Request) {
			observe.Fail(w, r, mlflow.Errorf(mlflow.TemporarilyUnavailable, "the database is down"))
		}, 503, "the database is down"},
		{"bad request", func(w http.ResponseWriter, r *http.Request) {
			observe.Fail(w, r, mlflow.Errorf(mlflow.InvalidParameterValue, "no"))
		}, 400, "level=DEBUG"},
		{"not implemented is no failure", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(501) }, 501, "level=DEBUG"},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("the reason") }, 500, "the reason"},
		{"panic after the first byte", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
			panic("the reason")
		}, 0, "the reason"},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "level=DEBUG msg=request"},
		{"abort after the first byte", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
			panic(http.ErrAbortHandler)
		}, 0, "status=499"},
	} {
		resp, body, log, err := serve(t, c.handle)
		if (err == nil) != (c.status != 0) || err == nil && resp.StatusCode != c.status || strings.Contains(body, "the reason") {
			t.Errorf("%s: %v, %v", c.name, resp, err)
		}
		if strings.Count(log, "\n") != 1 || !strings.Contains(log, c.log) || !strings.Contains(log, "request_id=") {
			t.Errorf("%s: the log is\n%s", c.name, log)
		}
	}
}

// TestUnobserved: code that says something of a request works without an observer.
func TestUnobserved(t *testing.T) {
	t.Parallel()
	observe.Route(context.Background(), "x")
	observe.Transfer(context.Background(), observe.Upload)()
	if e := observe.Presentable(context.Background(), errors.New("x")); e.Code != mlflow.InternalError {
		t.Errorf("%v", e)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"postgresql://user:pa@ss:w@host:5432/db?x=y":          "postgresql://user:xxxxx@host:5432/db?x=y",
		"dial mysql://u:p@h/d: refused, then mysql://u:q@h/d": "dial mysql://u:xxxxx@h/d: refused, then mysql://u:xxxxx@h/d",
		"http://host:5000/path@x":                             "http://host:5000/path@x",
		"token mlr_abcDEF-123_x is unknown":                   "token mlr_xxxxx is unknown",
		"Authorization: Bearer abc.def-ghi":                   "Authorization: Bearer xxxxx",
		"Basic dXNlcjpwYXNzd29yZA== sent":                     "Basic xxxxx sent",
		"/.well-known/databricks-artifact?token=abc.def&x=1":  "/.well-known/databricks-artifact?token=xxxxx&x=1",
		"https://b.example/k?X-Amz-Signature=0af&other=1":     "https://b.example/k?X-Amz-Signature=xxxxx&other=1",
		"host=h password=secret user=u":                       "host=h password=xxxxx user=u",
		"the basic idea":                                      "the basic idea",
		"a metric called token":                               "a metric called token",
	} {
		if got := observe.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		log := slog.New(observe.LogHandler(&out, asJSON, slog.LevelInfo)).With("uri", "postgresql://u:SECRET@h/d")
		log.Warn("cannot reach postgresql://u:SECRET@h/d", "error", errors.New("mlr_SECRET"), slog.Group("g", "x", "password=SECRET "))
		if strings.Contains(out.String(), "SECRET") || !strings.Contains(out.String(), "xxxxx") {
			t.Errorf("%s", &out)
		}
	}
}
