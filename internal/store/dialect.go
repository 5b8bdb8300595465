package store

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// dialect is how a database differs from the one that our SQL is written for,
// SQLite: `?` for arguments, backticks around names that are keywords, `(?...)`
// for a list of values that is one argument, ON CONFLICT and INDEXED BY.
type dialect struct {
	search.Dialect
	flavor schema.Flavor
	// embedded is whether the database runs in this process.
	embedded bool
	// reading and writing are the transactions of one snapshot and of changes.
	// SQLite's changes go through the writer.
	reading, writing session
	// latestMetric ends the INSERT into latest_metrics: the greatest step, then
	// time, then value wins.
	latestMetric string
	// returningIDs is whether a new row's id is asked for by RETURNING.
	returningIDs bool
	// countsConflicts is whether rows that ON CONFLICT DO NOTHING left alone count
	// as affected.
	countsConflicts bool
	// arrays is whether a list of values is one argument.
	arrays bool
	// finite is whether there is no way to write an infinite number.
	finite bool
	// inputOrder is a column of inputs i that grows from row to row: where rows
	// have no number, their id, which does so in those that we write.
	inputOrder string
	// rewrite turns our SQL into the database's.
	rewrite func(query string, args []any) string
	// chunk is how many rows one INSERT carries at most; a power of two.
	chunk int
}

const latestMetric = " ON CONFLICT (`key`, run_uuid) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan" +
	" WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"

// latestMetricMySQL has no WHERE, and a column that was assigned counts as
// changed from then on: so the columns that decide come last, the first to
// decide at the very end.
const latestMetricMySQL = " ON DUPLICATE KEY UPDATE" +
	" is_nan = IF((VALUES(step), VALUES(timestamp), VALUES(value)) > (step, timestamp, value), VALUES(is_nan), is_nan)," +
	" value = IF((VALUES(step), VALUES(timestamp), VALUES(value)) > (step, timestamp, value), VALUES(value), value)," +
	" timestamp = IF((VALUES(step), VALUES(timestamp)) > (step, timestamp), VALUES(timestamp), timestamp)," +
	" step = GREATEST(step, VALUES(step))"

var sqliteDialect = &dialect{
	Dialect: search.SQLite, flavor: schema.SQLite, embedded: true,
	reading:      session{begin: []string{"BEGIN"}},
	writing:      session{begin: []string{"BEGIN IMMEDIATE"}, commits: true},
	latestMetric: latestMetric, chunk: 64, inputOrder: "i.rowid",
	rewrite: func(query string, _ []any) string { return query },
}

var postgresDialect = &dialect{
	Dialect: search.PostgreSQL, flavor: schema.PostgreSQL,
	reading:      session{begin: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}},
	writing:      session{begin: []string{"BEGIN"}, commits: true},
	latestMetric: latestMetric, returningIDs: true, arrays: true, inputOrder: "i.input_uuid",
	rewrite: rewritePostgres,
}

func mysqlDialect(f schema.Flavor) *dialect {
	return &dialect{
		Dialect: search.MySQL, flavor: f,
		reading:      session{begin: []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ ONLY"}},
		writing:      session{begin: []string{"START TRANSACTION"}, commits: true},
		latestMetric: latestMetricMySQL, countsConflicts: true, chunk: 512, finite: true, inputOrder: "i.input_uuid",
		rewrite: rewriteMySQL,
	}
}

func dialectOf(f schema.Flavor) *dialect {
	switch f {
	case schema.PostgreSQL:
		return postgresDialect
	case schema.MySQL, schema.MariaDB:
		return mysqlDialect(f)
	default:
		return sqliteDialect
	}
}

var indexedBy = regexp.MustCompile(` INDEXED BY (\w+)`)

// rewritePostgres numbers the arguments. Numbers get their type, so that one too
// large for a column is compared and found to be different, not refused.
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
			b.WriteString(postgresType(args, n-1))
		case strings.HasPrefix(query[i:], "IN (?...)"):
			b.WriteString("= ANY (")
			i += len("IN (") - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func postgresType(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	switch args[i].(type) {
	case int, int64:
		return "::bigint"
	case float64:
		return "::double precision"
	case []string:
		return "::text[]"
	case []int64:
		return "::bigint[]"
	case []float64:
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

// expandLists writes a list argument of `(?...)` as so many arguments.
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
			b.WriteString(placeholders(len(values)))
			flat = append(flat, arguments(values)...)
		case []int64:
			b.WriteString(placeholders(len(values)))
			flat = append(flat, arguments(values)...)
		}
	}
	b.WriteString(query)
	return b.String(), flat
}
