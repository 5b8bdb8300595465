package schema

import (
	"context"
	"fmt"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// createOwn creates the table of the tokens of users. MLflow deletes a user without them, and SQLite
// gives the id of the last user to the next one. Therefore the table has no foreign key,
// and a token belongs to the user with its user_id and its username.
const createOwn = `CREATE TABLE millrace_access_tokens (
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
)`

// ownTable is the table that Millrace adds to those of MLflow, which ignores it.
const ownTable = "millrace_access_tokens"

// OwnTables returns the names of the tables that Millrace adds to those of MLflow.
func OwnTables() []string { return []string{ownTable} }

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

// createOwnTables creates the tables of Millrace if they do not exist.
func createOwnTables(ctx context.Context, c *db.Conn) error {
	tables, err := schema.Tables(ctx, c, c.Flavor())
	if err != nil || tables[ownTable] {
		return err
	}
	_, err = c.ExecContext(ctx, schema.TranslateOwn(c.Flavor(), createOwn))
	return err
}
