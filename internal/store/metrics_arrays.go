package store

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/mlflow"
)

// What PostgreSQL can do in one statement, so in one round trip and one commit,
// because it takes arrays.

// logMetricsQuery writes metrics to a run if it is active, and says whether it
// is. It can be sent again: a value that is there is not written twice.
const logMetricsQuery = "WITH run AS (SELECT run_uuid FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active')," +
	" added AS (INSERT INTO metrics (`key`, value, timestamp, step, is_nan, run_uuid)" +
	" SELECT m.*, run.run_uuid FROM run CROSS JOIN unnest(?, ?, ?, ?, ?) AS m ON CONFLICT DO NOTHING)," +
	" newest AS (INSERT INTO latest_metrics (`key`, value, timestamp, step, is_nan, run_uuid)" +
	" SELECT m.*, run.run_uuid FROM run CROSS JOIN unnest(?, ?, ?, ?, ?) AS m" + latestMetric + ")" +
	" SELECT count(*) FROM run"

// logMetricsAtOnce writes metrics by a single statement. done is false where
// that does not do: on other databases, for metrics of logged models, and for
// runs that take none, of which the caller finds out more.
func (s *Store) logMetricsAtOnce(ctx context.Context, runID string, metrics []mlflow.Metric) (done bool, err error) {
	p, ok := s.engine.(*pool)
	if !ok || !s.d.arrays {
		return false, nil
	}
	for i := range metrics {
		if metrics[i].ModelID != "" {
			return false, nil
		}
	}
	args := append([]any{runID}, metricArrays(metrics)...)
	args = append(args, metricArrays(newestOf(metrics))...)
	var active int
	err = p.once(ctx, func(t tx) error { return t.queryRow(logMetricsQuery, args...).Scan(&active) })
	return err != nil || active == 1, err
}

// metricArrays returns the columns key, value, timestamp, step and is_nan.
func metricArrays(metrics []mlflow.Metric) []any {
	n := len(metrics)
	keys, values, times, steps, nans := make([]string, n), make([]float64, n), make([]int64, n), make([]int64, n), make([]bool, n)
	for i := range metrics {
		m := &metrics[i]
		keys[i], times[i], steps[i] = m.Key, m.Timestamp, m.Step
		values[i], nans[i] = stored(m.Value)
	}
	return []any{keys, values, times, steps, nans}
}

// sampleQuery finds the first row at or after each of some steps.
const sampleQuery = "SELECT m.value, m.timestamp, m.step, m.is_nan FROM unnest(?) AS at (step) CROSS JOIN LATERAL" +
	" (SELECT " + metricColumns + " FROM metrics WHERE run_uuid = ? AND `key` = ? AND metrics.step >= at.step AND metrics.step <= ?" +
	" ORDER BY metrics.step LIMIT 1) m ORDER BY at.step"

// sampleAtOnce finds the first row at or after each step, each row once.
func (t tx) sampleAtOnce(runID, key any, steps []int64, last int64) (sample []mlflow.Metric, err error) {
	err = t.each(sampleQuery, []any{steps, runID, key, last}, func(rows *sql.Rows) error {
		var m mlflow.Metric
		if err := scanMetric(rows, &m); err != nil {
			return err
		}
		if n := len(sample); n == 0 || sample[n-1].Step != m.Step {
			sample = append(sample, m)
		}
		return nil
	})
	return sample, err
}
