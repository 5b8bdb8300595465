package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// A server that names another host for its files learns nothing of the token by
// it, whatever the command; with MILLRACE_TRUSTED_HOSTS that host gets it. The
// test sets the environment, so that it cannot be parallel.
func TestTokensStayWithTheServer(t *testing.T) {
	var asked, withToken int
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.Header.Get("Authorization") == "Bearer secret" {
			withToken++
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
		asked = 0
		s.refuse([][2]string{{line, "MILLRACE_TRUSTED_HOSTS=" + host}})
		if asked != 0 {
			t.Errorf("%s: the other host was asked", line)
		}
		t.Run(line, func(t *testing.T) {
			asked, withToken = 0, 0
			t.Setenv("MILLRACE_TRUSTED_HOSTS", host)
			if _, err := s.try(line); asked == 0 || withToken != asked {
				t.Errorf("%d requests came to the trusted host, %d of them with the token; %v", asked, withToken, err)
			}
		})
	}
}

// A folder that a remote server names is used where MILLRACE_LOCAL_FILES allows
// it; false is for a server that only seems to be on this machine.
func TestFoldersOfAServer(t *testing.T) {
	dir := t.TempDir()
	tracking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"run": {"info": {"run_id": "r", "artifact_uri": %q}}}`, "file://"+dir)
	}))
	defer tracking.Close()
	s := &shell{t, tracking.URL}
	s.write(filepath.Join(dir, "f"), "text")
	s.expect([][2]string{{"artifacts download -r r -a f -d " + t.TempDir(), `/f\n$`}})
	t.Setenv("MILLRACE_LOCAL_FILES", "false")
	s.refuse([][2]string{
		{"artifacts download -r r -a f -d " + t.TempDir(), "MILLRACE_LOCAL_FILES=true"},
		{"artifacts log-artifacts -r r -l " + dir, "MILLRACE_LOCAL_FILES=true"},
	})
	s.expect([][2]string{{"artifacts download -u file://" + filepath.Join(dir, "f") + " -d " + t.TempDir(), `/f\n$`}})
}
