package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/config"
)

// labels returns the values of a label in the metrics, sorted.
func labels(t *testing.T, url, label string, headers ...string) []string {
	t.Helper()
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`[{,]`+label+`="([^"]*)"`).FindAllStringSubmatch(send(t, "GET", url+"/metrics", nil, headers...).body, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// lines is a log that a test can read while the server writes it.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// find returns the lines of requests to a path.
func (l *lines) find(t *testing.T, path string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if fields["path"] == path {
			out = append(out, fields)
		}
	}
	return out
}

func (l *lines) logger(level slog.Level) *slog.Logger {
	return slog.New(LogHandler(l, config.Log{JSON: true, Level: level}))
}

// eventually waits until the condition is true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("not in time: %s", what)
}

func TestWhoReadsMetrics(t *testing.T) {
	t.Parallel()
	foreign := "Host: probe.example"
	for _, c := range []struct {
		args                              string
		closed                            bool
		plain, withToken, fromForeignHost int
	}{
		{"", false, 200, 200, 403},
		{"", true, 401, 200, 403},
		{"--expose-prometheus /nowhere", true, 401, 200, 403},
		{"--metrics users", true, 401, 200, 403},
		{"--metrics all", false, 200, 200, 200},
		{"--metrics all", true, 200, 200, 200},
		{"--metrics off", true, 404, 404, 403},
	} {
		url, bearer := "", "Authorization: Bearer x"
		if c.closed {
			var token string
			url, token = closedServer(t, strings.Fields(c.args)...)
			bearer = "Authorization: Bearer " + token
		} else {
			url = start(t, strings.Fields(c.args)...)
		}
		for name, got := range map[string][2]int{
			"plain":            {send(t, "GET", url+"/metrics", nil).status, c.plain},
			"with a token":     {send(t, "GET", url+"/metrics", nil, bearer).status, c.withToken},
			"of another host":  {send(t, "GET", url+"/metrics", nil, foreign).status, c.fromForeignHost},
			"API, other host":  {send(t, "GET", url+"/graphql", nil, foreign).status, 403},
			"below it":         {send(t, "GET", url+"/metrics/x", nil).status, 404},
			"a probe of it":    {send(t, "HEAD", url+"/metrics", nil, bearer).status, c.withToken},
			"another spelling": {send(t, "GET", url+"//metrics", nil, bearer).status, 404},
		} {
			if got[0] != got[1] {
				t.Errorf("%q, closed %t, %s: %d, want %d", c.args, c.closed, name, got[0], got[1])
			}
		}
	}
}

// TestMetricsOfRequests sends various requests and checks their metrics.
func TestMetricsOfRequests(t *testing.T) {
	t.Parallel()
	url := start(t)
	const file = "/api/2.0/mlflow-artifacts/artifacts/some/file"
	send(t, "PUT", url+file, strings.NewReader(strings.Repeat("x", 1000)))
	send(t, "GET", url+file, nil)
	send(t, "GET", url+"/api/2.0/mlflow/experiments/get?experiment_id=0", nil)
	send(t, "GET", url+"/api/2.0/mlflow/experiments/get?experiment_id=77", nil)
	send(t, "GET", url+"/api/2.0/mlflow/logged-models/m-1", nil)
	send(t, "GET", url+"/", nil)
	send(t, "GET", url+"/api/3.0/mlflow/jobs/x", nil)
	for i := range 300 {
		send(t, "GET", fmt.Sprintf("%s/api/2.0/mlflow/none/%d", url, i), nil)
		send(t, fmt.Sprintf("METHOD%d", i), url+"/api/2.0/mlflow/logged-models/x", nil)
		send(t, "GET", fmt.Sprintf("%s/page-%d", url, i), nil)
	}
	text := send(t, "GET", url+"/metrics", nil).body
	for _, want := range []string{
		`millrace_http_requests_total{code="200",method="PUT",route="/api/2.0/mlflow-artifacts/artifacts/{path...}"} 1`,
		`millrace_http_requests_total{code="200",method="GET",route="/api/2.0/mlflow-artifacts/artifacts/{path...}"} 1`,
		`millrace_http_requests_total{code="200",method="GET",route="/api/2.0/mlflow/experiments/get"} 1`,
		`millrace_http_requests_total{code="404",method="GET",route="/api/2.0/mlflow/experiments/get"} 1`,
		`millrace_http_requests_total{code="404",method="GET",route="/api/2.0/mlflow/logged-models/{model_id}"} 1`,
		`millrace_http_requests_total{code="501",method="GET",route="refused"} 1`,
		`millrace_http_requests_total{code="404",method="GET",route="none"} 300`,
		`millrace_http_requests_total{code="405",method="other",route="none"} 300`,
		`millrace_http_requests_total{code="404",method="GET",route="pages"} 300`,
		`millrace_http_request_bytes_total{route="/api/2.0/mlflow-artifacts/artifacts/{path...}"} 1000`,
		`millrace_http_response_bytes_total{route="/api/2.0/mlflow-artifacts/artifacts/{path...}"} 1000`,
		`millrace_http_request_duration_seconds_count{method="GET",route="/api/2.0/mlflow/experiments/get"} 2`,
		`millrace_http_requests_in_flight 1`,
		`millrace_artifact_transfers_in_flight{direction="upload"} 0`,
		`millrace_artifact_transfers_in_flight{direction="download"} 0`,
		`millrace_build_info{goversion="`, `go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if routes := labels(t, url, "route"); len(routes) > 10 {
		t.Errorf("%d routes: %q", len(routes), routes)
	}
}

// TestCutRequests disconnects during an upload and a download and checks that they are
// counted as such, and that none remains in flight.
func TestCutRequests(t *testing.T) {
	t.Parallel()
	log := &lines{}
	s := startIn(t, t.TempDir(), log.logger(slog.LevelDebug))
	url := s.URL()
	const path = "/api/2.0/mlflow-artifacts/artifacts/cut"
	send(t, "PUT", url+path, strings.NewReader(strings.Repeat("x", 64<<20)))
	metric := func(text string) func() bool {
		return func() bool { return strings.Contains(send(t, "GET", url+"/metrics", nil).body, "\n"+text+"\n") }
	}
	for _, c := range []struct{ request, under string }{
		{"PUT " + path + "2 HTTP/1.1\r\n" + localhost + "Content-Length: 100\r\n\r\nx", "upload"},
		{"GET " + path + " HTTP/1.1\r\n" + localhost + "\r\n", "download"},
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.request); err != nil {
			t.Fatal(err)
		}
		eventually(t, c.under+" under way", metric(`millrace_artifact_transfers_in_flight{direction="`+c.under+`"} 1`))
		_ = conn.Close()
		eventually(t, c.under+" ended", metric(`millrace_artifact_transfers_in_flight{direction="`+c.under+`"} 0`))
		method, _, _ := strings.Cut(c.request, " ")
		eventually(t, c.under+" counted", metric(`millrace_http_requests_total{code="499",method="`+method+`",route="/api/2.0/mlflow-artifacts/artifacts/{path...}"} 1`))
	}
	if found := log.find(t, path+"2"); len(found) != 1 || found[0]["status"] != 499.0 || found[0]["level"] != "DEBUG" {
		t.Errorf("the log: %v", found)
	}
}

// TestRequestID checks that the ID of a request is in its response and in the log.
func TestRequestID(t *testing.T) {
	t.Parallel()
	log := &lines{}
	s := startIn(t, t.TempDir(), log.logger(slog.LevelDebug))
	url := s.URL()
	made := map[string]bool{}
	for i, c := range []struct {
		sent string
		kept bool
	}{
		{"abc-123", true},
		{"Root=1-67891233:abcdef/0+x.y_z", true},
		{strings.Repeat("x", 128), true},
		{strings.Repeat("x", 129), false},
		{"", false},
		{"two words", false},
		{`"><script>`, false},
		{"ü", false},
		{"$(id)", false},
	} {
		for _, route := range []string{"/api/2.0/mlflow/experiments/get?experiment_id=99&n=%d", "/api/2.0/mlflow/none%d", "/page-%d", "/api/2.0/preview/scim/v2/None%d", "/graphql?n=%d", "/api/2.0//x%d"} {
			got := send(t, "GET", url+fmt.Sprintf(route, i), nil, "X-Request-Id: "+c.sent)
			id := got.header.Get("X-Request-Id")
			if (id == c.sent) != c.kept || !c.kept && !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(id) || !c.kept && made[id] {
				t.Errorf("%q became %q", c.sent, id)
			}
			made[id] = true
			var body map[string]any
			if err := json.Unmarshal([]byte(got.body), &body); err != nil || body["request_id"] != id || body["error_code"] == nil || body["message"] == nil {
				t.Errorf("%s: %d %s, want the id %s", route, got.status, got.body, id)
			}
			if !strings.Contains(log.String(), `"request_id":"`+id+`"`) {
				t.Errorf("%s: no line of the log has the id %s", route, id)
			}
		}
	}
}

// TestLogOfRequests checks which requests are logged and what no line contains.
func TestLogOfRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		level        slog.Level
		slow         string
		ok, bad      string // levels of a successful request and of a 404
		failed       string // level of a failed request
		lineOfOthers bool
	}{
		{"by default", slog.LevelInfo, "2s", "", "", "ERROR", false},
		{"debug", slog.LevelDebug, "2s", "DEBUG", "DEBUG", "ERROR", true},
		{"all", slog.LevelInfo, "0", "INFO", "INFO", "ERROR", true},
		{"errors only", slog.LevelError, "0", "", "", "ERROR", false},
	} {
		log := &lines{}
		s := startIn(t, t.TempDir(), log.logger(c.level), "--log-slow-requests", c.slow)
		level := func(path string) string {
			found := log.find(t, path)
			if len(found) > 1 {
				t.Errorf("%s: %d lines for one request: %v", c.name, len(found), found)
			}
			if len(found) == 0 {
				return ""
			}
			for _, field := range []string{"method", "route", "status", "duration_ms", "bytes_in", "bytes_out", "client", "request_id"} {
				if found[0][field] == nil {
					t.Errorf("%s: the line lacks %s: %v", c.name, field, found[0])
				}
			}
			return found[0]["level"].(string)
		}
		const good, bad, failing = "/api/2.0/mlflow/experiments/get", "/api/2.0/mlflow/runs/get", "/api/2.0/mlflow/registered-models/get"
		send(t, "GET", s.URL()+good+"?experiment_id=0", nil)
		send(t, "GET", s.URL()+bad+"?run_id=x&token=SECRET1", nil, "Authorization: Bearer mlr_SECRET2", "Cookie: SECRET3")
		send(t, "GET", s.URL()+"/.well-known/databricks-artifact?token=SECRET4", nil)
		if err := os.RemoveAll(s.config.ArtifactsDestination); err != nil {
			t.Fatal(err)
		}
		damage(t, s)
		if got := send(t, "GET", s.URL()+failing+"?name=x", nil); got.status < 500 || strings.Contains(got.body, "no such table") {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
		if got := [3]string{level(good), level(bad), level(failing)}; got != [3]string{c.ok, c.bad, c.failed} {
			t.Errorf("%s: levels %q\n%s", c.name, got, log)
		}
		if found := log.find(t, failing); len(found) != 1 || !strings.Contains(fmt.Sprint(found[0]["error"]), "no such table") {
			t.Errorf("%s: the log does not say why: %v", c.name, found)
		}
		if strings.Contains(log.String(), "SECRET") {
			t.Errorf("%s: the log holds a secret:\n%s", c.name, log)
		}
	}
}

// damage drops a table of the server's database.
func damage(t *testing.T, s *Server) {
	t.Helper()
	db := openDatabase(t, s.config.BackendStoreURI)
	if _, err := db.ExecContext(t.Context(), "ALTER TABLE registered_models RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
}

// TestShutdown sends requests to a server that is shutting down.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s, stop := startToStop(t, "--shutdown-delay", "3s")
	url := s.URL()
	if got := send(t, "GET", url+"/readyz", nil); got.status != 200 {
		t.Errorf("%+v", got)
	}
	early, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = early.Close() }()
	ended := stop()
	eventually(t, "it says that it ends", func() bool { return s.readiness.stopping.Load() })
	if got := send(t, "GET", url+"/readyz", nil); got.status != 503 || got.body != `{"status":"shutting down","checks":null}` {
		t.Errorf("%+v", got)
	}
	for path, want := range map[string]int{"/livez": 200, "/health": 200, "/api/2.0/mlflow/experiments/get?experiment_id=0": 200} {
		if got := send(t, "GET", url+path, nil); got.status != want {
			t.Errorf("%s: %+v", path, got)
		}
	}
	fmt.Fprintf(early, "GET /readyz HTTP/1.1\r\n%s\r\n", localhost)
	if resp, err := http.ReadResponse(bufio.NewReader(early), nil); err != nil || resp.StatusCode != 503 {
		t.Errorf("on an early connection: %v, %v", resp, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler), "--profile-address", "127.0.0.1:0")
	profiles := strings.TrimSuffix(s.profiler.url(), "/debug/pprof/")
	for _, c := range []struct {
		url, host string
		status    int
	}{
		{profiles + "/debug/pprof/", "", 200},
		{profiles + "/debug/pprof/heap", "", 200},
		{profiles + "/debug/pprof/goroutine", "", 200},
		{profiles + "/debug/pprof/profile?seconds=1", "", 200},
		{profiles + "/debug/pprof/heap", "evil.example", 403},
		{profiles + "/metrics", "", 404},
		{s.URL() + "/debug/pprof/", "", 404},
		{s.URL() + "/debug/pprof/heap", "", 404},
	} {
		var headers []string
		if c.host != "" {
			headers = []string{"Host: " + c.host}
		}
		if got := send(t, "GET", c.url, nil, headers...); got.status != c.status {
			t.Errorf("%s of %q: %d", c.url, c.host, got.status)
		}
	}
	var said bytes.Buffer
	if err := s.Announce(t.Context(), &said); err != nil || !strings.Contains(said.String(), s.profiler.url()) {
		t.Errorf("%s, %v", &said, err)
	}
	if none := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler)); none.profiler != nil {
		t.Error("profiles are served although nobody asked for them")
	}
}
