// Package span has the spans of traces as MLflow stores them: as the JSON text in the column
// spans.content and in the file traces.json, and what MLflow reads from their attributes.
package span

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/millrace-ml/millrace/internal/python"
)

// Status is whether what a span measures has failed.
type Status string

// Statuses of spans.
const (
	StatusUnset Status = "UNSET"
	StatusOK    Status = "OK"
	StatusError Status = "ERROR"
)

// TracePrefix precedes the 32 hexadecimal digits of a trace of OpenTelemetry in the id that
// MLflow gives it.
const TracePrefix = "tr-"

// Span is a part of a trace. Times are Unix nanoseconds; End is 0 until the span ends.
type Span struct {
	TraceID    TraceID
	ID, Parent ID // Parent is zero for a root
	Name       string
	// Type is the type that the span had when it was received, or "".
	Type       string
	Start, End int64
	Status     Status
	// Message explains an error.
	Message    string
	Attributes Attributes
	Events     []Event
	Links      []Link
}

// TraceID identifies a trace.
type TraceID [16]byte

// ID identifies a span of a trace.
type ID [8]byte

// String returns the id that MLflow gives to the trace.
func (id TraceID) String() string { return TracePrefix + hex.EncodeToString(id[:]) }

// String returns the id in hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether there is no such span.
func (id ID) IsZero() bool { return id == ID{} }

// Resource is what a group of spans comes from, with its attributes, whose values are JSON.
type Resource struct {
	Attributes Attributes
	Spans      []*Span
}

// Event is something that happened in a span. The values of its attributes are JSON.
type Event struct {
	Name       string
	Time       int64 // Unix nanoseconds
	Attributes Attributes
}

// Link leads to a span, also of another trace.
type Link struct {
	TraceID    TraceID
	SpanID     ID
	Attributes Attributes
}

// Attribute is a named value. JSON is the text that Python's json.dumps writes for it, in
// which characters that are not ASCII are not escaped. It may be NaN or Infinity.
type Attribute struct{ Key, JSON string }

// Attributes are the attributes of a span in their order. No key is twice.
type Attributes []Attribute

// Get returns the JSON of the attribute with a key, or "".
func (a Attributes) Get(key string) string {
	for i := range a {
		if a[i].Key == key {
			return a[i].JSON
		}
	}
	return ""
}

// Set sets an attribute.
func (a *Attributes) Set(key, json string) {
	for i := range *a {
		if (*a)[i].Key == key {
			(*a)[i].JSON = json
			return
		}
	}
	*a = append(*a, Attribute{key, json})
}

// AppendContent appends the JSON text of the column spans.content. The attributes of a span
// are texts that hold JSON; those of events and links are JSON values.
func (s *Span) AppendContent(b []byte) []byte {
	b = append(b, `{"trace_id": "`...)
	b = base64.StdEncoding.AppendEncode(b, s.TraceID[:])
	b = append(b, `", "span_id": "`...)
	b = base64.StdEncoding.AppendEncode(b, s.ID[:])
	b = append(b, `", "parent_span_id": `...)
	if s.Parent.IsZero() {
		b = append(b, "null"...)
	} else {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, s.Parent[:])
		b = append(b, '"')
	}
	b = python.AppendJSONString(append(b, `, "name": `...), s.Name)
	b = strconv.AppendInt(append(b, `, "start_time_unix_nano": `...), s.Start, 10)
	b = strconv.AppendInt(append(b, `, "end_time_unix_nano": `...), s.End, 10)
	b = append(b, `, "events": [`...)
	for i := range s.Events {
		e := &s.Events[i]
		b = python.AppendJSONString(append(separated(b, i), `{"name": `...), e.Name)
		b = strconv.AppendInt(append(b, `, "time_unix_nano": `...), e.Time, 10)
		b = append(b, `, "attributes": `...)
		b = append(e.Attributes.AppendValues(b), '}')
	}
	b = append(b, `], "status": {"code": "STATUS_CODE_`...)
	b = append(append(b, s.Status...), `", "message": `...)
	b = append(python.AppendJSONString(b, s.Message), `}, "attributes": {`...)
	for i, a := range s.Attributes {
		b = append(python.AppendJSONString(separated(b, i), a.Key), `: `...)
		b = python.AppendJSONString(b, a.JSON)
	}
	b = append(b, `}, "links": [`...)
	for i := range s.Links {
		l := &s.Links[i]
		b = append(append(separated(b, i), `{"trace_id": "`...), l.TraceID.String()...)
		b = append(append(b, `", "span_id": "`...), l.SpanID.String()...)
		b = append(b, `", "attributes": `...)
		b = append(l.Attributes.AppendValues(b), '}')
	}
	return append(b, `]}`...)
}

// AppendValues appends an object whose values are the JSON of the attributes.
func (a Attributes) AppendValues(b []byte) []byte {
	b = append(b, '{')
	for i := range a {
		b = append(python.AppendJSONString(separated(b, i), a[i].Key), `: `...)
		b = append(b, a[i].JSON...)
	}
	return append(b, '}')
}

// separated appends what is between items of a list, before the item i.
func separated(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, `, `...)
	}
	return b
}
