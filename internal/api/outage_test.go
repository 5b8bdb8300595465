package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
	dbproxy "github.com/millrace-ml/millrace/test/proxy"
)

// anyBody has the parameters of most routes.
const anyBody = `{"run_id":"RUN","run_uuid":"RUN","experiment_id":"0","experiment_ids":["0"],"experiment_name":"e","name":"m","new_name":"n","key":"k",
	"value":"1","timestamp":1,"metric_key":"k","model_id":"m-1","version":"1","alias":"a","stage":"Production","archive_existing_versions":false,
	"source":"mlflow-artifacts:/x","lifecycle_stage":"active","status":"FINISHED","model_json":"{\"artifact_path\":\"a\",\"run_id\":\"RUN\",\"utc_time_created\":\"t\",\"flavors\":{}}",
	"metrics":[{"key":"k","value":1,"timestamp":1}],"params":[{"key":"k","value":"1"}],"tags":[{"key":"k","value":"1"}],"models":[{"model_id":"m-1","step":1}],
	"datasets":[{"dataset":{"name":"d","digest":"1","source_type":"local","source":"{}"}}],"query":"{mlflowGetRun(input:{runId:\"RUN\"}){run{info{runId}}}}"}`

var (
	anyQuery  = "?run_id=RUN&run_uuid=RUN&run_ids=RUN&experiment_id=0&experiment_name=Default&name=m&metric_key=k&model_id=m-1&version=1&alias=a&max_results=10&path=x&key=k"
	pathParts = regexp.MustCompile(`\{[^}]*\}`)
)

// TestRoutesDuringOutage requests every route while the database is not available.
// Routes that need the database must respond with 503 in time, and all must work
// afterwards.
func TestRoutesDuringOutage(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*dbproxy.Proxy){"refuse": (*dbproxy.Proxy).Refuse, "stall": (*dbproxy.Proxy).Stall} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, variable := range dbtest.Servers {
				t.Run(variable, func(t *testing.T) {
					t.Parallel()
					routesDuringOutage(t, dbtest.NewDatabase(t, variable), begin)
				})
			}
		})
	}
}

func routesDuringOutage(t *testing.T, uri string, begin func(*dbproxy.Proxy)) {
	between, through := dbtest.NewProxy(t, uri)
	st, err := store.Open(t.Context(), store.Options{URI: through, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	artifacts, err := api.NewArtifacts(filepath.Join(t.TempDir(), "mlartifacts"), "mlflow-artifacts:/")
	if err != nil {
		t.Fatal(err)
	}
	s := &api.Server{
		Store: st, Artifacts: artifacts, Log: slog.New(slog.DiscardHandler), URLs: signedurl.New([32]byte{}, "artifacts"),
	}
	secret := auth.NewToken()
	if _, err := st.CreateToken(t.Context(), "me@example.org", "", auth.TokenHash(secret), 0); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(httplimit.Handler(auth.Middleware(st)(s.Handler())))
	t.Cleanup(server.Close)
	run, err := st.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if err != nil {
		t.Fatal(err)
	}

	const within = 15 * time.Second // much less than the timeout of the server
	send := func(route string) (status int, answer string, err error) {
		method, pattern, _ := strings.Cut(route, " ")
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		target, body := server.URL+pathParts.ReplaceAllString(pattern, "x"), io.Reader(nil)
		if method == http.MethodGet {
			target += strings.ReplaceAll(anyQuery, "RUN", run.Info.RunID)
		} else {
			body = strings.NewReader(strings.ReplaceAll(anyBody, "RUN", run.Info.RunID))
		}
		req, err := http.NewRequestWithContext(ctx, method, target, body)
		if err != nil {
			return 0, "", err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text), err
	}
	begin(between)
	var wg sync.WaitGroup
	var unavailable atomic.Int64
	for _, route := range s.Routes() {
		wg.Go(func() {
			switch status, answer, err := send(route); {
			case err != nil:
				t.Errorf("%s: %v", route, err)
			case status == http.StatusServiceUnavailable:
				unavailable.Add(1)
				apitest.CheckError(t, route, answer)
			case status >= 500 && status != http.StatusNotImplemented:
				t.Errorf("%s: %d %s", route, status, answer)
			}
		})
	}
	wg.Wait()
	if n := unavailable.Load(); n < 100 {
		t.Errorf("only %d routes of %d need the database", n, len(s.Routes()))
	}
	between.Resume()
	if err := between.Accept(t.Context()); err != nil && !strings.Contains(err.Error(), "address already in use") {
		t.Fatal(err)
	}
	const route = "GET /api/2.0/mlflow/runs/get"
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status, answer, err := send(route)
		if err == nil && status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("10 s after the outage: %d %s %v", status, answer, err)
		}
	}
}
