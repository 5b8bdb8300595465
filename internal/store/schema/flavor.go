package schema

import (
	"context"
	"database/sql"
)

// Flavor is a kind of database.
type Flavor int

// The databases that MLflow and Millrace work with.
const (
	SQLite Flavor = iota + 1
	PostgreSQL
	MySQL
	MariaDB
)

func (f Flavor) String() string {
	return [...]string{"no database", "SQLite", "PostgreSQL", "MySQL", "MariaDB"}[f]
}

// IsMySQL reports whether the database speaks MySQL's SQL.
func (f Flavor) IsMySQL() bool { return f == MySQL || f == MariaDB }

// Collation is how our tables on MySQL and MariaDB compare text: by every
// character, case and trailing spaces included. It is "" for the others.
func (f Flavor) Collation() string {
	switch f {
	case MySQL:
		return "utf8mb4_0900_bin"
	case MariaDB:
		return "utf8mb4_nopad_bin"
	default:
		return ""
	}
}

// Querier is a *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Quote writes a column's name for a query.
func (f Flavor) Quote(name string) string { return f.quote(name) }
