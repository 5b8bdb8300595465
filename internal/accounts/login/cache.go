package login

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/internal/recent"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// freshFor is the longest time until a change by another server is seen.
	freshFor = time.Second
	// staleFor is how long an entry is used while the database does not respond.
	staleFor = time.Minute
	// staleWait is how long a request waits for the database if it can use a stale entry.
	staleWait = 250 * time.Millisecond
	// lookUpTime is the timeout of one query.
	lookUpTime = 5 * time.Second
	// maxEntries is the number of entries at which a cache forgets the older half.
	maxEntries = 10_000
)

// cache keeps what find returns for a second, and longer while the database is away. It
// does not keep errors.
type cache[T any] struct {
	changes func() uint64
	find    func(context.Context, string) (T, error)

	mu      sync.Mutex
	entries *recent.Map[string, *entry[T]]
	under   map[string]*lookUp[T]
}

type entry[T any] struct {
	value   T
	asOf    time.Time // start of the query
	changes uint64    // number of changes by this server before the query
}

type lookUp[T any] struct {
	done  chan struct{}
	entry *entry[T]
	err   error
}

// newCache returns a cache. changes returns the number of changes that this server has
// made to the database.
func newCache[T any](changes func() uint64, find func(context.Context, string) (T, error)) *cache[T] {
	return &cache[T]{
		changes: changes, find: find,
		entries: recent.New[string, *entry[T]](maxEntries), under: map[string]*lookUp[T]{},
	}
}

// get returns the value of a key that is at most a second old, or, while the database
// does not respond, at most a minute.
func (c *cache[T]) get(ctx context.Context, key string) (value T, err error) {
	known := c.known(key)
	if known != nil && time.Since(known.asOf) < freshFor && known.changes == c.changes() {
		return known.value, nil
	}
	if known == nil || known.changes != c.changes() || time.Since(known.asOf) >= staleFor {
		return c.fetch(ctx, key)
	}
	short, cancel := context.WithTimeout(ctx, staleWait)
	defer cancel()
	value, err = c.fetch(short, key)
	if err != nil && ctx.Err() == nil && mlflow.AsError(err) == nil {
		return known.value, nil
	}
	return value, err
}

// fetch returns the current value of a key. Concurrent calls share one query, unless it
// began before the call did.
func (c *cache[T]) fetch(ctx context.Context, key string) (value T, err error) {
	began := time.Now()
	for {
		c.mu.Lock()
		l := c.under[key]
		if l == nil {
			l = &lookUp[T]{done: make(chan struct{})}
			c.under[key] = l
			go c.lookUp(context.WithoutCancel(ctx), key, l)
		}
		c.mu.Unlock()
		select {
		case <-l.done:
		case <-ctx.Done():
			return value, ctx.Err()
		}
		if l.err != nil {
			return value, l.err
		}
		if !l.entry.asOf.Before(began) {
			return l.entry.value, nil
		}
	}
}

func (c *cache[T]) lookUp(ctx context.Context, key string, l *lookUp[T]) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	e := &entry[T]{asOf: time.Now(), changes: c.changes()}
	e.value, l.err = c.find(ctx, key)
	c.mu.Lock()
	switch {
	case l.err == nil:
		l.entry = e
		c.entries.Put(key, e)
	case errors.Is(l.err, mlflow.ResourceDoesNotExist):
		c.entries.Delete(key)
	}
	delete(c.under, key)
	c.mu.Unlock()
	close(l.done)
}

func (c *cache[T]) known(key string) *entry[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, _ := c.entries.Get(key)
	return e
}
