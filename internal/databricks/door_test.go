package databricks_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/local"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/databricks"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	agent = "unknown/0.0.0 databricks-sdk-py/0.156.0 python/3.11.7 os/linux auth/pat"
	files = "/api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/"
	dirs  = "/api/2.0/fs/directories/WorkspaceInternal/Mlflow/Artifacts/"

	askRun   = "/api/2.0/mlflow/artifacts/credentials-for-"
	askModel = "/api/2.0/mlflow/logged-models/m-1/artifacts/credentials-for-"
)

type workspace struct {
	url  string
	repo artifact.Repo
}

// newWorkspace serves the routes for one user. Requests to other routes receive the
// status 299 and the experiment tags.
func newWorkspace(t *testing.T, u *auth.User) *workspace {
	t.Helper()
	repo, err := local.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := repo.Close(); err != nil {
			t.Error(err)
		}
	})
	var key [32]byte
	_, _ = rand.Read(key[:]) // It never fails.
	door := &databricks.Door{
		Key:      key,
		Proxy:    func() (artifact.Repo, error) { return repo, nil },
		Writable: func(string) error { return nil },
		Locate: func(uri string) (artifact.Repo, string, error) {
			p, ok := strings.CutPrefix(uri, "mlflow-artifacts:/")
			if !ok {
				return nil, "", mlflow.Errorf(mlflow.InvalidParameterValue, "out of reach")
			}
			return repo, p, nil
		},
		RunURI: func(_ context.Context, id string) (string, error) {
			switch id {
			case "abc":
				return "mlflow-artifacts:/1/abc/artifacts", nil
			case "far":
				return "s3://bucket/x", nil
			}
			return "", mlflow.Errorf(mlflow.ResourceDoesNotExist, "Run with id=%s not found", id)
		},
		ModelURI: func(_ context.Context, id string) (string, error) {
			return "mlflow-artifacts:/1/models/" + id + "/artifacts", nil
		},
		VersionURI: func(_ context.Context, name, version string) (string, error) {
			if name+version == "m1" {
				return "mlflow-artifacts:/1/abc/artifacts/model", nil
			}
			return "", mlflow.Errorf(mlflow.ResourceDoesNotExist, "no version")
		},
	}
	rest := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(299)
		_ = json.NewEncoder(w).Encode(databricks.ExperimentTags(r.Context(), "x"))
	})
	h := databricks.Mark(door.Handler(rest))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u != nil {
			r = r.WithContext(auth.NewContext(r.Context(), *u))
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return &workspace{srv.URL, repo}
}

func (ws *workspace) do(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, ws.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
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

func TestLogin(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws := newWorkspace(t, &me)
	resp, body := ws.do(t, "GET", "/api/2.0/preview/scim/v2/Me", "")
	var got struct{ ID, UserName string }
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 || got.UserName != "me@example.org" || got.ID != me.ID {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	resp, body = ws.do(t, "GET", "/.well-known/databricks-config", "")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" || body != `{"oidc_endpoint":""}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	for agent, tagged := range map[string]bool{agent: true, "mlflow-python-client/3.17.2": false} {
		resp, body = ws.do(t, "POST", "/api/2.0/mlflow/experiments/create", "", "User-Agent", agent)
		if resp.StatusCode != 299 || strings.Contains(body, `"mlflow.ownerEmail","value":"me@example.org"`) != tagged {
			t.Errorf("%s: %d %s", agent, resp.StatusCode, body)
		}
	}
}

func TestNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, nil)
	for _, c := range [][2]string{
		{"GET", "/api/2.0/preview/scim/v2/Me"},
		{"GET", files + "1/Runs/r/x"},
		{"HEAD", files + "1/Runs/r/x"},
		{"PUT", files + "1/Runs/r/x"},
		{"POST", files + "1/Runs/r/x?action=initiate-upload"},
		{"DELETE", files + "1/Runs/r/x"},
		{"GET", dirs + "1/Runs/r"},
		{"HEAD", dirs + "1/Runs/r"},
		{"PUT", dirs + "1/Runs/r"},
		{"DELETE", dirs + "1/Runs/r"},
		{"POST", "/api/2.0/fs/create-abort-upload-url"},
		{"POST", askRun + "read"},
		{"POST", askRun + "write"},
		{"POST", askModel + "download"},
		{"POST", askModel + "upload"},
		{"GET", versionFiles + "?name=m&version=1"},
		{"GET", versionURL + "?name=m&version=1&path=x"},
		{"GET", "/api/2.0/fs/files/Models/main/default/m/1/x"},
		{"PUT", "/api/2.0/fs/files/Models/main/default/m/1/x"},
	} {
		if resp, body := ws.do(t, c[0], c[1], ""); resp.StatusCode != 401 {
			t.Errorf("%s %s: %d %s", c[0], c[1], resp.StatusCode, body)
		}
	}
	if resp, _ := ws.do(t, "GET", "/.well-known/databricks-config", ""); resp.StatusCode != 200 {
		t.Errorf("well-known: %d", resp.StatusCode)
	}
}

func TestFilesAPI(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws := newWorkspace(t, &me)
	const run, model = "1/Runs/abc/artifacts", "1/LoggedModels/m-1/artifacts"
	for _, c := range []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"HEAD", dirs + run, "", 404, ""},
		{"GET", dirs + run, "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"PUT", dirs + run, "", 204, ""},
		{"PUT", files + run + "/a%20b/f.html?overwrite=true", "<script>", 204, ""},
		{"PUT", files + run + "/a%20b/f.html?overwrite=true", "<script>2", 204, ""},
		{"PUT", files + run + "/a%20b/f.html?overwrite=false", "no", 409, "already exists"},
		{"PUT", files + run + "/once?overwrite=false", "x", 204, ""},
		{"PUT", files + model + "/MLmodel", "flavors: {}", 204, ""},
		{"PUT", files + run + "/a%20b", "x", 400, "directory, not a file"},
		{"PUT", files + run + "/once/below", "x", 400, "A file is where a folder"},
		{"PUT", "/api/2.0/fs/files/Volumes/a/b/c", "x", 404, ""},
		{"PUT", files + run + "/%2e%2e/%2e%2e/x", "x", 400, "Invalid path"},
		{"PUT", files + run + "/..%2f..%2fx", "x", 400, "Invalid path"},
		{"PUT", files + run + "/%252e%252e/x", "x", 400, "Invalid path"},
		{"GET", files + run + "/a%20b/f.html", "", 200, "<script>2"},
		{"GET", files + model + "/MLmodel", "", 200, "flavors: {}"},
		{"GET", files + run + "/none", "", 404, "No such artifact"},
		{"HEAD", files + run + "/none", "", 404, ""},
		{"GET", files + run + "/a%20b", "", 404, ""},
		{"GET", files + run + "/%2e%2e/x", "", 400, "Invalid path"},
		{"HEAD", dirs + run, "", 200, ""},
		{"HEAD", dirs + run + "/once", "", 404, ""},
		{"GET", dirs + run + "/once", "", 404, "No such directory"},
		{"PUT", dirs + run + "/once", "", 409, "A file is where"},
		{"DELETE", dirs + run, "", 400, "not empty"},
		{"DELETE", files + run + "/a%20b", "", 400, "directory, not a file"},
		{"DELETE", files + run + "/once", "", 204, ""},
		{"DELETE", files + run + "/once", "", 404, ""},
		{"POST", files + run + "/big?action=initiate-upload&overwrite=true", "", 200, `{"multipart_upload":{"session_token":"`},
		{"POST", files + run + "/big?action=complete-upload", "{}", 501, "NOT_IMPLEMENTED"},
		{"POST", files + run + "/%252e?action=complete-upload", "{}", 400, "Invalid path"},
		{"POST", "/api/2.0/fs/create-upload-part-urls", "{}", 299, ""},
		{"POST", "/api/2.0/fs/create-download-url?path=x", "", 299, ""},
		{"GET", "/api/2.0/mlflow/runs/get", "", 299, ""},
		{"GET", "/", "", 299, ""},
	} {
		resp, body := ws.do(t, c.method, c.path, c.body)
		if resp.StatusCode != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, resp.StatusCode, body, c.status, c.has)
		}
	}

	// The proxy has the same files.
	for path, want := range map[string]string{"1/abc/artifacts/a b/f.html": "<script>2", "1/models/m-1/artifacts/MLmodel": "flavors: {}"} {
		f, err := ws.repo.Open(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", path, b, err)
		}
		_ = f.Close()
	}

	resp, body := ws.do(t, "HEAD", files+run+"/a%20b/f.html", "")
	if h := resp.Header; resp.StatusCode != 200 || body != "" || h.Get("Content-Type") != "application/octet-stream" || h.Get("Content-Length") != "9" || h.Get("Last-Modified") == "" {
		t.Errorf("HEAD: %d %v", resp.StatusCode, h)
	}
	resp, body = ws.do(t, "GET", files+run+"/a%20b/f.html", "", "Range", "bytes=1-3", "If-Unmodified-Since", resp.Header.Get("Last-Modified"))
	if resp.StatusCode != 206 || body != "scr" {
		t.Errorf("range: %d %q", resp.StatusCode, body)
	}
}

func TestDirectoryListing(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws := newWorkspace(t, &me)
	for path, content := range map[string]string{"1/models/m-1/artifacts/b.txt": "four", "1/models/m-1/artifacts/empty": "", "1/models/m-1/artifacts/a/x": "x"} {
		if err := ws.repo.Put(t.Context(), path, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	const root = "/WorkspaceInternal/Mlflow/Artifacts/1/LoggedModels/m-1/artifacts"
	for _, path := range []string{"/api/2.0/fs/directories" + root, "/api/2.0/fs/directories" + root + "/"} {
		_, body := ws.do(t, "GET", path, "")
		var list struct {
			Contents []struct {
				Path         string `json:"path"`
				Name         string `json:"name"`
				IsDirectory  bool   `json:"is_directory"`
				FileSize     *int64 `json:"file_size"`
				LastModified int64  `json:"last_modified"`
			} `json:"contents"`
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Contents) != 3 {
			t.Fatalf("%s, %v", body, err)
		}
		for i, want := range []struct {
			name string
			size int64
		}{{"a", -1}, {"b.txt", 4}, {"empty", 0}} {
			got := list.Contents[i]
			if got.Name != want.name || got.Path != root+"/"+want.name || got.IsDirectory != (want.size < 0) ||
				(got.FileSize == nil) != got.IsDirectory || got.FileSize != nil && *got.FileSize != want.size || got.LastModified < 1_700_000_000_000 {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	}
}

// TestAbortedSession requests the URL that the SDK receives for ending its session.
func TestAbortedSession(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws := newWorkspace(t, &me)
	_, body := ws.do(t, "POST", "/api/2.0/fs/create-abort-upload-url", "{}")
	var abort struct {
		Target struct {
			URL     string   `json:"url"`
			Headers []string `json:"headers"`
		} `json:"abort_upload_url"`
	}
	if err := json.Unmarshal([]byte(body), &abort); err != nil || abort.Target.Headers == nil {
		t.Fatalf("%s, %v", body, err)
	}
	path, ok := strings.CutPrefix(abort.Target.URL, ws.url)
	if !ok {
		t.Fatalf("%q is not on this server", abort.Target.URL)
	}
	if resp, body := ws.do(t, "DELETE", path, ""); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
