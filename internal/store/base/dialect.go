package base

import (
	"context"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
)

// Dialect has the parts of statements that differ between databases in a way that
// package db does not translate.
type Dialect struct {
	Search search.Dialect
	// LatestMetric ends the INSERT into latest_metrics. It keeps the value with the
	// greatest step, then timestamp, then value.
	LatestMetric string
	// CountsConflicts is whether Exec counts the rows that ON CONFLICT DO NOTHING
	// left unchanged.
	CountsConflicts bool
	// RowRanges is whether an index looks up (a, b) > (?, ?). Otherwise, it looks up a > ? OR a = ? AND
	// b > ?.
	RowRanges bool
	// InputOrder is a column of inputs i that increases from row to row. Without row
	// numbers it is the id, which increases in the rows that Millrace inserts.
	InputOrder string
	// RowNumbers is whether rows have a number rowid that increases from row to row and ends
	// each index.
	RowNumbers bool
	// Exactly precedes a text that is compared byte by byte, whatever the collation of
	// its column is.
	Exactly string
	// Fingerprint is an expression of the column value, which differs if values of params
	// or tags differ. MySQL sorts whole texts on the disk to find the least of them.
	Fingerprint string
	// Digest is an expression of the column value that is short and differs if values of
	// params or tags do. SQLite has no function for it, and sends nothing over a network.
	Digest string
	// AsText is an expression of the text of the integer $.
	AsText string
	// JSONDepth is the deepest nesting of lists and objects in a column of JSON. JSONNumbers is
	// whether such a column can have NaN and infinities.
	JSONDepth   int
	JSONNumbers bool
	// list is a query that returns the elements of a JSON array, for more values than a
	// statement can have arguments. It is "" if a list is one argument.
	list string
}

// These are limits of the depth of JSON. That of MySQL is 100.
const (
	maxJSON        = 100
	maxJSONMariaDB = 31
)

// Text returns an expression of the text of an integer.
func (d *Dialect) Text(expr string) string { return strings.ReplaceAll(d.AsText, "$", expr) }

// LatestMetric is the end of the statement on SQLite and PostgreSQL.
const LatestMetric = " ON CONFLICT (`key`, run_uuid) DO UPDATE SET value = excluded.value," +
	" timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan" +
	" WHERE (excluded.step, excluded.timestamp, excluded.value) >" +
	" (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"

// MySQL has no WHERE here, and an expression sees the new values of the columns
// that were assigned before it. Therefore, the columns that the conditions compare
// are assigned last, in reverse order of their significance.
const latestMetricMySQL = " ON DUPLICATE KEY UPDATE" +
	" is_nan = IF((VALUES(step), VALUES(timestamp), VALUES(value)) > (step, timestamp, value), VALUES(is_nan), is_nan)," +
	" value = IF((VALUES(step), VALUES(timestamp), VALUES(value)) > (step, timestamp, value), VALUES(value), value)," +
	" timestamp = IF((VALUES(step), VALUES(timestamp)) > (step, timestamp), VALUES(timestamp), timestamp)," +
	" step = GREATEST(step, VALUES(step))"

// DialectOf returns the dialect of a database.
func DialectOf(f db.Flavor) *Dialect {
	switch f {
	case db.PostgreSQL:
		return &Dialect{
			Search: search.PostgreSQL, LatestMetric: LatestMetric, InputOrder: "i.input_uuid",
			Fingerprint: "value", Digest: "md5(value)", AsText: "CAST($ AS TEXT)", JSONDepth: maxJSON,
			RowRanges: true,
		}
	case db.MySQL, db.MariaDB:
		d := &Dialect{
			Search: search.MySQL, LatestMetric: latestMetricMySQL, InputOrder: "i.input_uuid", CountsConflicts: true,
			Exactly: "BINARY ", Fingerprint: "CRC32(value)", Digest: "MD5(value)", AsText: "CAST($ AS CHAR)",
			JSONDepth: maxJSON,
		}
		if f == db.MariaDB {
			d.JSONDepth = maxJSONMariaDB
		}
		return d
	default:
		return &Dialect{
			Search: search.SQLite, LatestMetric: LatestMetric, InputOrder: "i.rowid", RowNumbers: true,
			list: "SELECT value FROM json_each(?)", Fingerprint: "value", Digest: "value", AsText: "CAST($ AS TEXT)",
			JSONDepth: maxJSON, JSONNumbers: true, RowRanges: true,
		}
	}
}

// FindCollation finds out whether PostgreSQL orders texts by their beginnings. If it orders capitals
// before all small letters, it compares the characters one after the other. The collations of
// languages do not.
func (d *Dialect) FindCollation(ctx context.Context, primary *db.DB) error {
	if primary.Flavor() != db.PostgreSQL {
		return nil
	}
	return primary.Read(ctx, func(t db.Tx) error {
		d.Search.ByBeginning = true
		for _, table := range []string{"params", "tags"} {
			var first bool
			err := t.QueryRow("SELECT coalesce((SELECT value FROM " + table + " LIMIT 0), 'B') < 'a'").Scan(&first)
			if err != nil {
				return err
			}
			d.Search.ByBeginning = d.Search.ByBeginning && first
		}
		return nil
	})
}
