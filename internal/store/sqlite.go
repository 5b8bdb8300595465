package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
)

// sqliteEngine is one connection that writes and several that read one file.
type sqliteEngine struct {
	db      *sql.DB
	writer  *writer
	readers readers
}

// How many KiB of pages the connections that read keep: the first, which reads
// whenever it is idle, many, and the others few. What they do not keep, the operating
// system does, at several times the cost. In memory a page takes twice its size.
const (
	firstCache = 24_000
	otherCache = 2_000
)

func newSQLite(ctx context.Context, t target, w *conn, log *slog.Logger) (*sqliteEngine, error) {
	n := max(4, 2*runtime.GOMAXPROCS(0))
	e := &sqliteEngine{db: t.db, readers: readers{idle: make(chan struct{}, n)}}
	cache := firstCache
	for range n {
		c, err := pin(ctx, t.db, sqliteDialect)
		if err != nil {
			return nil, err
		}
		if _, err := c.raw.ExecContext(ctx, fmt.Sprintf("PRAGMA query_only = 1; PRAGMA cache_size = -%d", cache)); err != nil {
			return nil, fmt.Errorf("preparing to read: %w", err)
		}
		if e.readers.first == nil {
			e.readers.first = c
		}
		e.readers.give(c)
		cache = otherCache
	}
	e.writer = startWriter(w, log) //nolint:contextcheck // The writer outlives the call that starts it.
	return e, nil
}

// readers are connections to read with.
type readers struct {
	idle  chan struct{} // One for each of list.
	first *conn
	mu    sync.Mutex
	list  []*conn
}

// take returns a connection after one was received from idle: the first, if it is
// among them, so that one client after the other finds the pages that it keeps.
func (r *readers) take() *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := max(0, slices.Index(r.list, r.first))
	c := r.list[at]
	r.list = slices.Delete(r.list, at, at+1)
	return c
}

func (r *readers) give(c *conn) {
	r.mu.Lock()
	r.list = append(r.list, c)
	r.mu.Unlock()
	r.idle <- struct{}{}
}

// close waits for the reads and writes under way and closes the database, whose
// log SQLite then folds into the file.
func (e *sqliteEngine) close() error {
	e.writer.stop()
	err := e.writer.c.close()
	for range cap(e.readers.idle) {
		<-e.readers.idle
		err = errors.Join(err, e.readers.take().close())
	}
	return errors.Join(err, e.db.Close())
}

func (e *sqliteEngine) inTx(ctx context.Context, fn func(tx) error) error {
	return dbError(ctx, e.writer.do(ctx, fn))
}

// read runs fn on one snapshot of the database.
func (e *sqliteEngine) read(ctx context.Context, fn func(tx) error) error {
	select {
	case <-e.readers.idle:
	case <-e.writer.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	c := e.readers.take()
	defer e.readers.give(c)
	if err := c.run(ctx, "BEGIN"); err != nil {
		return dbError(ctx, err)
	}
	err := fn(tx{ctx, c})
	if end := c.run(context.WithoutCancel(ctx), "ROLLBACK"); end != nil && err == nil {
		err = end
	}
	return dbError(ctx, err)
}
