package storetest

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// everywhere allows writing to traces of all experiments.
func everywhere(string) error { return nil }

// anyKey accepts every key of a tag.
func anyKey(string) bool { return true }

// newSpan returns a span of a trace. Times are milliseconds; parent is 0 for a root.
func newSpan(trace, id, parent byte, start, end int64) *span.Span {
	return &span.Span{
		TraceID: span.TraceID{15: trace}, ID: span.ID{7: id}, Parent: span.ID{7: parent}, Name: fmt.Sprintf("span %d", id),
		Start: start * 1e6, End: end * 1e6, Status: span.StatusOK,
	}
}

func withUsage(s *span.Span, input, output int) *span.Span {
	s.Attributes.Set(span.AttrUsage, fmt.Sprintf(`{"input_tokens": %d, "output_tokens": %d, "total_tokens": %d}`,
		input, output, input+output))
	return s
}

// LogSpans writes spans to the experiment 0.
func LogSpans(t *testing.T, s *store.Store, spans ...*span.Span) error {
	t.Helper()
	batch, err := traces.NewBatch([]*span.Resource{{Spans: spans}}, anyKey)
	if err != nil {
		t.Fatal(err)
	}
	return s.LogSpans(t.Context(), 0, batch, "", everywhere)
}

func logSpans(t *testing.T, s *store.Store, spans ...*span.Span) {
	t.Helper()
	if err := LogSpans(t, s, spans...); err != nil {
		t.Fatal(err)
	}
}

func traceOf(trace byte) string { return span.TraceID{15: trace}.String() }

// rootNames checks that a trace has the name of its earliest root.
func rootNames(t *testing.T, s *store.Store) {
	logSpans(t, s, newSpan(1, 1, 0, 2000, 3000), newSpan(1, 2, 0, 1000, 3000), newSpan(1, 3, 1, 500, 700))
	logSpans(t, s, newSpan(2, 1, 9, 1000, 2000)) // Its root is not sent yet.
	ids := []string{traceOf(1), traceOf(2), traceOf(3), traceOf(1)}
	want := map[string]string{traceOf(1): "span 2"}
	if names := must(s.RootNames(t.Context(), ids))(t); !maps.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
	if names := must(s.RootNames(t.Context(), nil))(t); len(names) > 0 {
		t.Errorf("names %v of no traces", names)
	}
}

// spansMakeTraces checks what MLflow derives from the spans of a trace.
func spansMakeTraces(t *testing.T, s *store.Store) {
	id := traceOf(1)
	info := func() *tracing.TraceInfo { return must(s.TraceInfo(t.Context(), id))(t) }
	logSpans(t, s, withUsage(newSpan(1, 2, 1, 1100, 1200), 10, 20))
	got := info()
	if got.State != tracing.StateInProgress || got.RequestTime != 1100 || *got.ExecutionDuration != 100 ||
		got.TraceMetadata[tracing.MetadataTokenUsage] != `{"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}` ||
		got.Tags[tracing.TagSpansLocation] != tracing.SpansInDatabase ||
		!strings.HasSuffix(got.Tags[tracing.TagArtifactLocation], "/traces/"+id+"/artifacts") {
		t.Errorf("after a span: %+v", got)
	}
	// These are the steps of the contract: the span is sent again, then a sibling, then the root.
	for _, step := range []struct {
		span *span.Span
		want string
	}{
		{withUsage(newSpan(1, 2, 1, 1100, 1200), 100, 1), `{"input_tokens": 100, "output_tokens": 1, "total_tokens": 101}`},
		{withUsage(newSpan(1, 3, 1, 1150, 1250), 1, 1), `{"input_tokens": 101, "output_tokens": 2, "total_tokens": 103}`},
		{withUsage(newSpan(1, 1, 0, 1000, 1300), 500, 5), `{"input_tokens": 500, "output_tokens": 5, "total_tokens": 505}`},
	} {
		logSpans(t, s, step.span)
		if usage := info().TraceMetadata[tracing.MetadataTokenUsage]; usage != step.want {
			t.Errorf("usage %s, want %s", usage, step.want)
		}
	}
	if got := info(); got.State != tracing.StateOK || got.RequestTime != 1000 || *got.ExecutionDuration != 300 {
		t.Errorf("after the root: %+v", got)
	}
	trace := must(s.Trace(t.Context(), id))(t)
	if len(trace.Contents) != 3 || !strings.Contains(trace.Contents[0], `"span 1"`) ||
		!strings.Contains(trace.Contents[1], `"span 2"`) {
		t.Errorf("spans: %q", trace.Contents)
	}
}

// finishedTracesStay checks that spans do not change what a client says of a trace.
func finishedTracesStay(t *testing.T, s *store.Store) {
	ctx, id := t.Context(), traceOf(2)
	second, duration, preview := must(s.CreateExperiment(ctx, "second", "", nil))(t), tracing.Duration(50), "hello"
	logSpans(t, s, newSpan(2, 1, 0, 1000, 1300))
	sent := &tracing.TraceInfo{
		TraceID: id, RequestTime: 1000, ExecutionDuration: &duration, State: tracing.StateError, RequestPreview: &preview,
		Tags: map[string]string{tracing.TagTraceName: "agent", "k": "v", tracing.TagSpansLocation: "elsewhere"},
		TraceMetadata: map[string]string{
			"m": "1", tracing.MetadataSession: "s", tracing.MetadataTokenUsage: `{"input_tokens": 9}`,
		},
		Assessments: []tracing.Assessment{{
			AssessmentName: "ok", Source: &tracing.Source{SourceType: tracing.SourceHuman},
			Feedback: &tracing.Feedback{Value: []byte("true")},
		}},
	}
	got := must(s.StartTrace(ctx, second, sent, everywhere))(t)
	if got.ExperimentID() != strconv.FormatInt(second, 10) || got.State != tracing.StateError ||
		len(got.Assessments) != 1 ||
		got.Tags["k"] != "v" || got.Tags[tracing.TagTraceName] != "agent" ||
		got.Tags[tracing.TagSpansLocation] != tracing.SpansInDatabase || got.TraceMetadata["m"] != "1" {
		t.Errorf("merged: %+v", got)
	}
	late := withUsage(newSpan(2, 2, 1, 500, 9000), 1, 1)
	late.Attributes.Set(span.AttrCost, `{"input_cost": 0.5, "output_cost": 0.25, "total_cost": 0.75}`)
	late.Attributes.Set("session.id", `"other"`)
	logSpans(t, s, late)
	after := must(s.TraceInfo(ctx, id))(t)
	if after.RequestTime != 1000 || *after.ExecutionDuration != 50 || after.State != tracing.StateError ||
		after.TraceMetadata[tracing.MetadataSession] != "s" ||
		after.TraceMetadata[tracing.MetadataTokenUsage] != `{"input_tokens": 9}` ||
		after.TraceMetadata[tracing.MetadataCost] != `{"input_cost": 0.5, "output_cost": 0.25, "total_cost": 0.75}` {
		t.Errorf("after a late span: %+v", after)
	}
	denied := errors.New("denied")
	refuse := func(experiment string) error { return fmt.Errorf("%w: %s", denied, experiment) }
	if _, err := s.StartTrace(ctx, 0, sent, refuse); !errors.Is(err, denied) {
		t.Errorf("a trace of another experiment: %v", err)
	}
	batch := must(traces.NewBatch([]*span.Resource{{Spans: []*span.Span{newSpan(2, 9, 1, 1, 2)}}}, anyKey))(t)
	if err := s.LogSpans(ctx, 0, batch, "", refuse); !errors.Is(err, denied) {
		t.Errorf("spans of another experiment: %v", err)
	}
	if trace := must(s.Trace(ctx, id))(t); len(trace.Contents) != 2 {
		t.Errorf("%d spans after a refusal", len(trace.Contents))
	}
}

// tracesAtOnce writes the spans of a trace and its information from several clients.
func tracesAtOnce(t *testing.T, s *store.Store) {
	const clients, spans = 8, 10
	duration := tracing.Duration(7)
	var wg sync.WaitGroup
	for c := range byte(clients) {
		wg.Go(func() {
			for i := range byte(spans) {
				if err := LogSpans(t, s, withUsage(newSpan(3, 10+c*spans+i, 1, 1000, 1001), 1, 2),
					newSpan(4, 10+c*spans+i, 1, 1000, 1001)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		_, err := s.StartTrace(t.Context(), 0, &tracing.TraceInfo{
			TraceID: traceOf(4), RequestTime: 5, ExecutionDuration: &duration, State: tracing.StateOK,
		}, everywhere)
		if err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	first := must(s.Trace(t.Context(), traceOf(3)))(t)
	want := fmt.Sprintf(`{"input_tokens": %d, "output_tokens": %d, "total_tokens": %d}`, clients*spans, 2*clients*spans,
		3*clients*spans)
	usage := first.Info.TraceMetadata[tracing.MetadataTokenUsage]
	if len(first.Contents) != clients*spans || usage != want {
		t.Errorf("%d spans with %s, want %s", len(first.Contents), usage, want)
	}
	second := must(s.Trace(t.Context(), traceOf(4)))(t)
	if len(second.Contents) != clients*spans || second.Info.State != tracing.StateOK || second.Info.RequestTime != 5 {
		t.Errorf("%d spans of %+v", len(second.Contents), second.Info)
	}
}

// deleteTraces checks that everything that belongs to a trace is deleted with it.
func deleteTraces(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for trace := range byte(4) {
		root := newSpan(10+trace, 1, 0, 1000+int64(trace), 2000)
		root.Attributes.Set(span.AttrTraceTag+"color", `"red"`)
		logSpans(t, s, root)
	}
	run := newRun(t, s, 0, 1)
	if err := s.LinkToRun(ctx, []string{traceOf(10), traceOf(11), traceOf(10)}, run); err != nil {
		t.Fatal(err)
	}
	if n := must(s.DeleteTraces(ctx, 1<<40, []string{traceOf(10)}))(t); n != 0 {
		t.Errorf("%d traces of another experiment are deleted", n)
	}
	if n := must(s.DeleteTraces(ctx, 0, []string{traceOf(10), "tr-none", traceOf(10)}))(t); n != 1 {
		t.Errorf("%d traces are deleted by id", n)
	}
	if n := must(s.DeleteTracesUntil(ctx, 0, 1002, 1))(t); n != 1 {
		t.Errorf("%d traces are deleted by time and number", n)
	}
	if _, err := s.TraceInfo(ctx, traceOf(11)); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("the oldest trace: %v", err)
	}
	if n := must(s.DeleteTracesUntil(ctx, 0, 1002, 100))(t); n != 1 {
		t.Errorf("%d traces are deleted by time", n)
	}
	logSpans(t, s, newSpan(10, 5, 0, 1, 2)) // The id is free again.
	if trace := must(s.Trace(ctx, traceOf(10)))(t); len(trace.Contents) != 1 || trace.Info.Tags["color"] != "" {
		t.Errorf("a trace that was deleted has %+v and %d spans", trace.Info, len(trace.Contents))
	}
	if got := must(s.TraceInfo(ctx, traceOf(13)))(t); got.Tags["color"] != "red" {
		t.Errorf("another trace: %+v", got)
	}
}

// assessTraces checks the rules of assessments.
func assessTraces(t *testing.T, s *store.Store) {
	ctx, id := t.Context(), traceOf(20)
	logSpans(t, s, newSpan(20, 1, 0, 1, 2))
	feedback := func(value, overrides string) *tracing.Assessment {
		return must(s.CreateAssessment(ctx, &tracing.Assessment{
			TraceID: id, AssessmentName: "score", Source: &tracing.Source{SourceType: tracing.SourceCode, SourceID: "f"},
			Feedback: &tracing.Feedback{Value: []byte(value), Error: &tracing.AssessmentError{ErrorCode: "E"}},
			Metadata: map[string]string{"a": "1", "b": "2"}, Overrides: overrides,
		}))(t)
	}
	first := feedback("0.5", "")
	second := feedback(`"yes"`, first.AssessmentID)
	if a := must(s.Assessment(ctx, id, first.AssessmentID))(t); *a.Valid {
		t.Error("an assessment that is overridden is valid")
	}
	reason := "because"
	updated := must(s.UpdateAssessment(ctx, id, second.AssessmentID, &tracing.Assessment{
		Feedback: &tracing.Feedback{Value: []byte("[1.0]")}, Rationale: &reason, Metadata: map[string]string{"b": "3"},
	}, map[string]bool{"feedback": true, "rationale": true, "metadata": true}))(t)
	if string(updated.Feedback.Value) != "[1.0]" || updated.Feedback.Error != nil || *updated.Rationale != reason ||
		!maps.Equal(updated.Metadata, map[string]string{"a": "1", "b": "3"}) {
		t.Errorf("updated: %+v", updated)
	}
	_, err := s.UpdateAssessment(ctx, id, second.AssessmentID, &tracing.Assessment{}, map[string]bool{"expectation": true})
	if !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("an expectation for a feedback: %v", err)
	}
	for range 2 {
		if err := s.DeleteAssessment(ctx, id, second.AssessmentID); err != nil {
			t.Error(err)
		}
	}
	if a := must(s.Assessment(ctx, id, first.AssessmentID))(t); !*a.Valid {
		t.Error("an assessment whose successor is deleted is not valid")
	}
	if info := must(s.TraceInfo(ctx, id))(t); len(info.Assessments) != 1 {
		t.Errorf("assessments: %+v", info.Assessments)
	}
}
