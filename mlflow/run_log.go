package mlflow

import (
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// batchPairs is the most params or tags of a log-batch request.
const batchPairs = 100

// pairs converts a map to a list in order of keys.
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

// LogParams logs params, up to 100 per transaction.
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

// logNow sends values. If the server is not available and the run is not strict, it
// queues them with the metrics.
func (r *ActiveRun) logNow(ctx context.Context, v *values) error {
	if r.strict || !r.queue.away.Load() {
		err := r.client.sendTo(r.Info.RunID)(ctx, v)
		if err == nil || r.strict || refusal(err) || ctx.Err() != nil {
			return err
		}
	}
	return r.queue.put(ctx, v)
}

// SetTags sets or replaces tags, up to 100 per transaction.
func (r *ActiveRun) SetTags(ctx context.Context, tags map[string]string) error {
	for some := range slices.Chunk(tagsOf(tags), batchPairs) {
		if err := r.logNow(ctx, &values{Tags: some}); err != nil {
			return err
		}
	}
	return nil
}

// LogMetric logs a value of a metric at a step. It queues the value and returns; batches
// are sent in the background and retried while the server is not available. If the
// server is slow and 10,000 values are waiting, LogMetric blocks until ctx ends. It
// returns an error if the value was not queued: the key is invalid, the run or ctx has
// ended, or, for a strict run, metrics were lost. [ActiveRun.Flush] returns errors of
// the background; [ActiveRun.End] returns them to a strict run.
func (r *ActiveRun) LogMetric(ctx context.Context, key string, value float64, step int64) error {
	return r.Log(ctx, Metric{Key: key, Value: value, Step: step})
}

// LogMetrics logs a value of each metric at a step; see [ActiveRun.LogMetric].
func (r *ActiveRun) LogMetrics(ctx context.Context, metrics map[string]float64, step int64) error {
	now := time.Now().UnixMilli()
	return r.Log(
		ctx,
		pairs(metrics, func(k string, v float64) Metric { return Metric{Key: k, Value: v, Step: step, Timestamp: now} })...)
}

// Log logs metrics with all their fields; see [ActiveRun.LogMetric]. The default of
// Timestamp is the current time, the default of ModelID the active model.
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

// maxMetricKey is the most characters of a metric's key.
const maxMetricKey = 250
