package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/mlflow"
)

const proxy = "/api/2.0/mlflow-artifacts/artifacts"

// artifactServer is an API with its files in dir/mlartifacts.
type artifactServer struct {
	*server
	dir string
}

func newArtifactServer(t *testing.T) *artifactServer {
	t.Helper()
	dir := t.TempDir()
	return &artifactServer{&server{apitest.NewIn(t, dir)}, dir}
}

// do sends a request and returns the response with its body.
func (s *artifactServer) do(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func (s *artifactServer) put(t *testing.T, path, content string) {
	t.Helper()
	resp, body := s.do(t, "PUT", proxy+"/"+path, content)
	if resp.StatusCode != 200 || body != "" || resp.Header.Get("Content-Type") != "" {
		t.Fatalf("PUT %s: %d %q, type %q", path, resp.StatusCode, body, resp.Header.Get("Content-Type"))
	}
}

// run creates a run and returns its ID and the proxy path of its artifacts.
func (s *artifactServer) run(t *testing.T) (id, artifacts string) {
	t.Helper()
	created, err := s.Store.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{ExperimentID: "0"})
	if err != nil {
		t.Fatal(err)
	}
	return created.Info.RunID, strings.TrimPrefix(created.Info.ArtifactURI, "mlflow-artifacts:/")
}

func TestArtifactProxy(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	s.put(t, "1/r/artifacts/a/b.txt", "hello")
	s.put(t, "1/r/artifacts/a/b.txt", "hello2")
	s.put(t, "1/r/artifacts/empty.bin", "")
	s.put(t, "1/r/artifacts/%E5%90%8D%20x.txt", "u")
	for _, prefix := range []string{proxy, "/ajax-api/2.0/mlflow-artifacts/artifacts"} {
		for path, want := range map[string]string{
			"":                            `{"files":[{"path":"1","is_dir":true}]}`,
			"?path=":                      `{"files":[{"path":"1","is_dir":true}]}`,
			"?path=1/r/artifacts":         `{"files":[{"path":"a","is_dir":true},{"path":"empty.bin","is_dir":false},{"path":"名 x.txt","is_dir":false,"file_size":1}]}`,
			"?path=1/r/artifacts/a/":      `{"files":[{"path":"b.txt","is_dir":false,"file_size":6}]}`,
			"?path=1/r/artifacts/a/b.txt": `{}`,
			"?path=none":                  `{}`,
			"/1/r/artifacts/a/b.txt":      "hello2",
			"/1/r/artifacts/empty.bin":    "",
		} {
			if resp, body := s.do(t, "GET", prefix+path, ""); resp.StatusCode != 200 || body != want {
				t.Errorf("GET %s: %d %s, want %s", path, resp.StatusCode, body, want)
			}
		}
	}
	s.Check(t, []fact{
		{Name: "missing", Method: "GET", Path: proxy + "/1/r/none", Status: 404, Has: []string{`"RESOURCE_DOES_NOT_EXIST"`, `No such artifact: '1/r/none'`, `"RESOURCE_NOT_FOUND"`}},
		{Name: "folder", Method: "GET", Path: proxy + "/1/r/artifacts/a", Status: 400, Has: []string{`Artifact path refers to a directory, not a file: '1/r/artifacts/a'`}},
		{Name: "root", Method: "GET", Path: proxy + "/", Status: 400, Has: []string{"directory"}},
		{Name: "put without name", Method: "PUT", Path: proxy + "/dir/", Body: "x", Status: 400, Has: []string{"must include a filename (cannot end with '/')"}},
		{Name: "put at root", Method: "PUT", Path: proxy + "/", Body: "x", Status: 400},
		{Name: "put over folder", Method: "PUT", Path: proxy + "/1/r/artifacts/a", Body: "x", Status: 400, Has: []string{"refers to a directory"}},
		{Name: "put under file", Method: "PUT", Path: proxy + "/1/r/artifacts/a/b.txt/c", Body: "x", Status: 400, Has: []string{"A file is where a folder"}},
		{Name: "name too long", Method: "PUT", Path: proxy + "/" + strings.Repeat("n", 256), Body: "x", Status: 400, Has: []string{"Invalid path"}},
		{Name: "delete", Method: "DELETE", Path: proxy + "/1/r/artifacts/a/b.txt", Has: []string{"{}"}},
		{Name: "delete again", Method: "DELETE", Path: proxy + "/1/r/artifacts/a/b.txt", Has: []string{"{}"}},
		{Name: "deleted", Method: "GET", Path: proxy + "/1/r/artifacts/a/b.txt", Status: 404},
		{Name: "delete root", Method: "DELETE", Path: proxy + "/", Status: 400, Has: []string{"root"}},
		{Name: "delete tree", Method: "DELETE", Path: proxy + "/1", Has: []string{"{}"}},
		{Name: "all gone", Method: "GET", Path: proxy, Has: []string{`{}`}},
	})
}

func TestArtifactHeaders(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	for name, want := range map[string][2]string{
		"b.txt":      {"text/plain", "attachment; filename=b.txt"},
		"t.json":     {"text/plain", "attachment; filename=t.json"},
		"mlproject":  {"text/plain", "attachment; filename=mlproject"},
		"MLmodel":    {"text/plain", "attachment; filename=MLmodel"},
		"x.html":     {"text/html", "attachment; filename=x.html"},
		"i.png":      {"image/png", "attachment; filename=i.png"},
		"I.PNG":      {"image/png", "attachment; filename=I.PNG"},
		"s.svg":      {"image/svg+xml", "attachment; filename=s.svg"},
		"model.pth":  {"application/octet-stream", "attachment; filename=model.pth"},
		"noext":      {"application/octet-stream", "attachment; filename=noext"},
		"名 x.txt":    {"text/plain", `attachment; filename=" x.txt"; filename*=UTF-8''%E5%90%8D%20x.txt`},
		`a"b;c.txt`:  {"text/plain", `attachment; filename="a_b;c.txt"; filename*=UTF-8''a%22b%3Bc.txt`},
		"a b.txt":    {"text/plain", `attachment; filename="a b.txt"`},
		"100%.x+y":   {"application/octet-stream", "attachment; filename=100%.x+y"},
		"é\u0301.md": {"text/plain", `attachment; filename=".md"; filename*=UTF-8''%C3%A9%CC%81.md`},
	} {
		path := (&url.URL{Path: "1/" + name}).EscapedPath()
		s.put(t, path, "0123456789")
		for _, method := range []string{"GET", "HEAD"} {
			resp, body := s.do(t, method, proxy+"/"+path, "")
			h := resp.Header
			for header, want := range map[string]string{
				"Content-Type": want[0], "Content-Disposition": want[1], "X-Content-Type-Options": "nosniff",
				"Content-Security-Policy": "sandbox", "Accept-Ranges": "bytes", "Content-Length": "10",
			} {
				if h.Get(header) != want {
					t.Errorf("%s %s: %s is %q, want %q", method, name, header, h.Get(header), want)
				}
			}
			if resp.StatusCode != 200 || h.Get("ETag") == "" || h.Get("Last-Modified") == "" || (body == "") != (method == "HEAD") {
				t.Errorf("%s %s: %d %q %v", method, name, resp.StatusCode, body, h)
			}
		}
	}
}

func TestArtifactRanges(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	s.put(t, "f", "0123456789")
	first, _ := s.do(t, "HEAD", proxy+"/f", "")
	etag := first.Header.Get("ETag")
	for name, c := range map[string]struct {
		header       []string
		status       int
		body, ranges string
	}{
		"first":          {[]string{"Range", "bytes=0-3"}, 206, "0123", "bytes 0-3/10"},
		"middle":         {[]string{"Range", "bytes=4-"}, 206, "456789", "bytes 4-9/10"},
		"last":           {[]string{"Range", "bytes=-2"}, 206, "89", "bytes 8-9/10"},
		"beyond":         {[]string{"Range", "bytes=10-"}, 416, "", "bytes */10"},
		"same file":      {[]string{"If-None-Match", etag}, 304, "", ""},
		"other file":     {[]string{"If-None-Match", `"x"`}, 200, "0123456789", ""},
		"range of same":  {[]string{"Range", "bytes=1-1", "If-Range", etag}, 206, "1", "bytes 1-1/10"},
		"range of other": {[]string{"Range", "bytes=1-1", "If-Range", `"x"`}, 200, "0123456789", ""},
		"must match":     {[]string{"If-Match", `"x"`}, 412, "", ""},
	} {
		resp, body := s.do(t, "GET", proxy+"/f", "", c.header...)
		if resp.StatusCode != c.status || c.status < 400 && body != c.body || resp.Header.Get("Content-Range") != c.ranges {
			t.Errorf("%s: %d %q %q", name, resp.StatusCode, body, resp.Header.Get("Content-Range"))
		}
	}
	s.put(t, "f", "abcdefghij")
	if again, _ := s.do(t, "HEAD", proxy+"/f", ""); again.Header.Get("ETag") == etag {
		t.Error("another content has the same ETag")
	}
}

// TestArtifactPathTricks sends raw request lines, because clients clean paths. The
// status must be 400 or 404, and no file may change.
func TestArtifactPathTricks(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	runID, base := s.run(t)
	s.put(t, base+"/kept", "kept")
	secret := filepath.Join(s.dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	tricks := []string{
		"../secret", "..%2fsecret", "%2e%2e/secret", "%2e%2e%2fsecret", "%252e%252e/secret", "%25252e%25252e/secret", "..%252fsecret", "a/../../secret",
		"a/%2e%2e/%2e%2e/secret", "./secret", "a/./b", "//etc/passwd", "/etc/passwd", "%2fetc/passwd", "%2f%2fetc/passwd", "%252fetc/passwd",
		"a//b", "a%2f%2fb", `..\secret`, `a%5c..%5c..%5csecret`, "a%255cb", "a%00b", "a%2500", "a%0ab", "a%0d%0aX:y", "a%7f", "a%c2%85", "%ff", "%c0%ae%c0%ae/secret",
		"a%23b", "C:/x", "c%3a/x", "file:///etc/passwd", "file:%2f%2f%2fetc/passwd", "file:x", "..", "%2e%2e", "%2e", "..;/secret%2f..", "~/%2e%2e/x",
	}
	for _, trick := range tricks {
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			for _, prefix := range []string{proxy, "/ajax-api/2.0/mlflow-artifacts/artifacts", proxy + "/" + base} {
				status, body := s.raw(t, method, prefix+"/"+trick)
				if status != 400 && status != 404 || strings.Contains(body, "root:") {
					t.Errorf("%s %s/%s: %d %s", method, prefix, trick, status, body)
				}
			}
		}
		// A query parameter is decoded once.
		q := url.QueryEscape(trick)
		if decoded, err := url.PathUnescape(trick); err == nil && decoded != trick {
			q = trick
		}
		for _, path := range []string{
			proxy + "?path=" + q, "/api/2.0/mlflow/artifacts/list?run_id=" + runID + "&path=" + q,
			"/get-artifact?run_id=" + runID + "&path=" + q, "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=" + runID + "&path=" + q,
		} {
			if strings.Contains(trick, ";") {
				continue // invalid in a query
			}
			decoded, _ := url.PathUnescape(trick)
			if list := !strings.Contains(path, "artifact?"); list && harmlessFolder(decoded) {
				continue // a directory below the root
			}
			method := "GET"
			if strings.Contains(path, "upload-artifact") {
				method = "POST"
			}
			if status, body := s.raw(t, method, path); status != 400 {
				t.Errorf("%s %s: %d %s", method, path, status, body)
			}
		}
	}
	// The directory of incomplete uploads is reserved at the top only.
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		for _, name := range []string{"/.millrace-tmp", "/.millrace-tmp/x"} {
			if status, body := s.raw(t, method, proxy+name); status != 400 && status != 404 {
				t.Errorf("%s %s: %d %s", method, name, status, body)
			}
		}
	}
	if resp, body := s.do(t, "GET", proxy+"/"+base+"/kept", ""); resp.StatusCode != 200 || body != "kept" {
		t.Errorf("kept: %d %q", resp.StatusCode, body)
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != "secret" {
		t.Errorf("outside: %q, %v", b, err)
	}
	if _, body := s.do(t, "GET", proxy+"?path="+base, ""); body != `{"files":[{"path":"kept","is_dir":false,"file_size":4}]}` {
		t.Errorf("after all tricks: %s", body)
	}
}

func harmlessFolder(path string) bool {
	return !strings.HasPrefix(path, "/") && !strings.ContainsAny(path, "\\%#:") && !strings.Contains(path, "..") && !strings.ContainsFunc(path, unicode.IsControl) && utf8.ValidString(path)
}

// raw sends a raw request line.
func (s *artifactServer) raw(t *testing.T, method, target string) (int, string) {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", method, target)
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestBrokenUpload breaks off uploads in several ways. Nothing may be stored.
func TestBrokenUpload(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	s.put(t, "old", "old")
	for name, upload := range map[string]string{
		"short":         "Content-Length: 100\r\n\r\nhalf of it",
		"chunked":       "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"broken chunks": "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nZZ\r\n",
	} {
		for _, path := range []string{"old", "new"} {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "PUT %s/%s HTTP/1.1\r\nHost: localhost\r\n%s", proxy, path, upload)
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 400 && resp.StatusCode != 499 || !strings.Contains(string(body), "nothing was stored") {
				t.Errorf("%s: %d %s, %v", name, resp.StatusCode, body, err)
			}
			_ = resp.Body.Close()
			_ = conn.Close()
		}
	}
	if _, body := s.do(t, "GET", proxy, ""); body != `{"files":[{"path":"old","is_dir":false,"file_size":3}]}` {
		t.Errorf("stored: %s", body)
	}
	left, err := os.ReadDir(filepath.Join(s.dir, "mlartifacts", ".millrace-tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
