package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// Revision is the alembic revision of MLflow 3.17's database, the only one that
// this release reads and writes.
const Revision = "dc11669786a5"

//go:embed schema_sqlite.sql
var schemaSQLite string

// additions are our own tables and indexes. MLflow ignores them, so that a
// database can go back and forth between the two.
var additions = []string{
	// One page of an experiment's runs, newest first, without a sort.
	`CREATE INDEX IF NOT EXISTS millrace_runs_newest ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid)`,
	`CREATE TABLE IF NOT EXISTS millrace_tokens (
		id VARCHAR(36) NOT NULL PRIMARY KEY,
		name VARCHAR(250) NOT NULL,
		user_email VARCHAR(255) NOT NULL,
		hash VARCHAR(64) NOT NULL UNIQUE,
		created_ms BIGINT NOT NULL,
		expires_ms BIGINT,
		revoked_ms BIGINT
	)`,
	// The newest version of each stage without a look at the others.
	`CREATE INDEX IF NOT EXISTS millrace_versions_by_stage ON model_versions (workspace, name, current_stage, version)`,
	// Which versions were made from a run.
	`CREATE INDEX IF NOT EXISTS millrace_versions_by_run ON model_versions (run_id)`,
	`CREATE TABLE IF NOT EXISTS millrace_registry_log (
		id INTEGER NOT NULL PRIMARY KEY,
		model VARCHAR(256) NOT NULL,
		version VARCHAR(20),
		kind VARCHAR(10) NOT NULL,
		from_value VARCHAR(256) NOT NULL,
		to_value VARCHAR(256) NOT NULL,
		alias VARCHAR(256) NOT NULL,
		user_email VARCHAR(255) NOT NULL,
		comment TEXT NOT NULL,
		timestamp_ms BIGINT NOT NULL
	)`,
	`CREATE INDEX IF NOT EXISTS millrace_registry_log_model ON millrace_registry_log (model, id)`,
}

// prepareSchema makes the tables of a new database, or checks the revision of
// an existing one, and adds what is ours.
func prepareSchema(ctx context.Context, c *conn, artifactRoot string) error {
	if err := c.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := applySchema(ctx, c, artifactRoot)
	if err != nil {
		return errors.Join(err, c.run(ctx, "ROLLBACK"))
	}
	return c.run(ctx, "COMMIT")
}

func applySchema(ctx context.Context, c *conn, artifactRoot string) error {
	revision, err := schemaRevision(ctx, c)
	if err != nil {
		return err
	}
	switch revision {
	case "":
		if err := createTables(ctx, c, artifactRoot); err != nil {
			return err
		}
	case Revision:
	default:
		return fmt.Errorf("its schema is at revision %s, but this release of Millrace works with revision %s (MLflow 3.17). "+
			"Make a backup, then bring it to that revision with MLflow 3.17.2: mlflow db upgrade <uri>", revision, Revision)
	}
	for _, stmt := range additions {
		if _, err := c.raw.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	return nil
}

// schemaRevision returns "" for a database without tables.
func schemaRevision(ctx context.Context, c *conn) (string, error) {
	var tables, versioned int
	err := c.raw.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(name = 'alembic_version'), 0)
		FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).Scan(&tables, &versioned)
	if err != nil {
		return "", err
	}
	if tables == 0 {
		return "", nil
	}
	if versioned == 0 {
		return "", errors.New("it is a SQLite database, but not one of MLflow's: it has no table alembic_version")
	}
	var revision string
	err = c.raw.QueryRowContext(ctx, `SELECT version_num FROM alembic_version`).Scan(&revision)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errors.New("its table alembic_version is empty, so its schema revision is unknown")
	}
	return revision, err
}

func createTables(ctx context.Context, c *conn, artifactRoot string) error {
	for stmt := range strings.SplitSeq(schemaSQLite, ";\n") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if _, err := c.raw.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("making the tables: %w", err)
		}
	}
	now := nowMS()
	for _, row := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO alembic_version (version_num) VALUES (?)`, []any{Revision}},
		{`INSERT INTO workspaces (name, description) VALUES ('default', 'Default workspace for legacy resources')`, nil},
		{
			`INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
			VALUES (0, 'Default', ?, 'active', ?, ?, 'default')`,
			[]any{joinURI(artifactRoot, "0"), now, now},
		},
	} {
		if _, err := c.raw.ExecContext(ctx, row.query, row.args...); err != nil {
			return fmt.Errorf("filling the new tables: %w", err)
		}
	}
	return nil
}

// joinURI appends path parts to a URI such as mlflow-artifacts:/ or s3://b/p.
func joinURI(root string, parts ...string) string {
	if strings.HasSuffix(root, ":/") || strings.HasSuffix(root, "://") {
		return root + strings.Join(parts, "/")
	}
	return strings.TrimRight(root, "/") + "/" + strings.Join(parts, "/")
}
