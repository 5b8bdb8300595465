package db

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"sync"
)

// Querier is a *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Conn is a connection to a database or a transaction on one. The methods of its
// Querier send SQL unchanged; those of the [Tx] that Tx returns translate it.
type Conn struct {
	Querier
	dialect *dialect
	// rewritten caches translated queries; nil if the dialect translates none.
	rewritten *sync.Map
	// pinned and stmts cache statements that are prepared on one connection. They
	// are nil if the driver prepares statements itself or is faster without.
	pinned *sql.Conn
	stmts  map[string]*sql.Stmt
	// observe reports slow statements; it may be nil.
	observe *observer
}

// NewConn returns a Conn on a database, connection or transaction of some flavor.
func NewConn(q Querier, f Flavor) *Conn {
	return &Conn{Querier: q, dialect: dialectOf(f), rewritten: &sync.Map{}}
}

// pin takes a connection of its own from db.
func pin(ctx context.Context, db *sql.DB, d *dialect) (*Conn, error) {
	raw, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &Conn{Querier: raw, dialect: d, pinned: raw}
	if d == sqliteDialect {
		c.stmts = map[string]*sql.Stmt{}
	} else {
		c.rewritten = &sync.Map{}
	}
	return c, nil
}

// Flavor returns the kind of the database.
func (c *Conn) Flavor() Flavor { return c.dialect.flavor }

// Tx returns a Tx that runs its statements on the connection.
func (c *Conn) Tx(ctx context.Context) Tx { return Tx{ctx, c} }

func (c *Conn) close() error {
	for _, st := range c.stmts {
		_ = st.Close() // The connection is closed next.
	}
	return c.pinned.Close()
}

// translate returns a query in the database's dialect, and its arguments. If
// cache is set, the translation is kept for the next call.
func (c *Conn) translate(query string, args []any, cache bool) (string, []any) {
	if c.rewritten != nil {
		if text, ok := c.rewritten.Load(query); ok {
			query = text.(string)
		} else {
			text := c.dialect.rewrite(query, args)
			if cache {
				c.rewritten.Store(query, text)
			}
			query = text
		}
	}
	switch {
	case c.dialect.arrays:
		return query, args
	case c.dialect.jsonLists:
		return jsonLists(query, args)
	}
	if c.dialect.finite {
		args = finite(args)
	}
	return expandLists(query, args)
}

// finite replaces infinities in args by the largest finite numbers.
func finite(args []any) []any {
	for i, arg := range args {
		if v, ok := arg.(float64); ok && math.IsInf(v, 0) {
			args = slices.Clone(args)
			args[i] = math.Copysign(math.MaxFloat64, v)
		}
	}
	return args
}

// maxStatements bounds the cache of prepared statements. Since only constant
// queries are cached, the bound is not reached in practice.
const maxStatements = 400

func (c *Conn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	// The statement outlives the request that prepares it.
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

// run executes a statement without arguments, such as BEGIN, on a pinned
// connection.
func (c *Conn) run(ctx context.Context, query string) error {
	st, err := c.prepared(ctx, query) //nolint:sqlclosecheck // The cache closes it.
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}
