package history

import (
	"cmp"
	"sync"

	"github.com/millrace-ml/millrace/internal/recent"
	"github.com/millrace-ml/millrace/internal/series"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxPartials is the number of metrics whose partials are kept at least; there are up to twice as
// many, of about 250 bytes.
const maxPartials = 20_000

// partial is what the values of a metric amount to, up to some moment.
type partial struct {
	first     metricRow // the first value by step, time and value
	low, high extreme
	end       series.Position
	// anchor is the least number of a row with the first step on databases with row numbers.
	anchor int64
}

// metricRow is a value as the database stores it. number is the number of its row, or 0 on
// databases without row numbers.
type metricRow struct {
	number, step, time int64
	value              float64
	isNaN              bool
}

// extreme is the smallest or largest number and its first step. It is not found if all values
// are NaN.
type extreme struct {
	found bool
	value float64
	step  int64
}

// add counts a value that was stored after all others.
func (p *partial) add(r metricRow) {
	if p.end.Rows == 0 || r.step < p.first.step {
		p.anchor = r.number
	}
	before := cmp.Or(cmp.Compare(r.step, p.first.step), cmp.Compare(r.time, p.first.time),
		cmp.Compare(r.value, p.first.value)) < 0
	if p.end.Rows == 0 || before {
		p.first = r
	}
	p.end.Add(series.Point{Step: r.step, Time: r.time, Value: r.value})
	if !r.isNaN {
		p.low.add(r, -1)
		p.high.add(r, 1)
	}
}

// add counts a number. sign is 1 for the largest number and -1 for the smallest.
func (e *extreme) add(r metricRow, sign int) {
	c := sign * cmp.Compare(r.value, e.value)
	if !e.found || c > 0 || c == 0 && r.step < e.step {
		*e = extreme{true, r.value, r.step}
	}
}

func (e extreme) float() mlflow.Float { return mlflow.Float(base.FromColumn(e.value, !e.found)) }

// summary returns the summary of a metric with the last value.
func (p *partial) summary(key string, last metricRow) mlflow.MetricSummary {
	return mlflow.MetricSummary{
		Key: key, Count: p.end.Rows, First: p.first.float(), Last: last.float(),
		LastStep: last.step, LastTimestamp: last.time,
		Min: p.low.float(), MinStep: p.low.step, Max: p.high.float(), MaxStep: p.high.step,
	}
}

func (r *metricRow) float() mlflow.Float { return mlflow.Float(base.FromColumn(r.value, r.isNaN)) }

// runPartials are the partials of a run by key. They are not changed.
type runPartials struct {
	metrics map[string]partial
	// newest is the row with the greatest number on databases with row numbers. Its key is
	// newestKey.
	newest    metricRow
	newestKey string
}

// summaryCache has the partials of runs.
type summaryCache struct {
	mu   sync.Mutex
	runs *recent.Map[string, *runPartials]
}

func newSummaryCache() *summaryCache {
	return &summaryCache{runs: recent.New[string, *runPartials](maxPartials)}
}

// get returns the partials of a run, or nil.
func (c *summaryCache) get(runID string) *runPartials {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, _ := c.runs.Get(runID)
	return known
}

func (c *summaryCache) put(runID string, now *runPartials) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs.PutSized(runID, now, max(1, len(now.metrics)))
}

func (c *summaryCache) forget(runID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs.Delete(runID)
}
