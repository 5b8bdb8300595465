package mlflow

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// TraceSpan is a part of a trace that is being measured. Its methods can be called from several
// goroutines, and on a span that nothing records, where they have no effect. [StartSpan]
// returns it.
type TraceSpan struct {
	tracer     *Tracer
	trace      *openTrace
	id, parent [8]byte
	name       string
	start      time.Time
	size       int // of its texts when it was queued

	mu         sync.Mutex
	end        time.Time
	failure    error
	failed     bool
	attributes map[string]any
	events     []spanEvent
}

// openTrace is what the spans of a trace share.
type openTrace struct {
	id [16]byte

	mu             sync.Mutex
	tags, metadata map[string]string
}

// spanEvent is something that happened in a span.
type spanEvent struct {
	name       string
	at         time.Time
	attributes map[string]any
}

// Attributes of spans that MLflow knows.
const (
	attributeType    = "mlflow.spanType"
	attributeInputs  = "mlflow.spanInputs"
	attributeOutputs = "mlflow.spanOutputs"
	attributeUsage   = "mlflow.chat.tokenUsage"
	attributeModel   = "mlflow.llm.model"
)

// metadataSession is the metadata of a trace with its session.
const metadataSession = "mlflow.trace.session"

type spanKey struct{}

type tracerKey struct{}

// WithTracer returns a context in which [StartSpan] begins traces of t.
func WithTracer(ctx context.Context, t *Tracer) context.Context {
	return context.WithValue(ctx, tracerKey{}, t)
}

// StartSpan begins a span. It is a child of the span in ctx, or the root of a new trace of the
// tracer in ctx. The returned context has the span. The span is sent in the background after
// [TraceSpan.End]. Without a span or a tracer in ctx, nothing records the span.
func StartSpan(ctx context.Context, name string) (context.Context, *TraceSpan) {
	s := &TraceSpan{name: name, start: time.Now(), attributes: map[string]any{}}
	if parent := SpanOf(ctx); parent.tracer != nil {
		s.tracer, s.trace, s.parent = parent.tracer, parent.trace, parent.id
	} else if t, _ := ctx.Value(tracerKey{}).(*Tracer); t != nil {
		s.tracer, s.trace = t, &openTrace{tags: map[string]string{}, metadata: map[string]string{}}
		if caller, ok := ctx.Value(callerKey{}).(caller); ok {
			s.trace.id, s.parent = caller.trace, caller.span
		} else {
			_, _ = rand.Read(s.trace.id[:]) // It never returns an error.
		}
	}
	binary.BigEndian.PutUint64(s.id[:], nonZero())
	return context.WithValue(ctx, spanKey{}, s), s
}

// nonZero returns a random number that is not 0.
func nonZero() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // It never returns an error.
	return binary.BigEndian.Uint64(b[:]) | 1
}

// SpanOf returns the span in ctx, or a span that nothing records.
func SpanOf(ctx context.Context) *TraceSpan {
	if s, ok := ctx.Value(spanKey{}).(*TraceSpan); ok {
		return s
	}
	return &TraceSpan{}
}

// TraceID returns the id of the trace, "tr-" and 32 hexadecimal digits, or "" if nothing records
// the span.
func (s *TraceSpan) TraceID() string {
	if s.tracer == nil {
		return ""
	}
	return fmt.Sprintf("tr-%x", s.trace.id)
}

// Set sets an attribute to a value that encoding/json can encode. Names that begin with
// "mlflow." have a meaning for MLflow.
func (s *TraceSpan) Set(key string, value any) {
	if s.tracer == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attributes[key] = value
}

// SetType sets the type of the span, such as AGENT, TOOL, LLM, CHAT_MODEL or RETRIEVER.
func (s *TraceSpan) SetType(kind string) { s.Set(attributeType, kind) }

// SetInputs sets the inputs of the span to a value that encoding/json can encode.
func (s *TraceSpan) SetInputs(v any) { s.Set(attributeInputs, v) }

// SetOutputs sets the outputs of the span to a value that encoding/json can encode.
func (s *TraceSpan) SetOutputs(v any) { s.Set(attributeOutputs, v) }

// SetModel sets the name of the model that the span calls and the numbers of its tokens.
func (s *TraceSpan) SetModel(name string, inputTokens, outputTokens int64) {
	s.Set(attributeModel, name)
	s.Set(attributeUsage, map[string]int64{
		"input_tokens": inputTokens, "output_tokens": outputTokens, "total_tokens": inputTokens + outputTokens,
	})
}

// SetTag sets a tag of the trace.
func (s *TraceSpan) SetTag(key, value string) {
	if s.tracer == nil {
		return
	}
	s.trace.mu.Lock()
	defer s.trace.mu.Unlock()
	s.trace.tags[key] = value
}

// SetSession sets the session of the trace, such as a conversation.
func (s *TraceSpan) SetSession(id string) { s.SetMetadata(metadataSession, id) }

// SetMetadata sets metadata of the trace, which cannot be changed later. Keys that begin with
// "mlflow." have a meaning for MLflow. A trace that a caller has begun has the metadata of the
// caller only.
func (s *TraceSpan) SetMetadata(key, value string) {
	if s.tracer == nil {
		return
	}
	s.trace.mu.Lock()
	defer s.trace.mu.Unlock()
	s.trace.metadata[key] = value
}

// AddEvent adds an event with attributes that encoding/json can encode.
func (s *TraceSpan) AddEvent(name string, attributes map[string]any) {
	if s.tracer == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, spanEvent{name, time.Now(), attributes})
}

// Fail marks the span as failed and adds the error as an event, unless err is nil.
func (s *TraceSpan) Fail(err error) {
	if s.tracer == nil || err == nil {
		return
	}
	s.AddEvent("exception", map[string]any{
		"exception.type": fmt.Sprintf("%T", err), "exception.message": err.Error(),
		"exception.stacktrace": string(debug.Stack()),
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.failure = true, err
}

// End ends the span and sends it in the background. Further calls have no effect.
func (s *TraceSpan) End() {
	if s.tracer == nil {
		return
	}
	s.mu.Lock()
	if !s.end.IsZero() {
		s.mu.Unlock()
		return
	}
	s.end = time.Now()
	s.mu.Unlock()
	s.tracer.add(s)
}

// attribute is an attribute in the JSON of OpenTelemetry.
type attribute struct {
	Key   string         `json:"key"`
	Value attributeValue `json:"value"`
}

// attributeValue is the value of an [attribute]. MLflow reads a text that is JSON as its value.
type attributeValue struct {
	StringValue string `json:"stringValue"`
}

// textBytes returns the bytes of the texts among the attributes.
func (s *TraceSpan) textBytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := 0
	for _, value := range s.attributes {
		switch v := value.(type) {
		case string:
			size += len(v)
		case json.RawMessage:
			size += len(v)
		}
	}
	return size
}

// encode returns the span as JSON of OpenTelemetry.
func (s *TraceSpan) encode() (json.RawMessage, error) {
	m, err := s.message()
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// message returns the span in the JSON of OpenTelemetry.
func (s *TraceSpan) message() (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	attributes, err := asAttributes(s.attributes)
	if err != nil {
		return nil, fmt.Errorf("the span %q: %w", s.name, err)
	}
	m := map[string]any{
		"traceId": fmt.Sprintf("%x", s.trace.id), "spanId": fmt.Sprintf("%x", s.id), "name": s.name,
		"startTimeUnixNano": nanoseconds(s.start), "endTimeUnixNano": nanoseconds(s.end),
		"attributes": attributes, "status": map[string]any{"code": 1},
	}
	if s.parent != [8]byte{} {
		m["parentSpanId"] = fmt.Sprintf("%x", s.parent)
	}
	if s.failed {
		m["status"] = map[string]any{"code": 2, "message": s.failure.Error()}
	}
	var events []map[string]any
	for _, e := range s.events {
		attributes, err := asAttributes(e.attributes)
		if err != nil {
			return nil, fmt.Errorf("the event %q: %w", e.name, err)
		}
		events = append(events, map[string]any{
			"name": e.name, "timeUnixNano": nanoseconds(e.at), "attributes": attributes,
		})
	}
	m["events"] = events
	return m, nil
}

// nanoseconds returns a time in the JSON of OpenTelemetry.
func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// asAttributes returns the attributes for values. Texts are as they are, others are JSON.
func asAttributes(values map[string]any) ([]attribute, error) {
	list := make([]attribute, 0, len(values))
	for key, value := range values {
		text, isText := value.(string)
		if !isText {
			raw, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("the attribute %q: %w", key, err)
			}
			text = string(raw)
		}
		list = append(list, attribute{key, attributeValue{text}})
	}
	return list, nil
}
