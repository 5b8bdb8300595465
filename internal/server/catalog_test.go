package server

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// catalog is a server with the version 1 of the model main.default.m, which is not
// finalized.
type catalog struct {
	url, dir string
}

const (
	catalogAPI = "/api/2.0/mlflow/unity-catalog/"
	modelFiles = "/api/2.0/fs/files/Models/main/default/m/1/"
	fromSDK    = "User-Agent: unknown/0.0.0 databricks-sdk-py/0.162.0"
	isJSON     = "Content-Type: application/json"
)

func newCatalog(t *testing.T, args ...string) *catalog {
	t.Helper()
	dir := t.TempDir()
	c := &catalog{startIn(t, dir, slog.New(slog.DiscardHandler), args...).URL(), dir}
	c.must(t, "POST", catalogAPI+"registered-models/create", `{"name":"main.default.m"}`)
	c.must(t, "POST", catalogAPI+"model-versions/create", `{"name":"main.default.m","source":"models:/m-1","run_id":"abc"}`)
	return c
}

func (c *catalog) do(t *testing.T, method, path, body string) seen {
	t.Helper()
	return send(t, method, c.url+path, strings.NewReader(body), fromSDK, isJSON)
}

func (c *catalog) must(t *testing.T, method, path, body string) string {
	t.Helper()
	got := c.do(t, method, path, body)
	if got.status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
	return got.body
}

func (c *catalog) finalize(t *testing.T) {
	t.Helper()
	c.must(t, "POST", catalogAPI+"model-versions/finalize", `{"name":"main.default.m","version":"1"}`)
}

// stored returns the files in the folder of versions.
func (c *catalog) stored(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(c.dir, "files", "model-versions"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, filepath.Base(path))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}

func TestFilesOfVersions(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	const dir = "/api/2.0/fs/directories/Models/main/default/m/1"
	for _, f := range []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"HEAD", dir, "", 404, ""},
		{"PUT", modelFiles + "MLmodel?overwrite=true", "flavors", 204, ""},
		{"PUT", modelFiles + "MLmodel?overwrite=false", "x", 409, "already exists"},
		{"PUT", modelFiles + "data/a%20b.bin", "data", 204, ""},
		{"POST", modelFiles + "big?action=initiate-upload&overwrite=true", "", 200, "one-put"},
		{"PUT", modelFiles + "gone", "x", 204, ""},
		{"DELETE", modelFiles + "gone", "", 204, ""},
		{"PUT", modelFiles, "x", 400, "directory, not a file"},
		{"PUT", strings.TrimSuffix(modelFiles, "/"), "x", 400, "directory, not a file"},
		{"HEAD", dir, "", 200, ""},
		{"GET", dir, "", 200, `{"contents":[{"path":"/Models/main/default/m/1/MLmodel","name":"MLmodel","is_directory":false,"file_size":7`},
		{"GET", dir + "/data", "", 200, `"path":"/Models/main/default/m/1/data/a b.bin"`},
		{"GET", dir + "/MLmodel", "", 404, "No such directory"},
		{"GET", modelFiles + "MLmodel", "", 200, "flavors"},
		// Places that are not files of a version.
		{"GET", "/api/2.0/fs/files/Models/main/default/m/2/MLmodel", "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"GET", "/api/2.0/fs/files/Models/main/default/other/1/MLmodel", "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"PUT", "/api/2.0/fs/files/Models/main/default/m/2/MLmodel", "x", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"GET", "/api/2.0/fs/files/Models/main/default/m/x/MLmodel", "", 400, "must be an integer"},
		{"GET", "/api/2.0/fs/directories/Models/main/default/m", "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"GET", "/api/2.0/fs/directories/Models", "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"GET", "/api/2.0/fs/files/models/main/default/m/1/MLmodel", "", 404, "No such artifact"},
		{"GET", "/api/2.0/fs/files/Models/main/default.m/x/1/MLmodel", "", 400, "all three levels"},
		{"GET", "/api/2.0/fs/files/Models/main.default/m/x/1/MLmodel", "", 400, "all three levels"},
		{"PUT", modelFiles + "%2e%2e/x", "x", 400, "Invalid path"},
		{"PUT", modelFiles + "..%2f..%2fx", "x", 400, "Invalid path"},
		{"PUT", modelFiles + "%252e%252e/x", "x", 400, "Invalid path"},
		{"PUT", modelFiles + "a%5cb", "x", 400, "Invalid path"},
		{"PUT", modelFiles + "a%00b", "x", 400, "Invalid path"},
		{"PUT", "/api/2.0/fs/files/Models/%2e%2e/default/m/1/x", "x", 400, "Invalid path"},
		{"PUT", modelFiles + strings.Repeat("n", 256), "x", 400, "Invalid path"},
		{"PUT", "/api/2.0/fs/files/Models/" + strings.Repeat("n", 300) + "/default/m/1/x", "x", 400, "Invalid path"},
	} {
		if got := c.do(t, f.method, f.path, f.body); got.status != f.status || !strings.Contains(got.body, f.has) {
			t.Errorf("%s %s: %d %s, want %d %s", f.method, f.path, got.status, got.body, f.status, f.has)
		}
	}
	if got := c.stored(t); !slices.Equal(got, []string{"MLmodel", "a b.bin"}) {
		t.Errorf("stored %q", got)
	}
	c.finalize(t)
	for _, method := range []string{"PUT", "DELETE", "POST"} {
		if got := c.do(t, method, modelFiles+"MLmodel?action=initiate-upload", "changed"); got.status != 403 || !strings.Contains(got.body, "is finalized") {
			t.Errorf("%s after the end: %d %s", method, got.status, got.body)
		}
	}
	if got := c.do(t, "GET", modelFiles+"MLmodel", ""); got.body != "flavors" {
		t.Errorf("after the end: %d %s", got.status, got.body)
	}
	// The folder has no other entrance for writes.
	location := c.location(t)
	for _, path := range []string{
		"/api/2.0/mlflow-artifacts/artifacts/" + location + "/MLmodel",
		"/ajax-api/2.0/mlflow-artifacts/artifacts/" + location + "/MLmodel",
		"/api/2.0/mlflow-artifacts/artifacts/" + strings.ToUpper(location) + "/MLmodel",
		"/api/2.0/mlflow-artifacts/artifacts/model-versions",
		"/api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/" + strings.Replace(location, "/", "/Runs/", 1) + "/MLmodel",
	} {
		for _, method := range []string{"PUT", "DELETE"} {
			if got := c.do(t, method, path, "changed"); got.status != 403 || !strings.Contains(got.body, "only the registry changes") {
				t.Errorf("%s %s: %d %s", method, path, got.status, got.body)
			}
		}
	}
	if got := c.do(t, "GET", "/api/2.0/mlflow-artifacts/artifacts/"+location+"/MLmodel", ""); got.body != "flavors" {
		t.Errorf("through the proxy: %d %s", got.status, got.body)
	}
	c.must(t, "DELETE", catalogAPI+"model-versions/delete", `{"name":"main.default.m","version":"1"}`)
	if got := c.stored(t); len(got) != 0 {
		t.Errorf("files of a deleted version: %q", got)
	}
}

// TestVersionsInOtherRoots checks where the files of versions are with other options.
func TestVersionsInOtherRoots(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "own root")
	for _, args := range [][]string{
		{"--default-artifact-root", root},
		{"--default-artifact-root", "mlflow-artifacts:/a/b"},
		{"--default-artifact-root", "s3://bucket/path"},
	} {
		c := newCatalog(t, args...)
		c.must(t, "PUT", modelFiles+"MLmodel", "flavors")
		c.finalize(t)
		if got := c.must(t, "GET", modelFiles+"MLmodel", ""); got != "flavors" {
			t.Errorf("%q: %s", args, got)
		}
		got := send(t, "GET", c.url+"/model-versions/get-artifact?name=main.default.m&version=1&path=MLmodel", nil)
		if got.status != 200 || got.body != "flavors" {
			t.Errorf("%q, through the pages: %d %s", args, got.status, got.body)
		}
		for _, above := range []string{"a", "a/b", "a/B/Model-versions", "a/b/model-versions/x"} {
			want := map[bool]int{true: 403, false: 200}[strings.Contains(args[1], "/a/b")]
			if got := c.do(t, "DELETE", "/api/2.0/mlflow-artifacts/artifacts/"+above, ""); got.status != want {
				t.Errorf("%q: DELETE %s: %d %s", args, above, got.status, got.body)
			}
		}
	}
	if files, err := filepath.Glob(filepath.Join(root, "model-versions", "*", "MLmodel")); err != nil || len(files) != 1 {
		t.Errorf("%q, %v", files, err)
	}
}

// location returns the path of the files of the version in the proxy.
func (c *catalog) location(t *testing.T) string {
	t.Helper()
	var answer struct {
		URI string `json:"artifact_uri"`
	}
	got := send(t, "GET", c.url+"/api/2.0/mlflow/model-versions/get-download-uri?name=main.default.m&version=1", nil)
	path, ok := strings.CutPrefix(got.body, `{"artifact_uri":"mlflow-artifacts:/`)
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || !ok {
		t.Fatalf("%s, %v", got.body, err)
	}
	return strings.TrimSuffix(path, `"}`)
}

// TestUploadsThatOverlap changes the version while a file is being uploaded. The rest of
// the upload must not change what the registry says.
func TestUploadsThatOverlap(t *testing.T) {
	t.Parallel()
	for _, change := range []struct {
		name, method, path, body string
		status                   int
		stored                   []string
	}{
		{"nothing", "GET", catalogAPI + "registered-models/get?name=main.default.m", "", 204, []string{"f"}},
		{"finalize", "POST", catalogAPI + "model-versions/finalize", `{"name":"main.default.m","version":"1"}`, 403, nil},
		{"delete", "DELETE", catalogAPI + "model-versions/delete", `{"name":"main.default.m","version":"1"}`, 404, nil},
		{"delete the model", "DELETE", catalogAPI + "registered-models/delete", `{"name":"main.default.m"}`, 404, nil},
		{"rename", "PATCH", catalogAPI + "registered-models/update", `{"name":"main.default.m","new_name":"main.default.n"}`, 404, nil},
	} {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			c := newCatalog(t)
			body, write := io.Pipe()
			var wg sync.WaitGroup
			var got seen
			wg.Go(func() { got = send(t, "PUT", c.url+modelFiles+"f", body, fromSDK) })
			if _, err := write.Write([]byte("first")); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return c.temporary(t) })
			c.must(t, change.method, change.path, change.body)
			if _, err := write.Write([]byte("last")); err != nil {
				t.Fatal(err)
			}
			_ = write.Close() // It never fails.
			wg.Wait()
			if got.status != change.status {
				t.Errorf("%d %s, want %d", got.status, got.body, change.status)
			}
			if stored := c.stored(t); !slices.Equal(stored, change.stored) {
				t.Errorf("stored %q, want %q", stored, change.stored)
			}
		})
	}
}

// TestUploadOrDelete uploads a file to a version and deletes the version at the same time.
// Whichever comes first, no file remains.
func TestUploadOrDelete(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	for n := 1; n <= 60; n++ {
		if n > 1 {
			c.must(t, "POST", catalogAPI+"model-versions/create", `{"name":"main.default.m"}`)
		}
		version := strconv.Itoa(n)
		var wg sync.WaitGroup
		for _, f := range []string{"f", "g/h"} {
			wg.Go(func() {
				got := c.do(t, "PUT", strings.Replace(modelFiles, "/1/", "/"+version+"/", 1)+f, "text")
				if got.status != 204 && got.status != 404 {
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
		wg.Go(func() {
			got := c.do(t, "DELETE", catalogAPI+"model-versions/delete", `{"name":"main.default.m","version":"`+version+`"}`)
			if got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		wg.Wait()
	}
	if folders, err := filepath.Glob(filepath.Join(c.dir, "files", "model-versions", "*")); err != nil || len(folders) != 0 {
		t.Errorf("%q, %v", folders, err)
	}
}

// temporary reports whether the server is receiving a file.
func (c *catalog) temporary(t *testing.T) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join(c.dir, "files"), func(_ string, d os.DirEntry, err error) error {
		found = found || err == nil && !d.IsDir() && d.Name() != "lock"
		return nil // A temporary file may disappear.
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it did not happen")
}

func TestHangUpDuringUpload(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "PUT %sf HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf", modelFiles)
	waitFor(t, func() bool { return c.temporary(t) })
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !c.temporary(t) })
	if got := c.stored(t); len(got) != 0 {
		t.Errorf("stored %q", got)
	}
	c.finalize(t)
}

// TestSignedURLsOfVersions checks that a signed URL grants no more than its user had when
// it is used.
func TestSignedURLsOfVersions(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	sign := func(action, path string) string {
		var answer struct {
			URL     string `json:"url"`
			Headers []any  `json:"headers"`
		}
		body := c.must(t, "POST", "/api/2.0/fs/create-"+action+"-url", `{"path":"`+path+`"}`)
		if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Headers == nil || !strings.HasPrefix(answer.URL, c.url) {
			t.Fatalf("%s, %v", body, err)
		}
		return strings.TrimPrefix(answer.URL, c.url)
	}
	const file = "/Models/main/default/m/1/data/f"
	up, down := sign("upload", file), sign("download", file)
	for _, f := range []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"GET", down, "", 404, "No such artifact"},
		{"PUT", up, "text", 200, ""},
		{"GET", down, "", 200, "text"},
		{"GET", up, "", 403, "signed URL"},
		{"PUT", down, "x", 403, "signed URL"},
		{"POST", "/api/2.0/fs/create-upload-url", `{"path":"/Models/main/default/m/1/../x"}`, 400, "Invalid path"},
		{"POST", "/api/2.0/fs/create-upload-url", `{"path":"/Models/main/default/m/9/x"}`, 404, "not found"},
		{"POST", "/api/2.0/fs/create-upload-url", `{"path":"/etc/passwd"}`, 404, "No such artifact"},
		{"POST", "/api/2.0/fs/create-upload-url", `{"path":5}`, 400, "JSON"},
		{"POST", "/api/2.0/fs/create-upload-url", `{}`, 404, "No such artifact"},
		{"POST", "/api/2.0/fs/create-download-url?path=" + file, "", 404, "No API endpoint"},
		{"POST", catalogAPI + "model-versions/finalize", `{"name":"main.default.m","version":"1"}`, 200, "READY"},
		{"PUT", up, "other", 403, "is finalized"},
		{"POST", "/api/2.0/fs/create-upload-url", `{"path":"` + file + `"}`, 403, "is finalized"},
		{"GET", down, "", 200, "text"},
		{"DELETE", catalogAPI + "registered-models/delete", `{"name":"main.default.m"}`, 200, ""},
		{"GET", down, "", 404, "RESOURCE_DOES_NOT_EXIST"},
	} {
		if got := c.do(t, f.method, f.path, f.body); got.status != f.status || !strings.Contains(got.body, f.has) {
			t.Errorf("%s %s: %d %s, want %d %s", f.method, f.path, got.status, got.body, f.status, f.has)
		}
	}
}

// TestForwardedAddress checks the URLs in responses to requests through a reverse proxy.
func TestForwardedAddress(t *testing.T) {
	t.Parallel()
	headers := []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: ml.example", "X-Forwarded-Prefix: /ml", isJSON}
	for _, c := range []struct {
		args []string
		want string // "" for the server's own address
	}{
		{nil, "https://ml.example/ml"}, // The test is on the machine of the server.
		{[]string{"--static-prefix", "/x"}, "https://ml.example/ml/x"},
		{[]string{"--forwarded-allow-ips", "10.0.0.1"}, ""},
	} {
		url := start(t, c.args...)
		want := c.want
		if want == "" {
			want = url
		}
		got := send(t, "POST", url+"/api/2.0/fs/create-abort-upload-url", strings.NewReader("{}"), headers...)
		if got.status != 200 || !strings.Contains(got.body, `"`+want+`/.well-known/`) {
			t.Errorf("%v: %d %s", c.args, got.status, got.body)
		}
		got = send(t, "GET", url+"/ml/experiments/0?o=1", nil, headers...)
		if to := got.header.Get("Location"); got.status != http.StatusFound || !strings.HasSuffix(want+"/#/experiments/0?o=1", to) || c.want != "" && !strings.HasPrefix(to, "/ml/") {
			t.Errorf("%v: %d to %q", c.args, got.status, to)
		}
		// A web page whose name has been rebound to this machine can send the header.
		got = send(t, "GET", url+"/api/2.0/mlflow/experiments/search?max_results=1", nil, "Host: evil.example", "X-Forwarded-Host: localhost")
		if got.status != 403 {
			t.Errorf("a foreign host with a forwarded host: %d %s", got.status, got.body)
		}
	}
}
