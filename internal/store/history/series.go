package history

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"github.com/millrace-ml/millrace/internal/series"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// SeriesQuery asks for samples of metrics of runs.
type SeriesQuery struct {
	RunIDs, Keys []string
	// Samples is the size of a sample. A client that lacks more values than that gets
	// a new sample.
	Samples int
	Axis    series.Axis
	// Window restricts the samples to a part of the axis; nil is the whole axis.
	Window *series.Window
	// Ends has what the client has of each metric, for each run by key. It is nil for
	// a client that has nothing. It must be nil with a window.
	Ends []series.Position
}

// MetricSeries returns the status of each run, which is "" for an unknown run, and a
// series for each metric of which the client lacks values. All of it is read from one
// snapshot, so that a run that has ended has all its values.
func (s Histories) MetricSeries(
	ctx context.Context,
	q *SeriesQuery,
) (statuses []mlflow.RunStatus, list []series.Series, err error) {
	err = s.ScanReplica(ctx, func(t tx) error {
		if statuses, err = t.statuses(q.RunIDs); err != nil {
			return err
		}
		list = nil
		for run := range q.RunIDs {
			found, err := t.seriesOfRun(q, run)
			if err != nil {
				return err
			}
			list = append(list, found...)
		}
		return nil
	})
	return statuses, list, err
}

// statuses returns the status of each run, "" for those that do not exist.
func (t tx) statuses(runIDs []string) ([]mlflow.RunStatus, error) {
	byID := make(map[string]mlflow.RunStatus, len(runIDs))
	err := t.Each("SELECT run_uuid, status FROM runs WHERE run_uuid IN (?...)", []any{runIDs}, func(rows *sql.Rows) error {
		var id string
		var status mlflow.RunStatus
		err := rows.Scan(&id, &status)
		byID[id] = status
		return err
	})
	statuses := make([]mlflow.RunStatus, len(runIDs))
	for i, id := range runIDs {
		statuses[i] = byID[id]
	}
	return statuses, err
}

// seriesOfRun returns the series of one run.
func (t tx) seriesOfRun(q *SeriesQuery, run int) ([]series.Series, error) {
	r := &seriesReader{tx: t, SeriesQuery: q, run: run, runID: q.RunIDs[run]}
	if q.Window != nil {
		return r.window()
	}
	if q.Ends == nil {
		return r.samples(q.Keys)
	}
	return r.increments(q.Ends[run*len(q.Keys):][:len(q.Keys)])
}

// seriesReader reads the metrics of one run.
type seriesReader struct {
	tx
	*SeriesQuery
	run   int
	runID string
}

// seriesCounts and seriesLengths read the index only. The former takes half the time.
const (
	seriesCounts = "SELECT `key`, count(*) FROM " + metricsOfRun +
		" WHERE run_uuid = ? AND `key` IN (?...) GROUP BY `key`"
	seriesLengths = "SELECT `key`, count(*), min(step), max(step) FROM " + metricsOfRun +
		" WHERE run_uuid = ? AND `key` IN (?...) GROUP BY `key`"
)

// increments returns what follows the ends of the metrics.
func (r *seriesReader) increments(ends []series.Position) (list []series.Series, err error) {
	counts := make(map[string]int64, len(r.Keys))
	err = r.Each(seriesCounts, []any{r.runID, r.Keys}, func(rows *sql.Rows) error {
		var key string
		var n int64
		err := rows.Scan(&key, &n)
		counts[key] = n
		return err
	})
	if err != nil {
		return nil, err
	}
	var whole []string
	for i, key := range r.Keys {
		end := ends[i]
		if counts[key] == end.Rows {
			continue // Values are neither changed nor removed, so there is nothing new.
		}
		points, found, err := r.since(key, end, counts[key])
		switch {
		case err != nil:
			return nil, err
		case !found:
			whole = append(whole, key)
			continue
		}
		for _, p := range points {
			end.Add(p)
		}
		list = append(list, series.Series{Run: r.run, Key: i, End: end, Points: points})
	}
	samples, err := r.samples(whole)
	return append(list, samples...), err
}

// length is the number of values of a metric, and the range of their steps.
type length struct {
	rows  int64
	steps series.Window
}

func (r *seriesReader) lengths(keys []string) (map[string]length, error) {
	found := make(map[string]length, len(keys))
	err := r.Each(seriesLengths, []any{r.runID, keys}, func(rows *sql.Rows) error {
		var key string
		var l length
		err := rows.Scan(&key, &l.rows, &l.steps.From, &l.steps.To)
		found[key] = l
		return err
	})
	return found, err
}

const (
	seriesRows = "SELECT step, timestamp, value, is_nan FROM " + metricsOfRun + " WHERE run_uuid = ? AND `key` = ?"

	// A window of steps reads a part of the index, a window of time the metric.
	seriesSteps = seriesRows + " AND step >= ? AND step <= ?"
	seriesTimes = seriesRows + " AND timestamp >= ? AND timestamp <= ?"

	// The values after a position, by step and by time.
	seriesAfter = seriesRows + " AND step >= ? AND (step > ? OR timestamp > ?)"
	seriesNewer = seriesRows + " AND timestamp > ?"
)

// each calls add for each point that a query that begins with seriesRows returns.
func (r *seriesReader) each(query string, args []any, add func(p series.Point) error) error {
	var p series.Point
	var isNaN bool
	into := []any{&p.Step, &p.Time, &p.Value, &isNaN} // It is allocated once for all rows.
	return r.Each(query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		p.Value = base.FromColumn(p.Value, isNaN)
		return add(p)
	})
}

// since returns the values after a position, of a metric with the given number of
// values. It returns found = false if it cannot tell which of them the client lacks,
// or if they are more than a sample.
func (r *seriesReader) since(key string, end series.Position, rows int64) (list []series.Point, found bool, err error) {
	missing := rows - end.Rows
	if end.Rows == 0 || missing < 0 || missing > int64(r.Samples) {
		return nil, false, nil
	}
	// As a rule, a value has a greater step than those before it. If steps start anew
	// or values arrive late, there are other values than these.
	list, err = r.atMost(missing, seriesAfter, r.runID, key, end.Step, end.Step, end.Time)
	if err == nil && int64(len(list)) != missing {
		list, err = r.atMost(missing, seriesNewer, r.runID, key, end.Newest)
	}
	slices.SortFunc(list, series.Compare)
	return list, int64(len(list)) == missing, err
}

// errTooMany ends a query that returns more rows than the caller wants.
var errTooMany = errors.New("too many values")

// atMost returns the points that a query returns, or nil if there are more than n. It has
// no LIMIT, for which PostgreSQL prefers plans that are bad if the rows are few.
func (r *seriesReader) atMost(n int64, query string, args ...any) (list []series.Point, err error) {
	err = r.each(query, args, func(p series.Point) error {
		if int64(len(list)) == n {
			return errTooMany
		}
		list = append(list, p)
		return nil
	})
	if errors.Is(err, errTooMany) {
		return nil, nil
	}
	return list, err
}

// samples returns samples of whole metrics.
func (r *seriesReader) samples(keys []string) ([]series.Series, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	lengths, err := r.lengths(keys)
	if err != nil {
		return nil, err
	}
	samplers := make(map[string]*series.Sampler, len(keys))
	var byTime []string
	for _, key := range keys {
		l := lengths[key]
		switch {
		case l.rows <= int64(r.Samples): // All values are in the answer.
			samplers[key] = series.NewSampler(r.Samples, series.ByStep, series.Window{})
		case r.Axis != series.ByStep, series.RepeatsSteps(l.rows, l.steps):
			byTime = append(byTime, key)
		default:
			samplers[key] = series.NewSampler(r.Samples, series.ByStep, l.steps)
		}
	}
	times, err := r.times(byTime)
	if err != nil {
		return nil, err
	}
	for _, key := range byTime {
		samplers[key] = series.NewSampler(r.Samples, series.ByTime, times[key])
	}
	return r.fill(samplers, seriesRows)
}

// seriesRange reads the metrics, because no index has their times.
const seriesRange = "SELECT `key`, min(timestamp), max(timestamp) FROM " + metricsOfRun +
	" WHERE run_uuid = ? AND `key` IN (?...) GROUP BY `key`"

// times returns the time of the first and of the last value of metrics.
func (r *seriesReader) times(keys []string) (map[string]series.Window, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	found := make(map[string]series.Window, len(keys))
	err := r.Each(seriesRange, []any{r.runID, keys}, func(rows *sql.Rows) error {
		var key string
		var w series.Window
		err := rows.Scan(&key, &w.From, &w.To)
		found[key] = w
		return err
	})
	return found, err
}

// window returns samples of the values in the window of the query.
func (r *seriesReader) window() ([]series.Series, error) {
	samplers := make(map[string]*series.Sampler, len(r.Keys))
	if r.Axis != series.Relative {
		query := seriesTimes
		if r.Axis == series.ByStep {
			query = seriesSteps
		}
		for _, key := range r.Keys {
			samplers[key] = series.NewSampler(r.Samples, r.Axis, *r.Window)
		}
		return r.fill(samplers, query)
	}
	times, err := r.times(r.Keys)
	if err != nil {
		return nil, err
	}
	for key, all := range times {
		w := series.Window{From: later(all.From, r.Window.From), To: later(all.From, r.Window.To)}
		samplers[key] = series.NewSampler(r.Samples, series.ByTime, w)
	}
	return r.fill(samplers, seriesTimes)
}

// later returns the sum of a time and a duration, or the nearest time that exists.
func later(time, duration int64) int64 {
	sum := time + duration
	switch {
	case duration > 0 && sum < time:
		return math.MaxInt64
	case duration < 0 && sum > time:
		return math.MinInt64
	}
	return sum
}

// fill adds to each sampler the rows of its key, and returns the samples that are not
// empty. The arguments of a query with a window are those of the sampler.
func (r *seriesReader) fill(samplers map[string]*series.Sampler, query string) (list []series.Series, err error) {
	for i, key := range r.Keys {
		sampler := samplers[key]
		if sampler == nil {
			continue
		}
		args := []any{r.runID, key}
		if r.Window != nil {
			args = append(args, sampler.Span.From, sampler.Span.To)
		}
		err := r.each(query, args, func(p series.Point) error {
			sampler.Add(p)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if end := sampler.End(); end.Rows > 0 {
			list = append(list, series.Series{Run: r.run, Key: i, Whole: true, End: end, Points: sampler.Points()})
		}
	}
	return list, nil
}
