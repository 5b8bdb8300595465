// Package search compiles MLflow's filter and order_by strings into SQL
// fragments with bound arguments.
//
// A filter goes through four steps: lexer.go cuts it into tokens, parser.go
// groups the tokens into comparisons, fields_<entity>.go says what each entity
// lets you compare, and sql.go writes the conditions. Conditions on metrics,
// params, tags and datasets are correlated EXISTS sub-queries, so that a scan
// of the searched table in index order can stop as soon as a page is full.
package search

import (
	"fmt"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
)

// Limits on what one request may ask for. MLflow itself stops at 10,000 tokens.
// Together they stay below SQLite's 32,766 arguments and keep its planner under
// a tenth of a second.
const (
	maxFilterBytes  = 256 << 10
	maxTokens       = 10000
	maxClauses      = 200
	maxPatternBytes = 20000
	maxDatasets     = 50
	maxOnDatasets   = 500 // clauses on metrics of logged models, times datasets
	maxOrderBy      = 50
	maxOrderByBytes = 4096
)

// Fragment is a piece of SQL with its arguments. Placeholders are `?` and
// identifiers are quoted with backticks where they need quotes.
type Fragment struct {
	SQL  string
	Args []any
}

// Query is a compiled search. Where is empty or a list of conditions joined by
// AND. Joins is empty or the LEFT JOINs that OrderBy needs. OrderBy is the full
// ORDER BY list, tie-breaks included, without the words ORDER BY.
type Query struct {
	Joins, Where, OrderBy Fragment
}

// Dialect is what differs between databases. In the templates, $ is a column
// and every ? the value compared with it.
type Dialect struct {
	Equal    string // by every character, case included
	NotEqual string
	Like     string // case-sensitive
	ILike    string // case-insensitive
	// NullsLast is whether ORDER BY understands NULLS LAST. Where it does not,
	// missing values count as the smallest.
	NullsLast bool
	// Probe ends a sub-query, so that it is asked as it is written: EXISTS for each
	// row in the order of the page, by an index, and IN once. Left to itself
	// PostgreSQL joins all rows, and as long as a table has no statistics it may do
	// that pair by pair.
	Probe string
}

// In all of them a backslash in a pattern is a plain character.
var (
	// SQLite expects connections with PRAGMA case_sensitive_like = ON.
	SQLite = Dialect{Equal: "$ = ?", NotEqual: "$ != ?", Like: "$ LIKE ?", ILike: "LOWER($) LIKE LOWER(?)", NullsLast: true}
	// PostgreSQL compares with the deterministic collations that it has by default.
	PostgreSQL = Dialect{Equal: "$ = ?", NotEqual: "$ != ?", Like: "$ LIKE ? ESCAPE ''", ILike: "$ ILIKE ? ESCAPE ''", NullsLast: true, Probe: " OFFSET 0"}
	// MySQL compares twice, by the column's collation, which may ignore case but
	// has the index, and byte by byte.
	MySQL = Dialect{
		Equal: "($ = ? AND BINARY $ = ?)", NotEqual: "($ != ? OR BINARY $ != ?)",
		Like: "($ LIKE ? ESCAPE '' AND BINARY $ LIKE ? ESCAPE '')", ILike: "LOWER($) LIKE LOWER(?) ESCAPE ''",
	}
)

func invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, args...)
}

// source is a text under compilation; it turns byte offsets into error positions.
type source string

// errAt is invalid with the place at which src stopped making sense.
func (src source) errAt(offset int, format string, args ...any) error {
	pos := utf8.RuneCountInString(string(src[:offset]))
	return &mlflow.Error{
		Code:     mlflow.InvalidParameterValue,
		Message:  fmt.Sprintf(format, args...),
		Position: &pos,
	}
}

func checkFilterSize(filter string) error {
	if len(filter) > maxFilterBytes {
		return invalid("Filter string is %d bytes long; at most %d are allowed.", len(filter), maxFilterBytes)
	}
	return nil
}

func checkOrderByCount(n int) error {
	if n > maxOrderBy {
		return invalid("order_by has %d items; at most %d are allowed.", n, maxOrderBy)
	}
	return nil
}

// unquote removes the quote character from both ends of s, if it is on both.
func unquote(s string, quote byte) (string, bool) {
	if len(s) >= 2 && s[0] == quote && s[len(s)-1] == quote {
		return s[1 : len(s)-1], true
	}
	return s, false
}
