package db

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dialect describes how a database differs from SQLite, for which queries are
// written (see [Tx]).
type dialect struct {
	flavor Flavor
	// embedded is whether the database runs in this process.
	embedded bool
	// reading and writing are the transactions of [DB.Read] and [DB.Write]. On
	// SQLite, the writer begins its transactions itself.
	reading, writing session
	// returningIDs is whether the id of a new row is read by RETURNING.
	returningIDs bool
	// arrays is whether a list of values is sent as one argument.
	arrays bool
	// jsonLists is whether a list of values is sent as a JSON array, so that the statement is
	// the same for lists of all lengths and its plan is kept.
	jsonLists bool
	// finite is whether floating-point columns cannot hold infinities.
	finite bool
	// rewrite translates a query.
	rewrite func(query string, args []any) string
	// maxRows is the maximum of rows in one INSERT, a power of two.
	maxRows int
}

var sqliteDialect = &dialect{
	// The driver searches the arguments for each argument, so long statements are slow.
	flavor: SQLite, embedded: true, maxRows: 16,
	reading:   session{begin: []string{"BEGIN"}},
	writing:   session{begin: []string{"BEGIN IMMEDIATE"}, commits: true},
	rewrite:   func(query string, _ []any) string { return query },
	jsonLists: true,
}

var postgresDialect = &dialect{
	flavor: PostgreSQL, returningIDs: true, arrays: true,
	reading: session{begin: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}},
	writing: session{begin: []string{"BEGIN"}, commits: true},
	rewrite: rewritePostgres,
}

func mysqlDialect(f Flavor) *dialect {
	snapshot := []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ ONLY"}
	return &dialect{
		flavor: f, finite: true, maxRows: 512,
		reading: session{begin: snapshot},
		writing: session{begin: []string{"START TRANSACTION"}, commits: true},
		rewrite: rewriteMySQL,
	}
}

func dialectOf(f Flavor) *dialect {
	switch f {
	case PostgreSQL:
		return postgresDialect
	case MySQL, MariaDB:
		return mysqlDialect(f)
	default:
		return sqliteDialect
	}
}

var indexedBy = regexp.MustCompile(` INDEXED BY (\w+)`)

// rewritePostgres numbers the arguments. It casts numbers to their own types, so
// that PostgreSQL compares a number that is out of a column's range instead of
// returning an error.
func rewritePostgres(query string, args []any) string {
	query = indexedBy.ReplaceAllString(query, "")
	var b strings.Builder
	b.Grow(len(query) + 8*len(args))
	n := 0
	quoted := false
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case quoted:
			b.WriteByte(c)
		case c == '`':
			b.WriteByte('"')
		case c == '?':
			if n++; strings.HasPrefix(query[i:], "?...") {
				i += len("...")
			}
			b.WriteString("$" + strconv.Itoa(n))
			b.WriteString(postgresCast(args, n-1))
		case strings.HasPrefix(query[i:], "IN (?...)"):
			b.WriteString("= ANY (")
			i += len("IN (") - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func postgresCast(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	switch args[i].(type) {
	case int, int64:
		return "::bigint"
	case float64:
		return "::double precision"
	case []string, []*string:
		return "::text[]"
	case []JSON:
		return "::text[]::json[]"
	case []int64, []*int64:
		return "::bigint[]"
	case []float64, []*float64:
		return "::double precision[]"
	case []bool:
		return "::boolean[]"
	}
	return ""
}

var (
	conflictNothing = regexp.MustCompile(` ON CONFLICT(?: \([^)]*\))? DO NOTHING`)
	conflictUpdate  = regexp.MustCompile(` ON CONFLICT \([^)]*\) DO UPDATE SET `)
	excluded        = regexp.MustCompile(`excluded\.(\w+)`)
	insertedColumn  = regexp.MustCompile(`^INSERT INTO \w+ \(([^,)]+)`)
)

func rewriteMySQL(query string, _ []any) string {
	query = indexedBy.ReplaceAllString(query, " FORCE INDEX ($1)")
	if conflictNothing.MatchString(query) {
		column := insertedColumn.FindStringSubmatch(query)[1]
		return conflictNothing.ReplaceAllString(query, " ON DUPLICATE KEY UPDATE "+column+" = "+column)
	}
	if conflictUpdate.MatchString(query) {
		query = conflictUpdate.ReplaceAllString(query, " ON DUPLICATE KEY UPDATE ")
		return excluded.ReplaceAllString(query, "VALUES($1)")
	}
	return query
}

// jsonLists replaces the list arguments of `(?...)` by JSON arrays. Lists of one value, which
// are the most frequent ones, are sent as the value, which takes less time.
func jsonLists(query string, args []any) (string, []any) {
	if !strings.Contains(query, "(?...)") {
		return query, args
	}
	single := true
	for _, arg := range args {
		switch values := arg.(type) {
		case []string:
			single = single && len(values) == 1
		case []int64:
			single = single && len(values) == 1
		}
	}
	if single {
		return expandLists(query, args)
	}
	args = slices.Clone(args)
	for i, arg := range args {
		switch arg.(type) {
		case []string, []int64:
			text, _ := json.Marshal(arg) // It cannot fail for these types.
			args[i] = string(text)
		}
	}
	return strings.ReplaceAll(query, "(?...)", "(SELECT value FROM json_each(?))"), args
}

// expandLists replaces each list argument of `(?...)` by one argument per value. A list without
// values becomes NULL, which is in no list, because MySQL does not have empty lists.
func expandLists(query string, args []any) (string, []any) {
	if !strings.Contains(query, "?...") {
		return query, args
	}
	var b strings.Builder
	flat := make([]any, 0, len(args)+16)
	for _, arg := range args {
		at := strings.IndexByte(query, '?')
		b.WriteString(query[:at])
		query = query[at+1:]
		rest, list := strings.CutPrefix(query, "...")
		if !list {
			b.WriteByte('?')
			flat = append(flat, arg)
			continue
		}
		query = rest
		switch values := arg.(type) {
		case []string:
			b.WriteString(cmp.Or(Placeholders(len(values)), "NULL"))
			flat = appendAll(flat, values)
		case []int64:
			b.WriteString(cmp.Or(Placeholders(len(values)), "NULL"))
			flat = appendAll(flat, values)
		}
	}
	b.WriteString(query)
	return b.String(), flat
}

func appendAll[T any](args []any, values []T) []any {
	for _, v := range values {
		args = append(args, v)
	}
	return args
}
