package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

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

// log writes metrics to a run and reports whether it takes any. It does not wait
// longer than ctx lasts; a group that is under way then goes on without it.
func (g *metricGroups) log(ctx context.Context, runID string, metrics []mlflow.Metric) (active bool, err error) {
	j := &metricJob{ctx: ctx, runID: runID, metrics: metrics, done: make(chan struct{})}
	waiting, cancel, err := g.p.outage.enter(ctx)
	if err != nil {
		return false, err
	}
	defer cancel()
	g.p.waiting.Add(1)
	select {
	case g.jobs <- j:
		g.p.waiting.Add(-1)
	case <-waiting.Done():
		g.p.waiting.Add(-1)
		return false, g.p.outage.cause(waiting, waitError(ctx))
	}
	select {
	case <-j.done:
		return j.active, j.err
	case <-ctx.Done():
		return false, groupError(ctx)
	}
}

// groupError explains that ctx ended before the group of its request did.
func groupError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "The database did not answer in time. The metrics may be stored or not; sending them again stores nothing twice.")
	}
	return ctx.Err()
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

// write stores a group. If the group cannot be stored because of what is in it,
// write stores each of its requests by itself, so that one that is refused harms
// no other.
func (g *metricGroups) write(group []*metricJob) {
	ctx, cancel := groupContext(group)
	defer cancel()
	group = slices.DeleteFunc(slices.Clone(group), func(j *metricJob) bool {
		if j.ctx.Err() != nil {
			j.err = waitError(j.ctx)
		}
		return j.err != nil
	})
	if len(group) == 0 {
		return
	}
	g.p.observe.groupSize.Observe(float64(len(group)))
	start := time.Now()
	err := g.send(ctx, group)
	g.p.observe.commitSeconds.Observe(time.Since(start).Seconds())
	alone := len(group) > 1 && ctx.Err() == nil && classify(err).aboutValues()
	for i, j := range group {
		if j.err = err; alone {
			j.err = g.send(ctx, group[i:i+1])
		}
	}
}

// groupContext returns the context of a group, which ends with the last of its
// requests' deadlines: a client that hangs up takes nothing from the others.
func groupContext(group []*metricJob) (context.Context, context.CancelFunc) {
	latest := deadlineOf(group[0].ctx)
	for _, j := range group[1:] {
		if deadline := deadlineOf(j.ctx); deadline.After(latest) {
			latest = deadline
		}
	}
	return context.WithDeadline(context.Background(), latest)
}

// logMetricsQuery writes metrics to those of some runs that are active, and
// returns these. It can be sent again: a value that is there is not written twice.
const logMetricsQuery = "WITH run AS (SELECT run_uuid FROM runs WHERE run_uuid IN (?...) AND lifecycle_stage = 'active')," +
	" added AS (INSERT INTO metrics (run_uuid, `key`, value, timestamp, step, is_nan)" +
	" SELECT m.* FROM unnest(?, ?, ?, ?, ?, ?) AS m (run_uuid) JOIN run ON run.run_uuid = m.run_uuid ON CONFLICT DO NOTHING)," +
	" newest AS (INSERT INTO latest_metrics (run_uuid, `key`, value, timestamp, step, is_nan)" +
	" SELECT m.* FROM unnest(?, ?, ?, ?, ?, ?) AS m (run_uuid) JOIN run ON run.run_uuid = m.run_uuid" + latestMetric + ")" +
	" SELECT run_uuid FROM run"

func (g *metricGroups) send(ctx context.Context, group []*metricJob) error {
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
	err := g.p.once(ctx, func(t tx) error {
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
