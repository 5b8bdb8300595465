package otlp

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/millrace-ml/millrace/internal/api/protojson"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// request has what is read of an ExportTraceServiceRequest in JSON. Ids are hexadecimal
// there, other than in the JSON of protobuf.
type request struct {
	ResourceSpans []struct {
		Resource struct {
			Attributes []keyValue `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []struct {
			Spans []message `json:"spans"`
		} `json:"scope_spans"`
	} `json:"resource_spans"`
}

// message is a span.
type message struct {
	TraceID           hexID      `json:"trace_id"`
	SpanID            hexID      `json:"span_id"`
	ParentSpanID      hexID      `json:"parent_span_id"`
	Name              string     `json:"name"`
	StartTimeUnixNano int64      `json:"start_time_unix_nano"`
	EndTimeUnixNano   int64      `json:"end_time_unix_nano"`
	Attributes        []keyValue `json:"attributes"`
	Events            []struct {
		TimeUnixNano int64      `json:"time_unix_nano"`
		Name         string     `json:"name"`
		Attributes   []keyValue `json:"attributes"`
	} `json:"events"`
	Links []struct {
		TraceID    hexID      `json:"trace_id"`
		SpanID     hexID      `json:"span_id"`
		Attributes []keyValue `json:"attributes"`
	} `json:"links"`
	Status struct {
		Message string     `json:"message"`
		Code    statusCode `json:"code"`
	} `json:"status"`
}

// statusCode is the name of a status.
type statusCode string

// EnumNames returns the names by protobuf number.
func (statusCode) EnumNames() []string {
	return []string{"STATUS_CODE_UNSET", tracing.SpanOK, tracing.SpanError}
}

type keyValue struct {
	Key   string   `json:"key"`
	Value anyValue `json:"value"`
}

type anyValue struct {
	StringValue *string  `json:"string_value"`
	BoolValue   *bool    `json:"bool_value"`
	IntValue    *int64   `json:"int_value"`
	DoubleValue *float64 `json:"double_value"`
	ArrayValue  *struct {
		Values []anyValue `json:"values"`
	} `json:"array_value"`
	KvlistValue *struct {
		Values []keyValue `json:"values"`
	} `json:"kvlist_value"`
	BytesValue *base64Value `json:"bytes_value"`
}

// base64Value is bytes in base64.
type base64Value []byte

// UnmarshalText implements [encoding.TextUnmarshaler].
func (v *base64Value) UnmarshalText(text []byte) error {
	got, err := base64.StdEncoding.AppendDecode(nil, text)
	*v = got
	return err
}

// DecodeJSON reads a request in JSON.
func DecodeJSON(body []byte) ([]*span.Resource, error) {
	var in request
	if err := protojson.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrFormat, mlflow.AsError(err).Message)
	}
	list := make([]*span.Resource, len(in.ResourceSpans))
	for i := range in.ResourceSpans {
		from, r := &in.ResourceSpans[i], &span.Resource{}
		list[i] = r
		var err error
		if r.Attributes, err = attributes(from.Resource.Attributes, false); err != nil {
			return nil, err
		}
		for j := range from.ScopeSpans {
			for k := range from.ScopeSpans[j].Spans {
				s, err := from.ScopeSpans[j].Spans[k].span()
				if err != nil {
					return nil, err
				}
				r.Spans = append(r.Spans, s)
			}
		}
		finish(r)
	}
	return list, nil
}

func (m *message) span() (*span.Span, error) {
	s := &span.Span{
		Name: m.Name, Start: m.StartTimeUnixNano, End: m.EndTimeUnixNano, Message: m.Status.Message,
		Status: span.StatusUnset,
	}
	switch m.Status.Code {
	case tracing.SpanOK:
		s.Status = span.StatusOK
	case tracing.SpanError:
		s.Status = span.StatusError
	}
	if m.StartTimeUnixNano < 0 || m.EndTimeUnixNano < 0 {
		return nil, fmt.Errorf("%w: a time is negative", ErrFormat)
	}
	var err error
	if s.Attributes, err = attributes(m.Attributes, true); err != nil {
		return nil, err
	}
	for _, from := range m.Events {
		e := span.Event{Name: from.Name, Time: from.TimeUnixNano}
		if e.Attributes, err = attributes(from.Attributes, false); err != nil {
			return nil, err
		}
		s.Events = append(s.Events, e)
	}
	for _, from := range m.Links {
		var l span.Link
		if l.Attributes, err = attributes(from.Attributes, false); err != nil {
			return nil, err
		}
		if err := linkTrace(&l, from.TraceID, from.SpanID); err != nil {
			return nil, err
		}
		s.Links = append(s.Links, l)
	}
	return s, complete(s, m.TraceID, m.SpanID, m.ParentSpanID)
}

// attributes returns the attributes in a message. Texts of those of spans may be JSON.
func attributes(from []keyValue, ofSpan bool) (span.Attributes, error) {
	var list span.Attributes
	for i := range from {
		kv := &from[i]
		text := ""
		if s := kv.Value.StringValue; ofSpan && s != nil {
			text = stored(*s)
		} else {
			json, err := kv.Value.appendJSON(nil, 0)
			if err != nil {
				return nil, err
			}
			text = string(json)
		}
		if err := add(&list, kv.Key, text); err != nil {
			return nil, err
		}
	}
	return unique(list), nil
}

// appendJSON appends the value below depth lists and maps.
func (v *anyValue) appendJSON(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: a value has more than %d levels", ErrFormat, maxDepth)
	}
	switch {
	case v.StringValue != nil:
		return python.AppendJSONString(b, *v.StringValue), nil
	case v.BoolValue != nil:
		return strconv.AppendBool(b, *v.BoolValue), nil
	case v.IntValue != nil:
		return strconv.AppendInt(b, *v.IntValue, 10), nil
	case v.DoubleValue != nil:
		return python.AppendJSONFloat(b, *v.DoubleValue), nil
	case v.BytesValue != nil:
		return python.AppendJSONString(b, python.ReprBytes(*v.BytesValue)), nil
	case v.ArrayValue != nil:
		b = append(b, '[')
		for i := range v.ArrayValue.Values {
			if i > 0 {
				b = append(b, ", "...)
			}
			var err error
			if b, err = v.ArrayValue.Values[i].appendJSON(b, depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case v.KvlistValue != nil:
		var list span.Attributes
		for i := range v.KvlistValue.Values {
			kv := &v.KvlistValue.Values[i]
			json, err := kv.Value.appendJSON(nil, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, span.Attribute{Key: kv.Key, JSON: string(json)})
		}
		return unique(list).AppendValues(b), nil
	default:
		return append(b, "null"...), nil
	}
}
