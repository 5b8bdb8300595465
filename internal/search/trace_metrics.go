package search

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Limits of a request for metrics.
const (
	maxMetricPoints = 50_000
	maxMetricParts  = 100           // aggregations, dimensions and filters
	maxInterval     = 9_000_000_000 // seconds; the nanoseconds of more do not fit into 64 bits
)

// Metric is a compiled request for a metric of traces. Its rows are in From and meet Where.
type Metric struct {
	From, Where Fragment
	// Value is the expression that is aggregated, or "" if rows are counted. Distinct counts its
	// values once.
	Value    string
	Distinct bool
	// Groups are the expressions of the groups: that of the time, if Interval is set, and those of
	// Dimensions.
	Groups     []string
	Dimensions []string
	// Interval is the length of a group of times, and TimeUnit the number of units of the time
	// in a millisecond.
	Interval, TimeUnit int64
	// Aggregates are different from each other.
	Aggregates []tracing.Aggregation
	Limit      int
}

// metricKind is what a view knows of a metric.
type metricKind struct {
	value      string
	aggregates []tracing.AggregationType
	dimensions []string
}

var (
	onlyCount  = []tracing.AggregationType{tracing.AggregateCount}
	statistics = []tracing.AggregationType{
		tracing.AggregateAvg, tracing.AggregateMax, tracing.AggregateMin, tracing.AggregatePercentile,
	}
	withSum = []tracing.AggregationType{
		tracing.AggregateAvg, tracing.AggregateMax, tracing.AggregateMin, tracing.AggregatePercentile,
		tracing.AggregateSum,
	}
	ofTokens = []string{"trace_name"}
	ofCost   = []string{"span_model_name", "span_model_provider"}
)

// metricView describes the metrics of a view, in the order of messages.
type metricView struct {
	names []string
	kinds map[string]metricKind
	// columns are the columns of dimensions and of filters.
	columns, filters map[string]string
}

var metricViews = map[tracing.View]metricView{
	tracing.ViewTraces: {
		names: []string{
			"trace_count", "session_count", "latency", "input_tokens", "output_tokens", "total_tokens",
			"cache_read_input_tokens", "cache_creation_input_tokens",
		},
		kinds: map[string]metricKind{
			"trace_count":                 {"", onlyCount, []string{"trace_name", "trace_status"}},
			"session_count":               {"ti.session_id", onlyCount, nil},
			"latency":                     {"ti.execution_time_ms", statistics, ofTokens},
			"input_tokens":                {"ti.input_tokens", withSum, ofTokens},
			"output_tokens":               {"ti.output_tokens", withSum, ofTokens},
			"total_tokens":                {"ti.total_tokens", withSum, ofTokens},
			"cache_read_input_tokens":     {"ti.cache_read_input_tokens", withSum, ofTokens},
			"cache_creation_input_tokens": {"ti.cache_creation_input_tokens", withSum, ofTokens},
		},
		columns: map[string]string{"trace_name": "ti.trace_name", "trace_status": "ti.status"},
	},
	tracing.ViewSpans: {
		names: []string{"span_count", "latency", "input_cost", "output_cost", "total_cost"},
		kinds: map[string]metricKind{
			"span_count": {"", onlyCount, []string{
				"span_model_name", "span_model_provider", "span_name", "span_status", "span_type",
			}},
			"latency":     {"(s.end_time_unix_nano - s.start_time_unix_nano)", statistics, []string{"span_name", "span_status"}},
			"input_cost":  {"s.input_cost", withSum, ofCost},
			"output_cost": {"s.output_cost", withSum, ofCost},
			"total_cost":  {"s.total_cost", withSum, ofCost},
		},
		columns: map[string]string{
			"span_name": "s.name", "span_type": "s.type", "span_status": "s.status", "span_model_name": "s.model_name",
			"span_model_provider": "s.model_provider",
		},
		filters: map[string]string{"name": "s.name", "status": "s.status", "type": "s.type"},
	},
	tracing.ViewAssessments: {
		names: []string{"assessment_count", "assessment_value"},
		kinds: map[string]metricKind{
			"assessment_count": {"", onlyCount, []string{"assessment_name", "assessment_value"}},
			"assessment_value": {"a.aggregate_value", statistics, []string{"assessment_name"}},
		},
		columns: map[string]string{"assessment_name": "a.name", "assessment_value": "a.value"},
		filters: map[string]string{"name": "a.name", "type": "a.assessment_type"},
	},
}

// TraceMetric compiles a request for a metric of the traces of some experiments.
func TraceMetric(d Dialect, in *tracing.TraceMetricsRequest, experiments []int64) (*Metric, error) {
	kind, err := checkMetric(in)
	if err != nil {
		return nil, err
	}
	m := &Metric{Value: kind.value, Distinct: in.MetricName == "session_count", Limit: 1000}
	b := &metricBuilder{traceBuilder{builder{d: d}, experiments}, m, in}
	if m.Limit, err = metricLimit(in); err != nil {
		return nil, err
	}
	filters := make([]metricFilter, len(in.Filters))
	ofTraces := in.ViewType == tracing.ViewTraces
	for i, text := range in.Filters {
		if filters[i], err = parseMetricFilter(text, in.ViewType); err != nil {
			return nil, err
		}
		ofTraces = ofTraces || filters[i].view == "trace"
	}
	b.from(ofTraces)
	for _, f := range filters {
		b.filter(f)
	}
	b.groups()
	m.Where = b.fragment()
	if in.ViewType == tracing.ViewSpans && in.MetricName == "latency" {
		m.Value = "(" + m.Value + " " + d.IntDiv + " 1000000)"
	}
	if m.Distinct {
		m.Value = b.exactly(m.Value)
	}
	for _, a := range in.Aggregations {
		if !slices.ContainsFunc(m.Aggregates, func(other tracing.Aggregation) bool { return sameAggregate(a, other) }) {
			m.Aggregates = append(m.Aggregates, a)
		}
	}
	return m, nil
}

func sameAggregate(a, b tracing.Aggregation) bool {
	return a.AggregationType == b.AggregationType &&
		(a.PercentileValue == nil || *a.PercentileValue == *b.PercentileValue)
}

func metricLimit(in *tracing.TraceMetricsRequest) (int, error) {
	if in.MaxResults == nil {
		return 1000, nil
	}
	n := int(*in.MaxResults)
	if n < 0 || n > maxMetricPoints {
		return 0, invalid("Invalid value %d for parameter 'max_results' supplied. It must be from 0 to %d.", n,
			maxMetricPoints)
	}
	return n, nil
}

// checkMetric checks what a request asks for.
func checkMetric(in *tracing.TraceMetricsRequest) (kind metricKind, err error) {
	view := metricViews[in.ViewType]
	kind, found := view.kinds[in.MetricName]
	parts := max(len(in.Aggregations), len(in.Dimensions), len(in.Filters))
	switch {
	case !found:
		return kind, invalid("metric_name must be one of %s, got '%s'", python.ReprList(view.names), in.MetricName)
	case parts > maxMetricParts:
		return kind, invalid("The request has %d aggregations, dimensions or filters; at most %d are allowed.",
			parts, maxMetricParts)
	case len(in.Aggregations) == 0:
		return kind, invalid("The request has no aggregations.")
	}
	var bad []string
	for _, a := range in.Aggregations {
		if !slices.Contains(kind.aggregates, a.AggregationType) {
			bad = append(bad, string(a.AggregationType))
		}
	}
	if bad != nil {
		return kind, invalid("Found invalid aggregation_type(s): %s. Supported aggregation types: %s", reprSorted(bad),
			reprSorted(kind.aggregates))
	}
	for _, name := range in.Dimensions {
		if !slices.Contains(kind.dimensions, name) {
			bad = append(bad, name)
		}
	}
	if bad != nil {
		return kind, invalid("Found invalid dimension(s): %s. Supported dimensions: %s", reprSorted(bad),
			reprSorted(kind.dimensions))
	}
	for _, a := range in.Aggregations {
		if err := checkPercentile(a); err != nil {
			return kind, err
		}
	}
	return kind, checkInterval(in)
}

func reprSorted[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = string(text)
	}
	slices.Sort(texts)
	return python.ReprList(slices.Compact(texts))
}

func checkPercentile(a tracing.Aggregation) error {
	isPercentile, p := a.AggregationType == tracing.AggregatePercentile, a.PercentileValue
	switch {
	case isPercentile && p == nil:
		return invalid("percentile_value is required for the aggregation type PERCENTILE.")
	case !isPercentile && p != nil:
		return invalid("percentile_value is only allowed for the aggregation type PERCENTILE, got %s.", a.AggregationType)
	case isPercentile && !(*p >= 0 && *p <= 100):
		return invalid("percentile_value must be from 0 to 100, got %s.", python.ReprFloat(*p))
	}
	return nil
}

func checkInterval(in *tracing.TraceMetricsRequest) error {
	n := in.TimeIntervalSeconds
	switch {
	case n == nil || *n == 0:
		return nil
	case *n < 0 || *n > maxInterval:
		return invalid("time_interval_seconds must be from 0 to %d, got %d.", maxInterval, *n)
	case in.StartTimeMS == nil || in.EndTimeMS == nil:
		return invalid("start_time_ms and end_time_ms are required if time_interval_seconds is set")
	}
	return nil
}

// metricBuilder writes the parts of a Metric.
type metricBuilder struct {
	traceBuilder
	m  *Metric
	in *tracing.TraceMetricsRequest
}

// from writes the tables and their rows. ofTraces is whether the rows must have their traces.
// The counts and latencies of spans are in the interval of their traces, and costs in their own.
func (b *metricBuilder) from(ofTraces bool) {
	table, column, unit := "ti", "ti.timestamp_ms", int64(1)
	b.m.TimeUnit = 1
	switch b.in.ViewType {
	case tracing.ViewSpans:
		cost := slices.Equal(metricViews[b.in.ViewType].kinds[b.in.MetricName].dimensions, ofCost)
		ofTraces = ofTraces || !cost && (b.in.StartTimeMS != nil || b.in.EndTimeMS != nil)
		b.m.TimeUnit = 1_000_000
		if table = "s"; ofTraces {
			table = "ti"
		}
		if cost || !ofTraces {
			column, unit = "s.start_time_unix_nano", 1_000_000
		}
		b.m.From.SQL = "spans s"
		if ofTraces {
			b.m.From.SQL = "trace_info ti JOIN spans s ON s.trace_id = ti.request_id"
		}
	case tracing.ViewAssessments:
		table, column = "a", "a.trace_timestamp_ms"
		b.m.From.SQL = "assessments a"
	default:
		b.m.From.SQL = "trace_info ti"
	}
	switch len(b.experiments) {
	case 0:
		b.write("1 = 0")
	case 1:
		b.write(table, ".experiment_id = ?")
		b.args = append(b.args, b.experiments[0])
	default:
		b.write(table, ".experiment_id IN (?...)")
		b.args = append(b.args, b.experiments)
	}
	if b.in.ViewType == tracing.ViewAssessments {
		b.write(" AND a.valid = true")
	}
	b.bound(column, ">=", b.in.StartTimeMS, unit, 0)
	b.bound(column, "<=", b.in.EndTimeMS, unit, unit-1)
	if b.m.Value != "" {
		b.write(" AND ", b.m.Value, " IS NOT NULL")
	}
}

// bound writes a bound of a time in units of 1/unit milliseconds. plus is added to it.
func (b *metricBuilder) bound(column, op string, ms *int64, unit, plus int64) {
	if ms == nil {
		return
	}
	value := *ms
	switch {
	case value > (math.MaxInt64-plus)/unit:
		value = math.MaxInt64
	case value < math.MinInt64/unit:
		value = math.MinInt64
	default:
		value = value*unit + plus
	}
	b.write(" AND ", column, " ", op, " ?")
	b.args = append(b.args, value)
}

// groups writes the expressions of the groups. Rows without the value of a dimension are left out.
func (b *metricBuilder) groups() {
	if n := b.in.TimeIntervalSeconds; n != nil && *n != 0 {
		column := map[tracing.View]string{
			tracing.ViewTraces: "ti.timestamp_ms", tracing.ViewSpans: "s.start_time_unix_nano",
			tracing.ViewAssessments: "a.trace_timestamp_ms",
		}[b.in.ViewType]
		b.m.Interval = *n
		size := strconv.FormatInt(*n*1000*b.m.TimeUnit, 10)
		// Times before 1970 are rounded down, too.
		b.m.Groups = append(b.m.Groups, fmt.Sprintf("%[1]s - (%[1]s %% %[2]s + %[2]s) %% %[2]s", column, size))
	}
	columns := metricViews[b.in.ViewType].columns
	for _, name := range b.in.Dimensions {
		if slices.Contains(b.m.Dimensions, name) {
			continue
		}
		b.m.Dimensions = append(b.m.Dimensions, name)
		b.m.Groups = append(b.m.Groups, b.exactly(columns[name]))
		b.write(" AND ", columns[name], " IS NOT NULL")
	}
}
