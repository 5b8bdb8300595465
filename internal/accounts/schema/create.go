package schema

import (
	"context"
	"fmt"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// ownTables are the tables that Millrace adds to those of MLflow, which ignores them.
// MLflow deletes a user without the rows that belong to it, and SQLite gives the id of the
// last user to the next one. Therefore the tables have no foreign key, and a row belongs
// to the user with its user_id and its username.
var ownTables = []struct {
	table      string
	statements []string
}{
	{"millrace_access_tokens", []string{`CREATE TABLE millrace_access_tokens (
		id VARCHAR(36) NOT NULL PRIMARY KEY,
		user_id BIGINT NOT NULL,
		username VARCHAR(255) NOT NULL,
		name VARCHAR(250) NOT NULL,
		hash VARCHAR(64) NOT NULL UNIQUE,
		scope VARCHAR(2000) NOT NULL,
		created_ms BIGINT NOT NULL,
		expires_ms BIGINT,
		last_used_ms BIGINT,
		revoked_ms BIGINT
	)`}},
	// A session of the pages ends when the password changes, of which it has a digest.
	{"millrace_sessions", []string{`CREATE TABLE millrace_sessions (
		hash VARCHAR(64) NOT NULL PRIMARY KEY,
		user_id BIGINT NOT NULL,
		username VARCHAR(255) NOT NULL,
		password_digest VARCHAR(64) NOT NULL,
		created_ms BIGINT NOT NULL,
		expires_ms BIGINT NOT NULL
	)`}},
	// An identity is who a provider of single sign-on knows a user as. Its id is a hash, so
	// that every database compares it exactly.
	{"millrace_identities", []string{`CREATE TABLE millrace_identities (
		id VARCHAR(64) NOT NULL PRIMARY KEY,
		user_id BIGINT NOT NULL,
		username VARCHAR(255) NOT NULL,
		issuer VARCHAR(1000) NOT NULL,
		subject VARCHAR(255) NOT NULL,
		made_admin BIGINT NOT NULL
	)`}},
	// These roles were assigned because of a group of a provider of single sign-on.
	{"millrace_group_roles", []string{`CREATE TABLE millrace_group_roles (
		user_id BIGINT NOT NULL,
		username VARCHAR(255) NOT NULL,
		role_id BIGINT NOT NULL,
		PRIMARY KEY (user_id, role_id)
	)`}},
	{"millrace_audit_log", []string{
		`CREATE TABLE millrace_audit_log (
			id {id},
			timestamp_ms BIGINT NOT NULL,
			username VARCHAR(255) NOT NULL,
			token_id VARCHAR(36) NOT NULL,
			client VARCHAR(64) NOT NULL,
			action VARCHAR(250) NOT NULL,
			detail VARCHAR(2000) NOT NULL,
			result VARCHAR(64) NOT NULL
		)`,
		`CREATE INDEX millrace_audit_log_time ON millrace_audit_log (timestamp_ms)`,
	}},
}

// OwnTables returns the names of the tables that Millrace adds to those of MLflow.
func OwnTables() (names []string) {
	for _, own := range ownTables {
		names = append(names, own.table)
	}
	return names
}

// Create returns the statements that create MLflow's tables.
func Create(f db.Flavor) []string {
	statements := definitions.Create(f)
	for i, statement := range statements {
		statements[i] = renameKeys(f, statement)
	}
	return statements
}

// renameKeys gives the foreign key fk_user_id, which two of MLflow's tables have, another
// name on MySQL and MariaDB, where its name must be unique in the database. MLflow itself
// cannot create its tables there.
func renameKeys(f db.Flavor, statement string) string {
	if !f.IsMySQL() {
		return statement
	}
	for _, table := range definitions.Names() {
		if strings.HasPrefix(statement, "CREATE TABLE "+table+" (") {
			return strings.Replace(statement, "CONSTRAINT fk_user_id ", "CONSTRAINT fk_"+table+"_user_id ", 1)
		}
	}
	return statement
}

// createTable returns the statements that create one of MLflow's tables and its indexes.
func createTable(f db.Flavor, name string) []string {
	statements := definitions.CreateTable(f, name)
	statements[0] = renameKeys(f, statements[0])
	return statements
}

func createTables(ctx context.Context, c *db.Conn) error {
	for _, statement := range Create(c.Flavor()) {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("making the tables of users: %w", err)
		}
	}
	row := `INSERT INTO ` + schema.AuthVersionTable + ` (version_num) VALUES ('` + Revision + `')`
	if _, err := c.ExecContext(ctx, row); err != nil {
		return fmt.Errorf("filling the new tables: %w", err)
	}
	return nil
}

// createOwnTables creates the tables of Millrace that do not exist.
func createOwnTables(ctx context.Context, c *db.Conn) error {
	tables, err := schema.Tables(ctx, c, c.Flavor())
	if err != nil {
		return err
	}
	for _, own := range ownTables {
		if tables[own.table] {
			continue
		}
		for _, statement := range own.statements {
			if _, err := c.ExecContext(ctx, schema.TranslateOwn(c.Flavor(), statement)); err != nil {
				return err
			}
		}
	}
	return nil
}
