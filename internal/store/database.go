package store

import (
	"context"

	"github.com/millrace-ml/millrace/internal/db"
)

// DatabaseInfo describes the database of a store.
type DatabaseInfo struct {
	Kind, Version string
	// Revision is that of MLflow's schema when the store was opened.
	Revision string
}

// Database returns what the database is.
func (s *Store) Database(ctx context.Context) (info DatabaseInfo, err error) {
	err = s.View(ctx, func(t tx) error {
		info = DatabaseInfo{Kind: t.Flavor().String(), Revision: s.revision}
		version := `SELECT version()`
		switch t.Flavor() {
		case db.SQLite:
			version = `SELECT sqlite_version()`
		case db.PostgreSQL:
			version = `SELECT current_setting('server_version')`
		case db.MySQL, db.MariaDB:
		}
		return t.QueryRow(version).Scan(&info.Version)
	})
	return info, err
}
