package dbcopy

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// catalog describes the tables of a database.
type catalog struct {
	columns map[string][]columnInfo
	keys    map[string][]string // primary keys
	parents map[string][]string // tables that a table's foreign keys refer to
}

// columnInfo describes a column of one database.
type columnInfo struct {
	name, typ string
	kind      kind
	bits      int // of a whole number
	chars     int // of a text at most; 0 is no limit
	bytes     int // of a text at most, where that is the limit
	generated bool
	serial    bool
}

// catalogQueries return (table, column, type, length, generated, serial), (table,
// column of the primary key) and (table, referenced table).
var catalogQueries = map[db.Flavor][3]string{
	db.SQLite: {
		`SELECT m.name, x.name, x.type, 0, x.hidden IN (2, 3), 0 FROM sqlite_master m, pragma_table_xinfo(m.name) x
			WHERE m.type = 'table' AND x.hidden <> 1 ORDER BY m.name, x.cid`,
		`SELECT m.name, x.name FROM sqlite_master m, pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND x.pk > 0
			ORDER BY m.name, x.pk`,
		`SELECT m.name, f.[table] FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
	},
	db.PostgreSQL: {
		`SELECT table_name::text, column_name::text, data_type::text, coalesce(character_maximum_length, 0)::int,
			is_generated = 'ALWAYS',
			is_identity = 'YES' OR coalesce(column_default, '') LIKE 'nextval(%'
			FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`,
		// A user with read access sees pg_index, but no constraints in information_schema.
		`SELECT c.relname::text, a.attname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
			CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place) JOIN pg_attribute a ON a.attrelid = c.oid
			AND a.attnum = k.number
			WHERE i.indisprimary AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname, k.place`,
		`SELECT c.relname::text, p.relname::text FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
			JOIN pg_class p ON p.oid = f.confrelid
			WHERE f.contype = 'f' AND c.relnamespace = current_schema()::regnamespace`,
	},
	db.MySQL: {
		`SELECT table_name, column_name, column_type, CASE WHEN data_type IN ('varchar',
			'char') THEN character_maximum_length ELSE 0 - CAST(coalesce(character_maximum_length, 0) AS SIGNED) END,
			coalesce(generation_expression, '') <> '', extra LIKE '%auto_increment%'
			FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name, ordinal_position`,
		`SELECT table_name, column_name FROM information_schema.key_column_usage
			WHERE table_schema = database() AND constraint_name = 'PRIMARY' ORDER BY table_name, ordinal_position`,
		`SELECT table_name, referenced_table_name FROM information_schema.key_column_usage
			WHERE table_schema = database() AND referenced_table_name IS NOT NULL`,
	},
}

func readCatalog(ctx context.Context, q db.Querier, f db.Flavor) (*catalog, error) {
	tables, err := schema.Tables(ctx, q, f)
	if err != nil {
		return nil, err
	}
	c := &catalog{columns: map[string][]columnInfo{}, keys: map[string][]string{}, parents: map[string][]string{}}
	queries := catalogQueries[f]
	if f == db.MariaDB {
		queries = catalogQueries[db.MySQL]
	}
	err = db.EachRow(ctx, q, queries[0], func(rows *sql.Rows) error {
		var table string
		var col columnInfo
		var length int64
		if err := rows.Scan(&table, &col.name, &col.typ, &length, &col.generated, &col.serial); err != nil {
			return err
		}
		if tables[table] {
			col.describe(f, length)
			c.columns[table] = append(c.columns[table], col)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, into := range []map[string][]string{c.keys, c.parents} {
		err := db.EachRow(ctx, q, queries[i+1], func(rows *sql.Rows) error {
			var table, other string
			if err := rows.Scan(&table, &other); err != nil {
				return err
			}
			into[table] = append(into[table], other)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// describe sets the kind and the limits of a column. A negative length is in bytes.
func (c *columnInfo) describe(f db.Flavor, length int64) {
	c.kind, c.bits = kindOf(f, c.typ), 64
	switch base, _, _ := strings.Cut(strings.ToLower(c.typ), "("); {
	case f == db.SQLite: // Which has no limits.
	case base == "integer", base == "int":
		c.bits = 32
	case base == "smallint":
		c.bits = 16
	}
	if c.kind == kindText || c.kind == kindJSON {
		c.chars, c.bytes = int(max(0, length)), int(max(0, -length))
	}
}

// tablePlan describes how a table is copied.
type tablePlan struct {
	name    string
	columns []string
	kinds   []kind       // as which the values compare
	source  []columnInfo // beside columns
	target  []columnInfo
	key     []int // the primary key's columns
	// flavorOfTarget decides what fits.
	flavorOfTarget db.Flavor
}

// planTables returns the tables that both databases have, in the order of their
// foreign keys, and the names of the other tables of the source.
func planTables(source, target *catalog) ([]*tablePlan, []string, error) {
	var plan []*tablePlan
	var left []string
	for _, name := range target.parentsFirst() {
		if name == schema.CopyProgressTable || isVersion(name) || source.columns[name] == nil {
			continue
		}
		t, err := planTable(name, source, target)
		if err != nil {
			return nil, nil, err
		}
		plan = append(plan, t)
	}
	for _, name := range slices.Sorted(maps.Keys(source.columns)) {
		if target.columns[name] == nil && name != schema.CopyProgressTable {
			left = append(left, name)
		}
	}
	return plan, left, nil
}

func (c *catalog) parentsFirst() []string {
	var order []string
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] || c.columns[name] == nil {
			return
		}
		seen[name] = true
		for _, parent := range slices.Sorted(slices.Values(c.parents[name])) {
			visit(parent)
		}
		order = append(order, name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.columns)) {
		visit(name)
	}
	return order
}

func planTable(name string, source, target *catalog) (*tablePlan, error) {
	t := &tablePlan{name: name}
	find := func(columns []columnInfo, name string) int {
		return slices.IndexFunc(columns, func(c columnInfo) bool { return c.name == name })
	}
	for _, to := range target.columns[name] {
		if to.generated {
			continue
		}
		i := find(source.columns[name], to.name)
		if i < 0 {
			return nil, fmt.Errorf(
				"the table %s has the column %s in the target only; bring both databases to the same release first",
				name, to.name,
			)
		}
		from := source.columns[name][i]
		k := common(from.kind, to.kind)
		if k == kindUnknown || from.kind == kindUnknown {
			return nil, fmt.Errorf("the column %s of the table %s cannot be copied: it is %s in the source and %s in the target",
				to.name, name, from.typ, to.typ)
		}
		t.columns, t.kinds = append(t.columns, to.name), append(t.kinds, k)
		t.source, t.target = append(t.source, from), append(t.target, to)
	}
	for _, from := range source.columns[name] {
		if find(target.columns[name], from.name) < 0 {
			return nil, fmt.Errorf(
				"the table %s has the column %s in the source only; bring both databases to the same release first",
				name, from.name,
			)
		}
	}
	for _, column := range source.keys[name] {
		i := slices.Index(t.columns, column)
		if i < 0 {
			return nil, fmt.Errorf("the table %s has the computed column %s in its primary key and cannot be copied",
				name, column)
		}
		t.key = append(t.key, i)
	}
	if len(t.key) == 0 {
		return nil, fmt.Errorf(
			"the table %s has no primary key in the source, without which its rows cannot be copied in order",
			name,
		)
	}
	return t, nil
}

// quoted returns a list of columns with quotes.
func quoted(columns []string) string { return "`" + strings.Join(columns, "`, `") + "`" }

// selected returns the expressions by which the columns are read from a database.
func selected(f db.Flavor, columns []columnInfo) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "`" + c.name + "`"
		if f.IsMySQL() && c.kind == kindFloat32 {
			parts[i] += " + 0E0" // Otherwise it prints six digits.
		}
	}
	return strings.Join(parts, ", ")
}

// at returns the primary key of a row for a message.
func (t *tablePlan) at(row []any) string {
	parts := make([]string, len(t.key))
	for i, column := range t.key {
		parts[i] = t.columns[column] + "=" + shortValue(row[column])
	}
	return strings.Join(parts, ", ")
}

func shortValue(v any) string {
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%q", s[:min(len(s), 300)])
}
