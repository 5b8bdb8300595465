package login

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// source is what a cache asks.
type source struct {
	asked   atomic.Int64
	changes atomic.Uint64
	find    func(context.Context) (string, error)
}

func (s *source) cache() *cache[string] {
	return newCache(s.changes.Load, func(ctx context.Context, _ string) (string, error) {
		s.asked.Add(1)
		return s.find(ctx)
	})
}

func TestCacheAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{find: func(context.Context) (string, error) { return "value", nil }}
		c := s.cache()
		get := func(name string, want int64) {
			t.Helper()
			if v, err := c.get(t.Context(), "key"); v != "value" || err != nil || s.asked.Load() != want {
				t.Errorf("%s: %q, %v, asked %d times, want %d", name, v, err, s.asked.Load(), want)
			}
		}
		get("first", 1)
		get("at once", 1)
		time.Sleep(freshFor - time.Millisecond)
		get("before a second", 1)
		time.Sleep(2 * time.Millisecond)
		get("after a second", 2)
		s.changes.Add(1)
		get("after a change by this server", 3)
		get("at once", 3)
		if _, err := c.fetch(t.Context(), "key"); err != nil || s.asked.Load() != 4 {
			t.Errorf("fetch: %v, asked %d times", err, s.asked.Load())
		}
	})
}

// TestCacheSharesQueries asks for one key by a thousand requests at once.
func TestCacheSharesQueries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{find: func(context.Context) (string, error) {
			time.Sleep(time.Millisecond)
			return "value", nil
		}}
		c := s.cache()
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if v, err := c.get(t.Context(), "key"); v != "value" || err != nil {
					t.Errorf("%q, %v", v, err)
				}
			})
		}
		all.Wait()
		if n := s.asked.Load(); n > 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestCacheWithoutDatabase(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(context.Context) (string, error){
		"refuses": func(context.Context) (string, error) { return "", errors.New("connection refused") },
		"stalls": func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{find: func(context.Context) (string, error) { return "value", nil }}
			c := s.cache()
			get := func(when string, want string) {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				began := time.Now()
				v, err := c.get(ctx, "key")
				if v != want || (err == nil) != (want != "") {
					t.Errorf("a database that %s, %s: %q, %v", name, when, v, err)
				}
				if took := time.Since(began); want != "" && took > staleWait {
					t.Errorf("a database that %s, %s: %v", name, when, took)
				}
			}
			get("before", "value")
			s.find = away
			time.Sleep(2 * time.Second)
			get("after two seconds", "value")
			time.Sleep(staleFor)
			get("after a minute", "")
			s.find = func(context.Context) (string, error) { return "value", nil }
			time.Sleep(lookUpTime)
			get("when it is back", "value")
		})
	}
}

// TestCacheKeepsNoErrors deletes what a cache knows.
func TestCacheKeepsNoErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := mlflow.Errorf(mlflow.ResourceDoesNotExist, "gone")
		s := &source{find: func(context.Context) (string, error) { return "value", nil }}
		c := s.cache()
		if _, err := c.get(t.Context(), "key"); err != nil {
			t.Fatal(err)
		}
		s.find = func(context.Context) (string, error) { return "", gone }
		time.Sleep(2 * freshFor)
		for range 2 {
			if v, err := c.get(t.Context(), "key"); !errors.Is(err, mlflow.ResourceDoesNotExist) {
				t.Errorf("after the deletion: %q, %v", v, err)
			}
		}
		s.find = func(context.Context) (string, error) { return "again", nil }
		if v, err := c.get(t.Context(), "key"); v != "again" || err != nil {
			t.Errorf("after it was created again: %q, %v", v, err)
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache(func() uint64 { return 0 }, func(_ context.Context, key string) (string, error) { return key, nil })
	for i := range 3 * maxEntries {
		if _, err := c.get(t.Context(), string(rune(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.entries.Len(); n > 2*maxEntries {
		t.Errorf("%d entries", n)
	}
}
