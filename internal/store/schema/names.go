package schema

import (
	"context"

	"github.com/millrace-ml/millrace/internal/db"
)

// Tables returns the names of all tables of a database.
func Tables(ctx context.Context, q db.Querier, f db.Flavor) (map[string]bool, error) {
	switch f {
	case db.PostgreSQL:
		return names(ctx, q, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`)
	case db.MySQL, db.MariaDB:
		return names(
			ctx, q,
			`SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type = 'BASE TABLE'`,
		)
	default:
		return names(ctx, q, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	}
}

// Indexes returns the names of all indexes of a database.
func Indexes(ctx context.Context, q db.Querier, f db.Flavor) (map[string]bool, error) {
	switch f {
	case db.PostgreSQL:
		return names(ctx, q, `SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()`)
	case db.MySQL, db.MariaDB:
		return names(ctx, q, `SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = database()`)
	default:
		return names(ctx, q, `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'`)
	}
}

func names(ctx context.Context, q db.Querier, query string) (map[string]bool, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	set := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		set[name] = true
	}
	return set, rows.Err()
}
