package store

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
)

// tx is a transaction in progress. Its methods are the lower-case helpers that
// compose within the transaction of a public method of [Store].
type tx struct {
	db.Tx
	dialect *dialect
}

// database runs transactions. It is a *db.DB.
type database interface {
	Write(ctx context.Context, fn func(db.Tx) error) error
	Read(ctx context.Context, fn func(db.Tx) error) error
	Scan(ctx context.Context, fn func(db.Tx) error) error
	Close() error
}

// Write implements gc.Database.
func (s *Store) Write(ctx context.Context, fn func(db.Tx) error) error {
	return s.primary.Write(ctx, fn)
}

// Read implements gc.Database.
func (s *Store) Read(ctx context.Context, fn func(db.Tx) error) error { return s.primary.Read(ctx, fn) }

// Scan implements gc.Database.
func (s *Store) Scan(ctx context.Context, fn func(db.Tx) error) error { return s.primary.Scan(ctx, fn) }

// write runs fn in a transaction that is durable when write returns nil. fn may be
// called more than once.
func (s *Store) write(ctx context.Context, fn func(tx) error) error {
	return s.primary.Write(ctx, s.with(fn))
}

// read runs fn on one snapshot of the database. fn may be called more than once.
func (s *Store) read(ctx context.Context, fn func(tx) error) error {
	return s.primary.Read(ctx, s.with(fn))
}

// readReplica is read for results that may lag behind, such as searches.
func (s *Store) readReplica(ctx context.Context, fn func(tx) error) error {
	return s.replica.Read(ctx, s.with(fn))
}

// scanReplica is readReplica for functions that read many rows once, such as
// histories.
func (s *Store) scanReplica(ctx context.Context, fn func(tx) error) error {
	return s.replica.Scan(ctx, s.with(fn))
}

func (s *Store) with(fn func(tx) error) func(db.Tx) error {
	return func(t db.Tx) error { return fn(tx{t, s.dialect}) }
}

// scanOne reads rows of one column.
func scanOne[T any](rows *sql.Rows, item *T) error { return rows.Scan(item) }

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// scanned adapts a function that reads one row for [db.Collect].
func scanned[T any](scan func(row scanner) (*T, error)) func(*sql.Rows, *T) error {
	return func(rows *sql.Rows, item *T) error {
		got, err := scan(rows)
		if err == nil {
			*item = *got
		}
		return err
	}
}
