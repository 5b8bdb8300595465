package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// Collations returns warnings about columns of MySQL or MariaDB that cannot
// distinguish or cannot store some texts.
func Collations(ctx context.Context, q db.Querier, f db.Flavor) (sentences []string, err error) {
	if !f.IsMySQL() {
		return nil, nil
	}
	var folding, narrow []string
	err = eachRow(
		ctx, q,
		// A subquery for each column would read the tables of all databases on the server each time.
		`SELECT c.table_name, c.column_name, c.collation_name, s.column_name IS NOT NULL
		FROM information_schema.columns c LEFT JOIN (SELECT DISTINCT table_name, column_name
			FROM information_schema.statistics WHERE table_schema = database()) s
			ON s.table_name = c.table_name AND s.column_name = c.column_name
		WHERE c.table_schema = database() AND c.collation_name IS NOT NULL ORDER BY 1, 2`,
		4,
		func(v []string) {
			if !strings.HasPrefix(v[2], "utf8mb4_") {
				narrow = append(narrow, v[0]+"."+v[1])
			}
			if isName(v[1]) && v[3] == "1" && !strings.HasSuffix(v[2], "_bin") {
				folding = append(folding, v[0]+"."+v[1])
			}
		},
	)
	if len(narrow) > 0 {
		sentences = append(
			sentences,
			fmt.Sprintf("These columns cannot keep all of Unicode, and requests with such characters are refused: %s. "+
				"To mend it: ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4.", strings.Join(narrow, ", ")),
		)
	}
	if len(folding) > 0 {
		sentences = append(
			sentences,
			fmt.Sprintf(
				"These columns ignore upper and lower case, so that of names such as lr and LR only one can be stored: %s. "+
					"A database that Millrace makes has the collation %s; `millrace db copy` moves a store to one.",
				strings.Join(folding, ", "),
				f.Collation(),
			),
		)
	}
	return sentences, err
}

// isName reports whether a column has names that users choose.
func isName(column string) bool {
	return slices.Contains([]string{"key", "name", "alias", "metric_name", "username", "resource_pattern"}, column) ||
		strings.HasSuffix(column, "_key")
}
