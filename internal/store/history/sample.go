package history

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// StepRange restricts a history to the steps From to To, inclusive.
type StepRange struct{ From, To int64 }

// exactRows is the maximum length of a history that is sampled as MLflow does: it is
// sorted, and the first value of each bucket is kept. The sample of a longer history
// keeps its peaks.
const exactRows = 1000

// MetricSample returns up to n values of one metric of a run, ordered by step,
// timestamp and value. The sample includes the first and the last value. The other
// values are spread evenly over the rows; in a long history they are the smallest
// and the largest value of each bucket. MetricSample reads the rows once and keeps
// only the sample in memory.
func (s Histories) MetricSample(
	ctx context.Context,
	runID, key string,
	n int,
	steps *StepRange,
) (list []mlflow.Metric, err error) {
	where, args := " FROM "+metricsOfRun+" WHERE run_uuid = ? AND `key` = ?", []any{runID, key}
	if steps != nil {
		where += " AND step >= ? AND step <= ?"
		args = append(args, steps.From, steps.To)
	}
	err = s.ScanReplica(ctx, func(t tx) error {
		var rows int
		if err := t.QueryRow("SELECT count(*)"+where, args...).Scan(&rows); err != nil {
			return err
		}
		if rows <= max(n, exactRows) {
			list, err = t.metrics(key, "SELECT "+metricColumns+where+" ORDER BY step, timestamp, value, is_nan", args...)
			list = firstOfBuckets(list, n)
			return err
		}
		sample := extremes{n: n, rows: rows}
		// The index has the rows of a step in the order in which they were written.
		err := t.Each("SELECT "+metricColumns+where+" ORDER BY step", args, func(rows *sql.Rows) error {
			m := mlflow.Metric{Key: key}
			err := scanMetric(rows, &m)
			sample.add(m)
			return err
		})
		list = sample.result()
		return err
	})
	for i := range list {
		list[i].RunID = runID
	}
	return list, err
}

// firstOfBuckets divides sorted values into n buckets of nearly equal size, the
// larger ones first. It returns the first value of each bucket, and the last value
// of the last bucket.
func firstOfBuckets(all []mlflow.Metric, n int) []mlflow.Metric {
	if len(all) <= n {
		return all
	}
	sample := make([]mlflow.Metric, n)
	size, larger := len(all)/n, len(all)%n
	for bucket := range sample {
		sample[bucket] = all[bucket*size+min(bucket, larger)]
	}
	sample[n-1] = all[len(all)-1]
	return sample
}

// extremes samples a stream of values. It divides the stream into buckets of rows
// and keeps the smallest and the largest value of each bucket, and the first and
// the last value of the stream. It keeps NaN if a bucket has no other value.
type extremes struct {
	n, rows int // values wanted, rows in the stream
	seen    int
	kept    []mlflow.Metric

	bucket    int
	low, high candidate
	last      candidate
}

// candidate is a value and its index in the stream.
type candidate struct {
	mlflow.Metric
	at int
}

func (e *extremes) add(m mlflow.Metric) {
	c := candidate{m, e.seen}
	e.seen++
	e.last = c
	if c.at == 0 && e.n > 1 {
		e.kept = append(e.kept, m)
	}
	buckets := (e.n - 2) / 2
	if c.at == 0 || c.at >= e.rows-1 || buckets < 1 {
		return // result adds the last value.
	}
	if b := int(int64(c.at) * int64(buckets) / int64(e.rows)); b != e.bucket || e.low.at == 0 {
		e.flush()
		e.bucket, e.low, e.high = b, c, c
		return
	}
	if c.Value < e.low.Value || math.IsNaN(e.low.Value) {
		e.low = c
	}
	if c.Value > e.high.Value || math.IsNaN(e.high.Value) {
		e.high = c
	}
}

// flush adds the values of the current bucket to the sample.
func (e *extremes) flush() {
	if e.low.at == 0 {
		return // There is no bucket yet.
	}
	e.kept = append(e.kept, e.low.Metric)
	if e.high.at != e.low.at {
		e.kept = append(e.kept, e.high.Metric)
	}
}

// result returns the sample in the order of step, timestamp and value.
func (e *extremes) result() []mlflow.Metric {
	e.flush()
	if e.seen > 1 || e.n == 1 {
		e.kept = append(e.kept, e.last.Metric)
	}
	slices.SortStableFunc(e.kept, func(a, b mlflow.Metric) int { return base.Newer(&a, &b) })
	return e.kept
}
