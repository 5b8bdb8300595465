package schema

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// Column is a column of a table: its name, and its definition as the database prints it.
type Column struct{ Name, Definition string }

// ForeignKey is a foreign key. Name is empty on SQLite, which does not report names.
type ForeignKey struct{ Name, Definition string }

// Table is the description of a table that a database returns. Constraints and indexes
// are compared by name if they have a meaningful one, and by definition otherwise.
type Table struct {
	Name        string
	Columns     []Column
	Constraints []string // primary key, unique constraints and checks, sorted
	ForeignKeys []ForeignKey
	Indexes     map[string]string
}

func (t *Table) column(name string) (definition string, found bool) {
	for _, c := range t.Columns {
		if c.Name == name {
			return c.Definition, true
		}
	}
	return "", false
}

// Inspect describes the tables of MLflow that exist in the database.
func Inspect(ctx context.Context, q db.Querier, f db.Flavor) (map[string]*Table, error) {
	present, err := Tables(ctx, q, f)
	if err != nil {
		return nil, err
	}
	tables := map[string]*Table{}
	for name := range present {
		tables[name] = &Table{Name: name, Indexes: map[string]string{}}
	}
	switch f {
	case db.PostgreSQL:
		err = inspectPostgreSQL(ctx, q, tables)
	case db.MySQL, db.MariaDB:
		err = inspectMySQL(ctx, q, tables)
	default:
		err = inspectSQLite(ctx, q, tables)
	}
	for _, t := range tables {
		slices.Sort(t.Constraints)
		slices.SortFunc(t.ForeignKeys, func(a, b ForeignKey) int { return strings.Compare(a.Definition, b.Definition) })
	}
	return tables, err
}

// eachRow calls f with the columns of each row as text. NULL becomes the empty string.
func eachRow(ctx context.Context, q db.Querier, query string, columns int, f func(v []string), args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		raw := make([]*string, columns)
		places := make([]any, columns)
		for i := range raw {
			places[i] = &raw[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		values := make([]string, columns)
		for i, p := range raw {
			if p != nil {
				values[i] = *p
			}
		}
		f(values)
	}
	return rows.Err()
}

func inspectPostgreSQL(ctx context.Context, q db.Querier, tables map[string]*Table) error {
	const inSchema = ` JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()
		AND c.relkind = 'r' `
	err := eachRow(
		ctx, q,
		`SELECT c.relname, a.attname, format_type(a.atttypid,
			a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
		|| CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE '' END
		|| CASE WHEN a.attgenerated <> '' THEN ' GENERATED' ELSE '' END
		|| coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum`+inSchema+`ORDER BY c.relname, a.attnum`,
		3,
		func(v []string) {
			if t := tables[v[0]]; t != nil {
				t.Columns = append(t.Columns, Column{v[1], withoutCasts(v[2])})
			}
		},
	)
	if err != nil {
		return err
	}
	err = eachRow(
		ctx, q,
		`SELECT c.relname, k.contype, pg_get_constraintdef(k.oid), k.conname FROM pg_constraint k
			JOIN pg_class c ON c.oid = k.conrelid`+inSchema,
		4,
		func(v []string) {
			t := tables[v[0]]
			if t == nil {
				return
			}
			definition := withoutCasts(v[2])
			switch v[1] {
			case "f":
				t.ForeignKeys = append(t.ForeignKeys, ForeignKey{v[3], definition})
			case "c": // A restored dump has other parentheses.
				t.Constraints = append(t.Constraints, parentheses.Replace(definition))
			case "n": // PostgreSQL 18 lists what the column says, too.
			default:
				t.Constraints = append(t.Constraints, definition)
			}
		},
	)
	if err != nil {
		return err
	}
	return eachRow(
		ctx, q,
		`SELECT c.relname, i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
			JOIN pg_class c ON c.oid = x.indrelid`+
			inSchema+`AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u'))`,
		3,
		func(v []string) {
			if t := tables[v[0]]; t != nil {
				t.Indexes[v[1]] = onSchema.ReplaceAllString(v[2], " ON ")
			}
		},
	)
}

var (
	casts = regexp.MustCompile(`::[a-z]+(?: varying| precision)?(?:\(\d+\))?(?:\[\])?`)
	// parentheses removes parentheses.
	parentheses = strings.NewReplacer("(", "", ")", "")
	onSchema    = regexp.MustCompile(` ON \S+\.`)
)

// withoutCasts removes the casts and the schema names that PostgreSQL adds to
// expressions.
func withoutCasts(s string) string {
	return strings.ReplaceAll(casts.ReplaceAllString(s, ""), "'0'", "0")
}

func inspectMySQL(ctx context.Context, q db.Querier, tables map[string]*Table) error {
	err := eachRow(
		ctx, q,
		`SELECT table_name, column_name, column_type, is_nullable, concat('=', column_default), extra, collation_name
			FROM information_schema.columns
		WHERE table_schema = database() ORDER BY table_name, ordinal_position`,
		7,
		func(v []string) {
			t := tables[v[0]]
			if t == nil {
				return
			}
			definition := displayWidth.ReplaceAllString(v[2], "$1")
			if v[3] == "NO" {
				definition += " NOT NULL"
			}
			if def, given := strings.CutPrefix(v[4], "="); given && def != "NULL" {
				definition += " DEFAULT " + strings.Trim(def, "'")
			}
			definition = strings.TrimSpace(definition + " " + strings.TrimPrefix(v[5], "DEFAULT_GENERATED"))
			if v[6] == casedCollation {
				definition += " COLLATE " + casedCollation
			}
			t.Columns = append(t.Columns, Column{v[1], definition})
		},
	)
	if err != nil {
		return err
	}
	err = eachRow(
		ctx, q,
		`SELECT table_name, index_name, non_unique, group_concat(concat(column_name, coalesce(concat('(', sub_part, ')'),
			''), CASE collation WHEN 'D' THEN ' DESC' ELSE '' END) ORDER BY seq_in_index SEPARATOR ', ')
		FROM information_schema.statistics WHERE table_schema = database() GROUP BY 1, 2, 3`,
		4,
		func(v []string) {
			t := tables[v[0]]
			switch {
			case t == nil:
			case v[1] == "PRIMARY":
				t.Constraints = append(t.Constraints, "PRIMARY KEY ("+v[3]+")")
			case v[2] == "0":
				t.Constraints = append(t.Constraints, "UNIQUE ("+v[3]+")")
			default:
				t.Indexes[v[1]] = v[3]
			}
		},
	)
	if err != nil {
		return err
	}
	return eachRow(
		ctx, q,
		`SELECT k.table_name, group_concat(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), k.referenced_table_name,
		group_concat(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), r.delete_rule, r.update_rule,
		k.constraint_name
		FROM information_schema.key_column_usage k
		JOIN information_schema.referential_constraints r ON r.constraint_schema = k.table_schema
		AND r.constraint_name = k.constraint_name
		WHERE k.table_schema = database() GROUP BY k.table_name, k.constraint_name, k.referenced_table_name, r.delete_rule,
		r.update_rule`,
		7,
		func(v []string) {
			t := tables[v[0]]
			if t == nil {
				return
			}
			t.ForeignKeys = append(t.ForeignKeys, ForeignKey{v[6], foreignKey(v[1], v[2], v[3], v[4], v[5])})
			delete(t.Indexes, v[6]) // MySQL creates an index for each foreign key without one.
		},
	)
}

var displayWidth = regexp.MustCompile(`^((?:big|small)?int)\(\d+\)`)

// foreignKey formats a foreign key. RESTRICT and NO ACTION are equivalent here.
func foreignKey(columns, table, references, onDelete, onUpdate string) string {
	s := fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s(%s)", columns, table, references)
	if onUpdate == "CASCADE" {
		s += " ON UPDATE CASCADE"
	}
	if onDelete == "CASCADE" || onDelete == "SET NULL" {
		s += " ON DELETE " + onDelete
	}
	return s
}
