package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Upgrade upgrades the tables of users of a database to [Revision]. It calls report
// before each step. If dry is set, it changes nothing. The upgrade is one transaction. A
// SQLite file is copied first, and the name of the copy is reported.
//
// The rows are those that MLflow's migrations leave, except that a permission
// NO_PERMISSIONS becomes a grant of DENY. MLflow drops it, so that the user has the
// default permission afterwards.
func Upgrade(ctx context.Context, sqlDB *sql.DB, f db.Flavor, dry bool, report func(step string)) error {
	conn, err := sqlDB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	revision, err := RevisionOf(ctx, conn, f)
	switch {
	case err != nil:
		return err
	case revision == "":
		return errors.New("it has no tables of users")
	case revision == Revision:
		report("The tables of users are at revision " + revision + "; there is nothing to do.")
		return nil
	case !CanUpgrade(revision):
		return CheckRevision(revision)
	case f.IsMySQL():
		return fmt.Errorf("its tables of users are at revision %s, and no release of MLflow makes such tables on %s",
			revision, f)
	}
	steps, err := plan(ctx, conn, f, revision)
	if err != nil {
		return err
	}
	if dry {
		for _, s := range steps {
			report(s.Text)
		}
		return nil
	}
	if f == db.SQLite {
		if err := schema.BackUp(ctx, conn, revision, report); err != nil {
			return fmt.Errorf("copying the file first: %w", err)
		}
	}
	return schema.Apply(ctx, conn, f, steps, report)
}

// plan returns the steps from the existing tables to those of [Revision]. Like the
// upgrade of the other tables, it compares what is there with what should be.
func plan(ctx context.Context, q db.Querier, f db.Flavor, revision string) (steps []schema.Step, err error) {
	tables, err := schema.Inspect(ctx, q, f)
	if err != nil {
		return nil, err
	}
	add := func(s schema.Step) { steps = append(steps, s) }
	for _, name := range Tables() {
		switch table := tables[name]; {
		case table == nil:
			add(schema.NewStep("make the table "+name, createTable(f, name)...))
		case name == modelPermissions && !hasColumn(table, "workspace"):
			add(schema.NewStep("make the table "+name+" anew", addWorkspace(f)...))
		}
	}
	tagged := tables[modelTags] != nil
	if before(revision, rolesFilled) {
		add(schema.Step{
			Text: "turn the permissions of users into roles, and NO_PERMISSIONS into DENY",
			Run: func(ctx context.Context, q db.Querier) error {
				return fillRoles(db.NewConn(q, f).Tx(ctx), tagged)
			},
		})
	}
	if tagged {
		add(schema.NewStep("tell the permissions on prompts from those on models", promptPermissions))
	}
	add(schema.NewStep("set the revision of the tables of users to "+Revision,
		"DELETE FROM "+schema.AuthVersionTable,
		"INSERT INTO "+schema.AuthVersionTable+" (version_num) VALUES ('"+Revision+"')"))
	return steps, nil
}

// before reports whether a revision is older than another one.
func before(revision, other string) bool {
	return slices.Index(revisions, revision) < slices.Index(revisions, other)
}

const (
	modelPermissions = "registered_model_permissions"
	// modelTags is the table of models' tags, which is there if the tables of users are in
	// the database of runs and models.
	modelTags = "registered_model_tags"
)

func hasColumn(t *schema.Table, name string) bool {
	return slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Name == name })
}

// addWorkspace returns the statements that add the workspace to the permissions on models
// and to the unique key of these.
func addWorkspace(f db.Flavor) []string {
	if f == db.SQLite { // It cannot change the keys of a table.
		const old = "millrace_old_" + modelPermissions
		return slices.Concat(
			[]string{"ALTER TABLE " + modelPermissions + " RENAME TO " + old},
			createTable(f, modelPermissions),
			[]string{
				"INSERT INTO " + modelPermissions + " (id, name, user_id, permission)" +
					" SELECT id, name, user_id, permission FROM " + old,
				"DROP TABLE " + old,
			},
		)
	}
	return []string{
		"ALTER TABLE " + modelPermissions + " ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL," +
			" DROP CONSTRAINT IF EXISTS unique_name_user," +
			" ADD CONSTRAINT unique_workspace_name_user UNIQUE (workspace, name, user_id)",
	}
}

// promptPermissions changes the type of grants on models that are prompts.
const promptPermissions = `UPDATE role_permissions SET resource_type = 'prompt'
	WHERE resource_type = 'registered_model' AND resource_pattern <> '*' AND EXISTS (
		SELECT 1 FROM roles r JOIN ` + modelTags + ` t ON t.workspace = r.workspace
		WHERE r.id = role_permissions.role_id AND t.name = role_permissions.resource_pattern
		AND t.key = 'mlflow.prompt.is_prompt' AND lower(t.value) = 'true')`
