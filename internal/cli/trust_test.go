package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// No command sends the token to another host that the server names for artifacts,
// except to a host in MILLRACE_TRUSTED_HOSTS. The test sets environment variables and
// therefore cannot be parallel.
func TestTokenIsSentOnlyToTrustedHosts(t *testing.T) {
	var requests, withToken atomic.Int64
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Header.Get("Authorization") == "Bearer secret" {
			withToken.Add(1)
		}
		fmt.Fprint(w, `{"files": []}`)
	}))
	defer files.Close()
	host := strings.TrimPrefix(files.URL, "http://")
	tracking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri := "mlflow-artifacts://" + host + "/0/r"
		if strings.Contains(r.URL.Path, "get-download-uri") {
			fmt.Fprintf(w, `{"artifact_uri": %q}`, uri)
			return
		}
		fmt.Fprintf(w, `{"run": {"info": {"run_id": "r", "artifact_uri": %q}}}`, uri)
	}))
	defer tracking.Close()
	t.Setenv("MLFLOW_TRACKING_TOKEN", "secret")
	s := &shell{t, tracking.URL}
	file := s.write(filepath.Join(t.TempDir(), "f"), "text")
	for _, line := range []string{
		"artifacts download -r r", "artifacts download -u runs:/r/f", "artifacts download -u mlflow-artifacts://" + host + "/f",
		"artifacts log-artifact -r r -l " + file, "artifacts log-artifacts -r r -l " + filepath.Dir(file),
		"models download -m models:/m/1", "models predict -m models:/m/1 -i " + file, "models serve -p 0 -m models:/m/1",
	} {
		requests.Store(0)
		s.refuse(line, "MILLRACE_TRUSTED_HOSTS="+host)
		if n := requests.Load(); n != 0 {
			t.Errorf("%s: the other host got %d requests", line, n)
		}
		t.Run(line, func(t *testing.T) {
			requests.Store(0)
			withToken.Store(0)
			t.Setenv("MILLRACE_TRUSTED_HOSTS", host)
			_, err := s.try(line)
			if all, known := requests.Load(), withToken.Load(); all == 0 || known != all {
				t.Errorf("the trusted host got %d requests, %d of them with the token; %v", all, known, err)
			}
		})
	}
}

// A local folder that the server names is used only if the server has a loopback
// address and MILLRACE_LOCAL_FILES does not forbid it.
func TestLocalArtifactFolders(t *testing.T) {
	dir := t.TempDir()
	tracking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"run": {"info": {"run_id": "r", "artifact_uri": %q}}}`, "file://"+dir)
	}))
	defer tracking.Close()
	s := &shell{t, tracking.URL}
	s.write(filepath.Join(dir, "f"), "text")
	s.expect("artifacts download -r r -a f -d "+t.TempDir(), `/f\n$`)
	t.Setenv("MILLRACE_LOCAL_FILES", "false")
	s.refuse("artifacts download -r r -a f -d "+t.TempDir(), "MILLRACE_LOCAL_FILES=true")
	s.refuse("artifacts log-artifacts -r r -l "+dir, "MILLRACE_LOCAL_FILES=true")
	s.expect("artifacts download -u file://"+filepath.Join(dir, "f")+" -d "+t.TempDir(), `/f\n$`)
}
