package db

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

	"github.com/millrace-ml/millrace/mlflow"
)

// session defines how a transaction begins and ends on a connection.
type session struct {
	begin []string
	// commits is whether the transaction is committed at the end or rolled back.
	commits bool
}

const (
	commit   = "COMMIT"
	rollback = "ROLLBACK"
)

// rollbackTimeout bounds the rollback of a transaction whose context has ended.
const rollbackTimeout = 2 * time.Second

// transact runs fn in one transaction on c. It returns clean = false if the
// connection may still be in a transaction; the caller must then discard it.
//
// A panic in fn becomes an error. If ctx ends, the statements of fn fail, and the
// transaction is rolled back.
func (c *Conn) transact(ctx context.Context, s session, log *slog.Logger, fn func(Tx) error) (clean bool, err error) {
	if err := ctx.Err(); err != nil {
		return true, err
	}
	for _, statement := range s.begin {
		// A driver may report the end of ctx although BEGIN took effect. Therefore, the
		// state of the connection is unknown after an error.
		if err := c.control(ctx, statement); err != nil {
			return false, err
		}
	}
	if err = protect(log, Tx{ctx, c}, fn); err != nil || !s.commits {
		end := c.rollback(ctx)
		return end == nil, cmp.Or(err, end)
	}
	if err := c.commit(ctx); err != nil {
		return false, commitError(ctx, log, err)
	}
	return true, nil
}

// control sends a statement that begins or ends a transaction. It is not
// interrupted on an embedded database, which answers immediately.
func (c *Conn) control(ctx context.Context, statement string) error {
	if c.dialect.embedded {
		return c.run(context.WithoutCancel(ctx), statement)
	}
	_, err := c.ExecContext(ctx, statement)
	return err
}

// commit commits a transaction. If one of its statements has failed, PostgreSQL
// answers COMMIT with ROLLBACK and without an error.
func (c *Conn) commit(ctx context.Context) error {
	raw, ok := c.Querier.(*sql.Conn)
	if !ok || c.dialect.flavor != PostgreSQL {
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

// rollback rolls a transaction back, even if ctx has ended.
func (c *Conn) rollback(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	return c.control(ctx, rollback)
}

// commitError returns the error of a COMMIT that failed. Unless the database itself
// has answered with an error, the transaction may have been committed.
func commitError(ctx context.Context, log *slog.Logger, err error) error {
	if ctx.Err() == nil && classify(err) != failureConnection {
		return err
	}
	log.Error("the answer to a commit was lost", "error", err)
	return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The connection to the database was lost while it stored this "+
		"request. Check whether it was stored before you try again.")
}

// protect calls fn and turns a panic into an error.
func protect(log *slog.Logger, t Tx, fn func(Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic in a transaction", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return fn(t)
}

// discard closes the connection instead of returning it to database/sql's pool.
func (c *Conn) discard() {
	markBad(c.pinned)
	_ = c.close() // The connection is closed even if this fails.
}

// markBad makes database/sql close a connection instead of using it again.
func markBad(raw *sql.Conn) {
	_ = raw.Raw(func(any) error { return driver.ErrBadConn }) // It returns the same error.
}
