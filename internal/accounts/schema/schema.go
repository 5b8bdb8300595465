// Package schema creates MLflow's tables of users, roles and permissions and those that
// Millrace adds to them, checks the tables of an existing database, and upgrades those of
// older MLflow releases. The tables may be in the database of runs and models or in one of
// their own.
package schema

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Revision is the alembic revision of the tables, of MLflow 3.17.
const Revision = "f1a2b3c4d5e6"

// initial is the revision of MLflow 2.22 to 3.5. These releases have no
// alembic_version_auth.
const initial = "8606fa83a998"

// revisions are all revisions, oldest first. Each one is the parent of the next.
var revisions = []string{
	initial, "0965eb92f5f0", "a1b2c3d4e5f6", "2ed73881770d", "c3d4e5f6a7b8", rolesFilled, Revision,
}

// rolesFilled is the first revision at which the permissions of users are rows of
// role_permissions.
const rolesFilled = "e5f6a7b8c9d0"

//go:embed mlflow-auth.sql
var file string

var definitions = schema.ParseDefinitions(file)

// initialTables are the tables of the oldest revision.
var initialTables = []string{"users", "experiment_permissions", "registered_model_permissions"}

// Tables returns the names of MLflow's tables of users and permissions. A table comes
// after those that it references.
func Tables() []string { return definitions.Names() }

// RevisionOf returns the revision of the tables in a database, or "" if there are none.
func RevisionOf(ctx context.Context, q db.Querier, f db.Flavor) (string, error) {
	tables, err := schema.Tables(ctx, q, f)
	switch {
	case err != nil:
		return "", err
	case tables[schema.AuthVersionTable]:
		return readRevision(ctx, q, tables)
	case hasUsers(tables):
		return initial, nil
	default:
		return "", nil
	}
}

// hasUsers reports whether tables are or include those of users.
func hasUsers(tables map[string]bool) bool {
	lacks := func(name string) bool { return !tables[name] }
	return tables[schema.AuthVersionTable] || !slices.ContainsFunc(initialTables, lacks)
}

// checkFree returns an error if a database without the tables of users has another table
// with the name of one of them.
func checkFree(ctx context.Context, q db.Querier, f db.Flavor) error {
	tables, err := schema.Tables(ctx, q, f)
	if err != nil {
		return err
	}
	for _, name := range Tables() {
		if tables[name] {
			return fmt.Errorf(
				"it has the table %s, which is also the name of one of MLflow's tables of users, but no %s. "+
					"If a first start was interrupted, drop the tables of users and start again; otherwise name another database",
				name, schema.AuthVersionTable,
			)
		}
	}
	return nil
}

func readRevision(ctx context.Context, q db.Querier, tables map[string]bool) (revision string, err error) {
	err = q.QueryRowContext(ctx, `SELECT version_num FROM `+schema.AuthVersionTable).Scan(&revision)
	switch {
	case errors.Is(err, sql.ErrNoRows) && tables[schema.CopyProgressTable]:
		return "", errors.New("it holds an unfinished copy; finish it with the same `millrace db copy` again")
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("its table %s is empty, so the revision of its tables of users is unknown",
			schema.AuthVersionTable)
	}
	return revision, err
}

// CanUpgrade reports whether [Upgrade] can upgrade tables at a revision.
func CanUpgrade(revision string) bool {
	return revision != Revision && slices.Contains(revisions, revision)
}

// CheckRevision returns an error for tables at another revision than [Revision]. It says
// how to proceed.
func CheckRevision(revision string) error {
	switch {
	case revision == Revision:
		return nil
	case CanUpgrade(revision):
		return fmt.Errorf(
			"its tables of users are at revision %s, of an older MLflow, and this release of Millrace works with revision %s. "+
				"Bring them there with: millrace db upgrade URI (--plan shows what that does)",
			revision, Revision,
		)
	}
	return fmt.Errorf(
		"its tables of users are at revision %s, which this release of Millrace does not know; it works with revision %s, "+
			"of MLflow 3.17. A newer Millrace may know it",
		revision, Revision,
	)
}
