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

	"github.com/millrace-ml/millrace/internal/api"
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

func TestRunArtifacts(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	runID, base := s.run(t)
	s.put(t, base+"/a/b.txt", "hello")
	s.put(t, base+"/x.html", "<script>")
	run := "run_id=" + runID
	root := `"root_uri":"mlflow-artifacts:/` + base + `"`
	s.Check(t, []fact{
		{Name: "list", Method: "GET", Path: "artifacts/list?" + run, Has: []string{`{` + root + `,"files":[{"path":"a","is_dir":true},{"path":"x.html","is_dir":false,"file_size":8}]}`}},
		{Name: "list by run_uuid", Method: "GET", Path: "/ajax-api/2.0/mlflow/artifacts/list?run_uuid=" + runID, Has: []string{root}},
		{Name: "list folder", Method: "GET", Path: "artifacts/list?path=a/&" + run, Has: []string{`"files":[{"path":"a/b.txt","is_dir":false,"file_size":5}]`}},
		{Name: "list as typed", Method: "GET", Path: "artifacts/list?path=./a/.&" + run, Has: []string{`"files":[{"path":"a/b.txt","is_dir":false,"file_size":5}]`}},
		{Name: "list top as typed", Method: "GET", Path: "artifacts/list?path=.&" + run, Has: []string{`"path":"x.html"`}},
		{Name: "list proxy as typed", Method: "GET", Path: proxy + "?path=" + base + "/./a//", Has: []string{`{"files":[{"path":"b.txt","is_dir":false,"file_size":5}]}`}},
		{Name: "list file", Method: "GET", Path: "artifacts/list?path=x.html&" + run, Has: []string{`{` + root + `}`}},
		{Name: "list nothing", Method: "GET", Path: "artifacts/list?path=zz&page_token=x&" + run, Has: []string{`{` + root + `}`}},
		{Name: "list outside", Method: "GET", Path: "artifacts/list?path=../&" + run, Status: 400, Has: []string{`"Invalid path"`}},
		{Name: "list without run", Method: "GET", Path: "artifacts/list", Status: 400, Has: []string{"Missing value for required parameter 'run_id'. See the API docs"}},
		{Name: "list of no run", Method: "GET", Path: "artifacts/list?run_id=nope", Status: 404, Has: []string{"Run with id=nope not found"}},

		{Name: "get", Method: "GET", Path: "/get-artifact?path=a/b.txt&" + run, Has: []string{"hello"}},
		{Name: "get by run_uuid", Method: "GET", Path: "/get-artifact?path=x.html&run_uuid=" + runID, Has: []string{"<script>"}},
		{Name: "get without path", Method: "GET", Path: "/get-artifact?" + run, Status: 400},
		{Name: "get without run", Method: "GET", Path: "/get-artifact?path=a", Status: 404, Has: []string{"Run with id=None not found"}},
		{Name: "get folder", Method: "GET", Path: "/get-artifact?path=a&" + run, Status: 400, Has: []string{`"INVALID_PARAMETER_VALUE"`, "directory, not a file: '" + base + "/a'"}},
		{Name: "get nothing", Method: "GET", Path: "/get-artifact?path=zz&" + run, Status: 404, Has: []string{"No such artifact: '" + base + "/zz'"}},

		{Name: "upload", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=up/u.txt&run_uuid=" + runID, Body: "data"},
		{Name: "uploaded", Method: "GET", Path: "/get-artifact?path=up/u.txt&" + run, Has: []string{"data"}},
		{Name: "upload without data", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=up/u.txt&run_uuid=" + runID, Status: 400, Has: []string{"Request must specify data."}},
		{Name: "upload to a parent, without data", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=../u.txt&run_uuid=" + runID, Status: 400, Has: []string{"Invalid path"}},
		{Name: "upload without run", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=u", Body: "x", Status: 400, Has: []string{"Request must specify run_uuid."}},
		{Name: "upload without path", Path: "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=" + runID, Body: "x", Status: 400, Has: []string{"Request must specify path."}},
		{Name: "upload to no run", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=u&run_uuid=nope", Body: "x", Status: 404},
		{Name: "upload of 10 MiB", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=big&run_uuid=" + runID, Body: strings.Repeat("x", 10<<20)},
		{Name: "upload of more", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=bigger&run_uuid=" + runID, Body: strings.Repeat("x", 10<<20+1), Status: 400, Has: []string{"Artifact size is too large. Max size is 10MB."}},
		{Name: "uploads", Method: "GET", Path: "artifacts/list?" + run, Has: []string{`{"path":"big","is_dir":false,"file_size":10485760}`}, HasNot: []string{"bigger"}},
		{Name: "upload is for pages", Path: "upload-artifact?path=u&run_uuid=" + runID, Body: "x", Status: 404},

		{Name: "presigned upload", Path: "artifacts/presigned-upload-url", Body: `{"run_id":"` + runID + `","path":"x"}`, Status: 400, Has: []string{"Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts)."}},
		{Name: "presigned upload of nothing", Path: "artifacts/presigned-upload-url", Body: `{"path":"x"}`, Status: 400, Has: []string{"Exactly one of run_id and model_id must be provided."}},
		{Name: "presigned upload of both", Path: "artifacts/presigned-upload-url", Body: `{"path":"x","run_id":"a","model_id":"b"}`, Status: 400, Has: []string{"Exactly one of run_id and model_id must be provided."}},
		{Name: "presigned download", Path: "artifacts/presigned-download-url", Body: `{"run_id":"` + runID + `","path":"x"}`, Status: 400, Has: []string{"Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: mlflow-artifacts)."}},
		{Name: "presigned for no time", Path: "artifacts/presigned-download-url", Body: `{"run_id":"` + runID + `","path":"x","expiration":0}`, Status: 400, Has: []string{"expiration must be between 1 and 604800 seconds (got 0)."}},
		{Name: "presigned outside", Path: "artifacts/presigned-download-url", Body: `{"run_id":"` + runID + `","path":"../x"}`, Status: 400, Has: []string{"Invalid path"}},
		{Name: "presigned of no run", Path: "artifacts/presigned-download-url", Body: `{"run_id":"nope","path":"x"}`, Status: 404},

		{Name: "parts", Path: "/api/2.0/mlflow-artifacts/mpu/create/" + base, Body: `{"path":"f","num_parts":2}`, Status: 501, Has: []string{"NOT_IMPLEMENTED", "Multipart upload is not supported for the current artifact repository"}},
		{Name: "parts outside", Path: "/api/2.0/mlflow-artifacts/mpu/create/a%252e%252e/x", Body: `{"path":"f"}`, Status: 400, Has: []string{"Invalid path"}},
		{Name: "presigned proxy outside", Method: "GET", Path: "/api/2.0/mlflow-artifacts/presigned/a%5cb", Status: 400, Has: []string{"Invalid path"}},
		{Name: "parts done", Path: "/api/2.0/mlflow-artifacts/mpu/complete/" + base, Body: `{"path":"f","upload_id":"u","parts":[]}`, Status: 501},
		{Name: "parts aborted", Path: "/api/2.0/mlflow-artifacts/mpu/abort/" + base, Body: `{"path":"f","upload_id":"u"}`, Status: 501},
		{Name: "presigned proxy", Method: "GET", Path: "/api/2.0/mlflow-artifacts/presigned/" + base + "/a/b.txt", Status: 501, Has: []string{"Multipart download is not supported for the current artifact repository"}},
	})

	// The limit applies to uploads of unknown length.
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/ajax-api/2.0/mlflow/upload-artifact?path=chunked&run_uuid="+runID,
		io.MultiReader(strings.NewReader(strings.Repeat("x", 10<<20)), strings.NewReader("x")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("chunked upload of more than 10 MiB: %d", resp.StatusCode)
	}
	if _, body := s.do(t, "GET", proxy+"?path="+base, ""); strings.Contains(body, "chunked") {
		t.Errorf("stored: %s", body)
	}
}

func TestModelArtifacts(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	model, err := s.Store.CreateLoggedModel(t.Context(), 0, &mlflow.CreateLoggedModelRequest{ExperimentID: "0", Name: "m"})
	if err != nil {
		t.Fatal(err)
	}
	id := model.Info.ModelID
	base := strings.TrimPrefix(model.Info.ArtifactURI, "mlflow-artifacts:/")
	s.put(t, base+"/MLmodel", "flavors: {}")
	s.put(t, base+"/data/w", "w")
	files := "/ajax-api/2.0/mlflow/logged-models/" + id + "/artifacts/files"
	s.Check(t, []fact{
		{Name: "list", Method: "GET", Path: "logged-models/" + id + "/artifacts/directories", Has: []string{`"root_uri":"mlflow-artifacts:/` + base + `","files":[{"path":"MLmodel","is_dir":false,"file_size":11},{"path":"data","is_dir":true}]`}},
		{Name: "list folder", Method: "GET", Path: "logged-models/" + id + "/artifacts/directories?artifact_directory_path=data", Has: []string{`"files":[{"path":"data/w","is_dir":false,"file_size":1}]`}},
		{Name: "list outside", Method: "GET", Path: "logged-models/" + id + "/artifacts/directories?artifact_directory_path=..", Status: 400},
		{Name: "list no model", Method: "GET", Path: "logged-models/m-none/artifacts/directories", Status: 404},
		{Name: "get", Method: "GET", Path: files + "?artifact_file_path=MLmodel", Has: []string{"flavors: {}"}},
		{Name: "get without path", Method: "GET", Path: files, Status: 400, Has: []string{`"BAD_REQUEST"`, `Request must include the \"artifact_file_path\" query parameter.`}},
		{Name: "get outside", Method: "GET", Path: files + "?artifact_file_path=../x", Status: 400, Has: []string{"Invalid path"}},
		{Name: "get of no model", Method: "GET", Path: "/ajax-api/2.0/mlflow/logged-models/m-none/artifacts/files?artifact_file_path=MLmodel", Status: 404},
		{Name: "get is for pages", Method: "GET", Path: "logged-models/" + id + "/artifacts/files?artifact_file_path=MLmodel", Status: 404},
	})
}

func TestLocate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dest, root := filepath.Join(dir, "dest"), filepath.Join(dir, "a b", "root")
	a, err := api.NewArtifacts(dest, "file://"+strings.ReplaceAll(root, " ", "%20"))
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := a.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	earlier := filepath.Join(dir, "earlier")
	for _, location := range []string{"/0", "s3://bucket/0", "/etc/x", "file://other/x/0", "file://" + earlier + "/0"} {
		a.AddEarlierRoot(location)
	}
	for uri, want := range map[string]string{
		"mlflow-artifacts:/1/r/artifacts":  "P 1/r/artifacts",
		"mlflow-artifacts:/1/a%20b":        "P 1/a b",
		"mlflow-artifacts:/":               "P ",
		"mlflow-artifacts://host:5000/1/x": "P 1/x",
		"mlflow-artifacts:///1/x":          "P 1/x",
		dest + "/1/x":                      "P 1/x",
		"file://" + dest + "/1/x":          "P 1/x",
		root + "/1/x":                      "R 1/x",
		root:                               "R ",
		"file://" + strings.ReplaceAll(root, " ", "%20"): "R ",
		"mlflow-artifacts:/../x":                         "Invalid path",
		"mlflow-artifacts:/a/%2e%2e/%2e%2e/x":            "Invalid path",
		"mlflow-artifacts:/a%252e":                       "Invalid path",
		"mlflow-artifacts:////etc":                       "Invalid path",
		"mlflow-artifacts:etc":                           "Invalid path",
		"mlflow-artifacts:/a?x":                          "Invalid path",
		"mlflow-artifacts:/a#x":                          "Invalid path",
		dest + "/../secret":                              "Invalid path",
		root + "/x/../../secret":                         "Invalid path",
		dest + "2/x":                                     "out of this server's reach",
		dir:                                              "out of this server's reach",
		"/etc":                                           "out of this server's reach",
		"file:///etc/passwd":                             "out of this server's reach",
		"http://example.org/api/2.0/mlflow-artifacts/a":                   "out of this server's reach",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/1/a%20b":   "P 1/a b",
		"https://u:p@h:1/prefix/api/2.0/mlflow-artifacts/artifacts/1/x/":  "P 1/x",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts":           "P ",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/%2e%2e/x":  "Invalid path",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/a/../../x": "Invalid path",
		"http://example.org/api/2.0/mlflow-artifacts/artifacts/a?x":       "out of this server's reach",
		"http://example.org/?/api/2.0/mlflow-artifacts/artifacts/a":       "out of this server's reach",
		"file://" + dest + "/1/x?y=z#f":                                   "P 1/x",
		dest + "/1/x?y":                                                   "P 1/x?y",
		earlier + "/7/r/artifacts":                                        "E 7/r/artifacts",
		earlier + "/../secret":                                            "Invalid path",
		earlier + "2/x":                                                   "out of this server's reach",
		"https://example.org/x":                                           "out of this server's reach",
		"ftp://example.org/x":                                             "out of this server's reach",
		"s3://bucket/x":                                                   "'s3://bucket/x' are out of this server's reach",
		"ftp://u:secret@example.org/x":                                    "u:xxxxx@example.org",
		"dbfs:/databricks/mlflow-tracking/1":                              "out of this server's reach",
		"runs:/x/y":                                                       "out of this server's reach",
		"":                                                                "Not a folder",
		"file://example.org/" + strings.TrimPrefix(dest, "/"):             "another host",
	} {
		repo, path, err := a.Locate(uri)
		got := "R " + path
		switch {
		case err != nil:
			got = err.Error()
			if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != 400 {
				t.Errorf("%q: %v is no 400", uri, err)
			}
		case repo == proxy:
			got = "P " + path
		case strings.HasPrefix(uri, earlier):
			got = "E " + path
		}
		if want != got && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("Locate(%q) = %q, want %q", uri, got, want)
		}
	}

	off, err := api.NewArtifacts("", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := off.Locate("http://h/api/2.0/mlflow-artifacts/artifacts/1"); err == nil || !strings.Contains(err.Error(), "out of this server's reach") {
		t.Errorf("the proxy's URL without a proxy: %v", err)
	}
	if _, _, err := off.Locate("mlflow-artifacts:/1"); mlflow.AsError(err) == nil || mlflow.AsError(err).Code != mlflow.NotImplemented {
		t.Errorf("without a proxy: %v", err)
	}
	if _, err := api.NewArtifacts("http://example.org", ""); err == nil || !strings.Contains(err.Error(), "not supported") {
		t.Errorf("a destination by http: %v", err)
	}
}

// TestLocationOutOfReach has an experiment with another artifact location. Its runs
// work, but the server does not open its files.
func TestLocationOutOfReach(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	for i, location := range []string{"http://127.0.0.1:1/x", "s3://bucket/x", "/etc", "file:///etc"} {
		id, err := s.Store.CreateExperiment(t.Context(), fmt.Sprint(i), location, nil)
		if err != nil {
			t.Fatal(err)
		}
		run, err := s.Store.CreateRun(t.Context(), id, &mlflow.CreateRunRequest{ExperimentID: fmt.Sprint(id)})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []fact{
			{Method: "GET", Path: "artifacts/list?run_id=" + run.Info.RunID},
			{Method: "GET", Path: "/get-artifact?path=passwd&run_id=" + run.Info.RunID},
			{Method: "POST", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=passwd&run_uuid=" + run.Info.RunID, Body: "x"},
		} {
			f.Name, f.Status, f.Has = location+" "+f.Path, 400, []string{"out of this server's reach"}
			s.Check(t, []fact{f})
		}
	}
}
