package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/test/proxy"
)

// patience is the time that requests wait in these tests. grace is the additional time
// for responses on a loaded machine.
const (
	patience = 3 * time.Second
	grace    = 4 * time.Second
)

// requests returns one function for each kind of request that an outage affects.
func requests(s *store.Store, run string, step *atomic.Int64) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"log-metric": func(ctx context.Context) error {
			return s.LogBatch(ctx, run, []mlflow.Metric{{Key: "m", Step: step.Add(1)}}, nil, nil)
		},
		"set-tag": func(ctx context.Context) error {
			return s.SetTag(ctx, run, mlflow.Tag{Key: "t", Value: fmt.Sprint(step.Add(1))})
		},
		"get-run": func(ctx context.Context) error {
			_, err := s.Run(ctx, run)
			return err
		},
		"search": func(ctx context.Context) error {
			_, _, err := s.SearchRuns(ctx, []int64{0}, 10, &mlflow.SearchRunsRequest{})
			return err
		},
	}
}

// storm sends 64 requests of each kind at once. Each must return within its time, with a
// result or with 503.
func storm(t *testing.T, s *store.Store, run string, step *atomic.Int64, within time.Duration) (failed int64) {
	t.Helper()
	var wg sync.WaitGroup
	var count atomic.Int64
	for kind, send := range requests(s, run, step) {
		for range 64 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), within)
				defer cancel()
				start := time.Now()
				err := send(ctx)
				if took := time.Since(start); took > within+grace {
					t.Errorf("%s was answered after %s: %v", kind, took, err)
				}
				if err != nil {
					count.Add(1)
				}
				if err != nil && !errors.Is(err, mlflow.TemporarilyUnavailable) {
					t.Errorf("%s: %v", kind, err)
				}
			})
		}
	}
	wg.Wait()
	return count.Load()
}

// checkRecovers checks that every kind of request succeeds soon after the outage.
func checkRecovers(t *testing.T, s *store.Store, run string, step *atomic.Int64) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err := s.Run(ctx, run)
		cancel()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("10 s after the outage: %v", err)
		}
	}
	if n := storm(t, s, run, step, 30*time.Second); n > 0 {
		t.Errorf("%d requests failed after the outage", n)
	}
}

func TestOutages(t *testing.T) {
	t.Parallel()
	accept := func(p *proxy.Proxy) {
		if err := p.Accept(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		begin, end func(*proxy.Proxy)
		within     time.Duration
		some       bool // some requests must fail
	}{
		"refuse": {(*proxy.Proxy).Refuse, accept, patience, true},
		"stall":  {(*proxy.Proxy).Stall, (*proxy.Proxy).Resume, patience, true},
		"cut":    {(*proxy.Proxy).Cut, func(*proxy.Proxy) {}, patience, false},
		// The stall is much longer than the time to detect an outage.
		"long stall": {(*proxy.Proxy).Stall, (*proxy.Proxy).Resume, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.OnServers(t, func(t *testing.T, uri string) {
				between, through := dbtest.NewProxy(t, uri)
				s := storetest.Open(t, through)
				run := storetest.NewRun(t, s)
				var step atomic.Int64
				if n := storm(t, s, run, &step, 30*time.Second); n > 0 {
					t.Fatalf("%d requests failed before the outage", n)
				}
				c.begin(between)
				start := time.Now()
				failed := storm(t, s, run, &step, c.within)
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("the outage was noticed after %s", took)
				}
				if c.some && failed == 0 {
					t.Error("no request noticed the outage")
				}
				if c.some && storm(t, s, run, &step, c.within) == 0 {
					t.Error("no request noticed that the outage goes on")
				}
				c.end(between)
				checkRecovers(t, s, run, &step)
			})
		})
	}
}

// TestLockedFile checks that a lock of SQLite's file by another program delays only
// writes: they return in time, reads continue, and writes succeed after the lock is
// released.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mlflow.db")
	s, err := openAt(t, path)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, s)
	run := storetest.NewRun(t, s)
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	var step atomic.Int64
	if n := storm(t, s, run, &step, patience); n != 128 {
		t.Errorf("%d requests failed, not the 128 that write", n)
	}
	if _, err := lock.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	checkRecovers(t, s, run, &step)
}
