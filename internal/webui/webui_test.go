package webui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func pack(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func notAllowed(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }

func testHandler(t *testing.T) http.Handler {
	t.Helper()
	assets, err := load(fstest.MapFS{
		"index.html.gz":           pack(t, "<p>index"),
		"theme.js.gz":             pack(t, "theme()"),
		"assets/app-abc123.js.gz": pack(t, "app()"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return newHandler(assets, http.NotFound, notAllowed)
}

func request(h http.Handler, method, target string, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for key, value := range headers {
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFiles(t *testing.T) {
	t.Parallel()
	h := testHandler(t)
	const forever = "public, max-age=31536000, immutable"
	tests := []struct {
		target, contentType, cache, body string
	}{
		{"/", "text/html; charset=utf-8", "no-cache", "<p>index"},
		{"/index.html", "text/html; charset=utf-8", "no-cache", "<p>index"},
		{"/theme.js", "text/javascript; charset=utf-8", "no-cache", "theme()"},
		{"/assets/app-abc123.js", "text/javascript; charset=utf-8", forever, "app()"},
	}
	for _, test := range tests {
		w := request(h, "GET", test.target, nil)
		if w.Code != http.StatusOK || w.Body.String() != test.body {
			t.Errorf("%s: got %d %q, want 200 %q", test.target, w.Code, w.Body, test.body)
		}
		for key, want := range map[string]string{
			"Content-Type":            test.contentType,
			"Cache-Control":           test.cache,
			"Content-Encoding":        "",
			"Content-Security-Policy": contentSecurityPolicy,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Vary":                    "Accept-Encoding",
		} {
			if got := w.Header().Get(key); got != want {
				t.Errorf("%s: %s is %q, want %q", test.target, key, got, want)
			}
		}
	}
}

// TestSandbox checks the policy of the page that runs the scripts of files.
func TestSandbox(t *testing.T) {
	t.Parallel()
	assets, err := load(fstest.MapFS{"sandbox.html.gz": pack(t, "<p>"), "index.html.gz": pack(t, "<p>")})
	if err != nil {
		t.Fatal(err)
	}
	w := request(newHandler(assets, http.NotFound, notAllowed), "GET", "/sandbox.html", nil)
	policy := map[string]string{}
	for part := range strings.SplitSeq(w.Header().Get("Content-Security-Policy"), "; ") {
		name, value, _ := strings.Cut(part, " ")
		policy[name] = value
	}
	if policy["sandbox"] != "allow-scripts" || policy["default-src"] != "'none'" || policy["frame-ancestors"] != "'self'" {
		t.Errorf("got %q", policy)
	}
	for name, value := range policy {
		if name != "frame-ancestors" && (strings.Contains(value, "'self'") || strings.Contains(value, "http") ||
			strings.Contains(value, "*") || strings.Contains(value, "allow-same-origin")) {
			t.Errorf("%s %s gives the scripts of files access to a host", name, value)
		}
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	h := testHandler(t)
	for accept, packed := range map[string]bool{
		"gzip":                 true,
		"gzip, deflate, br":    true,
		"br;q=1.0, gzip;q=0.8": true,
		"GZIP":                 true,
		"*":                    true,
		"br":                   false,
		"gzip;q=0":             false,
		"gzip; q=0, *":         false,
		"identity, *;q=0":      false,
		"":                     false,
		"x-gzip-like":          false,
	} {
		w := request(h, "GET", "/", map[string]string{"Accept-Encoding": accept})
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("Accept-Encoding %q: gzip is %v, want %v", accept, got, packed)
		}
		if !packed {
			continue
		}
		r, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil || string(body) != "<p>index" {
			t.Errorf("Accept-Encoding %q: body is %q, %v", accept, body, err)
		}
	}
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	h := testHandler(t)
	plain := request(h, "GET", "/", nil).Header().Get("Etag")
	packed := request(h, "GET", "/", map[string]string{"Accept-Encoding": "gzip"}).Header().Get("Etag")
	if plain == "" || plain == packed {
		t.Fatalf("entity tags %s and %s must exist and differ", plain, packed)
	}
	w := request(h, "GET", "/", map[string]string{"If-None-Match": plain})
	if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("same tag: got %d with %d bytes, want 304 with none", w.Code, w.Body.Len())
	}
	if w := request(h, "GET", "/", map[string]string{"If-None-Match": `"other"`}); w.Code != http.StatusOK {
		t.Errorf("other tag: got %d, want 200", w.Code)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := testHandler(t)
	tests := []struct {
		method, target string
		want           int
	}{
		{"GET", "/nothing.js", http.StatusNotFound},
		{"GET", "/assets/", http.StatusNotFound},
		{"GET", "/index.html.gz", http.StatusNotFound},
		{"GET", "/../index.html", http.StatusNotFound},
		{"POST", "/", http.StatusMethodNotAllowed},
		{"DELETE", "/theme.js", http.StatusMethodNotAllowed},
	}
	for _, test := range tests {
		if w := request(h, test.method, test.target, nil); w.Code != test.want {
			t.Errorf("%s %s: got %d, want %d", test.method, test.target, w.Code, test.want)
		}
	}
	if w := request(h, "HEAD", "/", nil); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD /: got %d with %d bytes, want 200 with none", w.Code, w.Body.Len())
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	_, err := load(fstest.MapFS{"index.html.gz": {Data: []byte("not gzip")}})
	if err == nil || !strings.Contains(err.Error(), "index.html") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

// TestEmbedded tests the embedded pages, which depend on the build tag noui.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	w := request(Handler(http.NotFound, notAllowed), "GET", "/", nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<title>Millrace</title>") {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	if got := request(Handler(http.NotFound, notAllowed), "GET", "/assets/none.js", nil).Code; got != http.StatusNotFound {
		t.Errorf("unknown asset: got %d, want 404", got)
	}
}
