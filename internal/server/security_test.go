package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/config"
)

func TestAllowedHost(t *testing.T) {
	t.Parallel()
	byDefault := newGuard(&config.Config{})
	listed := newGuard(&config.Config{AllowedHosts: []string{"mlflow.example.org", "10.*", "app-*.example.org", "with-port:5000"}})
	all := newGuard(&config.Config{AllowedHosts: []string{"*"}})
	for _, c := range []struct {
		guard *guard
		host  string
		want  bool
	}{
		{byDefault, "localhost", true},
		{byDefault, "LOCALHOST:5000", true},
		{byDefault, "127.0.0.1:5000", true},
		{byDefault, "127.1.2.3", true},
		{byDefault, "[::1]:5000", true},
		{byDefault, "[::1]", true},
		{byDefault, "192.168.1.7:5000", true},
		{byDefault, "10.0.0.1", true},
		{byDefault, "172.16.0.1", true},
		{byDefault, "0.0.0.0:5000", true},
		{byDefault, "172.32.0.1", false},
		{byDefault, "8.8.8.8", false},
		{byDefault, "evil.example", false},
		{byDefault, "10.evil.example", false},
		{byDefault, "192.168.1.1.evil.example", false},
		{byDefault, "localhost.evil.example", false},
		{byDefault, "localhost:5000:5000", false},
		{byDefault, "localhost:", false},
		{byDefault, "localhost:x", false},
		{byDefault, "localhost:99999", false},
		{byDefault, "local\thost", false},
		{byDefault, "[::1", false},
		{byDefault, "", false},
		{listed, "mlflow.example.org", true},
		{listed, "MLflow.example.org:443", true},
		{listed, "app-7.example.org", true},
		{listed, "10.1.2.3:80", true},
		{listed, "with-port:5000", true},
		{listed, "with-port:5001", false},
		{listed, "10.evil.example", false},
		{listed, "localhost", false},
		{listed, "evil.example", false},
		{all, "evil.example", true},
		{all, "bad host", false},
	} {
		if got := c.guard.allowedHost(c.host); got != c.want {
			t.Errorf("%q: %t", c.host, got)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := newGuard(&config.Config{XFrameOptions: "SAMEORIGIN", CORSAllowedOrigins: []string{"https://app.example.org"}}).wrap(inner)
	for _, c := range []struct {
		name, method, path, host string
		headers                  string
		want                     int
	}{
		{"no origin", "POST", "/api/x", "localhost", "", 418},
		{"own origin", "POST", "/api/x", "localhost:5000", "Origin: http://localhost:5000", 418},
		{"own private address", "POST", "/api/x", "192.168.1.7:5000", "Origin: http://192.168.1.7:5000", 418},
		{"other port of this machine", "POST", "/api/x", "localhost:5000", "Origin: http://127.0.0.1:3000", 418},
		{"listed", "DELETE", "/api/x", "localhost", "Origin: https://app.example.org", 418},
		{"listed, other scheme", "DELETE", "/api/x", "localhost", "Origin: http://app.example.org", 403},
		{"foreign", "POST", "/ajax-api/x", "localhost", "Origin: https://evil.example", 403},
		{"foreign with our name inside", "POST", "/api/x", "localhost", "Origin: https://localhost.evil.example", 403},
		{"foreign user part", "POST", "/api/x", "localhost", "Origin: https://localhost@evil.example", 403},
		{"our name with a fragment", "POST", "/api/x", "localhost", "Origin: http://localhost#evil.example", 403},
		{"our name with a user", "POST", "/api/x", "localhost", "Origin: http://evil@localhost", 403},
		{"null", "POST", "/api/x", "localhost", "Origin: null", 403},
		{"foreign without origin", "PUT", "/api/x", "localhost", "Sec-Fetch-Site: cross-site", 403},
		{"sibling without origin", "PUT", "/api/x", "localhost", "Sec-Fetch-Site: same-site", 403},
		{"own page without origin", "PUT", "/api/x", "localhost", "Sec-Fetch-Site: same-origin", 418},
		{"typed address", "POST", "/api/x", "localhost", "Sec-Fetch-Site: none", 418},
		{"foreign referer", "POST", "/api/x", "localhost", "Referer: https://evil.example/page", 403},
		{"foreign referer, own origin", "POST", "/api/x", "localhost", "Origin: http://localhost\nReferer: https://evil.example/page", 418},
		{"foreign origin, own referer", "POST", "/api/x", "localhost", "Origin: https://evil.example\nReferer: http://localhost/", 403},
		{"own referer", "POST", "/api/x", "192.168.1.7:5000", "Referer: http://192.168.1.7:5000/#/runs?a=b", 418},
		{"own referer, but cross-site", "POST", "/api/x", "localhost", "Referer: http://localhost/\nSec-Fetch-Site: cross-site", 418},
		{"referer of localhost", "POST", "/api/x", "localhost:5000", "Referer: http://127.0.0.1:3000/x", 418},
		{"listed referer", "DELETE", "/api/x", "localhost", "Referer: https://app.example.org/deep/page", 418},
		{"listed referer, other scheme", "DELETE", "/api/x", "localhost", "Referer: http://app.example.org/", 403},
		{"referer with our name inside", "POST", "/api/x", "localhost", "Referer: https://localhost.evil.example/", 403},
		{"referer with our name as a user", "POST", "/api/x", "localhost", "Referer: https://localhost@evil.example/", 403},
		{"referer with our name as its path", "POST", "/api/x", "localhost", "Referer: https://evil.example/http://localhost/", 403},
		{"referer without a host", "POST", "/api/x", "localhost", "Referer: about:blank", 403},
		{"broken referer", "POST", "/api/x", "localhost", "Referer: http://[::1", 403},
		{"foreign referer, reading", "GET", "/api/x", "localhost", "Referer: https://evil.example/page", 418},
		{"on every path", "POST", "/graphql", "localhost", "Origin: https://evil.example", 403},
		{"reading is the browser's matter", "GET", "/api/x", "localhost", "Origin: https://evil.example", 418},
		{"foreign host", "GET", "/api/x", "evil.example", "", 403},
		{"foreign host, page", "GET", "/", "evil.example", "", 403},
		{"foreign host, health", "GET", "/health", "evil.example", "", 418},
		{"foreign host, version", "GET", "/version", "evil.example", "", 418},
		{"foreign host, liveness", "GET", "/livez", "evil.example", "", 418},
		{"foreign host, readiness", "GET", "/readyz", "evil.example", "", 418},
		{"foreign host, below health", "GET", "/health/x", "evil.example", "", 403},
		{"preflight", "OPTIONS", "/api/x", "localhost", "Origin: http://localhost:3000\nAccess-Control-Request-Method: POST", 204},
		{"foreign preflight", "OPTIONS", "/api/x", "localhost", "Origin: https://evil.example\nAccess-Control-Request-Method: POST", 403},
	} {
		r := httptest.NewRequestWithContext(context.Background(), c.method, c.path, nil)
		r.Host = c.host
		for line := range strings.SplitSeq(c.headers, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
		}
		if got := w.Header().Get("X-Frame-Options"); got != "SAMEORIGIN" {
			t.Errorf("%s: X-Frame-Options %q", c.name, got)
		}
		if cors := w.Header().Get("Access-Control-Allow-Origin"); c.want == 403 && cors != "" {
			t.Errorf("%s: refused, but allowed to read: %q", c.name, cors)
		}
	}
}
