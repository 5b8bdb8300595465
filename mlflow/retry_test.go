package mlflow_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// breakOff answers with fewer bytes than it announced.
func breakOff(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte("{"))
	panic(http.ErrAbortHandler)
}

func TestAnswersThatBreakOffAreAskedForAgain(t *testing.T) {
	t.Parallel()
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			breakOff(w)
		}
		_, _ = w.Write([]byte(`{"experiment": {"experiment_id": "7"}}`))
	}))
	defer srv.Close()
	e, err := mlflow.NewClient(srv.URL).Experiment(t.Context(), "7")
	must(t, err)
	if e.ExperimentID != "7" || calls != 2 {
		t.Errorf("experiment %+v after %d calls", e, calls)
	}
}

func TestDownloadsThatBreakOffBeginAnew(t *testing.T) {
	t.Parallel()
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/runs/get"):
			_, _ = w.Write([]byte(`{"run": {"info": {"run_id": "r", "artifact_uri": "mlflow-artifacts:/0/r/artifacts"}}}`))
		case r.URL.Query().Get("path") == "0/r/artifacts":
			_, _ = w.Write([]byte(`{"files": [{"path": "f", "file_size": 5}]}`))
		default:
			if calls++; calls == 1 {
				breakOff(w)
			}
			_, _ = w.Write([]byte("hello"))
		}
	}))
	defer srv.Close()
	var last mlflow.Transfer
	c := mlflow.NewClient(srv.URL, mlflow.WithProgress(func(at mlflow.Transfer) { last = at }))
	dir, err := c.DownloadArtifacts(t.Context(), "r", "", t.TempDir())
	must(t, err)
	text, err := os.ReadFile(dir + "/f")
	if err != nil || string(text) != "hello" || last.Bytes != 5 || last.Files != 1 {
		t.Errorf("%q, progress %+v, %v", text, last, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestRetryIsNotForCreation(t *testing.T) {
	t.Parallel()
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer srv.Close()
	c := mlflow.NewClient(srv.URL)
	if _, err := c.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0"}); err == nil || calls != 1 {
		t.Errorf("creating was tried %d times, then %v", calls, err)
	}
}
