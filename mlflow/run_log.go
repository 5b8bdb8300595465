package mlflow

import (
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// batchPairs is how many params or tags one log-batch request takes.
const batchPairs = 100

// pairs makes a list of a map, in the order of keys.
func pairs[V, P any](m map[string]V, pair func(string, V) P) []P {
	out := make([]P, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pair(k, m[k]))
	}
	return out
}

func paramsOf(params map[string]any) []Param {
	return pairs(params, func(k string, v any) Param { return Param{Key: k, Value: pythonText(v)} })
}

func tagsOf(tags map[string]string) []Tag {
	return pairs(tags, func(k, v string) Tag { return Tag{Key: k, Value: v} })
}

// LogParam logs a param, which is an input of the run. Values are written as Python's str
// writes them, such as True, None, 1.0 and ['a', 1]. A param cannot change: another value
// for the same key is an error.
func (r *ActiveRun) LogParam(ctx context.Context, key string, value any) error {
	return r.LogParams(ctx, map[string]any{key: value})
}

// LogParams logs params, up to 100 in one transaction.
func (r *ActiveRun) LogParams(ctx context.Context, params map[string]any) error {
	for some := range slices.Chunk(paramsOf(params), batchPairs) {
		if err := r.logNow(ctx, &values{Params: some}); err != nil {
			return err
		}
	}
	return nil
}

// SetTag sets or replaces a tag.
func (r *ActiveRun) SetTag(ctx context.Context, key, value string) error {
	return r.SetTags(ctx, map[string]string{key: value})
}

// logNow sends values before it returns, unless the server is away and the run
// not strict: then they wait with the metrics.
func (r *ActiveRun) logNow(ctx context.Context, v *values) error {
	if r.strict || !r.queue.away.Load() {
		err := r.client.sendTo(r.Info.RunID)(ctx, v)
		if err == nil || r.strict || refusal(err) || ctx.Err() != nil {
			return err
		}
	}
	return r.queue.put(ctx, v)
}

// SetTags sets or replaces tags, up to 100 in one transaction.
func (r *ActiveRun) SetTags(ctx context.Context, tags map[string]string) error {
	for some := range slices.Chunk(tagsOf(tags), batchPairs) {
		if err := r.logNow(ctx, &values{Tags: some}); err != nil {
			return err
		}
	}
	return nil
}

// LogMetric logs one value of a metric at a step. It returns as soon as the
// value is queued; batches go to the server in the background, again and again
// while it is away. If 10,000 values wait for a server that is slow, LogMetric
// waits as well, until ctx ends. An error means that this value is not logged: its
// key is not valid, the run has ended, ctx has, or, for a strict run, metrics were
// lost. What the background meets is returned by [ActiveRun.Flush] and, to a strict
// run, by [ActiveRun.End].
func (r *ActiveRun) LogMetric(ctx context.Context, key string, value float64, step int64) error {
	return r.Log(ctx, Metric{Key: key, Value: value, Step: step})
}

// LogMetrics logs one value of each metric at a step, as [ActiveRun.LogMetric] does.
func (r *ActiveRun) LogMetrics(ctx context.Context, metrics map[string]float64, step int64) error {
	now := time.Now().UnixMilli()
	return r.Log(
		ctx,
		pairs(metrics, func(k string, v float64) Metric { return Metric{Key: k, Value: v, Step: step, Timestamp: now} })...)
}

// Log logs metrics as [ActiveRun.LogMetric] does, with all that a metric can
// say: a ModelID ties it to a logged model, a dataset's name and digest to data.
// A Timestamp of 0 stands for now.
func (r *ActiveRun) Log(ctx context.Context, metrics ...Metric) error {
	for i := range metrics {
		m := metrics[i]
		if m.Key == "" || utf8.RuneCountInString(m.Key) > maxMetricKey {
			return Errorf(InvalidParameterValue, "a metric's key has 1 to %d characters, not %q", maxMetricKey, m.Key)
		}
		if m.ModelID == "" {
			m.ModelID = r.ActiveModelID()
		}
		if m.Timestamp == 0 {
			m.Timestamp = time.Now().UnixMilli()
		}
		if err := r.queue.add(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// maxMetricKey is how many characters a metric's key may have.
const maxMetricKey = 250
