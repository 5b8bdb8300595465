package store

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

// sqliteEngine is one connection that writes and several that read one file.
type sqliteEngine struct {
	db      *sql.DB
	writer  *writer
	readers *readers
	observe *observer
}

// How many KiB of pages the connections that read keep: the first, which reads
// whenever it is idle, many, and the others few. What they do not keep, the operating
// system does, at several times the cost. In memory a page takes twice its size.
const (
	firstCache = 24_000
	otherCache = 2_000
)

func newSQLite(ctx context.Context, t target, w *conn, o *observer) (*sqliteEngine, error) {
	e := &sqliteEngine{db: t.db, observe: o, readers: newReaders(t.db, max(4, 2*runtime.GOMAXPROCS(0)), o)}
	for _, r := range e.readers.list {
		if err := e.readers.connect(ctx, r); err != nil {
			return nil, err
		}
	}
	e.writer = startWriter(t.db, w, o) //nolint:contextcheck // The writer outlives the call that starts it.
	o.queue(func() int { return len(e.writer.jobs) })
	o.connections(func() (open, inUse int) {
		open = cap(e.readers.idle)
		return open + 1, open - len(e.readers.idle)
	})
	return e, nil
}

// reader is a place for a connection to read with. c is nil after the last one
// was discarded; the next reader to use the place connects again.
type reader struct {
	c     *conn
	cache int // KiB
}

// readers are the connections to read with.
type readers struct {
	db      *sql.DB
	observe *observer
	idle    chan struct{} // One for each of list.
	first   *reader
	mu      sync.Mutex
	list    []*reader
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

// connect opens the connection of a place.
func (r *readers) connect(ctx context.Context, at *reader) error {
	c, err := pin(ctx, r.db, sqliteDialect)
	if err != nil {
		return err
	}
	if _, err := c.raw.ExecContext(ctx, fmt.Sprintf("PRAGMA query_only = 1; PRAGMA cache_size = -%d", at.cache)); err != nil {
		c.discard()
		return fmt.Errorf("preparing to read: %w", err)
	}
	c.observe, at.c = r.observe, c
	return nil
}

// wait returns an idle place, or the error of a context that ends first.
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
		return nil, waitError(ctx)
	}
}

// take returns a place after one was received from idle. If caching, it is the
// first, if that is among them, so that one client after the other finds the pages
// that it keeps. Otherwise it is the one that another scan has used last, if there is
// one, so that few connections come to hold memory.
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

// close waits for the reads and writes under way and closes the database, whose
// log SQLite then folds into the file.
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

func (e *sqliteEngine) inTx(ctx context.Context, fn func(tx) error) error {
	return e.observe.explain(ctx, e.writer.do(ctx, fn))
}

// read runs fn on one snapshot of the database.
func (e *sqliteEngine) read(ctx context.Context, fn func(tx) error) error {
	return e.readBy(ctx, true, fn)
}

// scan is read on a connection that keeps few pages.
func (e *sqliteEngine) scan(ctx context.Context, fn func(tx) error) error {
	return e.readBy(ctx, false, fn)
}

func (e *sqliteEngine) readBy(ctx context.Context, caching bool, fn func(tx) error) error {
	r, err := e.readers.wait(ctx, caching, e.writer.done)
	if err != nil {
		return err
	}
	defer e.readers.give(r)
	for range 2 {
		if err = e.snapshot(ctx, r, fn); classify(err) != failureInterrupted || ctx.Err() != nil {
			break // Otherwise the interruption was meant for an earlier request of this connection.
		}
	}
	return e.observe.explain(ctx, err)
}

func (e *sqliteEngine) snapshot(ctx context.Context, r *reader, fn func(tx) error) error {
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
