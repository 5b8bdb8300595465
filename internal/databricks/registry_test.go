package databricks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/auth"
)

const (
	versionFiles = "/api/2.0/mlflow/model-versions/list-artifacts"
	versionURL   = "/api/2.0/mlflow/model-versions/get-signed-download-uri"
)

func TestVersionFiles(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws := newWorkspace(t, &me)
	for path, text := range map[string]string{"MLmodel": "flavors", "data/empty": ""} {
		if resp, body := ws.do(t, "PUT", files+"1/Runs/abc/artifacts/model/"+path, text); resp.StatusCode != 204 {
			t.Fatalf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	for _, c := range []struct {
		url    string
		status int
		want   string
	}{
		{versionFiles + "?name=m&version=1", 200, `{"files":[{"path":"MLmodel","is_dir":false,"file_size":7},{"path":"data","is_dir":true,"file_size":0}]}`},
		{versionFiles + "?name=m&version=1&path=data", 200, `{"files":[{"path":"data/empty","is_dir":false,"file_size":0}]}`},
		{versionFiles + "?name=m&version=1&path=nothing", 200, `{"files":[]}`},
		{versionFiles + "?name=m&version=1&path=../..", 400, "Invalid path"},
		{versionFiles + "?name=m&version=2", 404, "no version"},
		{versionURL + "?name=m&version=1&path=..%2fx", 400, "Invalid path"},
		{versionURL + "?name=m&version=2&path=x", 404, "no version"},
	} {
		if resp, body := ws.do(t, "GET", c.url, ""); resp.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.url, resp.StatusCode, body, c.status, c.want)
		}
	}

	_, body := ws.do(t, "GET", versionURL+"?name=m&version=1&path=MLmodel", "")
	var signed struct {
		URI string `json:"signed_uri"`
	}
	if err := json.Unmarshal([]byte(body), &signed); err != nil || !strings.HasPrefix(signed.URI, ws.url) {
		t.Fatalf("%s: %v", body, err)
	}
	path := strings.TrimPrefix(signed.URI, ws.url)
	if resp, body := ws.do(t, "GET", path, ""); resp.StatusCode != 200 || body != "flavors" {
		t.Errorf("the signed URL: %d %s", resp.StatusCode, body)
	}
	if resp, _ := ws.do(t, "PUT", path, "other"); resp.StatusCode < 400 {
		t.Errorf("a URL signed to read takes a file: %d", resp.StatusCode)
	}
}
