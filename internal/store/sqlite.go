package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
)

// sqliteEngine is one connection that writes and several that read one file.
type sqliteEngine struct {
	db      *sql.DB
	writer  *writer
	readers chan *conn
}

// readCache is how many KiB of pages the reading connections keep together. What
// they do not keep, the operating system does.
const readCache = 16_000

func newSQLite(ctx context.Context, t target, w *conn, log *slog.Logger) (*sqliteEngine, error) {
	n := max(4, 2*runtime.GOMAXPROCS(0))
	e := &sqliteEngine{db: t.db, readers: make(chan *conn, n)}
	for range n {
		c, err := pin(ctx, t.db, sqliteDialect)
		if err != nil {
			return nil, err
		}
		if _, err := c.raw.ExecContext(ctx, fmt.Sprintf("PRAGMA query_only = 1; PRAGMA cache_size = -%d", max(1000, readCache/n))); err != nil {
			return nil, fmt.Errorf("preparing to read: %w", err)
		}
		e.readers <- c
	}
	e.writer = startWriter(w, log) //nolint:contextcheck // The writer outlives the call that starts it.
	return e, nil
}

// close waits for the reads and writes under way and closes the database, whose
// log SQLite then folds into the file.
func (e *sqliteEngine) close() error {
	e.writer.stop()
	err := e.writer.c.close()
	for range cap(e.readers) {
		c := <-e.readers
		err = errors.Join(err, c.close())
	}
	return errors.Join(err, e.db.Close())
}

func (e *sqliteEngine) inTx(ctx context.Context, fn func(tx) error) error {
	return dbError(ctx, e.writer.do(ctx, fn))
}

// read runs fn on one snapshot of the database.
func (e *sqliteEngine) read(ctx context.Context, fn func(tx) error) error {
	var c *conn
	select {
	case c = <-e.readers:
	case <-e.writer.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.readers <- c }()
	if err := c.run(ctx, "BEGIN"); err != nil {
		return dbError(ctx, err)
	}
	err := fn(tx{ctx, c})
	if end := c.run(context.WithoutCancel(ctx), "ROLLBACK"); end != nil && err == nil {
		err = end
	}
	return dbError(ctx, err)
}
