package history

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

const metricColumns = "value, timestamp, step, is_nan"

// metricsOfRun names the index of one metric of one run. Otherwise SQLite prefers
// the primary key, which begins with the key and covers the values of all runs.
const metricsOfRun = "metrics INDEXED BY index_metrics_run_uuid_key_step"

func scanMetric(rows *sql.Rows, m *mlflow.Metric) error {
	var isNaN bool
	err := rows.Scan(&m.Value, &m.Timestamp, &m.Step, &isNaN)
	m.Value = base.FromColumn(m.Value, isNaN)
	return err
}

// maxPage is the maximum of values in a page of a history. They take 15 MiB.
const maxPage = 100_000

// MetricHistory returns a page of up to limit values of one metric, ordered by
// timestamp, step and value, and the token of the next page. If limit is 0, it
// returns as many values as fit into a page. An unknown run or key has no values.
func (s Histories) MetricHistory(
	ctx context.Context,
	runID, key string,
	limit int,
	token string,
) (list []mlflow.Metric, next string, err error) {
	after, offset, err := search.DecodeMetricPage(token)
	if err != nil {
		return nil, "", err
	}
	if limit == 0 || limit > s.MaxPage {
		limit = s.MaxPage
	}
	err = s.ScanReplica(ctx, func(t tx) error {
		if after == nil {
			list, err = t.metrics(
				key,
				"SELECT "+metricColumns+" FROM "+metricsOfRun+" WHERE run_uuid = ? AND `key` = ?"+
					" ORDER BY timestamp, step, value, is_nan LIMIT ? OFFSET ?",
				runID, key, limit+1,
				offset,
			)
			return err
		}
		list, err = t.metricsAfter(after, runID, key, limit+1)
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		value, isNaN := base.ToColumn(last.Value)
		next = search.EncodeMetricPage(
			search.MetricPage{Timestamp: last.Timestamp, Step: last.Step, Value: value, IsNaN: isNaN},
		)
	}
	return list, next, err
}

// lookAhead bounds the number of values of all runs that are read for each value of
// a page.
const lookAhead = 4

// metricsAfter returns the first n values after a value. It reads the primary key,
// which has the values of all runs in the required order. If there are too many
// values of other runs, it sorts the values of the run instead.
func (t tx) metricsAfter(after *search.MetricPage, runID, key string, n int) (list []mlflow.Metric, err error) {
	const rest = " AND timestamp >= ? AND (timestamp, step, value, is_nan) > (?, ?, ?, ?)"
	position := []any{after.Timestamp, after.Timestamp, after.Step, after.Value, after.IsNaN}
	end := int64(math.MaxInt64)
	err = t.QueryRow(
		"SELECT timestamp FROM metrics WHERE `key` = ? AND timestamp >= ? ORDER BY timestamp LIMIT 1 OFFSET ?",
		key, after.Timestamp, lookAhead*n,
	).Scan(
		&end,
	)
	bounded := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	// coalesce prevents the use of the index that begins with run_uuid.
	list, err = t.metrics(key, "SELECT "+metricColumns+" FROM metrics WHERE `key` = ? AND coalesce(run_uuid, '') = ?"+rest+
		" AND timestamp <= ? ORDER BY timestamp, step, run_uuid, value, is_nan LIMIT "+
		"?", base.Concat([]any{key, runID}, position, []any{end, n})...)
	if err != nil || len(list) == n || !bounded {
		return list, err
	}
	return t.metrics(
		key,
		"SELECT "+metricColumns+" FROM "+metricsOfRun+" WHERE run_uuid = ? AND `key` = ?"+rest+""+
			" ORDER BY timestamp, step, value, is_nan LIMIT ?",
		base.Concat([]any{runID, key}, position, []any{n})...)
}

// metrics returns the values that a query of metricColumns returns.
func (t tx) metrics(key, query string, args ...any) ([]mlflow.Metric, error) {
	return db.Collect(t.Tx, query, args, func(rows *sql.Rows, m *mlflow.Metric) error {
		m.Key = key
		return scanMetric(rows, m)
	})
}

// LongerHistory reports whether one metric of a run has more than n values.
func (s Histories) LongerHistory(ctx context.Context, runID, key string, n int) (longer bool, err error) {
	err = s.ScanReplica(ctx, func(t tx) error {
		return t.QueryRow(
			"SELECT EXISTS (SELECT 1 FROM "+metricsOfRun+" WHERE run_uuid = ? AND `key` = ? LIMIT 1 OFFSET ?)",
			runID, key, n,
		).Scan(
			&longer,
		)
	})
	return longer, err
}

// MetricHistoryBulk returns up to limit values of one metric of several runs,
// ordered by run, timestamp, step and value, each with its run's id.
func (s Histories) MetricHistoryBulk(
	ctx context.Context,
	runIDs []string,
	key string,
	limit int,
) (list []mlflow.Metric, err error) {
	err = s.ScanReplica(ctx, func(t tx) error {
		list, err = db.Collect(
			t.Tx,
			"SELECT run_uuid, "+metricColumns+" FROM "+metricsOfRun+" WHERE run_uuid IN (?...) AND `key` = ?"+
				" ORDER BY run_uuid, timestamp, step, value LIMIT ?",
			[]any{runIDs, key, limit},
			func(rows *sql.Rows, m *mlflow.Metric) error {
				var isNaN bool
				err := rows.Scan(&m.RunID, &m.Value, &m.Timestamp, &m.Step, &isNaN)
				m.Key, m.Value = key, base.FromColumn(m.Value, isNaN)
				return err
			},
		)
		return err
	})
	return list, err
}
