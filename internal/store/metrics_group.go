package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// groupWriters is how many groups of metrics are under way at once.
	groupWriters = 4
	// maxGroupMetrics is how many metrics a group has when no more requests are
	// added to it.
	maxGroupMetrics = 1000
)

// metricGroups writes the metrics of requests that arrive at the same time, of
// any runs, by one statement: on PostgreSQL a statement and its commit cost much
// more than the rows. No request is answered before its group is committed.
type metricGroups struct {
	p    *pool
	jobs chan *metricJob
	done sync.WaitGroup
}

type metricJob struct {
	ctx     context.Context
	runID   string
	metrics []mlflow.Metric
	active  bool // the run takes metrics, and they are stored
	err     error
	done    chan struct{}
}

func startMetricGroups(p *pool) *metricGroups {
	g := &metricGroups{p: p, jobs: make(chan *metricJob)}
	for range groupWriters {
		g.done.Go(g.loop)
	}
	return g
}

// stop waits for the groups under way. No request may be left.
func (g *metricGroups) stop() {
	close(g.jobs)
	g.done.Wait()
}

// log writes metrics to a run and reports whether it takes any.
func (g *metricGroups) log(ctx context.Context, runID string, metrics []mlflow.Metric) (active bool, err error) {
	j := &metricJob{ctx: ctx, runID: runID, metrics: metrics, done: make(chan struct{})}
	select {
	case g.jobs <- j:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	<-j.done
	return j.active, j.err
}

func (g *metricGroups) loop() {
	var group []*metricJob
	for j := range g.jobs {
		group = append(group[:0], j)
		for n := len(j.metrics); n < maxGroupMetrics; {
			select {
			case j, open := <-g.jobs:
				if open {
					group, n = append(group, j), n+len(j.metrics)
					continue
				}
			default:
			}
			break
		}
		g.write(group)
		for _, j := range group {
			close(j.done)
		}
	}
}

// write stores a group, and if that fails each of its requests by itself, so
// that one that cannot be stored harms no other.
func (g *metricGroups) write(group []*metricJob) {
	group = slices.DeleteFunc(slices.Clone(group), func(j *metricJob) bool {
		j.err = j.ctx.Err()
		return j.err != nil
	})
	if len(group) == 0 || g.send(group) == nil {
		return
	}
	for i := range group {
		group[i].err = g.send(group[i : i+1])
	}
}

// logMetricsQuery writes metrics to those of some runs that are active, and
// returns these. It can be sent again: a value that is there is not written twice.
const logMetricsQuery = "WITH run AS (SELECT run_uuid FROM runs WHERE run_uuid IN (?...) AND lifecycle_stage = 'active')," +
	" added AS (INSERT INTO metrics (run_uuid, `key`, value, timestamp, step, is_nan)" +
	" SELECT m.* FROM unnest(?, ?, ?, ?, ?, ?) AS m (run_uuid) JOIN run ON run.run_uuid = m.run_uuid ON CONFLICT DO NOTHING)," +
	" newest AS (INSERT INTO latest_metrics (run_uuid, `key`, value, timestamp, step, is_nan)" +
	" SELECT m.* FROM unnest(?, ?, ?, ?, ?, ?) AS m (run_uuid) JOIN run ON run.run_uuid = m.run_uuid" + latestMetric + ")" +
	" SELECT run_uuid FROM run"

func (g *metricGroups) send(group []*metricJob) error {
	// In one order everywhere, in which the rows are locked.
	slices.SortStableFunc(group, func(a, b *metricJob) int { return strings.Compare(a.runID, b.runID) })
	var all, newest []mlflow.Metric
	var runs []string
	for _, j := range group {
		if n := len(runs); n == 0 || runs[n-1] != j.runID {
			runs = append(runs, j.runID)
		}
		for _, m := range j.metrics {
			m.RunID = j.runID
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b mlflow.Metric) int {
		return cmp.Or(strings.Compare(a.RunID, b.RunID), strings.Compare(a.Key, b.Key), newer(&a, &b))
	})
	for i := range all {
		if n := len(all); i == n-1 || all[i].RunID != all[i+1].RunID || all[i].Key != all[i+1].Key {
			newest = append(newest, all[i])
		}
	}
	args := slices.Concat([]any{runs}, metricArrays(all), metricArrays(newest))
	active := map[string]bool{}
	err := g.p.once(context.Background(), func(t tx) error {
		return t.each(logMetricsQuery, args, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			active[id] = true
			return err
		})
	})
	for _, j := range group {
		j.active = active[j.runID]
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
		values[i], nans[i] = stored(m.Value)
	}
	return []any{runs, keys, values, times, steps, nans}
}
