package mlflow_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

func TestTracer(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	tracer := c.NewTracer("0")
	ctx, root := mlflow.StartSpan(mlflow.WithTracer(t.Context(), tracer), "answer")
	root.SetType("AGENT")
	root.SetInputs(map[string]any{"messages": []any{map[string]any{"role": "user", "content": "the question"}}})
	root.SetTag("team", "x")
	root.SetSession("conversation")
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			_, child := mlflow.StartSpan(ctx, "call")
			defer child.End()
			child.SetModel("m", 2, 3)
			child.Set("number", 0.5)
		})
	}
	wg.Wait()
	_, failed := mlflow.StartSpan(ctx, "tool")
	failed.Fail(errors.New("broken"))
	failed.End()
	failed.End() // It has no effect.
	root.SetOutputs("42")
	root.End()
	must(t, tracer.Close(t.Context()))

	trace, err := c.Trace(t.Context(), root.TraceID())
	must(t, err)
	info := trace.TraceInfo
	if len(trace.Spans) != 12 || info.State != tracing.StateOK || info.Tags["team"] != "x" ||
		info.Tags[tracing.TagTraceName] != "answer" || *info.RequestPreview != "the question" ||
		info.TraceMetadata[tracing.MetadataSession] != "conversation" ||
		info.TraceMetadata[tracing.MetadataTokenUsage] != `{"input_tokens": 20, "output_tokens": 30, "total_tokens": 50}` {
		t.Errorf("%d spans of %+v", len(trace.Spans), info)
	}
	broken := 0
	for _, s := range trace.Spans {
		if s.Status.Code == tracing.SpanError && s.Status.Message == "broken" && s.Events[0].Name == "exception" {
			broken++
		}
	}
	if broken != 1 {
		t.Errorf("%d spans are broken", broken)
	}
	source := &tracing.Source{SourceType: tracing.SourceHuman, SourceID: "me"}
	_, err = c.LogFeedback(t.Context(), root.TraceID(), &tracing.Assessment{
		AssessmentName: "good", Source: source, Feedback: &tracing.Feedback{Value: []byte("true")},
	})
	must(t, err)
	found, err := c.SearchTraces(t.Context(), &tracing.SearchTracesRequest{
		Locations: []tracing.Location{tracing.InExperiment("0")}, Filter: "feedback.good = 'true' AND span.name = 'tool'",
	})
	must(t, err)
	if len(found.Traces) != 1 || found.Traces[0].TraceID != root.TraceID() {
		t.Errorf("found %+v", found.Traces)
	}
}

// TestSpansWithoutTracer uses spans that nothing records.
func TestSpansWithoutTracer(t *testing.T) {
	t.Parallel()
	ctx, s := mlflow.StartSpan(context.Background(), "nothing")
	s.SetType("TOOL")
	s.SetTag("a", "b")
	s.SetSession("s")
	s.AddEvent("e", nil)
	s.Fail(errors.New("x"))
	s.End()
	if mlflow.SpanOf(ctx).TraceID() != "" {
		t.Error("a span without a tracer has a trace")
	}
}

// TestTracerErrors checks that spans that are refused, and those that wait for a server that
// does not answer, are reported.
func TestTracerErrors(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	status, bodies := http.StatusBadRequest, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/v1/traces" {
			bodies++
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	set := func(to int) {
		mu.Lock()
		defer mu.Unlock()
		status = to
	}
	tracer := mlflow.NewClient(server.URL, mlflow.WithRetryFor(0)).NewTracer("0")
	span := func(value any) {
		_, s := mlflow.StartSpan(mlflow.WithTracer(t.Context(), tracer), "s")
		s.Set("v", value)
		s.End()
	}
	span(1)
	if err := tracer.Flush(t.Context()); err == nil {
		t.Error("a refused span is no error")
	}
	if err := tracer.Flush(t.Context()); err != nil {
		t.Errorf("a span that was refused is sent again: %v", err)
	}
	set(http.StatusServiceUnavailable)
	span(2)
	if err := tracer.Flush(t.Context()); err == nil {
		t.Error("a span that waits is no error")
	}
	set(http.StatusOK)
	span(func() {})
	if err := tracer.Close(t.Context()); err == nil || !strings.Contains(err.Error(), `the attribute "v"`) {
		t.Errorf("a value that is no JSON: %v", err)
	}
	if bodies < 3 {
		t.Errorf("%d requests", bodies)
	}
}
