package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/mlflow"
)

// serveStore starts a server with artifacts in a store.
func serveStore(t *testing.T, destination, root string) *apitest.Server {
	t.Helper()
	artifacts, err := api.NewArtifacts(destination, root)
	if err != nil {
		t.Fatal(err)
	}
	return apitest.New(t, func(s *api.Server) { s.Artifacts = artifacts })
}

// signsNothing checks that a server tells its clients to transfer files in one request.
func signsNothing(t *testing.T, url string) {
	t.Helper()
	resp, text := send(t, "GET", url+"/api/3.0/mlflow/server-info", "")
	var info mlflow.ServerInfo
	if err := json.Unmarshal([]byte(text), &info); err != nil || info.MultipartUploadsEnabled || info.MultipartDownloadsEnabled {
		t.Errorf("server-info: %d %s", resp.StatusCode, text)
	}
}

// TestStoreWithoutKey has an object store and credentials that cannot sign: clients download through the server, and the
// server does not tell them to upload in parts.
func TestStoreWithoutKey(t *testing.T) {
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Goog-Generation", "1")
		if r.URL.Query().Get("alt") == "media" {
			fmt.Fprint(w, "data")
			return
		}
		fmt.Fprint(w, `{"name": "folder/f.bin", "size": "4", "generation": "1", "updated": "2026-11-28T12:00:00Z"}`)
	}))
	defer objects.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", objects.URL)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	s := serveStore(t, "gs://team/folder", "mlflow-artifacts:/")
	signsNothing(t, s.URL)
	const route = "/api/2.0/mlflow-artifacts/"
	resp, text := send(t, "GET", s.URL+route+"presigned/f.bin", "")
	var signed mlflow.PresignedProxyResponse
	if err := json.Unmarshal([]byte(text), &signed); err != nil || !strings.HasPrefix(signed.URL, s.URL) {
		t.Fatalf("presigned: %d %s", resp.StatusCode, text)
	}
	if resp, text := send(t, "GET", signed.URL, ""); resp.StatusCode != 200 || text != "data" {
		t.Errorf("download: %d %s", resp.StatusCode, text)
	}
	resp, text = send(t, "POST", s.URL+route+"mpu/create/d", `{"path": "f.bin", "num_parts": 2}`)
	// The client sends the file in one request if the message begins with these words.
	const words = `"message":"Multipart upload is not supported for the current artifact repository`
	if resp.StatusCode != 501 || !strings.Contains(text, words) || !strings.Contains(text, "GOOGLE_APPLICATION_CREDENTIALS") {
		t.Errorf("upload in parts: %d %s", resp.StatusCode, text)
	}
}

// TestSignedWithoutHeaders has a store whose signed downloads have no headers. The Python client needs the field.
func TestSignedWithoutHeaders(t *testing.T) {
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4")
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Sat, 28 Nov 2026 12:00:00 GMT")
	}))
	defer objects.Close()
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=team;AccountKey=a2V5;BlobEndpoint="+objects.URL+"/team")
	s := serveStore(t, "wasbs://files@team.blob.core.windows.net/folder", "mlflow-artifacts:/")
	_, text := send(t, "GET", s.URL+"/api/2.0/mlflow-artifacts/presigned/f.bin", "")
	if !strings.Contains(text, objects.URL) || !strings.Contains(text, `"headers":{}`) {
		t.Errorf("got %s", text)
	}
}

// TestUnsignedS3 reads a public bucket, for which nothing can be signed.
func TestUnsignedS3(t *testing.T) {
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s has a signature", r.URL)
		}
		w.Header().Set("Last-Modified", "Sat, 28 Nov 2026 12:00:00 GMT")
		fmt.Fprint(w, "data")
	}))
	defer objects.Close()
	t.Setenv("MLFLOW_S3_ENDPOINT_URL", objects.URL)
	t.Setenv("MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION", "unsigned")
	s := serveStore(t, "s3://public/folder", "s3://public/direct")
	signsNothing(t, s.URL)
	experiment, err := s.Store.CreateExperiment(t.Context(), "direct", "s3://public/direct/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.Store.CreateRun(t.Context(), experiment, &mlflow.CreateRunRequest{})
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"run_id": %q, "path": "f.bin", "num_parts": 2}`, run.Info.RunID)
	for path, body := range map[string]string{
		"/api/2.0/mlflow-artifacts/mpu/create/d":           `{"path": "f.bin", "num_parts": 2}`,
		"/api/2.0/mlflow/artifacts/presigned-upload-url":   body,
		"/api/2.0/mlflow/artifacts/presigned-download-url": body,
	} {
		resp, text := send(t, "POST", s.URL+path, body)
		if resp.StatusCode != 501 || !strings.Contains(text, "NOT_IMPLEMENTED") || !strings.Contains(text, "SIGNATURE_VERSION=unsigned") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
	_, text := send(t, "GET", s.URL+"/api/2.0/mlflow-artifacts/presigned/f.bin", "")
	var signed mlflow.PresignedProxyResponse
	if err := json.Unmarshal([]byte(text), &signed); err != nil || !strings.HasPrefix(signed.URL, s.URL) {
		t.Errorf("a download that the server cannot sign: %s", text)
	}
}
