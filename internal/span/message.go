package span

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// content is the JSON of the column spans.content.
type content struct {
	TraceID           string  `json:"trace_id"`
	SpanID            string  `json:"span_id"`
	ParentSpanID      *string `json:"parent_span_id"`
	Name              string  `json:"name"`
	StartTimeUnixNano uint64  `json:"start_time_unix_nano"`
	EndTimeUnixNano   *uint64 `json:"end_time_unix_nano"`
	Events            []struct {
		Name         string          `json:"name"`
		TimeUnixNano uint64          `json:"time_unix_nano"`
		Attributes   json.RawMessage `json:"attributes"`
	} `json:"events"`
	Status struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"status"`
	Attributes json.RawMessage `json:"attributes"`
	Links      []struct {
		TraceID    string          `json:"trace_id"`
		SpanID     string          `json:"span_id"`
		Attributes json.RawMessage `json:"attributes"`
	} `json:"links"`
}

// Message returns the message for the JSON of the column spans.content.
func Message(text string) (tracing.Span, error) {
	var c content
	if json.Unmarshal([]byte(text), &c) != nil { // Python writes numbers that JSON does not have.
		c = content{}
		if err := json.Unmarshal(python.QuoteConstants(text), &c); err != nil {
			return tracing.Span{}, err
		}
	}
	m := tracing.Span{
		TraceID: fromBase64(c.TraceID), SpanID: fromBase64(c.SpanID), Name: c.Name,
		StartTimeUnixNano: c.StartTimeUnixNano,
	}
	if c.ParentSpanID != nil {
		m.ParentSpanID = fromBase64(*c.ParentSpanID)
	}
	if c.EndTimeUnixNano != nil {
		m.EndTimeUnixNano = *c.EndTimeUnixNano
	}
	if c.Status.Code == tracing.SpanOK || c.Status.Code == tracing.SpanError {
		m.Status = tracing.SpanStatus{Code: c.Status.Code, Message: c.Status.Message}
	}
	m.Attributes = keyValues(c.Attributes, true)
	for _, e := range c.Events {
		m.Events = append(m.Events, tracing.Event{
			TimeUnixNano: e.TimeUnixNano, Name: e.Name, Attributes: keyValues(e.Attributes, false),
		})
	}
	for _, l := range c.Links {
		traceID, _ := hex.DecodeString(strings.TrimPrefix(l.TraceID, TracePrefix)) // What is no id is left out.
		id, _ := hex.DecodeString(l.SpanID)
		m.Links = append(m.Links, tracing.Link{TraceID: traceID, SpanID: id, Attributes: keyValues(l.Attributes, false)})
	}
	return m, nil
}

// fromBase64 decodes an id. What is no base64 has no bytes.
func fromBase64(text string) []byte {
	id, _ := base64.StdEncoding.DecodeString(text)
	return id
}

// keyValues returns the members of an object. Those of the attributes of spans are texts with
// JSON.
func keyValues(object json.RawMessage, ofSpan bool) (list []tracing.KeyValue) {
	// A decoder reads a buffer in place.
	dec := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	if dec.PeekKind() != '{' {
		return nil
	}
	_, _ = dec.ReadToken()
	for dec.PeekKind() == '"' {
		key, _ := dec.ReadToken()
		name := key.String()
		raw, err := dec.ReadValue()
		if err != nil {
			return list
		}
		list = append(list, tracing.KeyValue{Key: name, Value: memberValue(raw, ofSpan)})
	}
	return list
}

// memberValue returns the message for the value of a member, which is JSON.
func memberValue(raw jsontext.Value, ofSpan bool) *tracing.AnyValue {
	if raw.Kind() != '"' {
		return anyValue(raw)
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // It replaces what is no Unicode.
	if !ofSpan {
		return textValue(text)
	}
	if inner, err := jsontext.AppendUnquote(nil, text); err == nil { // This is the most frequent value.
		return textValue(inner)
	}
	if !json.Valid(text) {
		text = python.QuoteConstants(string(text))
	}
	if !json.Valid(text) {
		return anyValue(raw)
	}
	return anyValue(text)
}

func textValue(text []byte) *tracing.AnyValue {
	s := string(text)
	return &tracing.AnyValue{StringValue: &s}
}

// anyValue returns the message for a JSON value, or nil for null.
func anyValue(raw []byte) *tracing.AnyValue {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return readAny(dec)
}

func readAny(dec *jsontext.Decoder) *tracing.AnyValue {
	v := &tracing.AnyValue{}
	switch dec.PeekKind() {
	case '{':
		v.KvlistValue = &tracing.KeyValueList{}
		_, _ = dec.ReadToken()
		for dec.PeekKind() == '"' {
			key, _ := dec.ReadToken()
			name := key.String()
			v.KvlistValue.Values = append(v.KvlistValue.Values, tracing.KeyValue{Key: name, Value: readAny(dec)})
		}
		_, _ = dec.ReadToken()
	case '[':
		v.ArrayValue = &tracing.ArrayValue{}
		_, _ = dec.ReadToken()
		for kind := dec.PeekKind(); kind != ']' && kind != 0; kind = dec.PeekKind() {
			item := readAny(dec)
			if item == nil { // A list has values without a value for its nulls.
				item = &tracing.AnyValue{}
			}
			v.ArrayValue.Values = append(v.ArrayValue.Values, item)
		}
		_, _ = dec.ReadToken()
	case '"':
		token, _ := dec.ReadToken()
		text := token.String()
		v.StringValue = &text
	case 't', 'f':
		token, _ := dec.ReadToken()
		truth := token.Bool()
		v.BoolValue = &truth
	case '0':
		token, _ := dec.ReadToken()
		setNumber(v, token.String())
	default:
		_, _ = dec.ReadToken()
		return nil
	}
	return v
}

// setNumber sets a number, which is an integer unless it has a fraction or is too large.
func setNumber(v *tracing.AnyValue, digits string) {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		v.IntValue = &n
		return
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		f = math.Inf(1)
	}
	d := tracing.Double(f)
	v.DoubleValue = &d
}
