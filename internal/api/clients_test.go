package api_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestClientsHangUp disconnects at random moments of reads and writes, with
// authentication. Afterwards the server works, all acknowledged data exists, and no
// batch is incomplete.
func TestClientsHangUp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 50 {
		s.Run(t)
	}
	run := s.Run(t)
	secret := auth.NewToken()
	if _, err := s.Store.CreateToken(t.Context(), "me@example.org", "", auth.TokenHash(secret), 0); err != nil {
		t.Fatal(err)
	}
	send := func(ctx context.Context, method, path, body string) (int, error) {
		req, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, err
	}
	const api = "/api/2.0/mlflow/"
	requests := []struct{ method, path, body string }{
		{"POST", api + "runs/search", `{"experiment_ids":["0"],"filter":"tags.` + "`mlflow.runName`" + ` LIKE '%x%'"}`},
		{"GET", api + "runs/get?run_id=" + run, ""},
		{"GET", api + "metrics/get-history?metric_key=m&run_id=" + run, ""},
		{"GET", api + "experiments/search?max_results=10", ""},
		{"POST", "/graphql", `{"query":"{mlflowGetRun(input:{runId:\"` + run + `\"}){run{info{runName}}}}"}`},
		{"POST", api + "runs/log-batch", `{"run_id":"` + run + `","metrics":[{"key":"m","value":1,"timestamp":1,"step":STEP},{"key":"n","value":1,"timestamp":1,"step":STEP}],"tags":[{"key":"t","value":"STEP"}]}`},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	step, acknowledged := 0, map[int]bool{}
	for range 4 {
		wg.Go(func() {
			for range 1500 {
				r := requests[rand.IntN(len(requests))]
				mu.Lock()
				step++
				own := step
				mu.Unlock()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Duration(rand.IntN(1500))*time.Microsecond, cancel)
				status, err := send(ctx, r.method, r.path, strings.ReplaceAll(r.body, "STEP", strconv.Itoa(own)))
				if err == nil && status != http.StatusOK || err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%s %s: %d %v", r.method, r.path, status, err)
				}
				if err == nil && strings.HasSuffix(r.path, "log-batch") {
					mu.Lock()
					acknowledged[own] = true
					mu.Unlock()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	for range 20 {
		for _, r := range requests {
			wg.Go(func() {
				if status, err := send(t.Context(), r.method, r.path, strings.ReplaceAll(r.body, "STEP", "0")); err != nil || status != http.StatusOK {
					t.Errorf("afterwards, %s %s: %d %v", r.method, r.path, status, err)
				}
			})
		}
	}
	wg.Wait()
	steps := func(key string) map[int]bool {
		list, _, err := s.Store.MetricHistory(t.Context(), run, key, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		return stepsOf(list)
	}
	m, n := steps("m"), steps("n")
	for own := range acknowledged {
		if !m[own] {
			t.Errorf("step %d was acknowledged and is missing", own)
		}
	}
	for own := range m {
		if !n[own] {
			t.Errorf("step %d is there in part", own)
		}
	}
	if len(m) != len(n) || len(acknowledged) == 0 {
		t.Errorf("%d and %d values, %d batches acknowledged", len(m), len(n), len(acknowledged))
	}
}

func stepsOf(list []mlflow.Metric) map[int]bool {
	steps := map[int]bool{}
	for _, m := range list {
		steps[int(m.Step)] = true
	}
	return steps
}

// TestWholeHistory checks that a response without pagination, which is read in parts,
// contains every value once and in order.
func TestWholeHistory(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	run := s.Run(t)
	const values = 4_000
	s.API.ReadHistoriesIn(900)
	for from := 0; from < values; from += 1000 {
		batch := make([]mlflow.Metric, 1000)
		for i := range batch {
			n := int64(from + i)
			batch[i] = mlflow.Metric{Key: "m", Value: float64(n), Timestamp: n / 3, Step: -n}
		}
		if err := s.Store.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Client.MetricHistory(t.Context(), &mlflow.GetMetricHistoryRequest{RunID: run, MetricKey: "m"})
	if err != nil || len(got.Metrics) != values || got.NextPageToken != "" {
		t.Fatalf("%d values, token %q; %v", len(got.Metrics), got.NextPageToken, err)
	}
	for i, m := range got.Metrics {
		if i == 0 {
			continue
		}
		before := got.Metrics[i-1]
		if m.Timestamp < before.Timestamp || m.Timestamp == before.Timestamp && m.Step <= before.Step {
			t.Fatalf("value %d is %+v after %+v", i, m, before)
		}
	}
}
