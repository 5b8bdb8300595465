package tracing

// View says what a metric is measured on.
type View string

// Views of metrics.
const (
	ViewTraces      View = "TRACES"
	ViewSpans       View = "SPANS"
	ViewAssessments View = "ASSESSMENTS"
)

// EnumNames returns the names by protobuf number.
func (View) EnumNames() []string {
	return []string{"", string(ViewTraces), string(ViewSpans), string(ViewAssessments)}
}

// AggregationType is a function of the values in a group.
type AggregationType string

// Types of aggregations.
const (
	AggregateCount      AggregationType = "COUNT"
	AggregateSum        AggregationType = "SUM"
	AggregateAvg        AggregationType = "AVG"
	AggregatePercentile AggregationType = "PERCENTILE"
	AggregateMin        AggregationType = "MIN"
	AggregateMax        AggregationType = "MAX"
)

// EnumNames returns the names by protobuf number.
func (AggregationType) EnumNames() []string {
	return []string{
		"", string(AggregateCount), string(AggregateSum), string(AggregateAvg), string(AggregatePercentile),
		string(AggregateMin), string(AggregateMax),
	}
}

// Aggregation is a function of values. PercentileValue is from 0 to 100, for percentiles only.
type Aggregation struct {
	AggregationType AggregationType `json:"aggregation_type" required:"true"`
	PercentileValue *float64        `json:"percentile_value,omitempty"`
}

// TraceMetricsRequest aggregates a metric of traces, spans or assessments. Times are Unix milliseconds, both
// inclusive. With TimeIntervalSeconds, which needs both of them, the values are grouped by intervals of UTC.
type TraceMetricsRequest struct {
	ExperimentIDs       []string      `json:"experiment_ids" required:"true"`
	ViewType            View          `json:"view_type" required:"true"`
	MetricName          string        `json:"metric_name" required:"true"`
	Aggregations        []Aggregation `json:"aggregations" required:"true"`
	Dimensions          []string      `json:"dimensions,omitempty"`
	Filters             []string      `json:"filters,omitempty"`
	TimeIntervalSeconds *int64        `json:"time_interval_seconds,omitempty"`
	StartTimeMS         *int64        `json:"start_time_ms,omitempty"`
	EndTimeMS           *int64        `json:"end_time_ms,omitempty"`
	MaxResults          *int32        `json:"max_results,omitempty"`
	PageToken           string        `json:"page_token,omitempty"`
}

// TraceMetricsResponse has a point for each group.
type TraceMetricsResponse struct {
	DataPoints []DataPoint `json:"data_points,omitempty"`
}

// DataPoint has the aggregates of a group, such as {"P50.0": 12} for the median.
type DataPoint struct {
	MetricName string             `json:"metric_name"`
	Dimensions map[string]string  `json:"dimensions,omitempty"`
	Values     map[string]float64 `json:"values,omitempty"`
}

// CorrelationRequest asks how often traces meet two filters together. BaseFilter restricts
// the traces that are counted.
type CorrelationRequest struct {
	ExperimentIDs []string `json:"experiment_ids" required:"true"`
	FilterString1 string   `json:"filter_string1" required:"true"`
	FilterString2 string   `json:"filter_string2" required:"true"`
	BaseFilter    string   `json:"base_filter,omitempty"`
}

// CorrelationResponse has the normalized pointwise mutual information of two filters, from
// -1 (never together) to 1 (always), or nil if one of the counts is 0.
type CorrelationResponse struct {
	NPMI         *float64 `json:"npmi,omitempty"`
	NPMISmoothed *float64 `json:"npmi_smoothed,omitempty"`
	Filter1Count int32    `json:"filter1_count"`
	Filter2Count int32    `json:"filter2_count"`
	JointCount   int32    `json:"joint_count"`
	TotalCount   int32    `json:"total_count"`
}
