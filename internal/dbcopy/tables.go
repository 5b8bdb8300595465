package dbcopy

import (
	"context"
	"errors"
	"slices"

	users "github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// tables are the tables of the source, which the target gets as well.
type tables struct {
	// release is the release of the tables of runs and models; nil if there are none.
	release *schema.Release
	// users is whether there are tables of users.
	users bool
}

// tablesOf returns the tables of a database. It returns an error if a server does not open
// them.
func tablesOf(ctx context.Context, q db.Querier, f db.Flavor) (t tables, err error) {
	found, err := users.Find(ctx, q, f)
	if err != nil {
		return t, err
	}
	if t.users = found.Users; t.users {
		revision, err := users.RevisionOf(ctx, q, f)
		if err == nil {
			err = users.CheckRevision(revision)
		}
		if err != nil {
			return t, err
		}
	}
	if t.users && !found.Runs {
		return t, nil
	}
	revision, err := schema.RevisionOf(ctx, q, f)
	switch {
	case err != nil:
		return t, err
	case revision == "":
		return t, errors.New("it holds no tables, so there is nothing to copy")
	}
	var known bool
	if t.release, known = schema.ReleaseOf(revision); !known {
		return t, schema.WrongRevision(revision)
	}
	return t, nil
}

// prepare creates the tables in an empty database, or checks those of another one.
func (t tables) prepare(ctx context.Context, c *db.Conn) error {
	if t.release != nil {
		if err := schema.Prepare(ctx, c, t.release, discard, nil); err != nil {
			return err
		}
	}
	if t.users {
		return users.Prepare(ctx, c, discard)
	}
	return nil
}

// mlflows returns the names of those tables that are MLflow's.
func (t tables) mlflows() (names []string) {
	if t.release != nil {
		names = t.release.Tables()
	}
	if t.users {
		names = append(names, users.Tables()...)
	}
	return names
}

// names returns the names of all tables.
func (t tables) names() []string {
	names := t.mlflows()
	if t.release != nil {
		names = append(names, schema.OwnTables()...)
	}
	if t.users {
		names = append(names, users.OwnTables()...)
	}
	return names
}

// revisions returns the revision of each table of versions.
func (t tables) revisions() map[string]string {
	all := map[string]string{}
	if t.release != nil {
		all[runsVersion] = t.release.Revision
	}
	if t.users {
		all[schema.AuthVersionTable] = users.Revision
	}
	return all
}

const runsVersion = "alembic_version"

// isVersion reports whether a table has a revision, which is not copied.
func isVersion(table string) bool {
	return slices.Contains([]string{runsVersion, schema.AuthVersionTable}, table)
}
