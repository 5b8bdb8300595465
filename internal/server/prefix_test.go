package server

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/auth"
)

func TestUnderPrefix(t *testing.T) {
	t.Parallel()
	reached := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Reached", name+r.URL.EscapedPath()) })
	}
	h := underPrefix("/mlflow", reached("in "), reached("out "))
	for _, c := range []struct{ path, want string }{
		{"/mlflow/", "in /"},
		{"/mlflow/api/2.0/mlflow/x", "in /api/2.0/mlflow/x"},
		{"/mlflow/api/a%2Fb%20c", "in /api/a%2Fb%20c"},
		{"/mlflow//health", "in //health"},
		{"/mlflow/health", "in /health"},
		{"/mlflow", "out /mlflow"},
		{"/mlflowx", "out /mlflowx"},
		{"/mlflo%77/a%2Fb", "out /mlflo%77/a%2Fb"},
		{"/health", "out /health"},
		{"/api/2.0/mlflow/x", "out /api/2.0/mlflow/x"},
		{"/api/2.0/mlflow-artifacts/artifacts/a", "in /api/2.0/mlflow-artifacts/artifacts/a"},
		{"/ajax-api/2.0/mlflow-artifacts/artifacts/a", "in /ajax-api/2.0/mlflow-artifacts/artifacts/a"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", c.path, nil))
		if got := w.Header().Get("Reached"); got != c.want {
			t.Errorf("%s: reached %q, want %q", c.path, got, c.want)
		}
	}
}

// closedServer returns a server that requires a token, and the token.
func closedServer(t *testing.T, args ...string) (url, token string) {
	t.Helper()
	return closedServerWith(t, slog.New(slog.DiscardHandler), args...)
}

func closedServerWith(t *testing.T, log *slog.Logger, args ...string) (url, token string) {
	t.Helper()
	s := startIn(t, t.TempDir(), log, args...)
	token = "mlr_test"
	if _, err := s.store.CreateToken(t.Context(), "me@example.org", "", auth.TokenHash(token), 0); err != nil { // Before the first request.
		t.Fatal(err)
	}
	return s.URL(), token
}

// times matches the timestamps that differ between two responses.
var times = regexp.MustCompile(`:\d{13}\b`)

type seen struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, method, url string, body io.Reader, headers ...string) seen {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Request-Id", "same") // It is in the answer.
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{resp.StatusCode, resp.Header, times.ReplaceAllString(string(answer), ":0")}
}

// TestRulesUnderPrefix compares a server under a prefix with one without. All rules
// about paths must be the same.
func TestRulesUnderPrefix(t *testing.T) {
	t.Parallel()
	plainLog, prefixedLog := &lines{}, &lines{}
	plain, token := closedServerWith(t, plainLog.logger(slog.LevelDebug))
	prefixed, _ := closedServerWith(t, prefixedLog.logger(slog.LevelDebug), "--static-prefix", "/mlflow")
	if !strings.HasSuffix(prefixed, "/mlflow") {
		t.Fatal(prefixed)
	}
	bearer := "Authorization: Bearer " + token
	for _, c := range []struct {
		name, method, path string
		status             int
		headers            []string
	}{
		{"guard: health", "GET", "/health", 200, []string{"Host: probe.example"}},
		{"guard: version", "GET", "/version", 200, []string{"Host: probe.example"}},
		{"guard: liveness", "GET", "/livez", 200, []string{"Host: probe.example"}},
		{"guard: readiness", "GET", "/readyz", 200, []string{"Host: probe.example"}},
		{"guard: metrics", "GET", "/metrics", 403, []string{"Host: probe.example", bearer}},
		{"guard: route", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", 403, []string{"Host: probe.example", bearer}},
		{"guard: page", "GET", "/", 403, []string{"Host: probe.example"}},
		{"guard: below health", "GET", "/health/x", 403, []string{"Host: probe.example"}},
		{"guard: two slashes", "GET", "//health", 403, []string{"Host: probe.example"}},
		{"auth: health", "GET", "/health", 200, nil},
		{"auth: readiness", "GET", "/readyz", 200, nil},
		{"auth: metrics", "GET", "/metrics", 401, nil},
		{"auth: login door", "GET", "/.well-known/databricks-config", 200, nil},
		{"auth: route", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", 401, nil},
		{"auth: route with a token", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", 200, []string{bearer}},
		{"auth: not below health", "GET", "/health/../api/2.0/mlflow/experiments/get?experiment_id=0", 401, nil},
		{"auth: GraphQL", "POST", "/graphql", 401, nil},
		{"cache: page", "GET", "/", 200, nil},
		{"cache: no page", "GET", "/assets/none.js", 404, nil},
		{"door: who am I", "GET", "/api/2.0/preview/scim/v2/Me", 200, []string{bearer}},
		{"door: folder", "GET", "/api/2.0/fs/directories/WorkspaceInternal/Mlflow/Artifacts/0/Runs/x", 404, []string{bearer}},
		{"door: wrong method", "PATCH", "/api/2.0/fs/files/x", 405, []string{bearer}},
		{"API: wrong method", "PUT", "/api/2.0/mlflow/logged-models/x", 405, []string{bearer}},
		{"API: no route", "GET", "/api/2.0/mlflow/none", 404, []string{bearer}},
		{"API: refused route", "GET", "/api/3.0/mlflow/jobs/x", 501, []string{bearer}},
		{"API: dirty path", "GET", "/api/2.0//mlflow/runs/get", 400, []string{bearer}},
		{"operation: wrong method", "POST", "/readyz", 405, nil},
		{"operation: two slashes", "GET", "//livez", 404, nil},
		{"pages: wrong method", "POST", "/", 405, nil},
		{"pages: wrong method and no page", "POST", "/none", 404, nil},
	} {
		want, got := send(t, c.method, plain+c.path, nil, c.headers...), send(t, c.method, prefixed+c.path, nil, c.headers...)
		if want.status != c.status || got.status != want.status || got.body != want.body {
			t.Errorf("%s: %d %.200s\nwithout a prefix: %d %.200s, want %d", c.name, got.status, got.body, want.status, want.body, c.status)
		}
		for _, name := range []string{"Cache-Control", "Content-Type", "Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Allow", "Www-Authenticate", "Vary"} {
			if got.header.Get(name) != want.header.Get(name) {
				t.Errorf("%s: %s %q, without a prefix %q", c.name, name, got.header.Get(name), want.header.Get(name))
			}
		}
	}
	logged := regexp.MustCompile(`"method":"[^"]*","path":"[^"]*","route":"[^"]*","status":\d+`)
	if want, got := logged.FindAllString(plainLog.String(), -1), logged.FindAllString(prefixedLog.String(), -1); len(want) < 20 || !slices.Equal(got, want) {
		t.Errorf("the log has %q, without a prefix %q", got, want)
	}
	// The metrics have the same routes.
	for _, url := range []string{plain, prefixed} { // The second request has the route of the first in its metrics.
		send(t, "GET", url+"/metrics", nil, bearer)
	}
	want, got := labels(t, plain, "route", bearer), labels(t, prefixed, "route", bearer)
	if !slices.Equal(got, want) || !slices.Contains(want, "/health") || !slices.Contains(want, "/api/2.0/preview/scim/v2/Me") || !slices.Contains(want, "pages") {
		t.Errorf("routes %q, without a prefix %q", got, want)
	}
	beside := strings.TrimSuffix(prefixed, "/mlflow")
	for _, c := range []struct {
		name, path string
		status     int
		headers    []string
	}{
		{"to the prefix", "/mlflow", 301, nil},
		{"to the prefix of a foreign host", "/mlflow", 403, []string{"Host: probe.example"}},
		{"beside the prefix", "/api/2.0/mlflow/experiments/get?experiment_id=0", 404, []string{bearer}},
		{"health beside the prefix, as in MLflow", "/health", 404, nil},
		{"file beside the prefix", "/api/2.0/mlflow-artifacts/artifacts/none", 404, []string{bearer}},
		{"file beside the prefix, no token", "/api/2.0/mlflow-artifacts/artifacts/none", 401, nil},
		{"workspace link", "/mlflow/ml/experiments/0", 302, nil},
	} {
		if got := send(t, "GET", beside+c.path, nil, c.headers...); got.status != c.status {
			t.Errorf("%s: %d %.200s", c.name, got.status, got.body)
		} else if where := got.header.Get("Location"); got.status < 400 && !strings.HasPrefix(where, "/mlflow/") {
			t.Errorf("%s: leads to %q", c.name, where)
		}
	}
	// The URLs in responses contain the prefix.
	for path, body := range map[string]string{
		"/api/2.0/mlflow/artifacts/credentials-for-write": `{"run_id":"RUN","path":["f"]}`,
		"/api/2.0/fs/create-abort-upload-url":             `{}`,
	} {
		run := send(t, "POST", prefixed+"/api/2.0/mlflow/runs/create", strings.NewReader(`{"experiment_id":"0"}`), bearer, "Content-Type: application/json")
		var created struct {
			Run struct {
				Info struct {
					ID string `json:"run_id"`
				} `json:"info"`
			} `json:"run"`
		}
		if err := json.Unmarshal([]byte(run.body), &created); err != nil {
			t.Fatal(err)
		}
		got := send(t, "POST", prefixed+path, strings.NewReader(strings.ReplaceAll(body, "RUN", created.Run.Info.ID)), bearer, "Content-Type: application/json")
		if got.status != 200 || !strings.Contains(got.body, `"`+prefixed+`/.well-known/`) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}
