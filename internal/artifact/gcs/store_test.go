package gcs

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{envUploadChunk, "262144", ""},
		{envUploadChunk, "-1", ""},
		{envUploadChunk, "100000", "MLFLOW_GCS_UPLOAD_CHUNK_SIZE=100000: want a multiple of 262144 (256 KiB), or -1"},
		{envUploadChunk, "0", "want a multiple"},
		{envDownloadChunk, "10485760", ""},
		{envDownloadChunk, "-262144", "want a multiple"},
		{envDownloadChunk, "many", "MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE=many: want a multiple"},
		{object.EnvTimeout, "5", ""},
		{object.EnvTimeout, "0", ""},
		{object.EnvTimeout, "-1", ""},
		{object.EnvTimeout, "-2", "want a number of seconds"},
		{object.EnvTimeout, "1m", "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT=1m: want a number of seconds, or -1"},
	} {
		_, err := newStore(t.Context(), environment(envEmulator+"=127.0.0.1:1", c.name+"="+c.value))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want %q", c.name, c.value, err, c.want)
		}
	}
	s := newTestStore(t, envEmulator+"=http://127.0.0.1:1/", envUploadChunk+"=524288", envDownloadChunk+"=-1", object.EnvTimeout+"=7")
	if s.uploadChunk != 524288 || s.downloadChunk != 0 || s.timeout != 7*time.Second || s.endpoint != "http://127.0.0.1:1" {
		t.Errorf("got %+v", s)
	}
	if s := newTestStore(t, envEmulator+"=127.0.0.1:1"); s.endpoint != "http://127.0.0.1:1" || s.tokens != nil {
		t.Errorf("got %+v", s)
	}
}

// account is the key file of a service account.
func account(t *testing.T, tokenURL string) map[string]string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"type": "service_account", "client_email": "millrace@project.iam.gserviceaccount.com", "token_uri": tokenURL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
}

// withCredentials returns the store of a credentials file.
func withCredentials(t *testing.T, content any, env ...string) (*store, error) {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(envCredentials, file) // x/oauth2 reads it.
	return newStore(t.Context(), environment(append(env, envCredentials+"="+file)...))
}

// TestServiceAccount gets a token with the key of a service account and sends it to the store.
func TestServiceAccount(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("assertion") == "" {
			t.Error("no assertion")
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token": "secret-token", "token_type": "Bearer", "expires_in": 3600}`)
	})
	mux.HandleFunc("GET /storage/v1/b/team/o", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer secret-token" {
			t.Errorf("Authorization: %q", got)
		}
		fmt.Fprint(w, `{}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	content := account(t, server.URL+"/token")
	s, err := withCredentials(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if s.endpoint != "https://storage.googleapis.com" || s.key == nil {
		t.Errorf("endpoint %s, key %v", s.endpoint, s.key)
	}
	s.endpoint = server.URL
	if err := (&bucket{s, "team"}).Check(t.Context()); err != nil {
		t.Error(err)
	}
	content["universe_domain"] = "cloud.example"
	if s, err = withCredentials(t, content); err != nil || s.endpoint != "https://storage.cloud.example" {
		t.Errorf("another universe: %v", err)
	}
	s, err = withCredentials(t, content, envEmulator+"="+server.URL)
	if err != nil || s.endpoint != server.URL || s.tokens != nil || s.key == nil {
		t.Errorf("an emulator and a key: %v", err)
	}
}

// TestFederation gets a token for the identity that another provider has issued, here in a file.
func TestFederation(t *testing.T) {
	identity := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(identity, []byte("identity-of-the-pod"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/token" && r.FormValue("subject_token") == "identity-of-the-pod":
			fmt.Fprint(w, `{"access_token": "federated", "token_type": "Bearer", "expires_in": 3600,
				"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}`)
		case r.Header.Get("Authorization") == "Bearer federated":
			fmt.Fprint(w, `{}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	s, err := withCredentials(t, map[string]any{
		"type": "external_account", "token_url": server.URL + "/token",
		"audience":           "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"credential_source":  map[string]string{"file": identity},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.endpoint = server.URL
	b := &bucket{s, "team"}
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := b.SignGet(t.Context(), "k", time.Minute); !errors.Is(err, mlflow.NotImplemented) {
		t.Errorf("without a key: %v", err)
	}
}

func TestBadCredentials(t *testing.T) {
	t.Setenv(envCredentials, "/none.json")
	if _, err := newStore(t.Context(), environment(envCredentials+"=/none.json")); err == nil ||
		!strings.Contains(err.Error(), "GOOGLE_APPLICATION_CREDENTIALS=/none.json") {
		t.Errorf("no file: %v", err)
	}
	key := account(t, "http://127.0.0.1:1")
	key["private_key"] = "no key"
	for text, content := range map[string]any{
		"unknown credential type":       map[string]string{"type": "nothing"},
		"cannot unmarshal":              "text",
		"private key of millrace@proje": key,
	} {
		if _, err := withCredentials(t, content); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

// TestToken has answers of the service that issues tokens.
func TestToken(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		text   string
	}{
		{400, `{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}`, mlflow.PermissionDenied, "invalid_grant"},
		{401, `{"error": "unauthorized"}`, mlflow.PermissionDenied, "give no token for gs://team"},
		{503, "away\nfor now", mlflow.TemporarilyUnavailable, "gs://team does not answer"},
	} {
		server := failing(t, c.status, "application/json", c.body)
		s, err := withCredentials(t, account(t, server.URL))
		if err != nil {
			t.Fatal(err)
		}
		s.pause = time.Millisecond
		b := &bucket{s, "team"}
		if err := b.Check(t.Context()); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%d: %v", c.status, err)
		}
		server.Close()
		if s, err = withCredentials(t, account(t, server.URL)); err != nil {
			t.Fatal(err)
		}
		s.pause = time.Millisecond
		if err := (&bucket{s, "team"}).Check(t.Context()); !errors.Is(err, mlflow.TemporarilyUnavailable) {
			t.Errorf("without the service: %v", err)
		}
	}
}
