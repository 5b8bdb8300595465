package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// Definitions are the tables of a file of statements in the words of SQLite. A table
// comes after those that it references.
type Definitions []table

// table has the statements of a file that create one table.
type table struct {
	name    string
	create  string
	indexes []string
}

// readReleases sets the tables of each release: those of the release before, with
// the tables of its own file replaced or added.
func readReleases(releases ...Release) (list []*Release) {
	var tables Definitions
	for _, r := range releases {
		tables = slices.Clone(tables)
		for _, t := range readFile("mlflow-" + r.Name + ".sql") {
			if i := slices.IndexFunc(tables, func(old table) bool { return old.name == t.name }); i >= 0 {
				tables[i] = t
			} else {
				tables = append(tables, t)
			}
		}
		r.tables = tables
		list = append(list, &r)
	}
	return list
}

func readFile(name string) Definitions {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("a release without its tables: %v", err)) // The files are embedded.
	}
	return ParseDefinitions(string(text))
}

// ParseDefinitions parses the statements of a file, of which each ends with a semicolon
// and a newline. The type SERIAL stands for that of an id that the database generates,
// CASED for a VARCHAR that MLflow compares by case on MySQL.
func ParseDefinitions(text string) (tables Definitions) {
	for statement := range strings.SplitSeq(text, ";\n") {
		statement = strings.TrimSpace(comment.ReplaceAllString(statement, ""))
		if m := createTable.FindStringSubmatch(statement); m != nil {
			tables = append(tables, table{name: m[1], create: statement})
		} else if statement != "" {
			last := &tables[len(tables)-1]
			last.indexes = append(last.indexes, statement)
		}
	}
	return tables
}

// Names returns the names of the tables.
func (d Definitions) Names() (names []string) {
	for _, t := range d {
		names = append(names, t.name)
	}
	return names
}

// Create returns the statements that create the tables and their indexes.
func (d Definitions) Create(f db.Flavor) (statements []string) {
	for _, t := range d {
		statements = append(statements, t.statements(f)...)
	}
	return statements
}

// CreateTable returns the statements that create one of the tables and its indexes.
func (d Definitions) CreateTable(f db.Flavor, name string) []string {
	i := slices.IndexFunc(d, func(t table) bool { return t.name == name })
	return d[i].statements(f)
}

func (t table) statements(f db.Flavor) []string {
	statements := []string{translate(f, t.create)}
	for _, index := range t.indexes {
		statements = append(statements, translate(f, index))
	}
	return statements
}

// Create returns the statements that create MLflow's tables in an empty database.
func (r *Release) Create(f db.Flavor) []string {
	statements := r.tables.Create(f)
	if f.IsMySQL() {
		statements = append(statements, mysqlIndexes...)
	}
	return append(statements, createTrigger(f)...)
}

// creation has the statements that create one table and, by name, its indexes.
type creation struct {
	create  string
	indexes map[string]string
}

// creations returns statements that create tables and indexes by table.
func creations(names, statements []string) map[string]*creation {
	all := map[string]*creation{}
	for _, name := range names {
		all[name] = &creation{indexes: map[string]string{}}
	}
	for _, statement := range statements {
		if m := createTable.FindStringSubmatch(statement); m != nil {
			all[m[1]].create = statement
		}
		if m := createIndex.FindStringSubmatch(statement); m != nil {
			all[m[2]].indexes[m[1]] = statement
		}
	}
	return all
}

// Tables returns the names of the tables of the release. A table comes after those
// that it references.
func (r *Release) Tables() []string { return r.tables.Names() }

var (
	comment     = regexp.MustCompile(`(?m)^--.*\n`)
	createTable = regexp.MustCompile(`(?m)^CREATE TABLE (\w+) \(`)
	createIndex = regexp.MustCompile(`^CREATE (?:UNIQUE )?INDEX (\w+) ON (\w+) \((.*?)\)(?: INCLUDE .*)?$`)
	columnLine  = regexp.MustCompile(`(?m)^\t([a-z][a-z0-9_]*) (.*)$`)
)

// translate translates a statement of a release's file for a database.
func translate(f db.Flavor, statement string) string {
	if m := createIndex.FindStringSubmatch(statement); m != nil {
		return createIndexFor(f, statement, m[1], m[2], m[3])
	}
	if f == db.SQLite {
		return strings.NewReplacer(" CASED(", " VARCHAR(", " SERIAL ", " INTEGER ").Replace(statement)
	}
	table := createTable.FindStringSubmatch(statement)[1]
	statement = columnLine.ReplaceAllStringFunc(statement, func(line string) string {
		m := columnLine.FindStringSubmatch(line)
		return "\t" + QuoteColumn(f, m[1]) + " " + columnType(f, table, m[1], m[2])
	})
	statement = strings.NewReplacer(
		"(key,",
		"("+QuoteColumn(f, "key")+",",
		", key)",
		", "+QuoteColumn(f, "key")+")",
		", key,",
		", "+QuoteColumn(f, "key")+",",
	).Replace(
		statement,
	)
	if f == db.PostgreSQL {
		// The column is a boolean, which needs no check.
		statement = strings.Replace(statement, ",\n\tCHECK (is_nan IN (0, 1))", "", 1)
		return statement
	}
	return statement + " CHARACTER SET utf8mb4 COLLATE " + f.Collation()
}

// QuoteColumn returns the name of a column for a statement. It is quoted on MySQL,
// where some of the names are keywords.
func QuoteColumn(f db.Flavor, name string) string {
	if f.IsMySQL() {
		return "`" + name + "`"
	}
	return name
}

// numbered are the tables whose ids the database generates.
var numbered = []string{
	"experiments", "sql_trace_metric_daily_rollups",
	"sql_span_cost_daily_rollups", "sql_assessment_daily_rollups",
}

// columnType returns the type and the rest of the definition of a column for
// PostgreSQL or MySQL.
func columnType(f db.Flavor, table, name, rest string) string {
	kind, tail, _ := strings.Cut(rest, " ")
	bare := strings.TrimSuffix(kind, ",")
	comma := kind[len(bare):]
	if length, cased := strings.CutPrefix(bare, "CASED"); cased {
		if bare = "VARCHAR" + length; f.IsMySQL() {
			bare += " COLLATE " + casedCollation
		}
	}
	numbers := slices.Contains(numbered, table) && (name == "id" || table == "experiments" && name == "experiment_id")
	if bare == "SERIAL" && f.IsMySQL() {
		bare, tail = "INTEGER", strings.Replace(tail, "NOT NULL", "NOT NULL AUTO_INCREMENT", 1)
	}
	if f == db.PostgreSQL {
		switch {
		case table == "experiments" && numbers:
			bare = "SERIAL"
		case numbers:
			bare = "BIGINT GENERATED BY DEFAULT AS IDENTITY"
		case bare == "FLOAT":
			bare = "DOUBLE PRECISION"
		case bare == "BLOB":
			bare = "BYTEA"
		case bare == "BOOLEAN":
			tail = strings.NewReplacer("DEFAULT 0", "DEFAULT false", "DEFAULT '0'", "DEFAULT false").Replace(tail)
		}
	} else {
		bare, tail = mysqlColumnType(table, name, bare, tail)
		if numbers {
			tail = strings.Replace(tail, "NOT NULL", "NOT NULL AUTO_INCREMENT", 1)
		}
	}
	if tail == "" {
		return bare + comma
	}
	return bare + comma + " " + tail
}
