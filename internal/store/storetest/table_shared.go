package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// tablesAtOnce asks for tables that differ in one part of the request from several goroutines, which
// share the answers to equal requests, and compares each with the answer to a request alone.
func tablesAtOnce(t *testing.T, s *store.Store) {
	second := must(s.CreateExperiment(t.Context(), "second", "", nil))(t)
	for i := range 20 {
		run := newRun(t, s, []int64{0, second}[i%2], int64(i+1))
		err := s.LogBatch(t.Context(), run, []mlflow.Metric{{Key: "m", Value: float64(i % 7)}},
			[]mlflow.Param{{Key: "p", Value: fmt.Sprint("value ", i)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	columns := []mlflow.RunColumn{{Kind: "params", Key: "p"}, {Kind: "metrics", Key: "m", Aggregate: "max"}}
	type request struct {
		experiments    []int64
		limit, maxText int
		in             mlflow.RunTableRequest
	}
	requests := []request{
		{[]int64{0}, 5, 100, mlflow.RunTableRequest{Columns: columns}},
		{[]int64{second}, 5, 100, mlflow.RunTableRequest{Columns: columns}},
		{[]int64{0, second}, 5, 100, mlflow.RunTableRequest{Columns: columns}},
		{[]int64{0}, 4, 100, mlflow.RunTableRequest{Columns: columns}},
		{[]int64{0}, 5, 3, mlflow.RunTableRequest{Columns: columns}},
		{[]int64{0}, 5, 100, mlflow.RunTableRequest{Columns: columns, Offset: 2}},
		{[]int64{0}, 5, 100, mlflow.RunTableRequest{Columns: columns[:1]}},
		{[]int64{0}, 5, 100, mlflow.RunTableRequest{Columns: columns, Filter: "metrics.m > 2"}},
		{[]int64{0}, 5, 100, mlflow.RunTableRequest{Columns: columns, OrderBy: []string{"metrics.m DESC"}}},
		{[]int64{0}, 5, 100, mlflow.RunTableRequest{Columns: columns, Tree: &mlflow.RunTree{}}},
	}
	ask := func(r request) (string, error) {
		out, err := s.RunTable(t.Context(), r.experiments, r.limit, r.maxText, &r.in)
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(out)
		return string(text), err
	}
	alone := map[string]int{}
	want := make([]string, len(requests))
	for i, r := range requests {
		want[i] = must(ask(r))(t)
		if other, found := alone[want[i]]; found {
			t.Errorf("requests %d and %d have the same answer", other, i)
		}
		alone[want[i]] = i
	}
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			for k := range 3 * len(requests) {
				i := (k + client/2) % len(requests)
				if got, err := ask(requests[i]); err != nil || got != want[i] {
					t.Errorf("request %d: %s, want %s; %v", i, got, want[i], err)
				}
			}
		})
	}
	wg.Wait()
}
