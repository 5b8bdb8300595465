package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// sqliteEngine has one connection that writes to a file and several that read it.
type sqliteEngine struct {
	db      *sql.DB
	writer  *writer
	readers *readers
	observe *observer
}

// The sizes of the page caches of the connections that read, in KiB. The first
// connection is preferred by reads, so that one large cache serves most of them. A
// page that is not in the cache of the connection costs several times as much to
// read from the cache of the operating system. In memory, a page takes twice its
// size.
const (
	firstCache = 24_000
	otherCache = 2_000
)

func newSQLite(ctx context.Context, t target, w *Conn, o *observer) (*sqliteEngine, error) {
	e := &sqliteEngine{db: t.db, observe: o, readers: newReaders(t.db, max(4, 2*runtime.GOMAXPROCS(0)), o)}
	for _, r := range e.readers.list {
		if err := e.readers.connect(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := limitLog(ctx, w); err != nil {
		return nil, err
	}
	e.writer = startWriter(t.db, w, o) //nolint:contextcheck // The writer outlives the call that starts it.
	o.queue(func() int { return len(e.writer.jobs) })
	o.connections(func() (open, inUse int) {
		open = cap(e.readers.idle)
		return open + 1, open - len(e.readers.idle)
	})
	return e, nil
}

// reader holds a connection that reads. c is nil after the connection was
// discarded; the next transaction opens a new one.
type reader struct {
	c     *Conn
	cache int // KiB
}

// readers is the pool of readers.
type readers struct {
	db      *sql.DB
	observe *observer
	idle    chan struct{} // It has one element for each element of list.
	first   *reader
	mu      sync.Mutex
	list    []*reader // the idle readers
}

func newReaders(db *sql.DB, n int, o *observer) *readers {
	r := &readers{db: db, observe: o, idle: make(chan struct{}, n)}
	cache := firstCache
	for range n {
		r.give(&reader{cache: cache})
		cache = otherCache
	}
	r.first = r.list[0]
	return r
}

// connect opens the connection of a reader.
func (r *readers) connect(ctx context.Context, at *reader) error {
	c, err := pin(ctx, r.db, sqliteDialect)
	if err != nil {
		return err
	}
	pragmas := fmt.Sprintf("PRAGMA query_only = 1; PRAGMA cache_size = -%d", at.cache)
	if _, err := c.ExecContext(ctx, pragmas); err != nil {
		c.discard()
		return fmt.Errorf("preparing to read: %w", err)
	}
	c.observe, at.c = r.observe, c
	return nil
}

// wait returns an idle reader. It returns an error if ctx ends first.
func (r *readers) wait(ctx context.Context, caching bool, closed <-chan struct{}) (*reader, error) {
	select {
	case <-r.idle:
		return r.take(caching), nil
	default:
	}
	start := time.Now()
	defer func() { r.observe.readWait.Observe(time.Since(start).Seconds()) }()
	select {
	case <-r.idle:
		return r.take(caching), nil
	case <-closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, WaitError(ctx)
	}
}

// take removes a reader from the list, after an element was received from idle. If
// caching is set, it prefers the first reader, so that successive requests find
// their pages in its cache. Otherwise it prefers the other reader that was used
// last, so that scans fill the caches of few connections.
func (r *readers) take(caching bool) *reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := len(r.list) - 1
	for i, c := range r.list {
		if (c == r.first) == caching {
			at = i
		}
	}
	c := r.list[at]
	r.list = slices.Delete(r.list, at, at+1)
	return c
}

func (r *readers) give(c *reader) {
	r.mu.Lock()
	r.list = append(r.list, c)
	r.mu.Unlock()
	r.idle <- struct{}{}
}

// close waits for the transactions in progress and closes the database. SQLite
// then checkpoints the write-ahead log into the file.
func (e *sqliteEngine) close() error {
	e.writer.stop()
	err := e.writer.close()
	for range cap(e.readers.idle) {
		<-e.readers.idle
		if r := e.readers.take(true); r.c != nil {
			err = errors.Join(err, r.c.close())
		}
	}
	return errors.Join(err, e.db.Close())
}

func (e *sqliteEngine) write(ctx context.Context, fn func(Tx) error) error {
	return e.observe.apiError(ctx, e.writer.do(ctx, fn))
}

func (e *sqliteEngine) read(ctx context.Context, fn func(Tx) error) error {
	return e.readOn(ctx, true, fn)
}

func (e *sqliteEngine) scan(ctx context.Context, fn func(Tx) error) error {
	return e.readOn(ctx, false, fn)
}

// readOn runs fn on the first reader if caching is set and it is idle.
func (e *sqliteEngine) readOn(ctx context.Context, caching bool, fn func(Tx) error) error {
	r, err := e.readers.wait(ctx, caching, e.writer.done)
	if err != nil {
		return err
	}
	defer e.readers.give(r)
	for range 2 {
		if err = e.snapshot(ctx, r, fn); classify(err) != failureInterrupted || ctx.Err() != nil {
			break
		}
		// The interruption came from the canceled context of the previous request on
		// this connection, so try again.
	}
	return e.observe.apiError(ctx, err)
}

// snapshot runs fn in a read transaction on the connection of r.
func (e *sqliteEngine) snapshot(ctx context.Context, r *reader, fn func(Tx) error) error {
	if r.c == nil {
		if err := e.readers.connect(context.WithoutCancel(ctx), r); err != nil {
			return err
		}
	}
	clean, err := r.c.transact(ctx, sqliteDialect.reading, e.observe.log, fn)
	if !clean {
		e.observe.log.Warn("a connection is closed because its transaction did not end", "error", err)
		r.c.discard()
		r.c = nil
	}
	return err
}
