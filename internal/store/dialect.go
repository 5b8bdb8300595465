package store

import (
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
)

// dialect has the parts of statements that differ between databases in a way that
// package db does not translate.
type dialect struct {
	search search.Dialect
	// latestMetric ends the INSERT into latest_metrics. It keeps the value with the
	// greatest step, then timestamp, then value.
	latestMetric string
	// countsConflicts is whether Exec counts the rows that ON CONFLICT DO NOTHING
	// left unchanged.
	countsConflicts bool
	// inputOrder is a column of inputs i that increases from row to row. Without row
	// numbers it is the id, which increases in the rows that Millrace inserts.
	inputOrder string
	// exactly precedes a text that is compared byte by byte, whatever the collation of
	// its column is.
	exactly string
	// fingerprint is an expression of the column value, which differs if values of params
	// or tags differ. MySQL sorts whole texts on the disk to find the least of them.
	fingerprint string
	// digest is an expression of the column value that is short and differs if values of
	// params or tags do. SQLite has no function for it, and sends nothing over a network.
	digest string
	// list is a query that returns the elements of a JSON array, for more values than a
	// statement can have arguments. It is "" if a list is one argument.
	list string
}

const latestMetric = " ON CONFLICT (`key`, run_uuid) DO UPDATE SET value = excluded.value," +
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

func dialectOf(f db.Flavor) *dialect {
	switch f {
	case db.PostgreSQL:
		return &dialect{
			search: search.PostgreSQL, latestMetric: latestMetric, inputOrder: "i.input_uuid",
			fingerprint: "value", digest: "md5(value)",
		}
	case db.MySQL, db.MariaDB:
		return &dialect{
			search: search.MySQL, latestMetric: latestMetricMySQL, inputOrder: "i.input_uuid", countsConflicts: true,
			exactly: "BINARY ", fingerprint: "CRC32(value)", digest: "MD5(value)",
		}
	default:
		return &dialect{
			search: search.SQLite, latestMetric: latestMetric, inputOrder: "i.rowid",
			list: "SELECT value FROM json_each(?)", fingerprint: "value", digest: "value",
		}
	}
}
