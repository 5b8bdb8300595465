package schema_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

var update = flag.Bool("update", false, "write used.txt anew")

// TestRecorded compares the recorded description of the tables that Millrace uses with
// the description from each database at the newest release.
func TestRecorded(t *testing.T) { //nolint:paralleltest // It writes a file of the source with -update.
	var all strings.Builder
	all.WriteString(
		"# What databases say of the tables that Millrace uses; go test ./internal/store/schema -run TestRecorded -update writes it.\n",
	)
	for _, d := range databases {
		sqlDB, f, err := db.OpenSQL(t.Context(), d.make(t))
		if err != nil {
			t.Fatal(err)
		}
		defer sqlDB.Close()
		got, err := schema.RecordUsed(t.Context(), sqlDB, f)
		if err != nil {
			t.Fatal(err)
		}
		if !*update && !strings.Contains(schema.Recorded(), got) {
			t.Errorf("%s says otherwise than used.txt; write it anew with -update:\n%s", d.name, got)
		}
		all.WriteString(got)
	}
	if *update {
		if err := os.WriteFile("used.txt", []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUsedTables checks that the compared tables are the ones named in the statements of
// the store.
func TestUsedTables(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, slices.DeleteFunc(rooms, func(file string) bool {
		return slices.Contains([]string{"schema", "storetest"}, filepath.Base(filepath.Dir(file)))
	})...)
	statement := regexp.MustCompile("(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN) `?([a-z_]+)")
	filled, others := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		base := filepath.Base(file)
		if strings.HasSuffix(base, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range statement.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(schema.Newest().Tables(), m[2]) {
				continue
			}
			if others[m[2]] = true; m[1] == "INSERT INTO" || m[1] == "UPDATE" {
				filled[m[2]] = true
			}
		}
	}
	for table := range filled {
		delete(others, table)
	}
	wantFilled, wantOthers := schema.Used()
	for _, c := range []struct {
		got  map[string]bool
		want []string
	}{{filled, wantFilled}, {others, wantOthers}} {
		for _, table := range c.want {
			if !c.got[table] {
				t.Errorf("%s is compared, but no statement names it so", table)
			}
			delete(c.got, table)
		}
		if len(c.got) > 0 {
			t.Errorf("statements name %v, which are not compared", c.got)
		}
	}
}

// alteration is a change that a later release could make to a database. want is the text
// that the refusal contains, or empty if the database opens.
type alteration struct {
	name, statement, want string
	only                  []string // databases, if not all
}

var (
	servers     = []string{"postgresql", "mysql"}
	alterations = []alteration{
		{name: "nothing", statement: `SELECT 1`},
		{
			name:      "a table",
			statement: `CREATE TABLE later (id INTEGER NOT NULL PRIMARY KEY, run_uuid VARCHAR(32), FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid))`,
		},
		{name: "a column that may be missing", statement: `ALTER TABLE runs ADD COLUMN later VARCHAR(20)`},
		{name: "a column with a default", statement: `ALTER TABLE runs ADD COLUMN later VARCHAR(20) DEFAULT 'x' NOT NULL`},
		{
			name:      "a column whose default is empty",
			statement: `ALTER TABLE runs ADD COLUMN later VARCHAR(20) DEFAULT '' NOT NULL`,
		},
		{name: "an index", statement: `CREATE INDEX later ON runs (end_time)`},
		{name: "a unique index over a key", statement: `CREATE UNIQUE INDEX later ON runs (experiment_id, run_uuid)`},
		{
			name:      "a unique index of a new column",
			statement: `ALTER TABLE runs ADD COLUMN later VARCHAR(20);; CREATE UNIQUE INDEX later ON runs (later)`,
		},
		{
			name:      "a column that refers",
			statement: `CREATE TABLE later (id VARCHAR(20) NOT NULL PRIMARY KEY);; ALTER TABLE runs ADD COLUMN later_id VARCHAR(20) REFERENCES later (id)`,
		},
		{name: "a check of a new column", statement: `ALTER TABLE runs ADD COLUMN later INTEGER CHECK (later > 0)`},
		{name: "an index less", statement: `DROP INDEX index_params_run_uuid`, only: []string{"sqlite", "postgresql"}},
		{
			name:      "a table of others",
			statement: `ALTER TABLE issues ADD COLUMN later VARCHAR(20);; DROP TABLE scheduler_leases`,
		},

		{
			name:      "a column less",
			statement: `ALTER TABLE runs DROP COLUMN source_version`,
			want:      "runs lacks the column source_version",
		},
		{
			name:      "another name",
			statement: `ALTER TABLE tags RENAME COLUMN value TO content`,
			want:      "tags lacks the column value",
		},
		{
			name:      "a table less",
			statement: `DROP TABLE registered_model_aliases`,
			want:      "the table registered_model_aliases is missing",
		},
		{
			name:      "a longer text",
			statement: `ALTER TABLE params ALTER COLUMN value TYPE VARCHAR(9000)`,
			want:      `params.value is "character varying(9000)`,
			only:      []string{"postgresql"},
		},
		{
			name:      "a shorter text",
			statement: `ALTER TABLE params MODIFY COLUMN value VARCHAR(500) NOT NULL`,
			want:      `params.value is "varchar(500) NOT NULL", not "varchar(8000) NOT NULL"`,
			only:      []string{"mysql"},
		},
		{
			name:      "a value that must be there",
			statement: `ALTER TABLE runs ALTER COLUMN name SET NOT NULL`,
			want:      `runs.name is "character varying(250) NOT NULL"`,
			only:      []string{"postgresql"},
		},
		{
			name:      "a column that must be given",
			statement: `ALTER TABLE runs ADD COLUMN later VARCHAR(20) NOT NULL`,
			want:      "runs has the column later",
			only:      servers,
		},
		{
			name:      "a key less",
			statement: `ALTER TABLE params DROP CONSTRAINT param_pk;; CREATE INDEX later ON params (run_uuid)`,
			want:      "params lacks PRIMARY KEY (key, run_uuid)",
			only:      []string{"postgresql"},
		},
		{name: "a unique index", statement: `CREATE UNIQUE INDEX later ON runs (name)`, want: "runs has "},
		{
			name:      "a unique index less",
			statement: `DROP INDEX index_scorers_experiment_id_scorer_name`,
			want:      "scorers lacks CREATE UNIQUE INDEX ",
			only:      []string{"sqlite", "postgresql"},
		},
		{
			name:      "a unique index of an expression",
			statement: `CREATE UNIQUE INDEX later ON runs (lower(name))`,
			want:      "runs has ",
			only:      []string{"sqlite", "postgresql"},
		},
		{
			name:      "a partial unique index",
			statement: `CREATE UNIQUE INDEX later ON runs (name) WHERE status = 'RUNNING'`,
			want:      "runs has ",
			only:      []string{"sqlite", "postgresql"},
		},
		{
			name:      "a unique index of a column with a default",
			statement: `ALTER TABLE runs ADD COLUMN later INTEGER DEFAULT 1;; CREATE UNIQUE INDEX later ON runs (later)`,
			want:      "runs has ",
		},
		{
			name:      "a check",
			statement: `ALTER TABLE tags ADD CONSTRAINT later CHECK (length(value) < 10)`,
			want:      "tags has CHECK ",
			only:      servers,
		},
		{
			name:      "a check with a new column",
			statement: `ALTER TABLE runs ADD COLUMN later INTEGER CHECK (later > 0 OR status <> 'FINISHED')`,
			want:      "runs has CHECK ",
		},
		{
			name:      "a column that must refer",
			statement: `ALTER TABLE tags ADD CONSTRAINT later FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid) ON DELETE CASCADE`,
			want:      "tags has FOREIGN KEY ",
			only:      []string{"postgresql"},
		},
		{
			name:      "a trigger",
			statement: `CREATE TRIGGER later BEFORE INSERT ON tags BEGIN SELECT RAISE(ABORT, 'no'); END`,
			want:      "tags has the trigger later",
			only:      []string{"sqlite"},
		},
		{
			name:      "a trigger",
			statement: `CREATE TRIGGER later BEFORE INSERT ON tags FOR EACH ROW SET NEW.value = 'no'`,
			want:      "tags has the trigger later",
			only:      []string{"mysql"},
		},
		{
			name:      "a trigger",
			statement: `CREATE TRIGGER later BEFORE UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
			want:      "tags has the trigger later",
			only:      []string{"postgresql"},
		},
	}
)

// TestCompatible checks that a database at an unknown revision opens if the tables that
// Millrace uses are unchanged. Otherwise the error must name the table.
func TestCompatible(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		for _, a := range alterations {
			if a.only != nil && !slices.Contains(a.only, d.name) {
				continue
			}
			t.Run(d.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				sqlDB, f, err := db.OpenSQL(t.Context(), d.make(t))
				if err != nil {
					t.Fatal(err)
				}
				defer sqlDB.Close()
				for _, statement := range append(schema.Newest().Create(f), strings.Split(a.statement, ";; ")...) {
					if f.IsMySQL() && strings.HasPrefix(statement, "CREATE TABLE later") {
						statement += " CHARACTER SET utf8mb4 COLLATE " + f.Collation()
					}
					if _, err := sqlDB.ExecContext(t.Context(), statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
				sentence, err := schema.Compatible(t.Context(), sqlDB, f, "0123456789ab")
				switch {
				case a.want == "" && err != nil:
					t.Errorf("it was refused: %v", err)
				case a.want == "" && !strings.Contains(sentence, "0123456789ab"):
					t.Errorf("the warning is %q", sentence)
				case a.want != "" && err == nil:
					t.Error("it was opened")
				case a.want != "" && !strings.Contains(fmt.Sprint(err), a.want):
					t.Errorf("%v\nlacks %q", err, a.want)
				}
			})
		}
	}
}
