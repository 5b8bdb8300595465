package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	// refreshAfter is for how long the middleware may not notice that a token was
	// made or revoked by another process.
	refreshAfter = 2 * time.Second
	// staleFor is for how long the tokens last read are used while the database does
	// not answer.
	staleFor = time.Minute
	// staleWait is how long a request waits for new tokens when there are usable ones.
	staleWait = 250 * time.Millisecond
	// lookUpTime bounds one reading of the token table.
	lookUpTime = 5 * time.Second
)

// cache is a short-lived copy of the token table. One look-up at a time serves all
// requests. It belongs to none of them: it goes on when the request that began it
// ends.
type cache struct {
	store TokenStore

	mu     sync.Mutex
	byHash map[[sha256.Size]byte]entry // of the last look-up that succeeded
	loaded time.Time                   // when that began; zero if there was none
	under  *lookUp                     // nil while there is none
}

// lookUp is a reading of the token table. Its err may be read once done is closed.
type lookUp struct {
	done chan struct{}
	err  error
}

type entry struct {
	user         User
	hash         [sha256.Size]byte
	validUntilMS int64
}

// entries returns the tokens by their hashes. It does not wait longer than ctx
// lasts.
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

// read reads the token table anew.
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
