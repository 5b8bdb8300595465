package server

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

// replica starts a server on databases that other servers use, too.
func replica(t *testing.T, runs, users, files string) *usersServer {
	t.Helper()
	s, err := New(t.Context(), &config.Config{
		Host: "127.0.0.1", BackendStoreURI: runs, ServeArtifacts: true, ArtifactsDestination: files,
		DefaultArtifactRoot: "mlflow-artifacts:/", SQLiteSynchronous: "normal",
		Users: &config.Users{
			DefaultPermission: access.NoPermissions, DatabaseURI: users, AdminUsername: "admin", AdminPassword: password,
		},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() { // The context has ended.
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &usersServer{s, s.URL()}
}

// ask sends a request with some headers.
func (s *usersServer) ask(t *testing.T, method, path, body string, headers map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(answer)
}

// within repeats a request until it has a status, for at most two seconds.
func within(t *testing.T, what string, want int, send func() int) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Second)
	for {
		got := send()
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: %d after two seconds, want %d", what, got, want)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestReplicas logs in at one of two servers and works with the other one.
func TestReplicas(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, runs string) {
		users, files := dbtest.NewFile(t), t.TempDir()
		if !strings.HasPrefix(runs, "sqlite:") {
			users = runs
		}
		a, b := replica(t, runs, users, files), replica(t, runs, users, files)
		a.addUser(t, "ann")
		const tagPath = "/api/2.0/mlflow/experiments/set-experiment-tag"
		status, answer := a.send(t, "ann", "POST", "/api/2.0/mlflow/experiments/create", `{"name":"anns"}`)
		if status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		var created struct {
			ID string `json:"experiment_id"`
		}
		if err := json.Unmarshal([]byte(answer), &created); err != nil {
			t.Fatal(err)
		}
		get := "/api/2.0/mlflow/experiments/get?experiment_id=" + created.ID
		tag := fmt.Sprintf(`{"experiment_id":"%s","key":"k","value":"v"}`, created.ID)
		// What one server has granted a moment ago, the other one knows.
		if status, answer := b.send(t, "ann", "POST", tagPath, tag); status != 200 {
			t.Errorf("the other server at once: %d %s", status, answer)
		}

		resp, answer := a.ask(t, "POST", "/ajax-api/millrace/login", `{"username":"ann","password":"`+password+`"}`, nil)
		var session struct {
			CSRF string `json:"csrf_token"`
		}
		if err := json.Unmarshal([]byte(answer), &session); err != nil || len(resp.Cookies()) != 1 {
			t.Fatalf("login: %d %s", resp.StatusCode, answer)
		}
		cookie := resp.Cookies()[0]
		headers := map[string]string{"Cookie": cookie.Name + "=" + cookie.Value, "X-CSRF-Token": session.CSRF}
		for name, s := range map[string]*usersServer{"the same server": a, "the other server": b} {
			if resp, answer := s.ask(t, "POST", tagPath, tag, headers); resp.StatusCode != 200 {
				t.Errorf("a session, %s: %d %s", name, resp.StatusCode, answer)
			}
		}
		ofSession := func(s *usersServer) func() int {
			return func() int {
				resp, _ := s.ask(t, "GET", get, "", headers)
				return resp.StatusCode
			}
		}
		byPassword := func() int {
			status, _ := b.send(t, "ann", "GET", get, "")
			return status
		}
		if err := a.users.accounts.SetGrant(t.Context(), "ann", access.Experiment, created.ID, access.Deny); err != nil {
			t.Fatal(err)
		}
		within(t, "a revocation, the other server", 403, byPassword)
		within(t, "a revocation, a session", 403, ofSession(b))
		if err := a.users.accounts.SetGrant(t.Context(), "ann", access.Experiment, created.ID, access.Read); err != nil {
			t.Fatal(err)
		}
		within(t, "a grant, the other server", 200, byPassword)
		if resp, answer := a.ask(t, "POST", "/ajax-api/millrace/logout", "{}", headers); resp.StatusCode != 200 {
			t.Errorf("logout: %d %s", resp.StatusCode, answer)
		}
		within(t, "logged out, the same server", 401, ofSession(a))
		within(t, "logged out, the other server", 401, ofSession(b))
		if err := a.users.accounts.DeleteUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		within(t, "a deleted user, the other server", 401, byPassword)
	})
}

// TestUsersAway closes the database of users under a running server.
func TestUsersAway(t *testing.T) {
	t.Parallel()
	s := replica(t, "sqlite:///"+filepath.Join(t.TempDir(), "mlflow.db"), dbtest.NewFile(t), t.TempDir())
	s.addUser(t, "ann")
	s.grant(t, "ann", access.Experiment, "0", access.Read)
	const get = "/api/2.0/mlflow/experiments/get?experiment_id=0"
	if status, answer := s.send(t, "ann", "GET", get, ""); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	if err := s.users.accounts.Close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if status, answer := s.send(t, "ann", "GET", get, ""); status != 200 {
		t.Errorf("a known user: %d %s", status, answer)
	}
	if status, answer := s.send(t, "bob", "GET", get, ""); status != 503 || !strings.Contains(answer, "TEMPORARILY_UNAVAILABLE") {
		t.Errorf("an unknown user: %d %s", status, answer)
	}
	if status, answer := s.send(t, "ann", "POST", "/api/2.0/mlflow/experiments/create", `{"name":"e"}`); status < 500 {
		t.Errorf("an experiment whose creator cannot get a grant: %d %s", status, answer)
	}
	resp, _ := s.ask(t, "GET", "/readyz", "", nil)
	if resp.StatusCode != 503 {
		t.Errorf("/readyz: %d", resp.StatusCode)
	}
}
