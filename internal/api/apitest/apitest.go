// Package apitest runs tests of the REST API that are tables of facts.
package apitest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	_ "github.com/millrace-ml/millrace/internal/artifact/all" // artifact backends
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// Server is the API on a new SQLite database, with a client.
type Server struct {
	URL    string
	Client *mlflow.Client
	Store  *store.Store
	API    *api.Server
}

// New starts a server. The functions may change its options.
func New(t *testing.T, options ...func(*api.Server)) *Server {
	t.Helper()
	dir := t.TempDir()
	return NewOn(t, dir, "sqlite:///"+filepath.Join(dir, "mlflow.db"), options...)
}

// NewIn starts a server whose files are in dir.
func NewIn(t testing.TB, dir string) *Server {
	t.Helper()
	return NewOn(t, dir, "sqlite:///"+filepath.Join(dir, "mlflow.db"))
}

// NewOn starts a server on the database with the given URI.
func NewOn(t testing.TB, dir, uri string, options ...func(*api.Server)) *Server {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	artifacts, err := api.NewArtifacts(filepath.Join(dir, "mlartifacts"), "mlflow-artifacts:/")
	if err != nil {
		t.Fatal(err)
	}
	s := &api.Server{
		Store: st, Artifacts: artifacts, Log: slog.New(slog.DiscardHandler), URLs: signedurl.New([32]byte{1}, "test"),
	}
	for _, option := range options {
		option(s)
	}
	srv := httptest.NewServer(httplimit.Handler(auth.Middleware(st)(s.Handler())))
	t.Cleanup(srv.Close)
	return &Server{URL: srv.URL, Client: mlflow.NewClient(srv.URL), Store: st, API: s}
}

// Fact is a request and what its response must be. Texts may refer to a value that
// an earlier fact saved as {name}.
type Fact struct {
	Name        string
	Method      string // default POST
	Path        string // below /api/2.0/mlflow/ unless it starts with a slash
	Body        string
	ContentType string            // default application/json; "-" for none
	Status      int               // default 200
	Has         []string          // texts that the response contains
	HasNot      []string          // texts that it does not contain
	Save        map[string]string // regular expressions with one group, by name of the saved value
}

// Get returns a fact about a GET request.
func Get(name, path string, status int, has ...string) Fact {
	return Fact{Name: name, Method: http.MethodGet, Path: path, Status: status, Has: has}
}

// Check sends the requests of facts in order and checks the responses. It returns the saved
// values.
func (s *Server) Check(t *testing.T, facts []Fact) map[string]string {
	t.Helper()
	saved := map[string]string{}
	for _, f := range facts {
		status, answer := s.Send(t, f, saved)
		want := f.Status
		if want == 0 {
			want = http.StatusOK
		}
		if status != want {
			t.Errorf("%s: status %d, want %d; answer %s", f.Name, status, want, answer)
		}
		for _, text := range f.Has {
			if text = fill(text, saved); !strings.Contains(answer, text) {
				t.Errorf("%s: answer lacks %s:\n%s", f.Name, text, answer)
			}
		}
		for _, text := range f.HasNot {
			if strings.Contains(answer, text) {
				t.Errorf("%s: answer has %s:\n%s", f.Name, text, answer)
			}
		}
		if want >= 400 {
			CheckError(t, f.Name, answer)
		}
		for name, exp := range f.Save {
			m := regexp.MustCompile(exp).FindStringSubmatch(answer)
			if m == nil {
				t.Fatalf("%s: no %s in %s", f.Name, exp, answer)
			}
			saved[name] = m[1]
		}
	}
	return saved
}

// CheckError checks that a response is an error of the API.
func CheckError(t *testing.T, name, answer string) {
	t.Helper()
	var e struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(answer), &e); err != nil || e.Code == "" || e.Message == "" {
		t.Errorf("%s: the error is no JSON with error_code and message: %s", name, answer)
	}
}

func fill(text string, saved map[string]string) string {
	for name, value := range saved {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// Send sends the request of a fact and returns the status and the body of the response.
func (s *Server) Send(t *testing.T, f Fact, saved map[string]string) (int, string) {
	t.Helper()
	method, path := f.Method, fill(f.Path, saved)
	if method == "" {
		method = http.MethodPost
	}
	if !strings.HasPrefix(path, "/") {
		path = "/api/2.0/mlflow/" + path
	}
	req, err := http.NewRequestWithContext(
		context.Background(),
		method,
		s.URL+path,
		strings.NewReader(fill(f.Body, saved)),
	)
	if err != nil {
		t.Fatal(err)
	}
	switch f.ContentType {
	case "":
		req.Header.Set("Content-Type", "application/json")
	case "-":
	default:
		req.Header.Set("Content-Type", f.ContentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return resp.StatusCode, string(answer)
}

// Run creates a run in experiment 0 and returns its ID.
func (s *Server) Run(t *testing.T) string {
	t.Helper()
	run, err := s.Client.CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0", StartTime: 1})
	if err != nil {
		t.Fatal(err)
	}
	return run.Info.RunID
}
