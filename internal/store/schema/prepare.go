package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/millrace-ml/millrace/internal/db"
)

// CopyProgressTable is a table of `millrace db copy`. It exists in a target until
// the copy is complete.
const CopyProgressTable = "millrace_copy"

// AuthVersionTable has the revision of MLflow's tables of users and permissions, which
// package accounts/schema creates. They may be in a database of their own.
const AuthVersionTable = "alembic_version_auth"

// lockID is the advisory lock that prevents servers that start concurrently from
// creating the tables twice.
const lockID = 0x6d696c6c72616365

// Prepare creates the tables of a release in an empty database, or checks the
// revision of an existing database. Then it adds the tables and indexes of
// Millrace and calls fill, which may be nil, in the same transaction. It logs
// warnings.
func Prepare(ctx context.Context, c *db.Conn, r *Release, log *slog.Logger, fill func(db.Tx) error) error {
	var warning string
	err := Locked(ctx, c, func() (err error) {
		warning, err = prepareTables(ctx, c, r)
		if err == nil && fill != nil {
			err = fill(c.Tx(ctx))
		}
		return err
	})
	if err != nil {
		return err
	}
	if warning != "" {
		log.WarnContext(ctx, warning)
	}
	wrong, err := Collations(ctx, c, c.Flavor())
	for _, sentence := range wrong {
		log.WarnContext(ctx, sentence)
	}
	return err
}

// Locked calls fn, which creates or changes tables, in a transaction. Only one process
// at a time is in such a transaction of a database.
func Locked(ctx context.Context, c *db.Conn, fn func() error) error {
	begin, lock, unlock, end := "BEGIN", "", "", "COMMIT"
	switch c.Flavor() {
	case db.SQLite:
		begin = "BEGIN IMMEDIATE"
	case db.PostgreSQL:
		lock = fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", lockID)
	default: // MySQL commits DDL implicitly, so that its lock is not bound to the transaction.
		lock, unlock = "SELECT GET_LOCK('millrace_schema', 60)", "SELECT RELEASE_LOCK('millrace_schema')"
	}
	exec := func(statements ...string) error {
		for _, st := range statements {
			if st == "" {
				continue
			}
			if _, err := c.ExecContext(ctx, st); err != nil {
				return err
			}
		}
		return nil
	}
	if err := exec(begin, lock); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return errors.Join(err, exec("ROLLBACK", unlock))
	}
	return exec(end, unlock)
}

// prepareTables returns a warning if the revision of the database is unknown but
// its tables can be used.
func prepareTables(ctx context.Context, c *db.Conn, r *Release) (warning string, err error) {
	revision, err := RevisionOf(ctx, c, c.Flavor())
	if err != nil {
		return "", err
	}
	if revision == "" {
		err = createTables(ctx, c, r)
	} else {
		warning, err = checkRevision(ctx, c, revision)
	}
	if err == nil {
		err = createOwnTables(ctx, c)
	}
	return warning, err
}

// checkRevision returns an error for a database of another release. If the revision
// is unknown but the tables that Millrace uses are as expected, it returns a
// warning.
func checkRevision(ctx context.Context, c *db.Conn, revision string) (warning string, err error) {
	if _, known := ReleaseOf(revision); known {
		return "", nil
	}
	if CanUpgrade(revision, Newest()) {
		return "", WrongRevision(revision)
	}
	return Compatible(ctx, c, c.Flavor(), revision)
}

// RevisionOf returns the revision of one of MLflow's databases, or "" if the
// database has no tables, or only those of users and their permissions.
func RevisionOf(ctx context.Context, q db.Querier, f db.Flavor) (string, error) {
	tables, err := Tables(ctx, q, f)
	if err != nil {
		return "", err
	}
	if len(tables) == 0 || tables[AuthVersionTable] && !tables["alembic_version"] {
		return "", nil
	}
	if !tables["alembic_version"] {
		return "", errors.New("it is not one of MLflow's: it holds tables, but no alembic_version. " +
			"If a first start was interrupted, drop the tables and start again")
	}
	var revision string
	err = q.QueryRowContext(ctx, `SELECT version_num FROM alembic_version`).Scan(&revision)
	if errors.Is(err, sql.ErrNoRows) && tables[CopyProgressTable] {
		return "", errors.New("it holds an unfinished copy; finish it with the same `millrace db copy` again")
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", errors.New("its table alembic_version is empty, so its schema revision is unknown")
	}
	return revision, err
}

func createTables(ctx context.Context, c *db.Conn, r *Release) error {
	for _, stmt := range r.Create(c.Flavor()) {
		if _, err := c.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("making the tables: %w", err)
		}
	}
	for _, row := range []string{
		`INSERT INTO workspaces (name, description) VALUES ('default', 'Default workspace for legacy resources')`,
		`INSERT INTO alembic_version (version_num) VALUES ('` + r.Revision + `')`,
	} {
		if _, err := c.ExecContext(ctx, row); err != nil {
			return fmt.Errorf("filling the new tables: %w", err)
		}
	}
	return nil
}
