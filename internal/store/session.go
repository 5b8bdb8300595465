package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/mlflow"
)

// session is how a transaction begins and ends on a connection.
type session struct {
	begin []string
	// commits is whether its changes are made durable at the end, and not undone.
	commits bool
}

// commit makes the changes of a transaction durable, and rollback undoes them.
const (
	commit   = "COMMIT"
	rollback = "ROLLBACK"
)

// endTime bounds the end of a transaction whose request has ended before it.
const endTime = 2 * time.Second

// transact runs fn in one transaction on c. It returns clean = false if the
// connection may still be inside a transaction: the caller must discard it.
//
// A panic in fn becomes an error. If ctx ends, fn's statements fail, and the
// transaction is rolled back all the same.
func (c *conn) transact(ctx context.Context, s session, log *slog.Logger, fn func(tx) error) (clean bool, err error) {
	if err := ctx.Err(); err != nil {
		return true, err
	}
	for _, statement := range s.begin {
		// A driver may report that ctx has ended although BEGIN took effect, so the
		// state of the connection is unknown after an error.
		if err := c.control(ctx, statement); err != nil {
			return false, err
		}
	}
	if err = protect(log, tx{ctx, c}, fn); err != nil || !s.commits {
		end := c.undo(ctx)
		return end == nil, cmp.Or(err, end)
	}
	if err := c.commit(ctx); err != nil {
		return false, commitError(ctx, log, err)
	}
	return true, nil
}

// control sends a statement that begins or ends a transaction. An embedded
// database answers at once, so nothing is gained by interrupting it.
func (c *conn) control(ctx context.Context, statement string) error {
	if c.d.embedded {
		return c.run(context.WithoutCancel(ctx), statement)
	}
	_, err := c.raw.ExecContext(ctx, statement)
	return err
}

// commit makes the changes of a transaction durable. PostgreSQL answers COMMIT with
// ROLLBACK, and without an error, if a statement of the transaction has failed.
func (c *conn) commit(ctx context.Context) error {
	raw, ok := c.raw.(*sql.Conn)
	if !ok || c.d.flavor != schema.PostgreSQL {
		return c.control(ctx, commit)
	}
	return raw.Raw(func(dc any) error {
		tag, err := dc.(*stdlib.Conn).Conn().Exec(ctx, commit)
		if err == nil && tag.String() != commit {
			err = errors.New("the transaction was undone, because one of its statements had failed")
		}
		return err
	})
}

// undo ends a transaction without its changes, even if ctx has ended.
func (c *conn) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	return c.control(ctx, rollback)
}

// commitError explains a COMMIT that failed. Only an answer of the database
// itself says that nothing was stored.
func commitError(ctx context.Context, log *slog.Logger, err error) error {
	if ctx.Err() == nil && classify(err) != failureConnection {
		return err
	}
	log.Error("the answer to a commit was lost", "error", err)
	return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The connection to the database was lost while it stored this request. Check whether it was stored before you try again.")
}

// protect calls fn and turns a panic into an error.
func protect(log *slog.Logger, t tx, fn func(tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic in a transaction", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return fn(t)
}

// discard closes the connection for good.
func (c *conn) discard() {
	spoil(c.pinned)
	_ = c.close() // It is closed either way.
}

// spoil lets database/sql close a connection instead of using it again.
func spoil(raw *sql.Conn) {
	_ = raw.Raw(func(any) error { return driver.ErrBadConn }) // That very error comes back.
}
