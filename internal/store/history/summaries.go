package history

import (
	"context"
	"database/sql"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/mlflow"
)

// MetricSummaries returns the number of values of every metric of a run, and the
// first, last, smallest and largest value with their steps. NaN is not the smallest
// or largest value unless all values are NaN.
//
// The store keeps what the values of a run amount to, so that a later call reads what was
// added since: on SQLite by the numbers of rows, on other databases by the counts of values.
func (s Histories) MetricSummaries(ctx context.Context, runID string) (list []mlflow.MetricSummary, err error) {
	// The snapshot begins later, so it has all values that are known.
	known := s.summaries.get(runID)
	var now *runPartials
	err = s.ScanReplica(ctx, func(t tx) error {
		if _, err := t.RunInfo(runID); err != nil {
			return err
		}
		now, list, err = t.summaries(runID, known)
		return err
	})
	if err != nil {
		s.summaries.forget(runID)
		return nil, err
	}
	s.summaries.put(runID, now)
	return list, nil
}

// summaries returns the summaries of a run and its partials. known may be nil.
func (t tx) summaries(runID string, known *runPartials) (*runPartials, []mlflow.MetricSummary, error) {
	if known != nil {
		continued := t.summariesByCount
		if t.Dialect.RowNumbers {
			continued = t.summariesByNumber
		}
		if now, list, err := continued(runID, known); now != nil || err != nil {
			return now, list, err
		}
	}
	list, partials, err := t.wholeSummaries(runID, nil)
	now := &runPartials{metrics: partials}
	if err == nil && t.Dialect.RowNumbers && len(list) > 0 {
		now.newestKey, now.newest, err = scanRow(t.QueryRow(rowsOfRun+" ORDER BY rowid DESC LIMIT 1", runID))
	}
	return now, list, err
}

// wholeSummaries reads all values of a run, or those of some of its metrics.
func (t tx) wholeSummaries(runID string, keys []string) ([]mlflow.MetricSummary, map[string]partial, error) {
	query := wholeQueries[wholeQuery{t.Dialect.RowNumbers, keys != nil}]
	args := make([]any, strings.Count(query, "?"))
	for i := range args {
		args[i] = runID
	}
	if keys != nil {
		args[1] = keys
	}
	partials := map[string]partial{}
	list, err := db.Collect(t.Tx, query, args, func(rows *sql.Rows, m *mlflow.MetricSummary) error {
		var p partial
		var last metricRow
		var first, low, high sql.NullFloat64
		var minStep, maxStep sql.NullInt64
		if err := rows.Scan(
			&m.Key, &p.end.Rows, &p.first.step, &p.first.time, &first, &p.anchor,
			&p.end.Step, &p.end.Time, &p.end.Newest, &last.value, &last.isNaN, &last.step, &last.time,
			&low, &minStep, &high, &maxStep,
		); err != nil {
			return err
		}
		p.first.value, p.first.isNaN = first.Float64, !first.Valid
		p.low = extreme{low.Valid, low.Float64, minStep.Int64}
		p.high = extreme{high.Valid, high.Float64, maxStep.Int64}
		partials[m.Key], *m = p, p.summary(m.Key, last)
		return nil
	})
	return list, partials, err
}

// wholeText computes counts and extremes in one pass over the metrics of a run. The
// databases have no common arg-min, so the first value and the steps of the extremes are
// read by subqueries in the order of the index.
const wholeText = `
	WITH s AS (
		SELECT {key}, count(*) AS n, min(step) AS first_step, max(step) AS last_step, max(timestamp) AS newest,
			min(CASE WHEN is_nan THEN NULL ELSE value END) AS low, max(CASE WHEN is_nan THEN NULL ELSE value END) AS high
		FROM {metrics} WHERE run_uuid = ?{keys} GROUP BY {key})
	SELECT s.{key}, s.n, s.first_step, (SELECT min(timestamp) {of s} AND step = s.first_step),
		(SELECT CASE WHEN is_nan THEN NULL ELSE value END {of s} AND step = s.first_step ORDER BY timestamp, value LIMIT 1),
		{number}, s.last_step, (SELECT max(timestamp) {of s} AND step = s.last_step), s.newest,
		l.value, l.is_nan, l.step, l.timestamp,
		s.low, (SELECT step {of s} AND value = s.low AND NOT is_nan ORDER BY step LIMIT 1),
		s.high, (SELECT step {of s} AND value = s.high AND NOT is_nan ORDER BY step LIMIT 1)
	FROM s JOIN latest_metrics l ON l.run_uuid = ? AND l.{key} = s.{key} ORDER BY s.{key}`

// wholeQuery is a variant of wholeText.
type wholeQuery struct {
	numbers bool // with row numbers
	some    bool // of some metrics
}

var wholeQueries = func() map[wholeQuery]string {
	queries := map[wholeQuery]string{}
	for _, q := range []wholeQuery{{}, {some: true}, {numbers: true}, {numbers: true, some: true}} {
		number, keys := "0", ""
		if q.numbers {
			number = "(SELECT rowid {of s} AND step = s.first_step ORDER BY rowid LIMIT 1)"
		}
		if q.some {
			keys = " AND {key} IN (?...)"
		}
		text := strings.NewReplacer("{number}", number, "{keys}", keys).Replace(wholeText)
		queries[q] = strings.NewReplacer("{key}", "`key`", "{metrics}", metricsOfRun,
			"{of s}", "FROM "+metricsOfRun+" WHERE run_uuid = ? AND metrics.`key` = s.`key`").Replace(text)
	}
	return queries
}()
