package runtable_test

import (
	"strconv"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// newChain creates runs of which each is the parent of the next, named by their numbers.
func newChain(t *testing.T, s *store.Store, n int) (ids []string) {
	t.Helper()
	for i := range n {
		in := &mlflow.CreateRunRequest{RunName: strconv.Itoa(i), StartTime: int64(i + 1)}
		if i > 0 {
			in.Tags = []mlflow.Tag{{Key: "mlflow.parentRunId", Value: ids[i-1]}}
		}
		run, err := s.CreateRun(t.Context(), 0, in)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, run.Info.RunID)
	}
	return ids
}

// TestLargeTable checks that a table of more runs than a tree has is flat and counted up
// to the bound.
func TestLargeTable(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	newChain(t, s, 9)
	in := &mlflow.RunTableRequest{Tree: &mlflow.RunTree{}}
	for bound, want := range map[int]mlflow.RunTableResponse{
		8: {Total: 8, Matching: 8, Bounded: true}, 9: {Total: 1, Matching: 9, Nested: true},
	} {
		s.Limits.Runs = bound
		out, err := s.RunTable(t.Context(), []int64{0}, 20, 9, in)
		if err != nil {
			t.Fatal(err)
		}
		rows := 9
		if want.Nested {
			rows = 1
		}
		if len(out.Rows) != rows || out.Total != want.Total || out.Matching != want.Matching ||
			out.Bounded != want.Bounded || out.Nested != want.Nested {
			t.Errorf("bound %d: %d rows, %+v", bound, len(out.Rows), out)
		}
	}
}

// TestDeepTree checks that a match deep in a tree shows all of its ancestors.
func TestDeepTree(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const depth = 300
	ids := newChain(t, s, depth)
	in := &mlflow.RunTableRequest{Filter: "attributes.run_id = '" + ids[depth-1] + "'", Tree: &mlflow.RunTree{}}
	out, err := s.RunTable(t.Context(), []int64{0}, 1000, 9, in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Rows) != depth || out.Matching != 1 || out.Rows[depth-1].Depth != depth-1 || out.Rows[depth-1].Context {
		t.Errorf("%d rows of %d matching runs", len(out.Rows), out.Matching)
	}
	for i, r := range out.Rows[:depth-1] {
		if !r.Context || !r.Open || r.RunID != ids[i] {
			t.Fatalf("row %d: %+v", i, r)
		}
	}
}

// TestManyKeys checks that fewer runs are judged if they have many values.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	metrics := make([]mlflow.Metric, 10)
	for i := range metrics {
		metrics[i] = mlflow.Metric{Key: strconv.Itoa(i), Value: 1}
	}
	for i := range 100 {
		run, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{StartTime: int64(i + 1)})
		if err == nil {
			err = s.LogBatch(t.Context(), run.Info.RunID, metrics, nil, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int64{1: 50, 60 * 12: 60, 100 * 12: 100} {
		s.Limits.Values = limit
		out, err := s.RunColumns(t.Context(), []int64{0}, 5, &mlflow.RunColumnsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if out.Bounded != (want < 100) || out.Runs != want || out.MetricCount != 10 || len(out.Metrics) != 5 ||
			out.Metrics[0].Runs != want {
			t.Errorf("limit %d: %d runs are judged, want %d; %+v", limit, out.Runs, want, out)
		}
	}
}

// TestManyRunsInGroups checks that runs are listed one by one if there are too many to
// group them.
func TestManyRunsInGroups(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	newChain(t, s, 9)
	in := &mlflow.RunTableRequest{Groups: &mlflow.RunGroups{AllParams: true}}
	for bound, want := range map[int]int{8: 9, 9: 1} {
		s.Limits.Grouped = bound
		out, err := s.RunTable(t.Context(), []int64{0}, 20, 9, in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Rows) != want || out.Grouped != (want == 1) || out.Matching != 9 || out.Total != int64(want) {
			t.Errorf("bound %d: %d rows, %+v", bound, len(out.Rows), out)
		}
	}
}
