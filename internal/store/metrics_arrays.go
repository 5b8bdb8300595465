package store

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/mlflow"
)

// What PostgreSQL can do in one statement, so in one round trip and one commit,
// because it takes arrays.

// logMetricsAtOnce writes metrics by a single statement. done is false where
// that does not do: on other databases, for metrics of logged models, and for
// runs that take none, of which the caller finds out more.
func (s *Store) logMetricsAtOnce(ctx context.Context, runID string, metrics []mlflow.Metric) (done bool, err error) {
	p, ok := s.engine.(*pool)
	if !ok || p.groups == nil {
		return false, nil
	}
	for i := range metrics {
		if metrics[i].ModelID != "" {
			return false, nil
		}
	}
	active, err := p.logMetrics(ctx, runID, metrics)
	return err != nil || active, err
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
