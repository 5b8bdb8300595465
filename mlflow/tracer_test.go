package mlflow_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

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

// stubTracer returns a tracer whose requests a function answers. It is called for the requests
// of OpenTelemetry, one at a time, with the body.
func stubTracer(t *testing.T, answer func(body string) int, options ...mlflow.TracerOption) *mlflow.Tracer {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" {
			w.WriteHeader(answer(string(body)))
		}
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	return mlflow.NewClient(server.URL, mlflow.WithRetryFor(0)).NewTracer("0", options...)
}

// trace records a trace of one span with a text.
func trace(ctx context.Context, tracer *mlflow.Tracer, text string) *mlflow.TraceSpan {
	_, s := mlflow.StartSpan(mlflow.WithTracer(ctx, tracer), "s")
	s.SetInputs(text)
	s.End()
	return s
}

// TestRefusedTraceIsLostAlone sends traces of which the server refuses one, and then traces that
// it refuses all, which must not cost a request for each.
func TestRefusedTraceIsLostAlone(t *testing.T) {
	t.Parallel()
	requests, word := 0, "poison"
	tracer := stubTracer(t, func(body string) int {
		requests++
		if strings.Contains(body, word) {
			return http.StatusBadRequest
		}
		return http.StatusOK
	})
	for i := range 30 {
		text := "fine"
		if i == 17 {
			text = "poison"
		}
		trace(t.Context(), tracer, text)
	}
	if err := tracer.Flush(t.Context()); err == nil {
		t.Error("the refused trace is no error")
	}
	if got := tracer.Stats(); got != (mlflow.TracerStats{Sent: 29, Refused: 1}) {
		t.Errorf("%+v", got)
	}
	requests, word = 0, "fine"
	for range 30 {
		trace(t.Context(), tracer, "fine")
	}
	if err := tracer.Close(t.Context()); err == nil || requests > 10 {
		t.Errorf("%d requests, %v", requests, err)
	}
	if got := tracer.Stats(); got != (mlflow.TracerStats{Sent: 29, Refused: 31}) {
		t.Errorf("%+v", got)
	}
}

// TestTracerKeepsBounds checks that spans with large texts are dropped and counted before they
// take much memory, that requests stay below the limit of the server, and that Close ends with its
// context if the server does not answer.
func TestTracerKeepsBounds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	largest := 0
	reports := make(chan error, 100)
	tracer := stubTracer(t, func(body string) int {
		<-release
		largest = max(largest, len(body))
		return http.StatusOK
	}, mlflow.WithExportReport(func(err error) { reports <- err }))
	text := strings.Repeat("x", 5<<20)
	for range 20 {
		trace(t.Context(), tracer, text)
	}
	if got := tracer.Stats(); got.Waiting != 12 || got.Dropped != 8 {
		t.Errorf("%+v", got)
	}
	brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := tracer.Flush(brief); err == nil {
		t.Error("spans that wait are no error")
	}
	close(release)
	if err := <-reports; err != nil { // The background sends them.
		t.Error(err)
	}
	if got := tracer.Stats(); got != (mlflow.TracerStats{Sent: 12, Dropped: 8}) || largest > 17<<20 {
		t.Errorf("%+v, %d bytes", got, largest)
	}
	must(t, tracer.Close(t.Context()))

	hung := stubTracer(t, func(string) int { <-t.Context().Done(); return http.StatusOK })
	trace(t.Context(), hung, "x")
	ended, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := hung.Close(ended); err == nil || hung.Stats().Waiting != 1 {
		t.Errorf("%v, %+v", err, hung.Stats())
	}
}

func TestTraceParent(t *testing.T) {
	t.Parallel()
	var bodies []string
	tracer := stubTracer(t, func(body string) int { bodies = append(bodies, body); return http.StatusOK })
	const parent, id = "00f067aa0ba902b7", "4bf92f3577b34da6a3ce929d0e0e4736"
	for text, want := range map[string]string{
		"00-" + id + "-" + parent + "-01":      "tr-" + id,
		"00-" + id + "-" + parent + "-03":      "tr-" + id,
		"cc-" + id + "-" + parent + "-01-what": "tr-" + id, // Of a later version.
		"00-" + id + "-" + parent + "-00":      "",         // The caller does not record.
	} {
		_, child := mlflow.StartSpan(mlflow.WithTraceParent(mlflow.WithTracer(t.Context(), tracer), text), "s")
		if child.TraceID() != want {
			t.Errorf("%s: %s", text, child.TraceID())
		}
		child.End()
	}
	for _, text := range []string{
		"", "00", "00-" + id + "-" + parent, "00-" + id + "-" + parent + "-1", "00-" + id + "-" + parent + "-01-x",
		"ff-" + id + "-" + parent + "-01", "0g-" + id + "-" + parent + "-01", "00-" + strings.ToUpper(id) + "-" + parent + "-01",
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01", "00-" + id + "-" + strings.Repeat("0", 16) + "-01",
		"00-" + id[1:] + "-" + parent + "-01", "00-" + id + "-" + parent + "0-01", "-" + id + "-" + parent + "-01",
	} {
		_, own := mlflow.StartSpan(mlflow.WithTraceParent(mlflow.WithTracer(t.Context(), tracer), text), "s")
		if own.TraceID() == "" || own.TraceID() == "tr-"+id {
			t.Errorf("%q: %s", text, own.TraceID())
		}
	}
	_, first := mlflow.StartSpan(mlflow.WithTracer(t.Context(), tracer), "first")
	_, second := mlflow.StartSpan(mlflow.WithTraceParent(mlflow.WithTracer(t.Context(), tracer), first.TraceParent()), "second")
	if second.TraceID() != first.TraceID() {
		t.Errorf("%s continues as %s", first.TraceID(), second.TraceID())
	}
	must(t, tracer.Close(t.Context()))
	if all := strings.Join(bodies, ""); !strings.Contains(all, `"parentSpanId":"`+parent+`"`) {
		t.Errorf("no span has the parent: %s", all)
	}
}
