package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/internal/store/schema"
)

// querier is a connection or a transaction of database/sql.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// conn sends our SQL to a database in its dialect.
type conn struct {
	raw querier
	d   *dialect
	// texts keeps rewritten texts; nil where nothing is rewritten.
	texts *sync.Map
	// pinned and stmts keep statements prepared on a connection of our own; nil
	// where the driver does that or does better without.
	pinned *sql.Conn
	stmts  map[string]*sql.Stmt
	// observe hears of slow statements; nil for none.
	observe *observer
}

// newConn runs our SQL on a database of some flavor that is not the store's own.
func newConn(raw querier, f schema.Flavor) *conn {
	return &conn{raw: raw, d: dialectOf(f), texts: &sync.Map{}}
}

func pin(ctx context.Context, db *sql.DB, d *dialect) (*conn, error) {
	raw, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, d: d, pinned: raw}
	if d == sqliteDialect {
		c.stmts = map[string]*sql.Stmt{}
	} else {
		c.texts = &sync.Map{}
	}
	return c, nil
}

func (c *conn) close() error {
	for _, st := range c.stmts {
		_ = st.Close() // The connection is next.
	}
	return c.pinned.Close()
}

// text returns a query in the database's words, and its arguments.
func (c *conn) text(query string, args []any, keep bool) (string, []any) {
	if c.texts != nil {
		if text, ok := c.texts.Load(query); ok {
			query = text.(string)
		} else {
			text := c.d.rewrite(query, args)
			if keep {
				c.texts.Store(query, text)
			}
			query = text
		}
	}
	if c.d.arrays {
		return query, args
	}
	if c.d.finite {
		args = finite(args)
	}
	return expandLists(query, args)
}

// finite returns args with infinities as the largest finite numbers, as which
// they are stored.
func finite(args []any) []any {
	for i, arg := range args {
		if v, ok := arg.(float64); ok && math.IsInf(v, 0) {
			args = slices.Clone(args)
			args[i], _ = stored(v)
		}
	}
	return args
}

// maxStatements bounds the cache; only texts built from constants go in, so it
// is never reached in practice.
const maxStatements = 400

func (c *conn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	// The statement outlives the request that needed it first.
	st, err := c.pinned.PrepareContext(context.WithoutCancel(ctx), query)
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

// run executes a statement of ours that has no arguments, such as BEGIN.
func (c *conn) run(ctx context.Context, query string) error {
	st, err := c.prepared(ctx, query) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

// tx is a transaction under way. Its helpers take no context: it carries one.
// Every text that they are given is a constant and always has arguments of the
// same types; eachOnce takes the others.
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

// insertID returns the id that the database gave a new row in its column id.
func (t tx) insertID(id, query string, args ...any) (n int64, err error) {
	if t.c.d.returningIDs {
		err = t.queryRow(query+" RETURNING "+id, args...).Scan(&n)
		return n, err
	}
	res, err := t.result(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t tx) result(query string, args []any) (sql.Result, error) {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, args := t.c.text(query, args, true)
	if t.c.stmts == nil {
		return t.c.raw.ExecContext(t.ctx, text, args...)
	}
	st, err := t.c.prepared(t.ctx, text) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return nil, err
	}
	return st.ExecContext(t.ctx, args...)
}

func (t tx) queryRow(query string, args ...any) *sql.Row {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, args := t.c.text(query, args, true)
	if t.c.stmts != nil {
		st, err := t.c.prepared(t.ctx, text) //nolint:sqlclosecheck // The cache keeps it.
		if err == nil {
			return st.QueryRowContext(t.ctx, args...)
		}
	}
	return t.c.raw.QueryRowContext(t.ctx, text, args...) // What cannot be prepared fails the same way, and Row carries the error.
}

// each calls scan for every row of a query whose text is constant.
func (t tx) each(query string, args []any, scan func(rows *sql.Rows) error) error {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, flat := t.c.text(query, args, true)
	if t.c.stmts == nil || len(flat) != len(args) { // A list's length is in the text.
		rows, err := t.c.raw.QueryContext(t.ctx, text, flat...)
		return eachRow(rows, err, scan)
	}
	st, err := t.c.prepared(t.ctx, text) //nolint:sqlclosecheck // The cache keeps it.
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(t.ctx, flat...)
	return eachRow(rows, err, scan)
}

// eachOnce is each for a text made for this request, which is not kept.
func (t tx) eachOnce(query string, args []any, scan func(rows *sql.Rows) error) error {
	defer t.c.observe.statement(t.ctx, query, time.Now())
	text, args := t.c.text(query, args, false)
	rows, err := t.c.raw.QueryContext(t.ctx, text, args...)
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

// collect returns what scan makes of each row of a query whose text is constant.
// The list is new with each call: a transaction that is tried again begins with an
// empty one.
func collect[T any](t tx, query string, args []any, scan func(rows *sql.Rows, item *T) error) ([]T, error) {
	var list []T
	err := t.each(query, args, appendTo(&list, scan))
	return list, err
}

// collectOnce is collect for a text made for this request, which is not kept.
func collectOnce[T any](t tx, query string, args []any, scan func(rows *sql.Rows, item *T) error) ([]T, error) {
	var list []T
	err := t.eachOnce(query, args, appendTo(&list, scan))
	return list, err
}

// scanOne reads rows of one column.
func scanOne[T any](rows *sql.Rows, item *T) error { return rows.Scan(item) }

// scanned adapts a function that reads a single row.
func scanned[T any](scan func(row interface{ Scan(...any) error }) (*T, error)) func(*sql.Rows, *T) error {
	return func(rows *sql.Rows, item *T) error {
		got, err := scan(rows)
		if err == nil {
			*item = *got
		}
		return err
	}
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
