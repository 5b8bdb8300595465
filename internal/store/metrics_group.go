package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxGroupMetrics is the number of metrics from which on no requests are added to a
// group.
const maxGroupMetrics = 1000

// metricGroup writes the metrics of concurrent requests, of any runs, with one
// statement. It exists on PostgreSQL only.
type metricGroup = db.Group[*runMetrics]

// runMetrics are the metrics of one request.
type runMetrics struct {
	runID   string
	metrics []mlflow.Metric
	active  bool // The run is active, so the metrics were written.
}

func newMetricGroup(d *db.DB) *metricGroup {
	return db.NewGroup(d, db.GroupOptions[*runMetrics]{
		Size:    func(m *runMetrics) int { return len(m.metrics) },
		MaxSize: maxGroupMetrics,
		Write:   writeMetrics,
		TimedOut: mlflow.Errorf(mlflow.TemporarilyUnavailable, "The database did not answer in time. "+
			"The metrics may be stored or not; sending them again stores nothing twice."),
	})
}

// logMetricsGrouped writes metrics with those of other requests. It returns done =
// false if this is not possible: on databases other than PostgreSQL, for metrics
// of logged models, and for runs that are not active, for which the caller
// determines the error.
func (s *Store) logMetricsGrouped(ctx context.Context, runID string, metrics []mlflow.Metric) (done bool, err error) {
	if s.metrics == nil {
		return false, nil
	}
	for i := range metrics {
		if metrics[i].ModelID != "" {
			return false, nil
		}
	}
	m := &runMetrics{runID: runID, metrics: metrics}
	if err := s.metrics.Do(ctx, m); err != nil {
		return true, err // Do not read m.active, since the group may still be written.
	}
	return m.active, nil
}

// writeMetricsQuery writes the metrics of the runs that are active and returns these
// runs. If it is executed again, it writes nothing twice.
const writeMetricsQuery = "" +
	"WITH run AS (SELECT run_uuid FROM runs WHERE run_uuid IN (?...) AND lifecycle_stage = 'active')," +
	" added AS (INSERT INTO metrics (run_uuid, `key`, value, timestamp, step, is_nan)" +
	" SELECT m.* FROM unnest(?, ?, ?, ?, ?, ?) AS m (run_uuid) JOIN run ON run.run_uuid = m.run_uuid" +
	" ON CONFLICT DO NOTHING)," +
	" newest AS (INSERT INTO latest_metrics (run_uuid, `key`, value, timestamp, step, is_nan)" +
	" SELECT m.* FROM unnest(?, ?, ?, ?, ?, ?) AS m (run_uuid) JOIN run ON run.run_uuid = m.run_uuid" +
	base.LatestMetric + ")" +
	" SELECT run_uuid FROM run"

// writeMetrics writes a group.
func writeMetrics(t db.Tx, group []*runMetrics) error {
	// Sort the rows, so that all transactions lock them in the same order.
	slices.SortStableFunc(group, func(a, b *runMetrics) int { return strings.Compare(a.runID, b.runID) })
	var all, newest []mlflow.Metric
	var runs []string
	for _, r := range group {
		if n := len(runs); n == 0 || runs[n-1] != r.runID {
			runs = append(runs, r.runID)
		}
		for _, m := range r.metrics {
			m.RunID = r.runID
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b mlflow.Metric) int {
		return cmp.Or(strings.Compare(a.RunID, b.RunID), strings.Compare(a.Key, b.Key), base.Newer(&a, &b))
	})
	for i := range all {
		if n := len(all); i == n-1 || all[i].RunID != all[i+1].RunID || all[i].Key != all[i+1].Key {
			newest = append(newest, all[i])
		}
	}
	args := slices.Concat([]any{runs}, metricArrays(all), metricArrays(newest))
	active := map[string]bool{}
	err := t.Each(writeMetricsQuery, args, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		active[id] = true
		return err
	})
	for _, r := range group {
		r.active = active[r.runID]
	}
	return err
}

// metricArrays returns the columns run_uuid, key, value, timestamp, step and is_nan.
func metricArrays(metrics []mlflow.Metric) []any {
	n := len(metrics)
	runs, keys, values := make([]string, n), make([]string, n), make([]float64, n)
	times, steps, nans := make([]int64, n), make([]int64, n), make([]bool, n)
	for i := range metrics {
		m := &metrics[i]
		runs[i], keys[i], times[i], steps[i] = m.RunID, m.Key, m.Timestamp, m.Step
		values[i], nans[i] = base.ToColumn(m.Value)
	}
	return []any{runs, keys, values, times, steps, nans}
}
