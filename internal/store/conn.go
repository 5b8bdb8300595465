package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/millrace-ml/millrace/mlflow"
)

// conn is one database connection with its prepared statements.
type conn struct {
	raw   *sql.Conn
	stmts map[string]*sql.Stmt
}

func (s *Store) newConn(ctx context.Context) (*conn, error) {
	raw, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{raw: raw, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() error {
	for _, st := range c.stmts {
		_ = st.Close() // The connection is next.
	}
	return c.raw.Close()
}

// maxStatements bounds the cache; only texts built from constants go in, so it
// is never reached in practice.
const maxStatements = 400

func (c *conn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	// The statement outlives the request that needed it first.
	st, err := c.raw.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= maxStatements {
		for q, old := range c.stmts {
			_ = old.Close()
			delete(c.stmts, q)
			break
		}
	}
	c.stmts[query] = st
	return st, nil
}

func (c *conn) run(ctx context.Context, query string) error {
	st, err := c.prepared(ctx, query) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

// tx is a transaction under way. Its helpers take no context: it carries one.
type tx struct {
	ctx context.Context
	c   *conn
}

// exec returns how many rows changed.
func (t tx) exec(query string, args ...any) (int64, error) {
	res, err := t.result(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertID returns the id that the database gave a new row.
func (t tx) insertID(query string, args ...any) (int64, error) {
	res, err := t.result(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t tx) result(query string, args []any) (sql.Result, error) {
	st, err := t.c.prepared(t.ctx, query) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return nil, err
	}
	return st.ExecContext(t.ctx, args...)
}

func (t tx) queryRow(query string, args ...any) *sql.Row {
	st, err := t.c.prepared(t.ctx, query) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return t.c.raw.QueryRowContext(t.ctx, query, args...) // Fails the same way, and Row carries the error.
	}
	return st.QueryRowContext(t.ctx, args...)
}

// each calls scan for every row of a query whose text is constant.
func (t tx) each(query string, args []any, scan func(rows *sql.Rows) error) error {
	st, err := t.c.prepared(t.ctx, query) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(t.ctx, args...)
	return eachRow(rows, err, scan)
}

// eachOnce is each for a text made for this request, which is not kept prepared.
func (t tx) eachOnce(query string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := t.c.raw.QueryContext(t.ctx, query, args...)
	return eachRow(rows, err, scan)
}

func eachRow(rows *sql.Rows, err error, scan func(rows *sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// read runs fn on one snapshot of the database.
func (s *Store) read(ctx context.Context, fn func(tx) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	case <-s.writer.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	if err := c.run(ctx, "BEGIN"); err != nil {
		return dbError(ctx, err)
	}
	err := fn(tx{ctx, c})
	if end := c.run(context.WithoutCancel(ctx), "ROLLBACK"); end != nil && err == nil {
		err = end
	}
	return dbError(ctx, err)
}

// dbError gives the caller's own end of patience, and the few database failures
// that an administrator can mend, their names.
func dbError(ctx context.Context, err error) error {
	if err == nil || mlflow.AsError(err) != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The disk that holds the database is full; nothing of this request was stored. Free some space and try again.")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "Another program has kept the database locked for more than 10 seconds; nothing of this request was stored. Try again.")
	}
	return err
}

// uniqueViolation reports whether err says that a key is taken.
func uniqueViolation(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) &&
		(se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// foreignKeyViolation reports whether err says that a row refers to nothing.
func foreignKeyViolation(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// arguments returns values as arguments of a query.
func arguments[T any](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}

// placeholders returns "?, ?, ?" for n values.
func placeholders(n int) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("?, ", n-1) + "?"
}

// chunkRows is how many rows a multi-row INSERT takes at most; the texts of all
// smaller sizes are cached, so it is kept a power of two and filled greedily.
const chunkRows = 64

// insertRows inserts n rows with as few statements as possible. head is the text
// up to VALUES, tail what follows the rows; fill appends row i's width values.
func (t tx) insertRows(head, tail string, width, n int, fill func(args []any, i int) []any) (int64, error) {
	row := "(" + placeholders(width) + ")"
	var total int64
	for i := 0; i < n; {
		size := chunkRows
		for size > n-i {
			size /= 2
		}
		args := make([]any, 0, size*width)
		for j := range size {
			args = fill(args, i+j)
		}
		affected, err := t.exec(head+" VALUES "+strings.Repeat(row+", ", size-1)+row+tail, args...)
		if err != nil {
			return total, err
		}
		total += affected
		i += size
	}
	return total, nil
}
