package base

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// waitForNext waits until n requests, in addition to the one that executes it, wait for the
// next read of a key. Requests that join leave no trace but their goroutines, so it waits for
// the read to exist and then a moment.
func waitForNext(t *testing.T, s *Shared[int64], key string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		of := s.reads[key]
		waits := of != nil && of.next != nil
		s.mu.Unlock()
		if waits {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no read waits")
		}
	}
}

// A read never has a result of before the request arrived, and requests that wait share one.
func TestSharedReadsAreNew(t *testing.T) {
	t.Parallel()
	var s Shared[int64]
	var stored, executed atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				before := stored.Add(1)
				got, _, err := s.Do(t.Context(), "key", func() (int64, error) {
					executed.Add(1)
					seen := stored.Load()
					time.Sleep(100 * time.Microsecond)
					return seen, nil
				})
				if err != nil || got < before {
					t.Errorf("read %d after %d was stored: %v", got, before, err)
				}
			}
		})
	}
	wg.Wait()
	if n := executed.Load(); n == 0 || n > 16*200/2 {
		t.Errorf("%d executions for %d equal requests at once", n, 16*200)
	}
	if len(s.reads) != 0 {
		t.Errorf("%d keys remain", len(s.reads))
	}
}

func TestSharedReadOfCanceledRequest(t *testing.T) {
	t.Parallel()
	var s Shared[int64]
	blocked := make(chan struct{})
	var wg sync.WaitGroup
	started := make(chan struct{})
	wg.Go(func() {
		_, _, _ = s.Do(t.Context(), "key", func() (int64, error) {
			close(started)
			<-blocked
			return 1, nil
		})
	})
	<-started
	canceled, cancel := context.WithCancel(t.Context())
	wg.Go(func() { // It leads the next read.
		if _, _, err := s.Do(canceled, "key", func() (int64, error) { return 2, nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("the canceled request: %v", err)
		}
	})
	waitForNext(t, &s, "key")
	wg.Go(func() {
		if got, _, err := s.Do(t.Context(), "key", func() (int64, error) { return 3, nil }); err != nil || got != 3 {
			t.Errorf("the request that joined the canceled one: %d, %v", got, err)
		}
	})
	time.Sleep(10 * time.Millisecond)
	cancel()
	time.Sleep(10 * time.Millisecond)
	close(blocked)
	wg.Wait()
}

// A request whose time ends while it waits, as the one that executes or as one that joins, is
// answered like any other that the database did not take in time.
func TestSharedReadInTime(t *testing.T) {
	t.Parallel()
	var s Shared[int64]
	blocked, started := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _, _ = s.Do(t.Context(), "key", func() (int64, error) {
			close(started)
			<-blocked
			return 1, nil
		})
	})
	<-started
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, _, err := s.Do(ctx, "key", func() (int64, error) { return 2, nil })
			if !errors.Is(err, mlflow.TemporarilyUnavailable) {
				t.Errorf("a request that waited in vain: %v", err)
			}
		})
	}
	waiting.Wait()
	close(blocked)
	wg.Wait()
}

func TestSharedErrorsAndPanics(t *testing.T) {
	t.Parallel()
	var s Shared[int64]
	want := errors.New("failed")
	if got, _, err := s.Do(t.Context(), "key", func() (int64, error) { return 1, want }); !errors.Is(err, want) || got != 0 {
		t.Errorf("a part of the result: %d, with the error %v", got, err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		_, _, _ = s.Do(t.Context(), "key", func() (int64, error) { panic("in a read") })
	}()
	if got, _, err := s.Do(t.Context(), "key", func() (int64, error) { return 1, nil }); got != 1 || err != nil {
		t.Errorf("after a panic: %d, %v", got, err)
	}
	if len(s.reads) != 0 {
		t.Errorf("%d keys remain", len(s.reads))
	}
}
