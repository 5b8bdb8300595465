package server

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/mlflow"
)

// benchServer returns a running server, with a user ann if it has users.
func benchServer(b *testing.B, withUsers bool) *usersServer {
	b.Helper()
	dir := b.TempDir()
	c := &config.Config{
		Host: "127.0.0.1", BackendStoreURI: "sqlite:///" + filepath.Join(dir, "mlflow.db"), ServeArtifacts: true,
		ArtifactsDestination: filepath.Join(dir, "files"), DefaultArtifactRoot: "mlflow-artifacts:/", SQLiteSynchronous: "full",
	}
	if withUsers {
		c.Users = &config.Users{
			DefaultPermission: access.NoPermissions, DatabaseURI: "sqlite:///" + filepath.Join(dir, "users.db"),
			AdminUsername: "admin", AdminPassword: password,
		}
	}
	s, err := New(b.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = s.Serve(b.Context()) }()
	if withUsers {
		if _, err := s.users.accounts.CreateUser(b.Context(), "ann", password, false); err != nil {
			b.Fatal(err)
		}
	}
	return &usersServer{s, s.URL()}
}

func (s *usersServer) mustPost(b *testing.B, client *http.Client, path, body string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+"/api/2.0/mlflow/"+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.users != nil {
		req.SetBasicAuth("ann", password)
	}
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d %s, %v", path, resp.StatusCode, answer, err)
	}
	resp.Body.Close()
}

// BenchmarkLogMetricWithUsers logs metrics by 8 clients with and without users.
func BenchmarkLogMetricWithUsers(b *testing.B) {
	for _, withUsers := range []bool{false, true} {
		b.Run("users="+strconv.FormatBool(withUsers), func(b *testing.B) {
			s := benchServer(b, withUsers)
			run, err := s.store.CreateRun(b.Context(), 0, &mlflow.CreateRunRequest{StartTime: 1})
			if err != nil {
				b.Fatal(err)
			}
			if withUsers {
				if err := s.users.accounts.SetGrant(b.Context(), "ann", access.Experiment, "0", access.Edit); err != nil {
					b.Fatal(err)
				}
			}
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
			s.mustPost(b, client, "runs/set-tag", `{"run_id":"`+run.Info.RunID+`","key":"k","value":"v"}`)
			b.SetParallelism(4) // times the number of cores
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					s.mustPost(b, client, "runs/log-metric",
						fmt.Sprintf(`{"run_id":"%s","key":"loss","value":%d,"timestamp":%d,"step":%d}`, run.Info.RunID, i, i, i))
				}
			})
		})
	}
}

// BenchmarkSearchVisible searches 20,000 runs in 500 experiments, of which the user may
// read 20.
func BenchmarkSearchVisible(b *testing.B) {
	s := benchServer(b, true)
	ids := make([]string, 500)
	for i := range ids {
		id, err := s.store.CreateExperiment(b.Context(), fmt.Sprint("e", i), "", nil)
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = strconv.FormatInt(id, 10)
		for range 40 {
			if _, err := s.store.CreateRun(b.Context(), id, &mlflow.CreateRunRequest{StartTime: id}); err != nil {
				b.Fatal(err)
			}
		}
		if i%25 == 0 {
			if err := s.users.accounts.SetGrant(b.Context(), "ann", access.Experiment, ids[i], access.Read); err != nil {
				b.Fatal(err)
			}
		}
	}
	client := http.DefaultClient
	runs := `{"experiment_ids":["` + strings.Join(ids, `","`) + `"],"max_results":100}`
	b.Run("runs", func(b *testing.B) {
		for b.Loop() {
			s.mustPost(b, client, "runs/search", runs)
		}
	})
	b.Run("experiments", func(b *testing.B) {
		for b.Loop() {
			s.mustPost(b, client, "experiments/search", `{"max_results":1000}`)
		}
	})
}
