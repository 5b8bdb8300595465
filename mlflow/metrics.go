package mlflow

import (
	"context"
	"encoding/json"
	"iter"
	"math"
	"strconv"

	"github.com/millrace-ml/millrace/mlflow/internal/nested"
)

// Metric is a value of a metric. The server stores infinities as the largest finite
// numbers. ModelID and the dataset fields link it to a logged model and a dataset.
type Metric struct {
	Key           string  `json:"key" required:"true"`
	Value         float64 `json:"value" required:"true"`
	Timestamp     int64   `json:"timestamp" required:"true"`
	Step          int64   `json:"step"`
	DatasetName   string  `json:"dataset_name,omitempty"`
	DatasetDigest string  `json:"dataset_digest,omitempty"`
	ModelID       string  `json:"model_id,omitempty"`
	RunID         string  `json:"run_id,omitempty"`
}

// MarshalJSON encodes NaN and infinities as strings.
func (m Metric) MarshalJSON() ([]byte, error) {
	return m.AppendJSON(make([]byte, 0, 96)), nil
}

// AppendJSON appends the metric's JSON to b.
func (m *Metric) AppendJSON(b []byte) []byte {
	b = appendJSONString(append(b, `{"key":`...), m.Key)
	b = AppendFloat(append(b, `,"value":`...), m.Value)
	b = strconv.AppendInt(append(b, `,"timestamp":`...), m.Timestamp, 10)
	b = strconv.AppendInt(append(b, `,"step":`...), m.Step, 10)
	for _, f := range [...]struct{ name, value string }{
		{`,"dataset_name":`, m.DatasetName},
		{`,"dataset_digest":`, m.DatasetDigest},
		{`,"model_id":`, m.ModelID},
		{`,"run_id":`, m.RunID},
	} {
		if f.value != "" {
			b = appendJSONString(append(b, f.name...), f.value)
		}
	}
	return append(b, '}')
}

// UnmarshalJSON decodes the output of MarshalJSON.
func (m *Metric) UnmarshalJSON(b []byte) error {
	type plain Metric
	aux := struct {
		*plain
		Value Float `json:"value"`
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(b, &aux); err != nil {
		return err
	}
	m.Value = float64(aux.Value)
	return nil
}

// Float is a float64 whose JSON may be "NaN", "Infinity" or "-Infinity", as in
// protobuf's JSON.
type Float float64

// MarshalJSON encodes NaN and infinities as strings.
func (f Float) MarshalJSON() ([]byte, error) { return AppendFloat(nil, float64(f)), nil }

// UnmarshalJSON decodes a number or a string with a number.
func (f *Float) UnmarshalJSON(b []byte) error {
	if len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return Errorf(InvalidParameterValue, "%q is not a number", b)
	}
	*f = Float(v)
	return nil
}

// AppendFloat appends the JSON of v, which has a decimal point or an exponent. NaN and
// infinities are strings.
func AppendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	n := len(b)
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e16) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	for _, c := range b[n:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}

func appendJSONString(b []byte, s string) []byte { return nested.AppendString(b, s) }

// GetMetricHistoryRequest requests the values of a metric, sorted by timestamp, step and
// value. Without MaxResults, it requests all of them.
type GetMetricHistoryRequest struct {
	RunID      string `json:"run_id" alias:"run_uuid" required:"true"`
	MetricKey  string `json:"metric_key" required:"true"`
	PageToken  string `json:"page_token,omitempty"`
	MaxResults *int32 `json:"max_results,omitempty"`
}

// MetricHistoryResponse is a page of values. A server may return further values by More
// while it writes the response, so that a long history is never in memory as a whole.
// Clients receive all values in Metrics.
type MetricHistoryResponse struct {
	Metrics       []Metric           `json:"metrics,omitempty"`
	NextPageToken string             `json:"next_page_token,omitempty"`
	More          iter.Seq[[]Metric] `json:"-"`
}

// MetricHistoryBulkRequest requests a metric of up to 100 runs, at most 25,000 values in
// total. Only web pages use it.
type MetricHistoryBulkRequest struct {
	RunIDs     []string `json:"run_id"`
	MetricKey  string   `json:"metric_key"`
	MaxResults *int64   `json:"max_results,omitempty"`
}

// MetricHistoryIntervalRequest requests a sample of a metric of up to 100 runs, with at
// most MaxResults values per run: 1 to 2,500, which is the default. The sample has the
// first and the last value and, of a long history, the extremes of each part. StartStep
// requires EndStep and vice versa.
type MetricHistoryIntervalRequest struct {
	RunIDs     []string `json:"run_ids" required:"true"`
	MetricKey  string   `json:"metric_key" required:"true"`
	StartStep  *int64   `json:"start_step,omitempty"`
	EndStep    *int64   `json:"end_step,omitempty"`
	MaxResults *int64   `json:"max_results,omitempty"`
}

// MetricHistoryBulkResponse lists values by run, with their RunID.
type MetricHistoryBulkResponse struct {
	Metrics []Metric `json:"metrics"`
}

// MetricHistoryIntervalResponse lists values by run, with their RunID.
type MetricHistoryIntervalResponse struct {
	Metrics []Metric `json:"metrics,omitempty"`
}

// MetricHistory returns a page of a metric's values.
func (c *Client) MetricHistory(ctx context.Context, in *GetMetricHistoryRequest) (*MetricHistoryResponse, error) {
	return call(ctx, c, Endpoints.GetMetricHistory, in)
}
