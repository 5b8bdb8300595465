package tracing

import (
	"encoding/json"
	"math"
)

// Span is a span in the JSON form of OpenTelemetry's protobuf message, with the names of
// protobuf. Ids are bytes, 16 of a trace and 8 of a span. Times are Unix nanoseconds, 0 if
// the span has not ended. Attributes whose names begin with "mlflow." have a meaning for
// MLflow.
type Span struct {
	TraceID           []byte     `json:"trace_id"`
	SpanID            []byte     `json:"span_id"`
	ParentSpanID      []byte     `json:"parent_span_id,omitempty"`
	Name              string     `json:"name"`
	StartTimeUnixNano uint64     `json:"start_time_unix_nano"`
	EndTimeUnixNano   uint64     `json:"end_time_unix_nano,omitempty"`
	Attributes        []KeyValue `json:"attributes,omitempty"`
	Events            []Event    `json:"events,omitempty"`
	Links             []Link     `json:"links,omitempty"`
	Status            SpanStatus `json:"status"`
}

// SpanStatus is the status of a span. Code is empty if the status is not set.
type SpanStatus struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Codes of [SpanStatus].
const (
	SpanOK    = "STATUS_CODE_OK"
	SpanError = "STATUS_CODE_ERROR"
)

// Event is something that happened in a span, at a time in Unix nanoseconds.
type Event struct {
	TimeUnixNano uint64     `json:"time_unix_nano"`
	Name         string     `json:"name"`
	Attributes   []KeyValue `json:"attributes,omitempty"`
}

// Link leads to a span, also of another trace.
type Link struct {
	TraceID    []byte     `json:"trace_id"`
	SpanID     []byte     `json:"span_id"`
	Attributes []KeyValue `json:"attributes,omitempty"`
}

// KeyValue is an attribute. Value is nil for null.
type KeyValue struct {
	Key   string    `json:"key"`
	Value *AnyValue `json:"value,omitempty"`
}

// AnyValue is the value of an attribute. One of its fields is set.
type AnyValue struct {
	StringValue *string       `json:"string_value,omitempty"`
	BoolValue   *bool         `json:"bool_value,omitempty"`
	IntValue    *int64        `json:"int_value,omitempty"`
	DoubleValue *Double       `json:"double_value,omitempty"`
	ArrayValue  *ArrayValue   `json:"array_value,omitempty"`
	KvlistValue *KeyValueList `json:"kvlist_value,omitempty"`
}

// ArrayValue is a list. An item of which no field is set is null.
type ArrayValue struct {
	Values []*AnyValue `json:"values,omitempty"`
}

// KeyValueList is a map in the order of its keys in the message.
type KeyValueList struct {
	Values []KeyValue `json:"values,omitempty"`
}

// Double is a number that may be NaN or infinite, which are texts in JSON.
type Double float64

// MarshalJSON implements [json.Marshaler].
func (d Double) MarshalJSON() ([]byte, error) {
	switch f := float64(d); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(f)
	}
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Double) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"NaN"`, "NaN":
		*d = Double(math.NaN())
	case `"Infinity"`, "Infinity":
		*d = Double(math.Inf(1))
	case `"-Infinity"`, "-Infinity":
		*d = Double(math.Inf(-1))
	default:
		return json.Unmarshal(text, (*float64)(d))
	}
	return nil
}
