package schema_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	store "github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/schema/schematest"
)

const newest = "3.17"

// onMLflows runs a test on the databases on which MLflow can make its tables of users.
func onMLflows(t *testing.T, test func(t *testing.T, newURI func(t *testing.T) string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, dbtest.NewFile)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, func(t *testing.T) string { t.Helper(); return dbtest.NewDatabase(t, dbtest.Servers[0]) })
	})
}

// tables returns the descriptions of the tables, one line for each fact. The tables of
// Millrace are left out.
func tables(t *testing.T, sqlDB *sql.DB, f db.Flavor) (lines []string) {
	t.Helper()
	all, err := store.Inspect(t.Context(), sqlDB, f)
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range all {
		if slices.Contains(schema.OwnTables(), name) {
			continue
		}
		for i, c := range table.Columns {
			lines = append(lines, fmt.Sprintf("%s: column %d %s %s", name, i, c.Name, c.Definition))
		}
		for _, c := range table.Constraints {
			lines = append(lines, name+": "+c)
		}
		for _, k := range table.ForeignKeys {
			lines = append(lines, fmt.Sprintf("%s: %s %s", name, k.Name, k.Definition))
		}
		for index, definition := range table.Indexes {
			lines = append(lines, fmt.Sprintf("%s: %s %s", name, index, definition))
		}
	}
	slices.Sort(lines)
	return lines
}

// difference returns the lines that only a has.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

func equal(t *testing.T, what string, ours, theirs []string) {
	t.Helper()
	if a, b := difference(ours, theirs), difference(theirs, ours); len(a)+len(b) > 0 || len(ours) != len(theirs) {
		t.Errorf("%s: only ours: %q, only MLflow's: %q", what, a, b)
	}
}

// TestTablesAreMLflows compares the tables of a new database with those of MLflow.
func TestTablesAreMLflows(t *testing.T) {
	t.Parallel()
	onMLflows(t, func(t *testing.T, newURI func(t *testing.T) string) {
		t.Helper()
		uri := newURI(t)
		d, err := open(t.Context(), uri)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		ours, f, err := db.OpenSQL(t.Context(), uri)
		if err != nil {
			t.Fatal(err)
		}
		defer ours.Close()
		theirs, _ := schematest.Load(t, newURI(t), "auth/"+schema.Revision, "")
		facts := tables(t, theirs, f)
		if len(facts) < 70 {
			t.Errorf("only %d facts were compared", len(facts))
		}
		equal(t, "tables", tables(t, ours, f), facts)
		equal(t, "revision", schematest.Rows(t, ours, store.AuthVersionTable), schematest.Rows(t, theirs, store.AuthVersionTable))
	})
}

// upgrade upgrades a database and returns its steps.
func upgrade(t *testing.T, sqlDB *sql.DB, f db.Flavor, dry bool) (steps []string) {
	t.Helper()
	if err := schema.Upgrade(t.Context(), sqlDB, f, dry, func(s string) { steps = append(steps, s) }); err != nil {
		t.Fatal(err)
	}
	return steps
}

// denied returns the denials of users as "user workspace type pattern".
func denied(t *testing.T, sqlDB *sql.DB, f db.Flavor) []string {
	t.Helper()
	list, err := db.Collect(db.NewConn(sqlDB, f).Tx(t.Context()),
		`SELECT a.user_id, r.workspace, p.resource_type, p.resource_pattern FROM role_permissions p
			JOIN roles r ON r.id = p.role_id JOIN user_role_assignments a ON a.role_id = r.id WHERE p.permission = 'DENY'`,
		nil,
		func(rows *sql.Rows, line *string) error {
			var user int
			var workspace, typ, pattern string
			err := rows.Scan(&user, &workspace, &typ, &pattern)
			*line = fmt.Sprint(user, " ", workspace, " ", typ, " ", pattern)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// The denials of the dumps, by the tables that they were in.
var (
	experimentsAndModels = []string{
		"3 default experiment 2", "5 default experiment 3",
		"3 default registered_model model", "3 default prompt model",
		"3 default registered_model prompt", "3 default prompt prompt",
	}
	withTags = []string{
		"3 default experiment 2", "5 default experiment 3", "3 default registered_model model", "3 default prompt prompt",
	}
	scorers = []string{"3 default scorer 2/scorer", "2 default scorer 2/x%2By%26z"}
	gateway = []string{
		"3 default gateway_secret s-2", "3 default gateway_endpoint e-2", "3 default gateway_model_definition d-1",
	}
	// User 5 may read one experiment, and nothing else of the workspace.
	workspaces = []string{
		"5 default registered_model *", "5 default prompt *", "5 default scorer *", "5 default gateway_secret *",
		"5 default gateway_endpoint *", "5 default gateway_model_definition *",
	}
	denials = map[string][]string{
		"8606fa83a998":        experimentsAndModels,
		"0965eb92f5f0":        slices.Concat(experimentsAndModels, scorers),
		"a1b2c3d4e5f6":        slices.Concat(experimentsAndModels, scorers, gateway),
		"2ed73881770d":        slices.Concat(experimentsAndModels, scorers, gateway, workspaces),
		"c3d4e5f6a7b8":        slices.Concat(experimentsAndModels, scorers, gateway, workspaces),
		"e5f6a7b8c9d0":        nil, // MLflow has dropped them.
		"models-8606fa83a998": withTags,
		"models-e5f6a7b8c9d0": nil,
	}
)

// TestUpgrade compares the tables and rows of an upgraded database with those that MLflow
// makes, which has no denials.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for name, denials := range denials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onMLflows(t, func(t *testing.T, newURI func(t *testing.T) string) {
				t.Helper()
				ours, f := schematest.Load(t, newURI(t), "auth/"+name, "")
				theirs, _ := schematest.Load(t, newURI(t), "auth/"+name, newest)
				upgradeTwice(t, ours, f)
				equal(t, "tables", tables(t, ours, f), tables(t, theirs, f))
				rows, theirRows := schematest.All(t, ours, f), schematest.All(t, theirs, f)
				if lost := difference(theirRows, rows); len(lost) > 0 {
					t.Errorf("rows are missing: %q", lost)
				}
				if found := denied(t, ours, f); !slices.Equal(found, slices.Sorted(slices.Values(denials))) {
					t.Errorf("denials: %q", found)
				}
				for _, line := range difference(rows, theirRows) {
					if !strings.HasPrefix(line, "role_permissions:") || !strings.HasSuffix(line, "permission=DENY") {
						// The roles of users who have only denials.
						if !strings.HasPrefix(line, "roles:") && !strings.HasPrefix(line, "user_role_assignments:") {
							t.Errorf("only ours: %s", line)
						}
					}
				}
				if err := schema.Prepare(t.Context(), db.NewConn(ours, f), discard); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// upgradeTwice plans the upgrade of a database, makes it, and checks that there is nothing
// left to do.
func upgradeTwice(t *testing.T, sqlDB *sql.DB, f db.Flavor) {
	t.Helper()
	before := schematest.All(t, sqlDB, f)
	planned := upgrade(t, sqlDB, f, true)
	equal(t, "rows after the plan", schematest.All(t, sqlDB, f), before)
	made := upgrade(t, sqlDB, f, false)
	if f == db.SQLite {
		if !strings.HasPrefix(made[0], "The database as it was is in ") {
			t.Errorf("no copy was made first: %q", made)
		}
		made = made[1:] // The plan does not list the copy.
	}
	if !slices.Equal(planned, made) {
		t.Errorf("planned %q, made %q", planned, made)
	}
	if again := upgrade(t, sqlDB, f, false); len(again) != 1 || !strings.Contains(again[0], "nothing to do") {
		t.Errorf("again: %q", again)
	}
}

// TestInterruptedUpgrade checks that an upgrade that stops at any step changes nothing.
func TestInterruptedUpgrade(t *testing.T) {
	t.Parallel()
	onMLflows(t, func(t *testing.T, newURI func(t *testing.T) string) {
		t.Helper()
		sqlDB, f := schematest.Load(t, newURI(t), "auth/models-8606fa83a998", "")
		rows, facts := schematest.All(t, sqlDB, f), tables(t, sqlDB, f)
		for at := 1; ; at++ {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			err := schema.Upgrade(ctx, sqlDB, f, false, func(string) {
				if n++; n == at {
					cancel()
				}
			})
			cancel()
			if err == nil {
				if at < 10 {
					t.Errorf("it has only %d steps", at)
				}
				return
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if n < at { // The context ended before the first step.
				t.Fatalf("stopped at step %d", n)
			}
			if at > 1 {
				equal(t, "rows", schematest.All(t, sqlDB, f), rows)
				equal(t, "tables", tables(t, sqlDB, f), facts)
			}
		}
	})
}

// TestUpgradeRefuses checks that an upgrade that cannot be made says why and changes
// nothing.
func TestUpgradeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dump, change, message string }{
		{
			"c3d4e5f6a7b8", "INSERT INTO user_role_assignments (user_id, role_id) VALUES (4, 2)",
			"the role __user_3__ of the workspace default is assigned to other users",
		},
		{"f1a2b3c4d5e6", "UPDATE alembic_version_auth SET version_num = '0123456789ab'", "0123456789ab, which this release"},
		{"f1a2b3c4d5e6", "DELETE FROM alembic_version_auth", "alembic_version_auth is empty"},
	} {
		onMLflows(t, func(t *testing.T, newURI func(t *testing.T) string) {
			t.Helper()
			sqlDB, f := schematest.Load(t, newURI(t), "auth/"+c.dump, "")
			if _, err := sqlDB.ExecContext(t.Context(), c.change); err != nil {
				t.Fatal(err)
			}
			before := schematest.All(t, sqlDB, f)
			err := schema.Upgrade(t.Context(), sqlDB, f, false, func(string) {})
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%s: %v", c.change, err)
			}
			equal(t, "rows", schematest.All(t, sqlDB, f), before)
		})
	}
}
