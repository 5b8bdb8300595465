package compress_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/compress"
)

// text returns n bytes of JSON.
func text(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }

func serve(handler http.HandlerFunc, method, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	if accept != "" {
		r.Header.Set("Accept-Encoding", accept)
	}
	w := httptest.NewRecorder()
	compress.Handler(handler).ServeHTTP(w, r)
	return w
}

func unzip(t *testing.T, b io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(b)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		method, accept string
		status, size   int
		headers        []string // name, value, and so on
		zipped, varies bool
	}{
		{"a page", "GET", "gzip", 200, 5000, nil, true, true},
		{"a page for a browser", "POST", "gzip, deflate, br", 200, 5000, nil, true, true},
		{"1024 bytes", "GET", "gzip", 200, 1024, nil, false, true},
		{"1025 bytes", "GET", "gzip", 200, 1025, nil, true, true},
		{"an error", "GET", "gzip", 404, 5000, nil, true, true},
		{"a short error", "GET", "gzip", 500, 50, nil, false, true},
		{"a client without gzip", "GET", "", 200, 5000, nil, false, true},
		{"a client that refuses gzip", "GET", "gzip;q=0", 200, 5000, nil, false, true},
		{"HEAD", "HEAD", "gzip", 200, 5000, nil, false, false},
		{"a file", "GET", "gzip", 200, 5000, []string{"ETag", `"1"`}, false, false},
		{"a range", "GET", "gzip", 206, 5000, []string{"Content-Range", "bytes 0-4999/9000"}, false, false},
		{"nothing has changed", "GET", "gzip", 304, 0, nil, false, false},
		{"a known length", "GET", "gzip", 200, 5000, []string{"Content-Length", "5000"}, false, false},
		{"compressed by the handler", "GET", "gzip", 200, 5000, []string{"Content-Encoding", "br"}, false, false},
		{"a login", "POST", "gzip", 200, 5000, []string{"Set-Cookie", "a=b"}, false, false},
		{"an image", "GET", "gzip", 200, 5000, []string{"Content-Type", "image/png"}, false, false},
		{"no type", "GET", "gzip", 200, 5000, []string{"Content-Type", ""}, false, false},
		{"a charset", "GET", "gzip", 200, 5000, []string{"Content-Type", "application/json; charset=utf-8"}, true, true},
		{"JSON of a kind", "GET", "gzip", 200, 5000, []string{"Content-Type", "application/problem+json"}, true, true},
	} {
		want := ""
		if c.size > 0 {
			want = text(c.size)
		}
		w := serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := 0; i < len(c.headers); i += 2 {
				w.Header().Set(c.headers[i], c.headers[i+1])
			}
			w.WriteHeader(c.status)
			for rest := want; rest != ""; { // in parts
				n := min(len(rest), 300)
				if _, err := io.WriteString(w, rest[:n]); err != nil {
					t.Error(err)
				}
				rest = rest[n:]
			}
		}, c.method, c.accept)
		h := w.Result().Header
		zipped, varies := h.Get("Content-Encoding") == "gzip", h.Get("Vary") == "Accept-Encoding"
		if w.Code != c.status || zipped != c.zipped || varies != c.varies {
			t.Errorf("%s: %d %v", c.name, w.Code, h)
		}
		got := w.Body.String()
		if zipped {
			if w.Body.Len() > c.size/2 {
				t.Errorf("%s: %d bytes of %d", c.name, w.Body.Len(), c.size)
			}
			got = unzip(t, w.Body)
		}
		if got != want {
			t.Errorf("%s: %d bytes, want %d", c.name, len(got), len(want))
		}
	}
}

// TestEmpty checks a handler that writes nothing, and one that writes only a header.
func TestEmpty(t *testing.T) {
	t.Parallel()
	if w := serve(func(http.ResponseWriter, *http.Request) {}, "GET", "gzip"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w := serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTeapot)
	}, "GET", "gzip")
	if w.Code != http.StatusTeapot || w.Body.Len() != 0 || w.Header().Get("Content-Encoding") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// TestFlush checks that a client receives what a handler has flushed.
func TestFlush(t *testing.T) {
	t.Parallel()
	seen := make(chan bool)
	s := httptest.NewServer(compress.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[1`)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-seen
		_, _ = io.WriteString(w, `,2]`)
	})))
	defer s.Close()
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 2)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "[1" || !resp.Uncompressed {
		t.Errorf("%q, compressed %t; %v", first, resp.Uncompressed, err)
	}
	close(seen)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != ",2]" {
		t.Errorf("%q; %v", rest, err)
	}
}

// TestPanic checks that a panic is passed on and leaves an unsent response unsent.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
				t.Errorf("%v", p)
			}
		}()
		compress.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"a":`)
			panic(http.ErrAbortHandler)
		})).ServeHTTP(w, r)
	}()
	if w.Body.Len() != 0 {
		t.Errorf("%q was sent", w.Body)
	}
}

// broken is a response of a client that has disconnected.
type broken struct{ http.ResponseWriter }

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// TestDisconnected checks that a handler learns that its client has disconnected, and
// that the next response is intact although it uses the same compressor.
func TestDisconnected(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	for range 100 {
		compress.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if _, err := w.Write(noise); !errors.Is(err, errBroken) {
				t.Errorf("%v", err)
			}
		})).ServeHTTP(broken{httptest.NewRecorder()}, r)
		w := serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(noise)
		}, "GET", "gzip")
		if got := unzip(t, w.Body); got != string(noise) {
			t.Fatal("the response differs")
		}
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"gzip":                 true,
		"gzip, deflate, br":    true,
		"br;q=1.0, gzip;q=0.8": true,
		"GZIP":                 true,
		"*":                    true,
		"br":                   false,
		"gzip;q=0":             false,
		"gzip; q=0, *":         false,
		"*;q=0":                false,
		"":                     false,
		"x-gzip-like":          false,
	} {
		if got := compress.Accepts([]string{accept}); got != want {
			t.Errorf("%q: %t", accept, got)
		}
	}
}

func BenchmarkHandler(b *testing.B) {
	body := bytes.Repeat([]byte(`{"key":"metric","value":0.123456789,"timestamp":1700000000000,"step":12},`), 2000)
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		serve(handler, "GET", "gzip")
	}
}
