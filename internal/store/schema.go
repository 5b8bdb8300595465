package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Revision is the alembic revision that a new database gets. Those of the other
// releases in [schema.Releases] are read and written as they are.
const Revision = schema.Revision

// schemaLock keeps servers that start at once from making the tables twice.
const schemaLock = 0x6d696c6c72616365

// prepareSchema makes the tables of a new database, or checks the revision of
// an existing one, and adds what is ours.
func prepareSchema(ctx context.Context, c *conn, o Options) error {
	begin, lock, unlock, end := "BEGIN", "", "", "COMMIT"
	switch c.d.flavor {
	case schema.SQLite:
		begin = "BEGIN IMMEDIATE"
	case schema.PostgreSQL:
		lock = fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", schemaLock)
	default: // Whose DDL is in no transaction.
		lock, unlock = "SELECT GET_LOCK('millrace_schema', 60)", "SELECT RELEASE_LOCK('millrace_schema')"
	}
	steps := func(statements ...string) error {
		for _, st := range statements {
			if st == "" {
				continue
			}
			if _, err := c.raw.ExecContext(ctx, st); err != nil {
				return err
			}
		}
		return nil
	}
	if err := steps(begin, lock); err != nil {
		return err
	}
	warning, err := applySchema(ctx, c, o)
	if err != nil {
		return errors.Join(err, steps("ROLLBACK", unlock))
	}
	if err := steps(end, unlock); err != nil {
		return err
	}
	if warning != "" {
		o.Log.Warn(warning)
	}
	wrong, err := schema.Collations(ctx, c.raw, c.d.flavor)
	for _, sentence := range wrong {
		o.Log.Warn(sentence)
	}
	return err
}

// applySchema returns what to warn of when the database is opened although its
// revision is unknown.
func applySchema(ctx context.Context, c *conn, o Options) (warning string, err error) {
	revision, err := schemaRevision(ctx, c)
	if err != nil {
		return "", err
	}
	if revision == "" {
		err = createTables(ctx, c, cmp.Or(o.release, schema.Newest()))
	} else {
		warning, err = checkRevision(ctx, c, revision)
	}
	if err == nil {
		err = addOurs(ctx, c)
	}
	if err != nil {
		return "", err
	}
	return warning, makeDefaultExperiment(tx{ctx, c}, o.ArtifactRoot)
}

// checkRevision refuses a database of another release, unless the tables that we
// use are as we know them; then it returns a warning.
func checkRevision(ctx context.Context, c *conn, revision string) (warning string, err error) {
	if _, known := schema.ReleaseOf(revision); known {
		return "", nil
	}
	if schema.CanUpgrade(revision, schema.Newest()) {
		return "", schema.WrongRevision(revision)
	}
	return schema.Compatible(ctx, c.raw, c.d.flavor, revision)
}

// schemaRevision returns "" for a database without tables.
func schemaRevision(ctx context.Context, c *conn) (string, error) {
	tables, err := schema.Tables(ctx, c.raw, c.d.flavor)
	if err != nil {
		return "", err
	}
	if len(tables) == 0 {
		return "", nil
	}
	if !tables["alembic_version"] {
		return "", errors.New("it is not one of MLflow's: it holds tables, but no alembic_version. If a first start was interrupted, drop the tables and start again")
	}
	var revision string
	err = c.raw.QueryRowContext(ctx, `SELECT version_num FROM alembic_version`).Scan(&revision)
	if errors.Is(err, sql.ErrNoRows) && tables[copyProgressTable] {
		return "", errors.New("it holds an unfinished copy; finish it with the same `millrace db copy` again")
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", errors.New("its table alembic_version is empty, so its schema revision is unknown")
	}
	return revision, err
}

func createTables(ctx context.Context, c *conn, release *schema.Release) error {
	for _, stmt := range release.Create(c.d.flavor) {
		if _, err := c.raw.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("making the tables: %w", err)
		}
	}
	for _, row := range []string{
		`INSERT INTO workspaces (name, description) VALUES ('default', 'Default workspace for legacy resources')`,
		`INSERT INTO alembic_version (version_num) VALUES ('` + release.Revision + `')`,
	} {
		if _, err := c.raw.ExecContext(ctx, row); err != nil {
			return fmt.Errorf("filling the new tables: %w", err)
		}
	}
	return nil
}

// makeDefaultExperiment makes the experiment 0 of a database that has none yet,
// such as one that `mlflow db upgrade` made.
func makeDefaultExperiment(t tx, artifactRoot string) error {
	var some bool
	if err := t.queryRow(`SELECT EXISTS (SELECT 1 FROM experiments)`).Scan(&some); err != nil || some {
		return err
	}
	now := nowMS()
	_, err := t.exec(`INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
		VALUES (0, 'Default', ?, 'active', ?, ?, 'default')`, joinURI(artifactRoot, "0"), now, now)
	return err
}

// joinURI appends path parts to a URI such as mlflow-artifacts:/ or s3://b/p; a
// query and a fragment, such as in s3://b/p?endpoint=x, stay at its end. In a
// path, ? and # are characters like others.
func joinURI(root string, parts ...string) string {
	rest := ""
	if scheme, _, found := strings.Cut(root, ":"); found && !strings.Contains(scheme, "/") {
		if end := strings.IndexAny(root, "?#"); end >= 0 {
			root, rest = root[:end], root[end:]
		}
	}
	if !strings.HasSuffix(root, ":/") && !strings.HasSuffix(root, "://") {
		root = strings.TrimRight(root, "/") + "/"
	}
	return root + strings.Join(parts, "/") + rest
}
