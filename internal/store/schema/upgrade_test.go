package schema_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store/schema"
	"github.com/millrace-ml/millrace/internal/store/schema/schematest"
)

var releases = []string{"2.22.5", "3.1.4", "3.6.0", "3.11.1", "3.17.2"}

// database is a kind of database, with a function that creates an empty one.
type database struct {
	name string
	make func(t *testing.T) (uri string)
}

var databases = []database{
	{"sqlite", func(t *testing.T) string { t.Helper(); return "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db") }},
	{"postgresql", func(t *testing.T) string {
		t.Helper()
		return dbtest.NewDatabase(t, dbtest.Servers[0])
	}},
	{"mysql", func(t *testing.T) string { t.Helper(); return dbtest.NewDatabase(t, dbtest.Servers[1]) }},
}

// loaded returns a new database with the content of a dump.
func loaded(t *testing.T, d database, release, upgraded string) (*sql.DB, db.Flavor) {
	t.Helper()
	return schematest.Load(t, d.make(t), release, upgraded)
}

// facts returns the content of a database, one line for each fact: the descriptions of
// its tables, and their rows.
func facts(t *testing.T, sqlDB *sql.DB, f db.Flavor) []string {
	t.Helper()
	tables, err := schema.Inspect(t.Context(), sqlDB, f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for name, table := range tables {
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, schema.QuoteColumn(f, c.Name))
			add("%s: column %s %s", name, c.Name, c.Definition)
		}
		for _, c := range table.Constraints {
			add("%s: %s", name, c)
		}
		for _, k := range table.ForeignKeys {
			add("%s: %s", name, k.Definition)
		}
		for index, definition := range table.Indexes {
			add("%s: index %s %s", name, index, definition)
		}
		slices.Sort(columns)
		rows, err := sqlDB.QueryContext(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM "+name)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			places := make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				t.Fatal(err)
			}
			line := name + ": row"
			for i, v := range values {
				if text, ok := v.([]byte); ok {
					v = string(text)
				}
				if columns[i] != "last_update_time" || name != "jobs" { // When that was upgraded.
					line += fmt.Sprintf(" %s=%v", columns[i], v)
				}
			}
			lines = append(lines, line)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(lines)
	return lines
}

// compare reports the facts that only one of two databases has.
func compare(t *testing.T, ours, theirs []string) {
	t.Helper()
	count := map[string]int{}
	for _, line := range ours {
		count[line]++
	}
	for _, line := range theirs {
		count[line]--
	}
	shown := 0
	for _, line := range slices.Sorted(maps.Keys(count)) {
		if n := count[line]; n != 0 && shown < 40 {
			shown++
			t.Errorf("%s has %.400s", map[bool]string{true: "only ours", false: "only MLflow's"}[n > 0], line)
		}
	}
	if len(ours) < 100 {
		t.Errorf("only %d facts were compared", len(ours))
	}
}

// TestUpgrade compares the tables and rows of an upgraded database with those after
// `mlflow db upgrade`, and opens it.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		for _, release := range releases {
			for _, to := range schema.Releases {
				if strings.HasPrefix(release, to.Name) {
					continue
				}
				t.Run(release+"-"+d.name+"-to-"+to.Name, func(t *testing.T) {
					t.Parallel()
					upgradeAndCompare(t, d, release, to)
				})
			}
		}
	}
}

func upgradeAndCompare(t *testing.T, d database, release string, to *schema.Release) {
	t.Helper()
	ours, f := loaded(t, d, release, "")
	before := facts(t, ours, f)
	var planned, made []string
	if err := schema.Upgrade(t.Context(), ours, f, to, true, func(s string) { planned = append(planned, s) }); err != nil {
		t.Fatal(err)
	}
	compare(t, facts(t, ours, f), before)
	if err := schema.Upgrade(t.Context(), ours, f, to, false, func(s string) { made = append(made, s) }); err != nil {
		t.Fatal(err)
	}
	if d.name == "sqlite" {
		made = made[1:] // The first step is the copy of the file, which the plan does not list.
	}
	if !slices.Equal(planned, made) {
		t.Errorf("planned %q, made %q", planned, made)
	}
	theirs, _ := loaded(t, d, release, to.Name)
	compare(t, facts(t, ours, f), facts(t, theirs, f))
	if to == schema.Newest() { // The recorded description must also match MLflow's own tables.
		if _, err := schema.Compatible(t.Context(), theirs, f, "0123456789ab"); err != nil {
			t.Error(err)
		}
	}
}

// TestInterruptedUpgrade checks that an upgrade that is interrupted at any step changes
// nothing. On MariaDB, the next upgrade must complete it.
func TestInterruptedUpgrade(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			ours, f := loaded(t, d, "3.1.4", "")
			before := facts(t, ours, f)
			if f.IsMySQL() { // Simulate a process that is killed within a step.
				if _, err := ours.ExecContext(t.Context(), "ALTER TABLE datasets DROP FOREIGN KEY fk_datasets_experiment_id_experiments, RENAME TO millrace_old_datasets"); err != nil {
					t.Fatal(err)
				}
			}
			for at := 3; ; at += 25 {
				ctx, cancel := context.WithCancel(t.Context())
				n := 0
				err := schema.Upgrade(ctx, ours, f, schema.Newest(), false, func(string) {
					if n++; n == at {
						cancel()
					}
				})
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if !f.IsMySQL() {
					compare(t, facts(t, ours, f), before)
				}
			}
			theirs, _ := loaded(t, d, "3.1.4", schema.Newest().Name)
			compare(t, facts(t, ours, f), facts(t, theirs, f))
		})
	}
}

// TestUpgradeNamesVersions checks that the upgrade names references to versions of MCP
// servers that MySQL would lose, and changes nothing.
func TestUpgradeNamesVersions(t *testing.T) {
	t.Parallel()
	for _, change := range []string{
		"UPDATE mcp_server_aliases SET version = '1.0.0-BETA'",
		"UPDATE mcp_access_endpoints SET server_version = '1.0.0-beta'",
	} {
		sqlDB, f := loaded(t, databases[2], "3.17.2", "")
		if _, err := sqlDB.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		before := facts(t, sqlDB, f)
		err := schema.Upgrade(t.Context(), sqlDB, f, schema.Newest(), false, func(string) {})
		if err == nil || !strings.Contains(err.Error(), `is spelled "1.0.0-Beta"`) {
			t.Errorf("%v", err)
		}
		compare(t, facts(t, sqlDB, f), before)
	}
}
