// Package accounts keeps users, roles, grants and access tokens in the tables of MLflow's
// basic-auth app and in one table of Millrace. The database is SQLite, PostgreSQL, MySQL
// or MariaDB, and may be that of the runs.
//
// A public method of [Store] opens a transaction. The lower-case helpers are methods of
// tx and compose within it. Names are compared exactly, also on a database whose
// collation ignores upper and lower case: the methods compare what a query returns.
package accounts

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/mlflow"
)

// Options configure a store.
type Options struct {
	// URI is the database_uri of MLflow's basic-auth app, see [db.Options].
	URI string
	// PoolSize is the maximum of connections to a database server.
	PoolSize int
	// SlowStatement is the duration from which on a statement is logged. 0 logs none.
	SlowStatement time.Duration
	// Registerer registers metrics; it may be nil.
	Registerer prometheus.Registerer
	// Log may be nil.
	Log *slog.Logger
}

// Store is an open database of users.
type Store struct {
	db      *db.DB
	changes atomic.Uint64
}

// Open opens a database. It creates the tables if there are none, and the file of a
// SQLite database.
func Open(ctx context.Context, o Options) (*Store, error) {
	log := cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	d, err := db.Open(ctx, db.Options{
		URI: o.URI, PoolSize: o.PoolSize, SlowStatement: o.SlowStatement, Registerer: o.Registerer, Log: log,
		Prepare: func(ctx context.Context, c *db.Conn) error { return schema.Prepare(ctx, c, log) },
	})
	if err != nil {
		return nil, err
	}
	return &Store{db: d}, nil
}

// Changes returns a number that grows with each change that this Store makes to users,
// roles and grants.
func (s *Store) Changes() uint64 { return s.changes.Load() }

// Close waits for the transactions in progress and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(t tx) error {
		var one int
		return t.QueryRow("SELECT 1").Scan(&one)
	})
}

// tx is a transaction in progress.
type tx struct{ db.Tx }

// attempts is how often a transaction is tried.
const attempts = 6

// write runs fn in a transaction that is durable when write returns nil. fn may be
// called more than once. A violated key means that another server has created or
// deleted a row after fn has looked for it, so that fn is called again and sees it.
func (s *Store) write(ctx context.Context, fn func(tx) error) (err error) {
	if err := s.writeUncounted(ctx, fn); err != nil {
		return err
	}
	s.changes.Add(1)
	return nil
}

// writeUncounted is write for a change that does not affect what a user may do.
func (s *Store) writeUncounted(ctx context.Context, fn func(tx) error) (err error) {
	for range attempts {
		err = s.db.Write(ctx, func(t db.Tx) error { return fn(tx{t}) })
		if !db.IsUniqueViolation(err) && !db.IsForeignKeyViolation(err) {
			return err
		}
	}
	if db.IsUniqueViolation(err) {
		return mlflow.Errorf(mlflow.ResourceAlreadyExists,
			"The database has an entry whose name differs only in upper and lower case or in trailing spaces, "+
				"and the collation of its column cannot distinguish them.")
	}
	return err
}

// read runs fn on one snapshot of the database. fn may be called more than once.
func (s *Store) read(ctx context.Context, fn func(tx) error) error {
	return s.db.Read(ctx, func(t db.Tx) error { return fn(tx{t}) })
}

func nowMS() int64 { return time.Now().UnixMilli() }

// collect is [db.Collect] that returns an empty list instead of nil, for JSON.
func collect[T any](t tx, query string, args []any, scan func(rows *sql.Rows, item *T) error) ([]T, error) {
	list, err := db.Collect(t.Tx, query, args, scan)
	if list == nil {
		list = []T{}
	}
	return list, err
}

// scanOne reads rows of one column.
func scanOne[T any](rows *sql.Rows, item *T) error { return rows.Scan(item) }
