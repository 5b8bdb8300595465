package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/mlflow"
)

const metricColumns = "value, timestamp, step, is_nan"

// metricsOfRun names the index that finds one metric of one run. Left alone,
// SQLite prefers the primary key, which begins with the metric's name and holds
// it for all runs.
const metricsOfRun = "metrics INDEXED BY index_metrics_run_uuid_key_step"

func scanMetric(rows *sql.Rows, m *mlflow.Metric) error {
	var isNaN bool
	err := rows.Scan(&m.Value, &m.Timestamp, &m.Step, &isNaN)
	m.Value = logged(m.Value, isNaN)
	return err
}

// maxPage is how many values a page of a history has at most, which take 15 MiB;
// maxWhole, how many an answer in one piece, in 48 MB.
const (
	maxPage  = 100_000
	maxWhole = 2_000_000
)

// MetricHistory returns a page of the values of one metric in the order of
// timestamp, step and value, and the token of the next page: up to limit values,
// 0 for as many as a page can have. An unknown run or key has no values.
func (s *Store) MetricHistory(ctx context.Context, runID, key string, limit int, token string) (list []mlflow.Metric, next string, err error) {
	offset, err := search.DecodeOffset(token)
	if err != nil {
		return nil, "", err
	}
	if limit == 0 || limit > maxPage {
		limit = maxPage
	}
	query := "SELECT " + metricColumns + " FROM " + metricsOfRun + " WHERE run_uuid = ? AND `key` = ? ORDER BY timestamp, step, value LIMIT ? OFFSET ?"
	err = s.readAside(ctx, func(t tx) error {
		list = nil
		return t.each(query, []any{runID, key, limit + 1, offset}, func(rows *sql.Rows) error {
			list = append(list, mlflow.Metric{Key: key})
			return scanMetric(rows, &list[len(list)-1])
		})
	})
	if len(list) > limit {
		list, next = list[:limit], search.EncodeOffset(offset+limit)
	}
	return list, next, err
}

// WholeMetricHistory returns all that pages of MetricHistory have. It returns
// false for a history that is too long for that.
func (s *Store) WholeMetricHistory(ctx context.Context, runID, key string) (list []mlflow.MetricPoint, whole bool, err error) {
	const where = " FROM " + metricsOfRun + " WHERE run_uuid = ? AND `key` = ?"
	err = s.readAside(ctx, func(t tx) error {
		var n int
		if err := t.queryRow("SELECT count(*)"+where, runID, key).Scan(&n); err != nil {
			return err
		}
		if whole = n <= maxWhole; !whole {
			return nil
		}
		list = make([]mlflow.MetricPoint, 0, n)
		// The index has them by step, which nearly is the order wanted.
		return t.each("SELECT "+metricColumns+where+" ORDER BY step", []any{runID, key}, func(rows *sql.Rows) error {
			var m mlflow.Metric
			err := scanMetric(rows, &m)
			list = append(list, mlflow.MetricPoint{Value: m.Value, Timestamp: m.Timestamp, Step: m.Step})
			return err
		})
	})
	if !slices.IsSortedFunc(list, byTime) {
		slices.SortFunc(list, byTime)
	}
	return list, whole, err
}

func byTime(a, b mlflow.MetricPoint) int {
	av, _ := stored(a.Value)
	bv, _ := stored(b.Value)
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Step, b.Step), cmp.Compare(av, bv))
}

// MetricHistoryBulk returns up to limit values of one metric of several runs,
// ordered by run, timestamp, step and value, each with its run's id.
func (s *Store) MetricHistoryBulk(ctx context.Context, runIDs []string, key string, limit int) (list []mlflow.Metric, err error) {
	err = s.readAside(ctx, func(t tx) error {
		list = nil
		return t.each("SELECT run_uuid, "+metricColumns+" FROM "+metricsOfRun+" WHERE run_uuid IN (?...) AND `key` = ? ORDER BY run_uuid, timestamp, step, value LIMIT ?",
			[]any{runIDs, key, limit}, func(rows *sql.Rows) error {
				m := mlflow.Metric{Key: key}
				var isNaN bool
				err := rows.Scan(&m.RunID, &m.Value, &m.Timestamp, &m.Step, &isNaN)
				m.Value = logged(m.Value, isNaN)
				list = append(list, m)
				return err
			})
	})
	return list, err
}

// StepRange limits a history to the steps From to To, both included.
type StepRange struct{ From, To int64 }

// exactRows is how long a history may be to be sampled by counting its rows;
// longer ones are sampled by step, which needs only an index probe a sample.
const exactRows = 20_000

// MetricSample returns about n values of one metric of a run, evenly spread
// over its rows in the order of step, timestamp and value, first and last
// included.
func (s *Store) MetricSample(ctx context.Context, runID, key string, n int, steps *StepRange) (list []mlflow.Metric, err error) {
	where, args := "run_uuid = ? AND `key` = ?", []any{runID, key}
	if steps != nil {
		where += " AND step >= ? AND step <= ?"
		args = append(args, steps.From, steps.To)
	}
	err = s.readAside(ctx, func(t tx) error {
		list = nil
		var first, last sql.NullInt64
		if err := t.queryRow("SELECT (SELECT min(step) FROM "+metricsOfRun+" WHERE "+where+"), (SELECT max(step) FROM "+metricsOfRun+" WHERE "+where+")", concat(args, args)...).Scan(&first, &last); err != nil || !first.Valid {
			return err
		}
		long, err := t.longerThan(exactRows, where, args)
		if err != nil {
			return err
		}
		if long && last.Int64-first.Int64 >= int64(n) {
			list, err = t.sampleBySteps(where, args, n, first.Int64, last.Int64)
			return err
		}
		list, err = t.sampleByRows(where, args, n)
		return err
	})
	for i := range list {
		list[i].Key, list[i].RunID = key, runID
	}
	return list, err
}

func (t tx) longerThan(n int, where string, args []any) (long bool, err error) {
	err = t.queryRow("SELECT EXISTS (SELECT 1 FROM "+metricsOfRun+" WHERE "+where+" LIMIT 1 OFFSET ?)", append(args[:len(args):len(args)], n)...).Scan(&long)
	return long, err
}

// sampleByRows cuts the ordered rows into n buckets of nearly equal size, the
// larger ones first, and takes the first of each, but of the last its last row.
func (t tx) sampleByRows(where string, args []any, n int) ([]mlflow.Metric, error) {
	all, err := t.appendMetrics(nil, where+" ORDER BY step, timestamp, value, is_nan", args)
	if err != nil || len(all) <= n {
		return all, err
	}
	sample := make([]mlflow.Metric, n)
	size, larger := len(all)/n, len(all)%n
	for bucket := range sample {
		sample[bucket] = all[bucket*size+min(bucket, larger)]
	}
	sample[n-1] = all[len(all)-1]
	return sample, nil
}

// sampleBySteps takes the first row at or after each of n-1 evenly spaced steps,
// and the last row: one index probe each, however long the history.
func (t tx) sampleBySteps(where string, args []any, n int, first, last int64) ([]mlflow.Metric, error) {
	steps := make([]int64, n-1)
	for i := range steps {
		steps[i] = first + int64(float64(last-first)*float64(i)/float64(n-1))
	}
	find := t.sampleProbes
	if t.c.d.sample != "" {
		find = t.sampleAtOnce
	}
	sample, err := find(args[0], args[1], steps, last)
	if err != nil {
		return nil, err
	}
	return t.appendMetrics(sample, where+" AND step = ? ORDER BY timestamp DESC, value DESC, is_nan DESC LIMIT 1", append(args[:len(args):len(args)], last))
}

// The ways to find the first row at or after each of some steps by one statement,
// given the steps, the run, the key and the last step.
const (
	sampleOfArray = "SELECT m.value, m.timestamp, m.step, m.is_nan FROM unnest(?) AS at (step) CROSS JOIN LATERAL" +
		" (SELECT " + metricColumns + " FROM metrics WHERE run_uuid = ? AND `key` = ? AND metrics.step >= at.step AND metrics.step <= ?" +
		" ORDER BY metrics.step LIMIT 1) m ORDER BY at.step"
	sampleOfJSON = "SELECT m.value, m.timestamp, m.step, m.is_nan FROM json_each(?) AS at CROSS JOIN metrics m WHERE m.rowid =" +
		" (SELECT metrics.rowid FROM " + metricsOfRun + " WHERE run_uuid = ? AND `key` = ? AND metrics.step >= at.value AND metrics.step <= ?" +
		" ORDER BY metrics.step LIMIT 1) ORDER BY m.step"
)

// sampleAtOnce finds the first row at or after each step, each row once.
func (t tx) sampleAtOnce(runID, key any, steps []int64, last int64) (sample []mlflow.Metric, err error) {
	list := any(steps)
	if !t.c.d.arrays {
		text, err := json.Marshal(steps)
		if err != nil {
			return nil, err
		}
		list = string(text)
	}
	err = t.each(t.c.d.sample, []any{list, runID, key, last}, func(rows *sql.Rows) error {
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

// sampleProbes finds the first row at or after each step, each row once.
func (t tx) sampleProbes(runID, key any, steps []int64, last int64) (sample []mlflow.Metric, err error) {
	for _, from := range steps {
		if n := len(sample); n > 0 && sample[n-1].Step >= from {
			continue
		}
		sample, err = t.appendMetrics(sample, "run_uuid = ? AND `key` = ? AND step >= ? AND step <= ? ORDER BY step LIMIT 1", []any{runID, key, from, last})
		if err != nil {
			return nil, err
		}
	}
	return sample, nil
}

func (t tx) appendMetrics(list []mlflow.Metric, where string, args []any) ([]mlflow.Metric, error) {
	err := t.each("SELECT "+metricColumns+" FROM "+metricsOfRun+" WHERE "+where, args, func(rows *sql.Rows) error {
		var m mlflow.Metric
		err := scanMetric(rows, &m)
		list = append(list, m)
		return err
	})
	return list, err
}

// MetricSummaries describes every metric of a run: how many values, and the
// first, last, smallest and largest with their steps. NaN counts as a value but
// is neither smallest nor largest unless all are NaN.
func (s *Store) MetricSummaries(ctx context.Context, runID string) (list []mlflow.MetricSummary, err error) {
	err = s.readAside(ctx, func(t tx) error {
		list = nil
		if _, err := t.runInfo(runID); err != nil {
			return err
		}
		return t.each(metricSummaryQuery, arguments([]string{runID, runID, runID, runID, runID}), func(rows *sql.Rows) error {
			var m mlflow.MetricSummary
			var first, last, low, high sql.NullFloat64
			var minStep, maxStep sql.NullInt64
			if err := rows.Scan(&m.Key, &m.Count, &first, &last, &m.LastStep, &m.LastTimestamp, &low, &minStep, &high, &maxStep); err != nil {
				return err
			}
			m.First, m.Last = orNaN(first), orNaN(last)
			m.Min, m.Max = orNaN(low), orNaN(high)
			m.MinStep, m.MaxStep = minStep.Int64, maxStep.Int64
			list = append(list, m)
			return nil
		})
	})
	return list, err
}

func orNaN(v sql.NullFloat64) mlflow.Float {
	return mlflow.Float(logged(v.Float64, !v.Valid))
}

// metricSummaryQuery finds counts and extremes in one pass over the run's
// metrics. The first value and the steps of the extremes are probes in the order
// of the index, since the databases have no common arg-min.
var metricSummaryQuery = strings.NewReplacer("{key}", "`key`", "{metrics}", metricsOfRun,
	"{of s}", "FROM "+metricsOfRun+" WHERE run_uuid = ? AND metrics.`key` = s.`key`").Replace(`
	WITH s AS (
		SELECT {key}, count(*) AS n, min(step) AS first_step,
			min(CASE WHEN is_nan THEN NULL ELSE value END) AS low, max(CASE WHEN is_nan THEN NULL ELSE value END) AS high
		FROM {metrics} WHERE run_uuid = ? GROUP BY {key})
	SELECT s.{key}, s.n,
		(SELECT CASE WHEN is_nan THEN NULL ELSE value END {of s} AND step = s.first_step ORDER BY timestamp, value LIMIT 1),
		CASE WHEN l.is_nan THEN NULL ELSE l.value END, l.step, l.timestamp,
		s.low, (SELECT step {of s} AND value = s.low AND NOT is_nan ORDER BY step LIMIT 1),
		s.high, (SELECT step {of s} AND value = s.high AND NOT is_nan ORDER BY step LIMIT 1)
	FROM s JOIN latest_metrics l ON l.run_uuid = ? AND l.{key} = s.{key} ORDER BY s.{key}`)
