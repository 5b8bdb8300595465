package server

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestCompressed checks which responses of a server are compressed: those of the routes
// of pages, also errors, and no file.
func TestCompressed(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler), "--static-prefix", "/tracking")
	url := s.URL()
	run, err := s.store.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if err != nil {
		t.Fatal(err)
	}
	file := "/api/2.0/mlflow-artifacts/artifacts/0/" + run.Info.RunID + "/artifacts/f.json"
	content := `"` + strings.Repeat("a", 5000) + `"`
	if got := send(t, http.MethodPut, url+file, strings.NewReader(content)); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	var batch []mlflow.Metric
	for i := range 100 {
		batch = append(batch, mlflow.Metric{Key: fmt.Sprintf("metric %d", i)})
	}
	if err := s.store.LogBatch(t.Context(), run.Info.RunID, batch, nil, nil); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 3000)
	const search, runs = "2.0/mlflow/runs/search", `{"experiment_ids":["0"]}`
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		zipped                   bool
	}{
		{"a search of pages", "POST", "/ajax-api/" + search, runs, 200, true},
		{"a search of programs", "POST", "/api/" + search, runs, 200, false},
		{"an error of pages", "POST", "/ajax-api/" + search, `{"experiment_ids":["0"],"filter":"metrics.` + long + ` ="}`, 400, true},
		{"an error of programs", "POST", "/api/" + search, `{"experiment_ids":["0"],"filter":"metrics.` + long + ` ="}`, 400, false},
		{"a short answer", "GET", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0", "", 200, false},
		{"a run", "GET", "/ajax-api/2.0/mlflow/runs/get?run_id=" + run.Info.RunID, "", 200, true},
		{"a file", "GET", "/ajax-api" + strings.TrimPrefix(file, "/api"), "", 200, false},
		{"the head of a file", "HEAD", "/ajax-api" + strings.TrimPrefix(file, "/api"), "", 200, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept-Encoding", "gzip")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			zipped := resp.Header.Get("Content-Encoding") == "gzip"
			if resp.StatusCode != c.status || zipped != c.zipped {
				t.Fatalf("%d %v", resp.StatusCode, resp.Header)
			}
			var body io.Reader = resp.Body
			if zipped {
				if body, err = gzip.NewReader(resp.Body); err != nil {
					t.Fatal(err)
				}
			}
			answer, err := io.ReadAll(body)
			if err != nil || c.method != "HEAD" && !json.Valid(answer) {
				t.Errorf("%.200s; %v", answer, err)
			}
		})
	}
}
