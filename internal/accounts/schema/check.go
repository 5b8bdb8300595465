package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Found says which tables a database has.
type Found struct {
	// Runs is whether it has the tables of runs and models.
	Runs bool
	// Users is whether it has the tables of users.
	Users bool
}

// Find returns which tables a database has. Before MLflow 3.6, the revision of the tables
// of users was in alembic_version, where it stays after an upgrade.
func Find(ctx context.Context, q db.Querier, f db.Flavor) (Found, error) {
	tables, err := schema.Tables(ctx, q, f)
	if err != nil {
		return Found{}, err
	}
	found := Found{Runs: tables["alembic_version"], Users: hasUsers(tables)}
	if found.Runs && found.Users {
		var revision string
		err := q.QueryRowContext(ctx, `SELECT version_num FROM alembic_version`).Scan(&revision)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return Found{}, err
		}
		found.Runs = revision != initial
	}
	return found, nil
}

// Report is the result of [Check].
type Report struct {
	Revision   string `json:"revision"`
	RevisionIs string `json:"revision_is"`
	// Differences are tables, columns, keys and indexes that differ from those of MLflow.
	// Only at [Revision], they are compared.
	Differences []string `json:"differences"`

	opens bool
}

// OK reports whether a server opens the tables and no difference was found.
func (r *Report) OK() bool { return r.opens && len(r.Differences) == 0 }

// Check checks the tables of users in a database without changing it. On MySQL and
// MariaDB, it creates a temporary database to compare with.
func Check(ctx context.Context, sqlDB *sql.DB, f db.Flavor) (*Report, error) {
	conn, err := sqlDB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := &Report{RevisionIs: "not one that this release knows"}
	if r.Revision, err = RevisionOf(ctx, conn, f); err != nil {
		return nil, err
	}
	switch {
	case CanUpgrade(r.Revision):
		r.RevisionIs = "of an older MLflow; `millrace db upgrade` brings them up to date"
	case r.Revision == Revision:
		r.RevisionIs, r.opens = "of MLflow 3.17; a server opens them as they are", true
		if r.Differences, err = schema.Differences(ctx, conn, f, Tables(), Create(f)); err != nil {
			return nil, fmt.Errorf("comparing the tables of users: %w", err)
		}
	}
	return r, nil
}
