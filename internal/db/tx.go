package db

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Tx is a transaction in progress. Its methods take no context, since it has one.
//
// Queries are written for SQLite and translated for the other databases. They may
// use ON CONFLICT and INDEXED BY. Arguments are written `?`, a list of values that
// is one argument is written `(?...)`, and backticks quote names that are keywords.
//
// The translation of a query and its prepared statement are cached. Therefore, a
// query must be a constant and must always get arguments of the same types, except
// for the functions and methods that are named Uncached.
type Tx struct {
	ctx context.Context //nolint:containedctx // A Tx does not outlive the call that it is passed to.
	c   *Conn
}

// Flavor returns the kind of the database.
func (t Tx) Flavor() Flavor { return t.c.dialect.flavor }

// Exec executes a statement and returns the number of rows that it changed. On
// MySQL, this includes the rows that ON CONFLICT DO NOTHING left unchanged.
func (t Tx) Exec(query string, args ...any) (int64, error) {
	res, err := t.result(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// InsertID executes an INSERT of one row and returns the number that the database
// generated for its column id.
func (t Tx) InsertID(id, query string, args ...any) (n int64, err error) {
	if t.c.dialect.returningIDs {
		err = t.QueryRow(query+" RETURNING "+id, args...).Scan(&n)
		return n, err
	}
	res, err := t.result(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t Tx) result(query string, args []any) (sql.Result, error) {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, args := t.c.translate(query, args, true)
	if t.c.stmts == nil {
		return t.c.ExecContext(t.ctx, text, args...)
	}
	st, err := t.c.prepared(t.ctx, text) //nolint:sqlclosecheck // The cache closes it.
	if err != nil {
		return nil, err
	}
	return st.ExecContext(t.ctx, args...)
}

// QueryRow executes a query that returns at most one row.
func (t Tx) QueryRow(query string, args ...any) *sql.Row {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, args := t.c.translate(query, args, true)
	if t.c.stmts != nil {
		st, err := t.c.prepared(t.ctx, text) //nolint:sqlclosecheck // The cache closes it.
		if err == nil {
			return st.QueryRowContext(t.ctx, args...)
		}
	}
	// A query that cannot be prepared fails here with the same error, which the Row
	// returns from Scan.
	return t.c.QueryRowContext(t.ctx, text, args...)
}

// Each calls scan for every row that a query returns.
func (t Tx) Each(query string, args []any, scan func(rows *sql.Rows) error) error {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, flat := t.c.translate(query, args, true)
	if t.c.stmts == nil {
		rows, err := t.c.QueryContext(t.ctx, text, flat...)
		return eachRow(rows, err, scan)
	}
	st, err := t.c.prepared(t.ctx, text) //nolint:sqlclosecheck // The cache closes it.
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(t.ctx, flat...)
	return eachRow(rows, err, scan)
}

// EachUncached is Each for a query that is made for one request.
func (t Tx) EachUncached(query string, args []any, scan func(rows *sql.Rows) error) error {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, args := t.c.translate(query, args, false)
	rows, err := t.c.QueryContext(t.ctx, text, args...)
	return eachRow(rows, err, scan)
}

// EachRow calls scan for every row that a query returns. It sends the query
// unchanged.
func EachRow(ctx context.Context, q Querier, query string, scan func(rows *sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query)
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

// Collect returns a list with one item for each row that a query returns. Each
// call returns a new list, so that a transaction that is tried again does not add
// to the list of the first attempt.
func Collect[T any](t Tx, query string, args []any, scan func(rows *sql.Rows, item *T) error) ([]T, error) {
	var list []T
	err := t.Each(query, args, appendTo(&list, scan))
	return list, err
}

// CollectUncached is Collect for a query that is made for one request.
func CollectUncached[T any](t Tx, query string, args []any, scan func(rows *sql.Rows, item *T) error) ([]T, error) {
	var list []T
	err := t.EachUncached(query, args, appendTo(&list, scan))
	return list, err
}

func appendTo[T any](list *[]T, scan func(rows *sql.Rows, item *T) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var item T
		if err := scan(rows, &item); err != nil {
			return err
		}
		*list = append(*list, item)
		return nil
	}
}

// Placeholders returns "?, ?, ?" for n arguments.
func Placeholders(n int) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("?, ", n-1) + "?"
}
