package schema

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

func inspectSQLite(ctx context.Context, q db.Querier, tables map[string]*Table) error {
	for name, t := range tables {
		if err := t.inspectSQLite(ctx, q); err != nil {
			return err
		}
		err := eachRow(ctx, q, `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, 1, func(v []string) {
			for _, m := range check.FindAllStringSubmatch(spaces.ReplaceAllString(v[0], " "), -1) {
				t.Constraints = append(t.Constraints, "CHECK ("+m[1]+")")
			}
		}, name)
		if err != nil {
			return err
		}
		err = eachRow(
			ctx, q,
			`SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`,
			2,
			func(v []string) {
				t.Indexes[v[0]] = strings.ReplaceAll(spaces.ReplaceAllString(v[1], " "), `"`, "")
			},
			name,
		)
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	check  = regexp.MustCompile(`(?i)CHECK \((\w+ IN \([^)]*\))\)`)
	spaces = regexp.MustCompile(`\s+`)
)

func (t *Table) inspectSQLite(ctx context.Context, q db.Querier) error {
	primary := map[string]string{}
	err := eachRow(
		ctx, q,
		`SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)`,
		6,
		func(v []string) {
			definition := strings.ToUpper(v[1])
			if v[2] == "1" {
				definition += " NOT NULL"
			}
			if v[3] != "" {
				definition += " DEFAULT " + strings.Trim(v[3], `'"()`)
			}
			if v[5] != "0" {
				definition += " GENERATED"
			}
			t.Columns = append(t.Columns, Column{v[0], definition})
			if v[4] != "0" {
				primary[v[4]] = v[0]
			}
		},
		t.Name,
	)
	if err != nil {
		return err
	}
	if len(primary) > 0 {
		t.Constraints = append(t.Constraints, "PRIMARY KEY ("+inOrder(primary)+")")
	}
	var uniques []string
	err = eachRow(
		ctx, q,
		`SELECT name FROM pragma_index_list(?) WHERE origin = 'u'`,
		1,
		func(v []string) { uniques = append(uniques, v[0]) },
		t.Name,
	)
	for _, index := range uniques {
		columns := map[string]string{}
		if err == nil {
			err = eachRow(
				ctx, q,
				`SELECT seqno + 1, name FROM pragma_index_info(?)`,
				2,
				func(v []string) { columns[v[0]] = v[1] },
				index,
			)
		}
		t.Constraints = append(t.Constraints, "UNIQUE ("+inOrder(columns)+")")
	}
	if err != nil {
		return err
	}
	return eachRow(ctx, q, `SELECT group_concat("from", ', '), "table", group_concat("to", ', '), on_delete, on_update
		FROM (SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq) GROUP BY id`, 5, func(v []string) {
		t.ForeignKeys = append(t.ForeignKeys, ForeignKey{"", foreignKey(v[0], v[1], v[2], v[3], v[4])})
	}, t.Name)
}

// inOrder joins names in the order of their numbers, which begin with "1".
func inOrder(names map[string]string) string {
	numbers := make([]string, 0, len(names))
	for n := range names {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(a, b string) int { return len(a)*1000 + int(a[0]) - len(b)*1000 - int(b[0]) })
	ordered := make([]string, len(numbers))
	for i, n := range numbers {
		ordered[i] = names[n]
	}
	return strings.Join(ordered, ", ")
}
