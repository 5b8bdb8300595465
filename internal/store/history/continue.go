package history

import (
	"database/sql"
	"errors"
	"maps"

	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// rowsOfRun reads the rows of a run in the order of their numbers, from the index of the run.
const rowsOfRun = "SELECT rowid, `key`, step, timestamp, value, is_nan" +
	" FROM metrics INDEXED BY index_metrics_run_uuid WHERE run_uuid = ?"

// scanRow scans a row of rowsOfRun.
func scanRow(row base.Scanner) (key string, r metricRow, err error) {
	err = row.Scan(&r.number, &key, &r.step, &r.time, &r.value, &r.isNaN)
	return key, r, err
}

// lastByNumber reads the last value of each metric of a run, and the least number of a row with
// the metric's first step, which is the first entry of the metric in its index.
const lastByNumber = "SELECT l.`key`, l.value, l.is_nan, l.step, l.timestamp," +
	" (SELECT m.rowid FROM metrics m INDEXED BY index_metrics_run_uuid_key_step" +
	" WHERE m.run_uuid = l.run_uuid AND m.`key` = l.`key` ORDER BY m.step, m.rowid LIMIT 1)" +
	" FROM latest_metrics l WHERE l.run_uuid = ? ORDER BY l.`key`"

// summariesByNumber adds the rows with greater numbers than those that are known. It returns nil
// if the known rows are not in the database as they were: a migration that copies the table gives
// rows new numbers, and the purge of a deleted run begins with its values.
func (t tx) summariesByNumber(runID string, known *runPartials) (*runPartials, []mlflow.MetricSummary, error) {
	now := &runPartials{metrics: maps.Clone(known.metrics), newest: known.newest, newestKey: known.newestKey}
	if len(known.metrics) > 0 {
		key, r, err := scanRow(t.QueryRow(rowsOfRun+" AND rowid = ?", runID, known.newest.number))
		if errors.Is(err, sql.ErrNoRows) || err == nil && (key != known.newestKey || r != known.newest) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	err := t.Each(rowsOfRun+" AND rowid > ?", []any{runID, known.newest.number}, func(rows *sql.Rows) error {
		key, r, err := scanRow(rows)
		if err != nil {
			return err
		}
		p := now.metrics[key]
		p.add(r)
		now.metrics[key], now.newestKey, now.newest = p, key, r
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	same := true
	var list []mlflow.MetricSummary
	err = t.Each(lastByNumber, []any{runID}, func(rows *sql.Rows) error {
		var key string
		var last metricRow
		var anchor sql.NullInt64
		if err := rows.Scan(&key, &last.value, &last.isNaN, &last.step, &last.time, &anchor); err != nil {
			return err
		}
		p, found := now.metrics[key]
		same = same && found == anchor.Valid && p.anchor == anchor.Int64
		if found {
			list = append(list, p.summary(key, last))
		}
		return nil
	})
	if err != nil || !same {
		return nil, nil, err
	}
	return now, list, nil
}

// maxContinued is the number of metrics from which on all values of a run are read anew, instead
// of what is new of each metric with a statement of its own.
const maxContinued = 100

// lastByCount reads the number of values of each metric of a run, and its last value.
const lastByCount = "SELECT s.`key`, s.n, l.value, l.is_nan, l.step, l.timestamp" +
	" FROM (SELECT `key`, count(*) AS n FROM " + metricsOfRun + " WHERE run_uuid = ? GROUP BY `key`) s" +
	" JOIN latest_metrics l ON l.run_uuid = ? AND l.`key` = s.`key` ORDER BY s.`key`"

// counted is a metric with the number of its values.
type counted struct {
	key  string
	rows int64
	last metricRow
}

// summariesByCount adds the values that the metrics with other counts have more than what is
// known. It returns nil if all values must be read.
func (t tx) summariesByCount(runID string, known *runPartials) (*runPartials, []mlflow.MetricSummary, error) {
	var metrics []counted
	changed := 0
	err := t.Each(lastByCount, []any{runID, runID}, func(rows *sql.Rows) error {
		var c counted
		err := rows.Scan(&c.key, &c.rows, &c.last.value, &c.last.isNaN, &c.last.step, &c.last.time)
		if metrics = append(metrics, c); known.metrics[c.key].end.Rows != c.rows {
			changed++
		}
		return err
	})
	if err != nil || changed > maxContinued {
		return nil, nil, err
	}
	now := &runPartials{metrics: make(map[string]partial, len(metrics))}
	var whole []string
	for _, c := range metrics {
		p, found, err := t.countedOn(runID, c, known.metrics[c.key])
		if err != nil {
			return nil, nil, err
		}
		if now.metrics[c.key] = p; !found {
			whole = append(whole, c.key)
		}
	}
	if len(whole) > 0 {
		_, found, err := t.wholeSummaries(runID, whole)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(now.metrics, found)
	}
	list := make([]mlflow.MetricSummary, len(metrics))
	for i, c := range metrics {
		p := now.metrics[c.key]
		if list[i] = p.summary(c.key, c.last); p.end.Rows != c.rows { // MySQL may call a key by another case.
			return nil, nil, nil
		}
	}
	return now, list, nil
}

// hasRow looks a value up by the primary key.
const hasRow = "SELECT EXISTS (SELECT 1 FROM metrics WHERE `key` = ? AND timestamp = ? AND step = ? AND run_uuid = ?" +
	" AND value = ? AND is_nan = ?)"

// countedOn returns a partial with the values that it lacks. It is not found if it is not known
// which they are.
func (t tx) countedOn(runID string, c counted, p partial) (partial, bool, error) {
	if p.end.Rows == c.rows { // Values are not changed, and removed only if their run is purged.
		return p, p.end.Step == c.last.step && p.end.Time == c.last.time, nil
	}
	// A purge that was interrupted has removed whole metrics, which may have been logged anew.
	var same bool
	f := p.first
	err := t.QueryRow(hasRow, c.key, f.time, f.step, runID, f.value, f.isNaN).Scan(&same)
	if err != nil || !same {
		return p, false, err
	}
	r := &seriesReader{tx: t, SeriesQuery: &SeriesQuery{Samples: maxAdded}, runID: runID}
	points, found, err := r.since(c.key, p.end, c.rows)
	for _, point := range points {
		value, isNaN := base.ToColumn(point.Value)
		p.add(metricRow{step: point.Step, time: point.Time, value: value, isNaN: isNaN})
	}
	return p, found, err
}

// maxAdded is the most values that are added to a metric one by one. More of them are faster
// read by the database.
const maxAdded = 10_000
