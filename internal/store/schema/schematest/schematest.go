// Package schematest loads the databases that MLflow has filled, for tests.
package schematest

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Load fills the empty database at uri with a dump of a release, such as "3.17.2" or "3.17.2" upgraded to "3.18".
// upgraded is the second release, or "".
func Load(t *testing.T, uri, release, upgraded string) (*sql.DB, db.Flavor) {
	t.Helper()
	if strings.HasPrefix(uri, "postgres") {
		uri += "?default_query_exec_mode=simple_protocol" // It allows several statements at once.
	}
	sqlDB, f, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sqlDB.Close() })
	text := read(t, f, release, upgraded)
	statements := []string{text}
	if f == db.SQLite {
		statements = append([]string{"PRAGMA foreign_keys = OFF"}, statements...)
	}
	if f.IsMySQL() {
		statements = append(
			[]string{"SET @strict = @@sql_mode, foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"},
			strings.Split(strings.TrimSpace(text), ";\n")...)
		statements = append(statements, "SET foreign_key_checks = 1, sql_mode = @strict")
	}
	conn, err := sqlDB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range statements {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v in %.300s", release, err, s)
		}
	}
	return sqlDB, f
}

// repository returns the folder above that of the test which has the file go.work.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, failed := os.Stat(filepath.Join(dir, "go.work")); failed == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			err = fs.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("the repository: %v", err)
	return ""
}

// read returns the SQL text of a dump.
func read(t *testing.T, f db.Flavor, release, upgraded string) string {
	t.Helper()
	name := release + "-" + map[db.Flavor]string{
		db.SQLite: "sqlite", db.PostgreSQL: "postgresql", db.MySQL: "mysql", db.MariaDB: "mysql",
	}[f]
	if upgraded != "" {
		name += ".upgraded-" + upgraded
	}
	file, err := os.ReadFile(filepath.Join(repository(t), "test/compat/dumps", name+".sql.gz"))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// All returns the rows of all tables, in the form of [Rows].
func All(t *testing.T, sqlDB *sql.DB, f db.Flavor) (lines []string) {
	t.Helper()
	tables, err := schema.Tables(t.Context(), sqlDB, f)
	if err != nil {
		t.Fatal(err)
	}
	for name := range tables {
		lines = append(lines, Rows(t, sqlDB, name)...)
	}
	slices.Sort(lines)
	return lines
}

// Rows returns the rows of a table, one line "table: column=value ..." for each, sorted.
func Rows(t *testing.T, sqlDB *sql.DB, table string) (lines []string) {
	t.Helper()
	rows, err := sqlDB.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		line.WriteString(table + ":")
		for i, v := range values {
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			fmt.Fprintf(&line, " %s=%v", columns[i], v)
		}
		lines = append(lines, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}
