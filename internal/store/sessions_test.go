package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// onEngines runs a test on SQLite and on each available database server.
func onEngines(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, storetest.New(t))
	})
	for _, variable := range dbtest.Servers {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			test(t, storetest.Open(t, dbtest.NewDatabase(t, variable)))
		})
	}
}

// checkUsable keeps more transactions open at the same time than there are connections,
// so that it uses each one, and fails if a transaction does not work.
func checkUsable(t *testing.T, s *store.Store) {
	t.Helper()
	run := storetest.NewRun(t, s)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if err := s.ReadOnce(t.Context(), func() error { time.Sleep(time.Millisecond); return nil }); err != nil {
				t.Errorf("a read: %v", err)
			}
			if _, _, err := s.SearchRuns(t.Context(), []int64{0}, 10, &mlflow.SearchRunsRequest{}); err != nil {
				t.Errorf("a search: %v", err)
			}
			if err := s.LogBatch(t.Context(), run, []mlflow.Metric{{Key: "m", Step: int64(i)}}, nil, nil); err != nil {
				t.Errorf("a write: %v", err)
			}
			if err := s.SetTag(t.Context(), run, mlflow.Tag{Key: "t", Value: "v"}); err != nil {
				t.Errorf("a tag: %v", err)
			}
		})
	}
	wg.Wait()
	history, _, err := s.MetricHistory(t.Context(), run, "m", 0, "")
	if err != nil || len(history) != 100 {
		t.Errorf("%d values of 100; %v", len(history), err)
	}
}

// canceled calls f n times from several goroutines, with contexts that end at random
// moments, and reports errors of f with another cause.
func canceled(t *testing.T, n int, f func(ctx context.Context) error) {
	t.Helper()
	const clients = 4
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range n / clients {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Duration(rand.IntN(400))*time.Microsecond, cancel)
				if err := f(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("a request that was not canceled: %v", err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

func TestCanceledReads(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, s *store.Store) {
		for range 10 {
			storetest.NewRun(t, s)
		}
		canceled(t, 10_000, func(ctx context.Context) error {
			_, _, err := s.SearchRuns(ctx, []int64{0}, 10, &mlflow.SearchRunsRequest{Filter: "tags.`mlflow.runName` LIKE '%x%'"})
			return err
		})
		checkUsable(t, s)
	})
}

func TestCanceledWrites(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, s *store.Store) {
		run := storetest.NewRun(t, s)
		var mu sync.Mutex
		var steps, stored int64
		canceled(t, 2_000, func(ctx context.Context) error {
			mu.Lock()
			steps++
			step := steps
			mu.Unlock()
			tags := []mlflow.Tag{{Key: "t", Value: "v"}}
			if step%2 == 0 {
				tags = nil // Without tags, a server writes the batch in a group.
			}
			err := s.LogBatch(ctx, run, []mlflow.Metric{{Key: "m", Step: step}, {Key: "n", Step: step}}, nil, tags)
			if err == nil {
				mu.Lock()
				stored++
				mu.Unlock()
			}
			return err
		})
		checkUsable(t, s)
		m, _, err := s.MetricHistory(t.Context(), run, "m", 0, "")
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := s.MetricHistory(t.Context(), run, "n", 0, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(m) != len(n) || int64(len(m)) < stored || stored == 0 {
			t.Errorf("%d and %d values of the same batches, %d acknowledged", len(m), len(n), stored)
		}
	})
}

func TestPanicInTransaction(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, s *store.Store) {
		for range 50 { // The pool has fewer connections.
			if err := s.ReadOnce(t.Context(), func() error { panic("in a read") }); err == nil {
				t.Error("a read that panics succeeds")
			}
			if err := s.WriteOnce(t.Context(), func() error { panic("in a write") }); err == nil {
				t.Error("a write that panics succeeds")
			}
		}
		checkUsable(t, s)
	})
}

// TestDeadlineInQueue checks that a request that waits for another transaction returns
// at its deadline, and that its write is not executed later.
func TestDeadlineInQueue(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	run := storetest.NewRun(t, s)
	begun, end := make(chan bool), make(chan bool)
	first := make(chan error, 1)
	go func() { first <- s.WriteOnce(t.Context(), func() error { begun <- true; <-end; return nil }) }()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.SetTag(ctx, run, mlflow.Tag{Key: "late"}); !errors.Is(err, mlflow.TemporarilyUnavailable) {
		t.Errorf("a write behind a long one: %v", err)
	}
	close(end)
	if err := <-first; err != nil {
		t.Error(err)
	}
	got, err := s.Run(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range got.Data.Tags {
		if tag.Key == "late" {
			t.Error("the refused tag was stored")
		}
	}
}

// TestIgnoredFailure checks that a write is not acknowledged if the database rolls it
// back. PostgreSQL does so after a failed statement, even if the caller ignores the
// failure.
func TestIgnoredFailure(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, s *store.Store) {
		run := storetest.NewRun(t, s)
		failed := s.SetTagAndFail(t.Context(), run, mlflow.Tag{Key: "k", Value: "v"})
		got, err := s.Run(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		stored := slices.Contains(got.Data.Tags, mlflow.Tag{Key: "k", Value: "v"})
		if stored != (failed == nil) {
			t.Errorf("stored %t, answered with %v", stored, failed)
		}
		checkUsable(t, s)
	})
}
