package base

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
)

// Transaction is a transaction in progress. Each room embeds it in a type of its own, whose
// methods compose within the transaction of a public method.
type Transaction struct {
	db.Tx
	Dialect *Dialect
	// Queued is set by a transaction that queues deliveries of webhooks. It is nil in one that
	// only reads.
	Queued *bool
}

// Database runs transactions. It is a *db.DB.
type Database interface {
	Write(ctx context.Context, fn func(db.Tx) error) error
	Read(ctx context.Context, fn func(db.Tx) error) error
	Scan(ctx context.Context, fn func(db.Tx) error) error
	Close() error
}

// Write implements gc.Database.
func (s *Store) Write(ctx context.Context, fn func(db.Tx) error) error {
	return s.Primary.Write(ctx, fn)
}

// Read implements gc.Database.
func (s *Store) Read(ctx context.Context, fn func(db.Tx) error) error { return s.Primary.Read(ctx, fn) }

// Scan implements gc.Database.
func (s *Store) Scan(ctx context.Context, fn func(db.Tx) error) error { return s.Primary.Scan(ctx, fn) }

// ScanOne reads rows of one column.
func ScanOne[T any](rows *sql.Rows, item *T) error { return rows.Scan(item) }

// Scanner is a *sql.Row or *sql.Rows.
type Scanner interface{ Scan(dest ...any) error }

// Scanned adapts a function that reads one row for [db.Collect].
func Scanned[T any](scan func(row Scanner) (*T, error)) func(*sql.Rows, *T) error {
	return func(rows *sql.Rows, item *T) error {
		got, err := scan(rows)
		if err == nil {
			*item = *got
		}
		return err
	}
}
