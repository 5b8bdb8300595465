// Package search compiles MLflow's filter and order_by strings into SQL
// fragments with bound arguments.
//
// A filter is compiled in four steps: lexer.go splits it into tokens, parser.go
// groups the tokens into comparisons, fields_<entity>.go defines the fields of each
// entity, and sql.go writes the conditions. Conditions on metrics,
// params, tags and datasets are correlated EXISTS sub-queries, so that a scan
// of the searched table in index order can stop as soon as a page is full.
package search

import (
	"fmt"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/search/regex"
	"github.com/millrace-ml/millrace/mlflow"
)

// Limits of one request. MLflow itself allows 10,000 tokens. Together, the limits
// prevent more than SQLite's 32,766 arguments, and keep the time of its planner
// below 0.1 s.
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

// MaxCandidates is the most rows with which a search may begin. Each of them is probed in the table
// that is searched and then sorted, which takes a few microseconds.
const MaxCandidates = 5000

// Narrower is a query of the ids of the rows that meet one of the conditions of a search, and perhaps
// of some more; its column is id. Index is empty or a query whose rows are counted sooner: if they
// are more than [MaxCandidates], the search does not begin with the narrower.
type Narrower struct {
	Fragment
	Index Fragment
}

// Query is a compiled search. Where is empty or a list of conditions joined by
// AND. Joins is empty or the LEFT JOINs that OrderBy needs. OrderBy is the full
// ORDER BY list, tie-breaks included, without the words ORDER BY. Columns is empty or
// has the expressions that OrderBy names, each after a comma.
//
// Narrowers are for searches of runs and traces, Ranking and ProbedJoins for those of runs.
// ProbedJoins replaces Joins in a search that begins with few runs: PostgreSQL then looks up each of
// them, whatever its statistics are. Ranking is nil unless a metric, a param or a tag is the first of
// OrderBy.
type Query struct {
	Columns, Joins, Where, OrderBy Fragment
	ProbedJoins                    Fragment
	Narrowers                      []Narrower
	Ranking                        *Ranking
	// SpanScan, in searches of traces, is the query of the ids of all traces that have a span that
	// meets the conditions on spans. It is empty if there are none, or others that are cheaper.
	SpanScan Fragment
	// ScansTable is whether SpanScan reads the table of spans in its own order, and no index.
	ScansTable bool
	// ByNewest is whether the newest runs come first, which an index returns in order.
	ByNewest bool
}

// Dialect describes how databases differ. In the templates, $ is a column, and each ?
// is the value that it is compared with.
type Dialect struct {
	Equal    string // by every character, case included
	NotEqual string
	Like     string // case-sensitive
	ILike    string // case-insensitive
	Escape   string // in patterns of Like and ILike; it is doubled where it is an ordinary character
	// RLike is a match of a regular expression of the flavor Regex anywhere in the column.
	RLike string
	Regex regex.Flavor
	// IntDiv divides integers.
	IntDiv string
	// ContentLike and ContentILike are Like and ILike for long texts. WordsLike is ContentLike for
	// patterns without `_`, and ASCIILike is ContentILike for patterns of ASCII characters, if the
	// database has a faster comparison for them.
	ContentLike, ContentILike, WordsLike, ASCIILike string
	// NullsLast is whether ORDER BY supports NULLS LAST. Otherwise NULL is smaller than
	// every value.
	NullsLast bool
	// Probe ends a subquery, so that the planner does not turn it into a join: EXISTS
	// is evaluated by an index for each row in the order of the page, and IN once.
	// Otherwise PostgreSQL joins all rows, with a nested loop if a table has no
	// statistics.
	Probe string
	// Prefix is the expression of the first # characters of $, as an index of values has it.
	// It is "" if the index takes prefixes of columns itself.
	Prefix string
	// ByBeginning is whether texts with a lesser beginning come first, so that an index of
	// beginnings has the order of the texts. Collations of languages compare the accents and
	// the case of texts only if all their letters are equal.
	ByBeginning bool
}

// In all dialects, a backslash in a pattern is an ordinary character.
var (
	// SQLite expects connections with PRAGMA case_sensitive_like = ON.
	SQLite = Dialect{
		Equal: "$ = ?", NotEqual: "$ != ?",
		Like: "$ LIKE ?", ILike: "LOWER($) LIKE LOWER(?)", RLike: "$ REGEXP ?", Regex: regex.Go, IntDiv: "/",
		ContentLike: "millrace_like(?, $)", ContentILike: "millrace_ilike(?, $)",
		NullsLast: true,
		Prefix:    "substr($, 1, #)",

		ByBeginning: true,
	}
	// PostgreSQL requires deterministic collations, which are the default. Whether texts are in
	// the order of their beginnings depends on the collation of the database.
	PostgreSQL = Dialect{
		Equal: "$ = ?", NotEqual: "$ != ?",
		Like: "$ LIKE ? ESCAPE ''", ILike: "$ ILIKE ? ESCAPE ''", RLike: "$ ~ ?", Regex: regex.PostgreSQL, IntDiv: "/",
		ContentLike: `$ COLLATE "C" LIKE ? ESCAPE ''`, ContentILike: "$ ILIKE ? ESCAPE ''",
		// Other collations convert the whole text to small letters before they compare it.
		ASCIILike: `$ COLLATE "C" ILIKE ? ESCAPE ''`,
		NullsLast: true,
		Probe:     " OFFSET 0",
		Prefix:    "left($, #)",
	}
	// MySQL compares by the collation of the column, which may ignore case but can use
	// the index, and then byte by byte.
	MySQL = Dialect{
		Equal: "($ = ? AND BINARY $ = ?)", NotEqual: "($ != ? OR BINARY $ != ?)",
		Like: "($ LIKE ? ESCAPE '|' AND BINARY $ LIKE ? ESCAPE '|')", ILike: "LOWER($) LIKE LOWER(?) ESCAPE '|'",
		Escape: "|", // In MariaDB, a backslash is an escape if there is no other one.
		RLike:  "$ REGEXP ?", Regex: regex.MySQL, IntDiv: "DIV",
		ContentLike:  "($ LIKE ? ESCAPE '|' AND BINARY $ LIKE ? ESCAPE '|')",
		WordsLike:    "BINARY $ LIKE ? ESCAPE '|'", // In this comparison, `_` is a byte.
		ContentILike: "LOWER($) LIKE LOWER(?) ESCAPE '|'",
		ByBeginning:  true, // It compares whole texts.
	}
)

func invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, args...)
}

// source is the text that is compiled. It converts byte offsets to error positions.
type source string

// errAt is invalid with the position of the error in src.
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
