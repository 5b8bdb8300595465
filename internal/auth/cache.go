package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	// refreshAfter is the longest time until the middleware notices tokens that another
	// process created or revoked.
	refreshAfter = 2 * time.Second
	// staleFor is how long the cached tokens are used while the database does not
	// respond.
	staleFor = time.Minute
	// staleWait is how long a request waits for a refresh if the cached tokens are
	// usable.
	staleWait = 250 * time.Millisecond
	// lookUpTime is the timeout of one read of the token table.
	lookUpTime = 5 * time.Second
)

// cache caches the token table. Concurrent requests share one read of the table, which
// continues if the request that started it ends.
type cache struct {
	store TokenStore

	mu     sync.Mutex
	byHash map[[sha256.Size]byte]entry // from the last successful read
	loaded time.Time                   // start of that read; zero if there was none
	under  *lookUp                     // current read, or nil
}

// lookUp is a read of the token table. err is valid after done is closed.
type lookUp struct {
	done chan struct{}
	err  error
}

type entry struct {
	user         User
	hash         [sha256.Size]byte
	validUntilMS int64
}

// entries returns the tokens by hash. It returns when ctx ends.
func (c *cache) entries(ctx context.Context) (map[[sha256.Size]byte]entry, error) {
	c.mu.Lock()
	byHash, age, known := c.byHash, time.Since(c.loaded), !c.loaded.IsZero()
	if known && age < refreshAfter {
		c.mu.Unlock()
		return byHash, nil
	}
	if c.under == nil {
		c.under = &lookUp{done: make(chan struct{})}
		go c.read(context.WithoutCancel(ctx), c.under)
	}
	under := c.under
	c.mu.Unlock()

	usable := known && age < staleFor
	if usable {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, staleWait)
		defer cancel()
	}
	err := errors.New("the token table is still being read")
	select {
	case <-under.done:
		err = under.err
	case <-ctx.Done():
	}
	switch {
	case err == nil:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.byHash, nil
	case usable:
		return byHash, nil
	}
	return nil, err
}

// read refreshes the cache.
func (c *cache) read(ctx context.Context, l *lookUp) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	asOf := time.Now()
	byHash := map[[sha256.Size]byte]entry{}
	l.err = c.store.EachToken(ctx, func(id, email string, hash [sha256.Size]byte, validUntilMS int64) {
		u := UserOf(email)
		u.Token = id
		byHash[hash] = entry{u, hash, validUntilMS}
	})
	c.mu.Lock()
	if l.err == nil {
		c.byHash, c.loaded = byHash, asOf
	}
	c.under = nil
	c.mu.Unlock()
	close(l.done)
}
