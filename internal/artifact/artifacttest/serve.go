package artifacttest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// serve sends a request for a file. header has names and values in turn.
func serve(t *testing.T, r artifact.Repo, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	f, err := r.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/octet-stream")
	artifact.Serve(w, req, f)
	return w
}

func ranges(t *testing.T, r artifact.Repo) {
	content := strings.Repeat("0123456789", 100_000)
	put(t, r, "f", content)
	for _, c := range []struct {
		header string
		status int
		want   string
	}{
		{"bytes=0-9", 206, content[:10]},
		{"bytes=999990-", 206, content[999_990:]},
		{"bytes=-3", 206, "789"},
		{"bytes=500000-500004", 206, "01234"},
		{"bytes=0-", 206, content},
		{"bytes=1000000-", 416, ""},
		{"nonsense", 416, ""},
	} {
		w := serve(t, r, "f", "Range", c.header)
		if w.Code != c.status || w.Code == 206 && w.Body.String() != c.want {
			t.Errorf("Range %s: %d, %d bytes", c.header, w.Code, w.Body.Len())
		}
	}
	w := serve(t, r, "f", "Range", "bytes=900001-900003, 2-4")
	if w.Code != 206 || !strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/byteranges") ||
		strings.Count(w.Body.String(), "\r\n\r\n123") != 1 || strings.Count(w.Body.String(), "\r\n\r\n234") != 1 {
		t.Errorf("two ranges: %d %s %q", w.Code, w.Header().Get("Content-Type"), w.Body.String())
	}
}

func conditions(t *testing.T, r artifact.Repo) {
	put(t, r, "f", "old contents")
	w := serve(t, r, "f")
	etag := w.Header().Get("ETag")
	if len(etag) < 3 || etag[0] != '"' || strings.Count(etag, `"`) != 2 || w.Body.String() != "old contents" {
		t.Fatalf("ETag %s, %q", etag, w.Body.String())
	}
	if again := serve(t, r, "f").Header().Get("ETag"); again != etag {
		t.Errorf("the same file has the ETags %s and %s", etag, again)
	}
	if w := serve(t, r, "f", "If-None-Match", etag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("If-None-Match: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := serve(t, r, "f", "If-Range", etag, "Range", "bytes=4-"); w.Code != 206 || w.Body.String() != "contents" {
		t.Errorf("If-Range: %d %q", w.Code, w.Body.String())
	}
	// It has the same size and, on some stores, the same time.
	put(t, r, "f", "new contents")
	if w := serve(t, r, "f", "If-None-Match", etag); w.Code != 200 || w.Body.String() != "new contents" {
		t.Errorf("If-None-Match of a replaced file: %d %q", w.Code, w.Body.String())
	}
	w = serve(t, r, "f", "If-Range", etag, "Range", "bytes=4-")
	if w.Code != 200 || w.Body.String() != "new contents" {
		t.Errorf("If-Range of a replaced file: %d %q", w.Code, w.Body.String())
	}
	if w := serve(t, r, "f", "If-Match", etag); w.Code != 412 {
		t.Errorf("If-Match of a replaced file: %d", w.Code)
	}
}
